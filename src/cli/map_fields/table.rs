//! The fields of both sides and the pairs, as a table of 80 columns and as JSON.

use serde_json::{Value, json};

use super::{Fields, arrow, suggest};
use crate::cli::output::Show;
use crate::cli::text::{push, table};
use crate::mapping::Path;
use crate::model::{FieldInfo, FieldKind};
use crate::profile::Profile;
use crate::run::prepare::Mapped;

/// The width that every terminal has.
const WIDTH: u16 = 80;

/// The table, what is not mapped, and what could be.
pub(super) fn text(profile: &Profile, mapped: &[Mapped], fields: &Fields, show: Show) -> String {
    let which = match profile.map {
        Some(_) => "the profile's own mapping",
        None => "the default mapping",
    };
    let mut text = format!(
        "{}: {which}, {} pairs; {} and Google Contacts\n",
        show.bold(&profile.name),
        mapped.len(),
        profile.crm.module(),
    );
    let mut pairs = table(&["CRM field", "type", "", "Google field", "type"], &PAIRS);
    for each in mapped {
        pairs.add_row([
            name_of(&each.crm),
            about(&each.crm, each.key),
            arrow(profile, each).to_owned(),
            each.google.to_string(),
            google_about(each),
        ]);
    }
    push(&mut text, format_args!("{pairs}\n"));
    if let Some(most) = longest(fields) {
        push(
            &mut text,
            format_args!("A Google field holds {most} characters; notes hold more.\n"),
        );
    }
    let open: Vec<&FieldInfo> = unmapped(mapped, fields).collect();
    if !open.is_empty() {
        let mut rest = table(&["CRM field, not mapped", "type", "could go to"], &REST);
        for (info, could) in suggest::paths(&open, mapped) {
            rest.add_row([
                name_of(info),
                about(info, false),
                could.map_or_else(String::new, |path| path.to_string()),
            ]);
        }
        push(&mut text, format_args!("\n{rest}\n"));
    }
    let free: Vec<String> = free(mapped).iter().map(ToString::to_string).collect();
    push(
        &mut text,
        format_args!("\nGoogle fields, not mapped:\n{}", wrapped(&free)),
    );
    push(
        &mut text,
        format_args!(
            "  and any custom.KEY, or a type of your own such as phone.Reception\n\n\
             add a pair:     crmsync map-fields {0} --add CRM=GOOGLE\n\
             take one out:   crmsync map-fields {0} --remove CRM\n\
             try real data:  crmsync map-fields {0} --check\n",
            profile.name
        ),
    );
    text
}

/// The columns' widths, with a blank on either side; with the lines between they make 80.
const PAIRS: [u16; 5] = [17, 16, 5, 25, 11];
const REST: [u16; 3] = [24, 27, 25];

fn name_of(info: &FieldInfo) -> String {
    if info.label == info.name || info.label.replace(' ', "_") == info.name {
        info.name.clone()
    } else {
        format!("{}\n{}", info.name, info.label)
    }
}

/// Type, length and what is special.
fn about(info: &FieldInfo, key: bool) -> String {
    let mut parts = vec![info.native_type.clone()];
    match info.kind {
        FieldKind::Picklist => parts.push(format!("{} values", info.choices.len())),
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Url => parts.extend(info.max_length.map(|most| format!("to {most}"))),
        FieldKind::Date | FieldKind::Lookup | FieldKind::Other => {}
    }
    let writable = info.creatable || info.updatable;
    let marks = [
        (key, "match key"),
        (info.required, "required"),
        (info.hidden, "hidden"),
        (!writable && !info.hidden, "read-only"),
        (info.custom, "custom"),
    ];
    let marks = marks.iter().filter(|(is, _)| *is);
    parts.extend(marks.map(|(_, word)| (*word).to_owned()));
    parts.join(", ")
}

fn google_about(mapped: &Mapped) -> String {
    let kind = format!("{:?}", mapped.google.kind()).to_lowercase();
    match mapped.wins {
        Some(side) => format!("{kind}, {} wins", side.name()),
        None => kind,
    }
}

/// How long a Google field may be, where Google was asked.
fn longest(fields: &Fields) -> Option<u32> {
    let probe = fields.google.as_ref()?;
    probe.fields.iter().filter_map(|info| info.max_length).max()
}

fn unmapped<'a>(
    mapped: &'a [Mapped],
    fields: &'a Fields,
) -> impl Iterator<Item = &'a FieldInfo> + 'a {
    fields
        .crm
        .fields
        .iter()
        .filter(|info| !mapped.iter().any(|each| each.crm.name == info.name))
}

/// Google's own paths that no pair takes; those without a type are left out, since they are the
/// first of the others.
fn free(mapped: &[Mapped]) -> Vec<Path> {
    let typed = |path: &Path| {
        path.type_name().is_some()
            || matches!(
                path,
                Path::Name(_)
                    | Path::Nickname
                    | Path::Organization(_)
                    | Path::Birthday
                    | Path::Note
            )
    };
    Path::all()
        .into_iter()
        .filter(|path| typed(path) && !mapped.iter().any(|each| each.google.overlaps(path)))
        .collect()
}

/// Words in lines of at most 80 columns.
fn wrapped(words: &[String]) -> String {
    let mut text = String::new();
    let mut line = String::from(" ");
    for word in words {
        if line.len() + 1 + word.len() > usize::from(WIDTH) {
            push(&mut text, format_args!("{line}\n"));
            line = String::from(" ");
        }
        line.push(' ');
        line.push_str(word);
    }
    push(&mut text, format_args!("{line}\n"));
    text
}

/// The same as data.
pub(super) fn json(profile: &Profile, mapped: &[Mapped], fields: &Fields) -> Value {
    let pairs: Vec<Value> = mapped
        .iter()
        .map(|each| {
            json!({
                "crm": each.crm.name,
                "google": each.google.to_string(),
                "key": each.key,
                "to_google": each.to.google && profile.sync.direction.writes(crate::model::Side::Google),
                "to_crm": each.to.crm && profile.sync.direction.writes(crate::model::Side::Crm),
                "wins": each.wins.map(crate::model::Side::name),
            })
        })
        .collect();
    let open: Vec<&FieldInfo> = unmapped(mapped, fields).collect();
    let suggestions: Vec<Value> = suggest::paths(&open, mapped)
        .into_iter()
        .filter_map(|(info, path)| Some(json!({"crm": info.name, "google": path?.to_string()})))
        .collect();
    json!({
        "profile": profile.name,
        "default": profile.map.is_none(),
        "pairs": pairs,
        "crm": fields.crm.fields,
        "google": fields.google.as_ref().map(|probe| &probe.fields),
        "suggestions": suggestions,
    })
}
