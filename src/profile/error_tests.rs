//! What is wrong with a profile: every error with its place and its advice, and what is never shown.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path as FilePath;

use super::testing::KINDS;
use super::*;

const ENDS: &str = "[google]\ngroup = \"CRM\"\n[crm]\nkind = \"acme\"\nview = \"All\"\n";
const KEY: &str = "[[map]]\ncrm = \"Email\"\ngoogle = \"email.work\"\nkey = true\n";

fn parse(text: &str) -> Result<Profile, ProfileError> {
    Profile::parse(KINDS, "sales", FilePath::new("conf/sales.toml"), text)
}

fn findings(text: &str) -> Vec<Finding> {
    match parse(text) {
        Err(ProfileError::Invalid(invalid)) => invalid.findings,
        other => panic!("{text}\n{other:?}"),
    }
}

/// The one finding of a text: message and advice.
pub(super) fn only(text: &str) -> (String, String) {
    let all = findings(text);
    let [finding] = all.as_slice() else {
        panic!("{text}\n{all:#?}");
    };
    (
        finding.message.clone(),
        finding.help.clone().unwrap_or_default(),
    )
}

#[test]
fn unknown_keys_name_the_nearest() {
    for (text, message, help) in [
        (
            "[sync]\ndirecton = \"two-way\"\n",
            "unknown key `sync.directon`",
            "did you mean `direction`?",
        ),
        (
            "[sync]\ngroup = \"x\"\n",
            "unknown key `sync.group`",
            "`group` stands in [google]",
        ),
        (
            "[sync]\nquota = 1\n",
            "unknown key `sync.quota`",
            "[sync] takes direction, on_conflict",
        ),
        (
            "[syn]\n",
            "unknown section or key `syn`",
            "did you mean [sync]?",
        ),
        (
            "direction = \"two-way\"\n",
            "unknown section or key `direction`",
            "`direction` stands in [sync]",
        ),
        (
            "[[maps]]\n",
            "unknown section or key `maps`",
            "did you mean [[map]]?",
        ),
        (
            "[payroll]\n",
            "unknown section or key `payroll`",
            "a profile has [sync]",
        ),
    ] {
        let (found, advice) = only(&format!("{text}{ENDS}"));
        assert_eq!(found, message);
        assert!(advice.starts_with(help), "{advice}");
    }
}

#[test]
fn wrong_types_and_values_say_what_is_taken() {
    for (line, message, help) in [
        (
            "next_limit = \"500\"",
            "`sync.next_limit` takes a whole number from 0 to 1000000, not a text",
            "write it without quotes",
        ),
        (
            "next_limit = -1",
            "`sync.next_limit` is out of range",
            "give a number from 0 to 1000000",
        ),
        ("next_limit = 0.5", "not a decimal number", ""),
        (
            "enforce = \"true\"",
            "`sync.enforce` takes true or false, not a text",
            "write it without quotes",
        ),
        ("frequency = 60", "not a whole number", "put it in quotes"),
        (
            "on_delete = \"kepe\"",
            "`sync.on_delete` cannot be \"kepe\"",
            "did you mean \"keep\"? it takes \"keep\", \"archive\", \"delete\"",
        ),
        (
            "direction = \"both\"",
            "`sync.direction` cannot be \"both\"",
            "it takes \"two-way\"",
        ),
        (
            "region = \"UK\"",
            "`UK` is not a country code",
            "such as \"GB\"",
        ),
        (
            "region = \"Germany\"",
            "`Germany` is not a country code",
            "ISO 3166",
        ),
        (
            "region = \"\"",
            "`sync.region` is empty",
            "or leave the key out",
        ),
    ] {
        let (found, advice) = only(&format!("[sync]\n{line}\n{ENDS}"));
        assert!(found.contains(message), "{found}");
        assert!(advice.contains(help), "{advice}");
    }
    let (found, advice) = only(&ENDS.replace("[google]", "[google]\naccount = \"me\""));
    assert_eq!(
        (found.as_str(), advice.as_str()),
        (
            "`google.account` is not an e-mail address",
            "give it as \"me@example.com\""
        )
    );
    for (line, message) in [
        ("lanes = 26", "`crm.lanes` is out of range"),
        ("lanes = 0", "`crm.lanes` is out of range"),
        ("trigger = \"workflow\"", "`crm.trigger` takes a list"),
        (
            "trigger = [\"workflow\", \"workflow\"]",
            "stands here twice",
        ),
        ("trigger = [\"workflows\"]", "cannot be \"workflows\""),
        (
            "defaults = { A = [1] }",
            "`crm.defaults.A` takes a text, a number or true or false, not a list",
        ),
        (
            "module = \"contacts\"",
            "`crm.module` cannot be \"contacts\"",
        ),
        ("data_center = \"de\"", "`crm.data_center` cannot be \"de\""),
    ] {
        assert!(
            only(&format!("{ENDS}{line}\n")).0.contains(message),
            "{line}"
        );
    }
}

