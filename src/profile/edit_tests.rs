//! Changing a profile's text: everything that is not changed stays, byte for byte.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path as FilePath;

use proptest::prelude::*;

use super::*;
use crate::mapping::Path;
use crate::model::{Direction, Side};
use crate::profile::testing::KINDS;
use crate::profile::{MapEntry, Profile};

const TEXT: &str = "# Sales\n[sync]\nnext_limit  = 500   # careful\nfull_every=\"24h\"\n\n# the label\n[google]\ngroup = \"CRM\"\n\n[crm]\nkind = \"acme\"\nview = \"All\" # all of them\n\n# the mapping\n\n# found by\n[[map]]\ncrm = \"Email\"\ngoogle = \"email.work\"\nkey = true\n\n# names\n[[map]]\ncrm = \"Last_Name\"\ngoogle = \"name.family\"\n";

fn parse(text: &str) -> Profile {
    Profile::parse(KINDS, "sales", FilePath::new("sales.toml"), text).unwrap()
}

fn set(text: &str, name: &str, raw: &str) -> Result<String, EditError> {
    super::set(KINDS, text, name, raw)
}

fn unset(text: &str, name: &str) -> Result<String, EditError> {
    super::unset(KINDS, text, name)
}

fn new_text(choices: &[(&str, &str)]) -> Result<String, EditError> {
    super::new_text(KINDS, choices)
}

fn phone() -> MapEntry {
    MapEntry {
        crm: "Phone".to_owned(),
        google: Path::parse("phone.work").unwrap(),
        key: false,
        direction: Some(Direction::CrmToGoogle),
        wins: Some(Side::Google),
    }
}

#[test]
fn a_changed_value_keeps_its_comment_and_its_neighbours() {
    let text = set(TEXT, "sync.next_limit", "7").unwrap();
    assert_eq!(text, TEXT.replace("= 500   # careful", "= 7   # careful"));
    let text = set(TEXT, "sync.full_every", "12h").unwrap();
    assert_eq!(text, TEXT.replace("24h", "12h"));
    assert_eq!(set(TEXT, "sync.full_every", "\"12h\"").unwrap(), text);
    assert_eq!(set(TEXT, "crm.view", "All").unwrap(), TEXT);
}

#[test]
fn a_new_value_goes_to_the_end_of_its_section() {
    let text = set(TEXT, "sync.enforce", "true").unwrap();
    assert_eq!(text, TEXT.replace("\"24h\"\n", "\"24h\"\nenforce = true\n"));
    assert_eq!(unset(&text, "sync.enforce").unwrap(), TEXT);
    let text = set(TEXT, "crm.defaults.Lead_Source", "Google").unwrap();
    assert_eq!(parse(&text).crm.defaults["Lead_Source"], "Google");
    let text = set(&text, "crm.defaults.Score", "7").unwrap();
    assert_eq!(parse(&text).crm.defaults["Score"], 7);
    let text = set(&text, "crm.defaults.Score", "'7'").unwrap();
    assert_eq!(parse(&text).crm.defaults["Score"], "7");
    assert_eq!(
        parse(&unset(&text, "crm.defaults.Score").unwrap())
            .crm
            .defaults
            .len(),
        1
    );
    assert!(text.contains("# the mapping\n\n# found by\n[[map]]"));
}

#[test]
fn a_missing_section_is_added() {
    let text = set(
        "[google]\ngroup = \"CRM\"\n[crm]\nkind = \"acme\"\nview = \"All\"\n",
        "sync.direction",
        "google-to-crm",
    )
    .unwrap();
    assert_eq!(parse(&text).sync.direction, Direction::GoogleToCrm);
}

#[test]
fn lists_are_written_as_lists() {
    let text = set(TEXT, "crm.trigger", "workflow, approval").unwrap();
    assert_eq!(
        parse(&text).crm.own.words("trigger"),
        ["workflow", "approval"]
    );
    let text = set(&text, "crm.trigger", "[]").unwrap();
    assert!(text.contains("trigger = []"));
}

#[test]
fn wrong_keys_and_values_are_refused_with_advice() {
    let hint = |name: &str, raw: &str| set(TEXT, name, raw).unwrap_err().hint().unwrap_or_default();
    assert!(hint("sync.fulevery", "1h").contains("sync.full_every"));
    assert!(hint("full_every", "1h").contains("sync.full_every"));
    assert!(hint("map.crm", "x").contains("map-fields"));
    assert!(hint("sync.on_delete", "kepe").contains("\"keep\""));
    assert!(hint("sync.next_limit", "many").is_empty());
    assert!(hint("sync.frequency", "1m").contains("from 5m to 30d"));
    assert!(hint("google.refresh_token", "x").contains("auth"));
    assert!(hint("google.endpoint", "http://example.com").contains("https://"));
    assert!(set(TEXT, "google.client_secret", "GOCSPX-x").is_err());
    assert!(matches!(
        set("[sync", "sync.enforce", "true"),
        Err(EditError::Text(_))
    ));
    assert!(matches!(
        set("sync = 1", "sync.enforce", "true"),
        Err(EditError::Text(_))
    ));
}

