//! Google paths for CRM fields that are not mapped, by name and by type.

use super::fit::misfit;
use crate::mapping::Path;
use crate::model::{FieldInfo, FieldKind};
use crate::run::prepare::Mapped;

/// Words in a field's name or label (small letters and digits only), and the path that they speak
/// for. The first that fits and is free is taken.
const BY_NAME: &[(&str, &str)] = &[
    ("assistant", "relation.assistant"),
    ("asstphone", "phone.other"),
    ("assistantphone", "phone.other"),
    ("reportingto", "relation.manager"),
    ("reportsto", "relation.manager"),
    ("manager", "relation.manager"),
    ("spouse", "relation.spouse"),
    ("salutation", "name.prefix"),
    ("prefix", "name.prefix"),
    ("middlename", "name.middle"),
    ("suffix", "name.suffix"),
    ("nickname", "nickname"),
    ("homephone", "phone.home"),
    ("otherphone", "phone.other"),
    ("mobile", "phone.mobile"),
    ("pager", "phone.pager"),
    ("fax", "phone.workFax"),
    ("phone", "phone.work"),
    ("secondaryemail", "email.home"),
    ("email", "email.other"),
    ("website", "url.work"),
    ("linkedin", "url.profile"),
    ("blog", "url.blog"),
    ("skype", "im.work"),
    ("birth", "birthday"),
    ("anniversary", "event.anniversary"),
    ("company", "organization.name"),
    ("jobtitle", "organization.title"),
    ("designation", "organization.title"),
    ("department", "organization.department"),
    ("description", "note"),
    ("notes", "note"),
    ("customernumber", "external_id.customer"),
];

/// A path for each field that is not mapped, none twice; none where nothing fits.
pub(super) fn paths<'a>(
    open: &[&'a FieldInfo],
    mapped: &[Mapped],
) -> Vec<(&'a FieldInfo, Option<Path>)> {
    let mut taken: Vec<Path> = mapped.iter().map(|each| each.google.clone()).collect();
    open.iter()
        .map(|info| {
            let path = path(info, &taken);
            taken.extend(path.clone());
            (*info, path)
        })
        .collect()
}

fn path(info: &FieldInfo, taken: &[Path]) -> Option<Path> {
    let free =
        |path: &Path| misfit(info, path).is_none() && !taken.iter().any(|each| each.overlaps(path));
    let names = [plain(&info.name), plain(&info.label)];
    let by_name = BY_NAME
        .iter()
        .filter(|(word, _)| names.iter().any(|name| name.contains(word)))
        .filter_map(|(_, path)| Path::parse(path).ok());
    let by_type = match info.kind {
        FieldKind::Email => &["email.home", "email.other"][..],
        FieldKind::Phone => &["phone.main", "phone.other"],
        FieldKind::Url => &["url.work", "url.other"],
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Date
        | FieldKind::Picklist
        | FieldKind::Lookup
        | FieldKind::Other => &[],
    };
    let by_type = by_type.iter().filter_map(|path| Path::parse(path).ok());
    // What an administrator added is wanted by someone; a field of one's own holds any text.
    let own = info
        .custom
        .then(|| Path::parse(&format!("custom.{}", info.label)).ok())
        .flatten();
    by_name.chain(by_type).chain(own).find(free)
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fit::tests::info;
    use super::*;

    fn said(info: &FieldInfo, taken: &[Path]) -> Option<String> {
        path(info, taken).map(|path| path.to_string())
    }

    #[test]
    fn names_and_types_speak_for_paths() {
        for (name, kind, path) in [
            ("Assistant", FieldKind::Text, Some("relation.assistant")),
            ("Asst_Phone", FieldKind::Phone, Some("phone.other")),
            ("Skype_ID", FieldKind::Text, Some("im.work")),
            (
                "Wedding_Anniversary",
                FieldKind::Date,
                Some("event.anniversary"),
            ),
            ("Second_Line", FieldKind::Phone, Some("phone.main")),
            ("Lead_Source", FieldKind::Picklist, None),
            ("Score", FieldKind::Other, None),
        ] {
            assert_eq!(said(&info(name, kind), &[]).as_deref(), path, "{name}");
        }
    }

    #[test]
    fn a_taken_path_is_not_offered_and_custom_fields_get_their_own() {
        let mut own = info("Loyalty", FieldKind::Picklist);
        own.custom = true;
        assert_eq!(said(&own, &[]).as_deref(), Some("custom.Loyalty"));
        let taken: Vec<Path> = Path::parse("relation.assistant").into_iter().collect();
        assert_eq!(said(&info("Assistant", FieldKind::Text), &taken), None);
        let (one, two) = (
            info("Other_Phone", FieldKind::Phone),
            info("Asst_Phone", FieldKind::Phone),
        );
        let found: Vec<_> = paths(&[&one, &two], &[])
            .into_iter()
            .map(|(_, path)| path.map(|path| path.to_string()))
            .collect();
        assert_eq!(found[0].as_deref(), Some("phone.other"));
        assert_ne!(found[0], found[1]);
    }
}
