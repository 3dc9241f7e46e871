//! Whether a CRM field and a Google field path can hold the same values.

use crate::mapping::{Path, comparable};
use crate::model::{FieldInfo, FieldKind};

/// Why the two cannot be mapped; none when they can.
pub(super) fn misfit(info: &FieldInfo, path: &Path) -> Option<String> {
    if info.hidden {
        return Some(format!("`{}` is hidden from the signed-in user", info.name));
    }
    if !comparable(info.kind) {
        return Some(format!(
            "`{}` is of the type {}, which holds no text",
            info.name, info.native_type
        ));
    }
    let takes: &[FieldKind] = match path.kind() {
        FieldKind::Date => &[FieldKind::Date],
        FieldKind::Phone => &[FieldKind::Phone, FieldKind::Text],
        FieldKind::Email => &[FieldKind::Email, FieldKind::Text],
        FieldKind::Url => &[FieldKind::Url, FieldKind::Text],
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Picklist
        | FieldKind::Lookup
        | FieldKind::Other => return None,
    };
    (!takes.contains(&info.kind)).then(|| {
        format!(
            "`{}` holds {} and `{path}` takes {}",
            info.name,
            noun(info.kind),
            noun(path.kind())
        )
    })
}

/// What a field of this kind holds, as a person says it.
pub(super) fn noun(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "a line of text",
        FieldKind::Multiline => "a longer text",
        FieldKind::Email => "an e-mail address",
        FieldKind::Phone => "a phone number",
        FieldKind::Date => "a date",
        FieldKind::Url => "a web address",
        FieldKind::Picklist => "one of a list of values",
        FieldKind::Lookup => "a reference to another record",
        FieldKind::Other => "something that is no text",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
pub(super) mod tests {
    use super::*;

    /// A field that anyone may write.
    pub(in crate::cli::map_fields) fn info(name: &str, kind: FieldKind) -> FieldInfo {
        FieldInfo {
            name: name.to_owned(),
            label: name.replace('_', " "),
            kind,
            native_type: format!("{kind:?}").to_lowercase(),
            max_length: None,
            creatable: true,
            updatable: true,
            required: false,
            custom: false,
            hidden: false,
            choices: Vec::new(),
        }
    }

    #[test]
    fn a_date_goes_onto_dates_and_free_text_only() {
        let born = info("Date_of_Birth", FieldKind::Date);
        for (path, fits) in [
            ("birthday", true),
            ("event.anniversary", true),
            ("custom.Born", true),
            ("phone.mobile", false),
            ("email.work", false),
            ("url.work", false),
        ] {
            let path = Path::parse(path).unwrap();
            assert_eq!(misfit(&born, &path).is_none(), fits, "{path}");
        }
        let why = misfit(&born, &Path::parse("phone.mobile").unwrap()).unwrap();
        assert_eq!(
            why,
            "`Date_of_Birth` holds a date and `phone.mobile` takes a phone number"
        );
    }

    #[test]
    fn text_goes_anywhere_but_onto_dates() {
        let text = info("Line", FieldKind::Text);
        for (path, fits) in [
            ("phone.mobile", true),
            ("email.home", true),
            ("url.work", true),
            ("note", true),
            ("birthday", false),
        ] {
            let path = Path::parse(path).unwrap();
            assert_eq!(misfit(&text, &path).is_none(), fits, "{path}");
        }
    }

    #[test]
    fn what_is_hidden_or_no_text_is_refused_with_the_reason() {
        let path = Path::parse("note").unwrap();
        let mut hidden = info("Salary", FieldKind::Text);
        hidden.hidden = true;
        assert!(misfit(&hidden, &path).unwrap().contains("hidden"));
        let number = info("Score", FieldKind::Other);
        assert!(misfit(&number, &path).unwrap().contains("other"));
    }
}