#[test]
fn a_pair_is_added_at_the_end_and_taken_out_again() {
    let more = add_map(TEXT, &phone()).unwrap();
    assert_eq!(
        more,
        format!(
            "{TEXT}\n[[map]]\ncrm = \"Phone\"\ngoogle = \"phone.work\"\ndirection = \"crm-to-google\"\nwins = \"google\"\n"
        )
    );
    assert_eq!(parse(&more).map.unwrap()[2], phone());
    assert_eq!(remove_map(&more, "phone.work").unwrap(), TEXT);
    assert_eq!(
        add_map(&more, &phone()),
        Err(EditError::Mapped("Phone".to_owned()))
    );
    assert_eq!(
        remove_map(TEXT, "Fax"),
        Err(EditError::NotMapped("Fax".to_owned()))
    );
}

#[test]
fn a_removed_pair_takes_its_own_comment_and_leaves_the_others() {
    let text = remove_map(TEXT, "Email").unwrap();
    assert!(text.contains("# the mapping"), "{text}");
    assert!(
        text.contains("# names") && !text.contains("# found by"),
        "{text}"
    );
    assert_eq!(
        remove_map(&text, "Last_Name"),
        Err(EditError::LastPair("Last_Name".to_owned()))
    );
}

#[test]
fn the_whole_mapping_is_replaced_or_reset() {
    let mut key = phone();
    (key.key, key.google, key.direction) = (true, Path::parse("email.work").unwrap(), None);
    let text = set_map(TEXT, std::slice::from_ref(&key)).unwrap();
    assert_eq!(parse(&text).map, Some(vec![key]));
    assert_eq!(parse(&set_map(&text, &[]).unwrap()).map, None);
    let inline = "map = [{ crm = \"Email\", google = \"email.work\", key = true }]\n[google]\ngroup = \"CRM\"\n[crm]\nkind = \"acme\"\nview = \"All\"\n";
    assert_eq!(
        parse(&add_map(inline, &phone()).unwrap())
            .map
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn windows_line_ends_stay() {
    let windows = TEXT.replace('\n', "\r\n");
    let text = set(&windows, "sync.enforce", "true").unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert_eq!(
        text.replace("\r\n", "\n"),
        set(TEXT, "sync.enforce", "true").unwrap()
    );
}

#[test]
fn a_new_profile_says_what_was_chosen_and_explains_the_rest() {
    let text = new_text(&[
        ("google.group", "Sales \"A\""),
        ("crm.kind", "acme"),
        ("crm.view", "All Contacts"),
        ("sync.direction", "crm-to-google"),
        ("crm.defaults.Lead_Source", "Web"),
        ("crm.defaults.Lead_Source", "Google"),
        ("crm.defaults.a b", "7"),
    ])
    .unwrap();
    let profile = parse(&text);
    assert_eq!(profile.google.group, "Sales \"A\"");
    assert_eq!(profile.sync.direction, Direction::CrmToGoogle);
    assert_eq!(profile.crm.defaults["Lead_Source"], "Google");
    assert!(text.contains("# next_limit = 500"));
    assert!(new_text(&[("crm.kind", "acmee")]).is_err());
    // Every default that stands there as a comment is the default.
    let active = text.lines().map(|line| {
        line.strip_prefix("# ")
            .filter(|line| line.contains(" = "))
            .unwrap_or(line)
    });
    let active: Vec<&str> = active.collect();
    let again = parse(&active.join("\n"));
    assert_eq!((again.sync, again.crm), (profile.sync, profile.crm));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_set_is_what_is_read(group in "[^\\p{Cc}'\"]{1,12}", name in any::<String>(), raw in any::<String>()) {
        prop_assume!(!group.trim().is_empty() && !secret::looks_secret(&group));
        let text = set(TEXT, "google.group", &group).unwrap();
        prop_assert_eq!(parse(&text).google.group, group);
        // Whatever comes from a command line is refused or gives a text that can be read.
        if let Ok(text) = set(TEXT, &name, &raw) {
            prop_assert!(text.parse::<DocumentMut>().is_ok());
        }
        if let Ok(text) = set(TEXT, &format!("crm.defaults.{name}"), &raw) {
            prop_assert!(parse(&text).crm.defaults.contains_key(&name));
        }
    }
}