#[test]
fn what_is_missing_is_named() {
    for (line, message) in [
        ("group = \"CRM\"\n", "[google] lacks `group`"),
        ("kind = \"acme\"\n", "[crm] lacks `kind`"),
        ("view = \"All\"\n", "[crm] lacks `view`"),
    ] {
        assert_eq!(only(&ENDS.replace(line, "")).0, message);
    }
    let messages: Vec<String> = findings("")
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert_eq!(
        messages,
        [
            "[google] lacks `group`",
            "[crm] lacks `kind`",
            "[crm] lacks `view`"
        ]
    );
    assert_eq!(
        only(&format!("{ENDS}{KEY}[[map]]\ngoogle = \"note\"\n")).0,
        "this [[map]] entry lacks `crm`"
    );
    let (message, help) = only(&ENDS.replace("[crm]", "subject = \"me@example.com\"\n[crm]"));
    assert!(message.contains("there is none") && help.contains("service_account"));
}

#[test]
fn secrets_are_refused_and_never_shown() {
    let acme = format!("1000.{0}.{0}", "0123456789abcdef0123456789abcdef");
    for (text, hidden) in [
        (
            format!("{ENDS}refresh_token = \"hush-hush\"\n"),
            "hush-hush",
        ),
        (
            format!("{ENDS}client_secret = 'hush-hush' # mine\n"),
            "hush-hush",
        ),
        (format!("{ENDS}api_key = \"hush-hush\"\n"), "hush-hush"),
        (format!("password = \"hush-hush\"\n{ENDS}"), "hush-hush"),
        (
            format!("{ENDS}client_id = \"{acme}\"\n"),
            "0123456789abcdef",
        ),
        (
            ENDS.replace(
                "[crm]",
                "client_secret = '{\"installed\": \"hush-hush\"}'\n[crm]",
            ),
            "hush-hush",
        ),
        (
            ENDS.replace(
                "[crm]",
                "service_account = '''\n{\"key\":\n\"hush-hush\"}'''\n[crm]",
            ),
            "hush-hush",
        ),
        (
            ENDS.replace("[crm]", "client_secret = \"GOCSPX-hush-hush\"\n[crm]"),
            "hush-hush",
        ),
        (
            format!("{ENDS}defaults = {{ Note = \"ya29.hush-hush\" }}\n"),
            "hush-hush",
        ),
        (
            format!(
                "crm = {{ kind = \"acme\", view = \"All\", access_token = \"hush-hush\" }}\n{}",
                "[google]\ngroup = \"CRM\"\n"
            ),
            "hush-hush",
        ),
    ] {
        let all = findings(&text);
        assert!(
            all.iter()
                .any(|finding| finding.message == "tokens and secrets never stand in a profile"),
            "{text}\n{all:?}"
        );
        assert!(!format!("{all:?}").contains(hidden), "{text}\n{all:?}");
    }
    // Not even when the file is not TOML.
    let broken = format!("{ENDS}refresh_token = hush-hush\n");
    assert!(!format!("{:?}", findings(&broken)).contains("hush-hush"));
}

#[test]
fn a_mapping_is_checked_as_a_whole() {
    let pair = |crm: &str, google: &str, more: &str| {
        format!("[[map]]\ncrm = \"{crm}\"\ngoogle = \"{google}\"\n{more}\n")
    };
    for (entries, message) in [
        (
            pair("Email", "phone.work", ""),
            "the CRM field `Email` is mapped twice",
        ),
        (
            pair("Mail", "email.work", ""),
            "the Google field `email.work` is mapped twice",
        ),
        (
            pair("Mail", "email.Work", ""),
            "the Google field `email.Work` is mapped twice",
        ),
        (
            pair("Mail", "email", ""),
            "`email` and `email.work` can name one and the same entry of a contact",
        ),
        (
            pair("Mail", "email.home", "key = true"),
            "there are two match keys",
        ),
        (
            pair("Mail", "emial.home", ""),
            "`emial.home` is not a Google field path",
        ),
        (pair("", "email.home", ""), "`map.crm` is empty"),
        (
            pair("Mail", "email.home", "dirction = \"two-way\""),
            "unknown key `map.dirction`",
        ),
        (
            pair("Mail", "email.home", "wins = \"hold\""),
            "`map.wins` cannot be \"hold\"",
        ),
    ] {
        assert_eq!(only(&format!("{ENDS}{KEY}{entries}")).0, message);
    }
    let no_key = format!("{ENDS}{}", pair("Email", "email.work", ""));
    assert_eq!(
        only(&no_key).0,
        "no pair of the mapping holds the match key"
    );
    let phone_key = format!("{ENDS}{}", pair("Phone", "phone.work", "key = true"));
    assert_eq!(
        only(&phone_key).0,
        "the match key is an e-mail address, and `phone.work` is none"
    );
    assert_eq!(only(&format!("map = []\n{ENDS}")).0, "the mapping is empty");
    assert_eq!(
        only(&format!("{ENDS}[map]\nEmail = \"email.work\"\n")).0,
        "`map` is a table"
    );
}

#[test]
fn all_errors_come_at_once_with_their_places() {
    let text = "[sync]\nenforce = 1\n\n[google]\n\"grüp\" = \"CRM\"\n[crm]\nview = \"Ä\"\nkind = \"acmee\"\n[[map]]\ncrm = \"Email\"\ngoogle = \"mail\"\n";
    let places: Vec<(usize, usize)> = findings(text)
        .iter()
        .map(|found| (found.line, found.column))
        .collect();
    assert_eq!(places, [(2, 11), (4, 1), (5, 1), (8, 8), (11, 10)]);
}

#[test]
fn an_error_is_shown_with_its_line_and_a_caret() {
    let text = format!(
        "{ENDS}{KEY}[[map]]\ncrm = \"Phone\" # é\ngoogle = \"phone.work\"\n[[map]]\ncrm = \"Phone\"\ngoogle = \"phone.home\"\n"
    );
    let error = parse(&text).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"
    error: the CRM field `Phone` is mapped twice
      --> conf/sales.toml:14:7
       |
    11 | crm = "Phone" # é
       |       ------- mapped here first
    ...
    14 | crm = "Phone"
       |       ^^^^^^^
       |
       = help: take one of the two entries out
    "#);
    let error = parse("[sync\nx = 1\n").unwrap_err();
    assert!(error.to_string().contains("conf/sales.toml:1:6"), "{error}");
}

#[test]
fn later_errors_point_at_their_place() {
    let profile = parse(&format!("{ENDS}{KEY}")).unwrap();
    let shown = profile.locate(
        &MapPart::Crm(0),
        "unknown CRM field `Email`",
        "the nearest is `E_mail`",
    );
    insta::assert_snapshot!(shown, @r#"
    error: unknown CRM field `Email`
     --> conf/sales.toml:7:7
      |
    7 | crm = "Email"
      |       ^^^^^^^
      |
      = help: the nearest is `E_mail`
    "#);
    for (part, place) in [
        (MapPart::View, "5:8"),
        (MapPart::Group, "2:9"),
        (MapPart::Kind, "4:8"),
        (MapPart::Entry(0), "6:1"),
        (MapPart::Google(0), "8:10"),
        (MapPart::Google(9), "4:8"),
    ] {
        assert!(
            profile
                .locate(&part, "x", "y")
                .contains(&format!("sales.toml:{place}\n")),
            "{part:?}"
        );
    }
}
