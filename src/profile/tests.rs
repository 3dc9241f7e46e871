//! Reading profiles: defaults, words, lengths of time, addresses, files and names.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path as FilePath;

use proptest::prelude::*;

use super::error_tests::only;
use super::testing::KINDS;
use super::*;
use crate::mapping::canon;

const ENDS: &str = "[google]\ngroup = \"CRM\"\n[crm]\nkind = \"acme\"\nview = \"All\"\n";
const KEY: &str = "[[map]]\ncrm = \"Email\"\ngoogle = \"email.work\"\nkey = true\n";

fn parse(text: &str) -> Result<Profile, ProfileError> {
    Profile::parse(KINDS, "sales", FilePath::new("conf/sales.toml"), text)
}

#[test]
fn defaults_are_the_contracts() {
    let profile = parse(ENDS).unwrap();
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    assert_eq!(
        profile.sync,
        SyncSection {
            direction: Direction::TwoWay,
            on_conflict: OnConflict::Prefer(Side::Crm),
            frequency: hours(1),
            first_limit: 10_000,
            next_limit: 500,
            on_delete: OnDelete::Keep,
            on_leave: OnLeave::Ungroup,
            no_email: NoEmail::Skip,
            full_every: hours(24),
            region: None,
            match_any_email: AnyEmail::Matches,
            propagate_clears: Clears::Propagate,
            enforce: Target::Drifts,
        }
    );
    assert_eq!(profile.crm.module(), "Contacts");
    assert_eq!(profile.crm.own.count("lanes"), Some(10));
    assert_eq!(profile.crm.own.words("trigger"), [""; 0]);
    assert_eq!((profile.map, profile.google.client_secret), (None, None));
}

#[test]
fn every_word_of_the_table_has_a_meaning() {
    for info in keys(KINDS) {
        let Shape::Word(words) = info.shape else {
            continue;
        };
        for word in words {
            let text = match info.section() {
                "map" => format!("{ENDS}{KEY}{} = \"{word}\"\n", info.leaf()),
                "crm" if info.leaf() == "kind" => continue,
                "crm" => format!("{ENDS}{} = \"{word}\"\n", info.leaf()),
                section => format!("{ENDS}[{section}]\n{} = \"{word}\"\n", info.leaf()),
            };
            assert!(parse(&text).is_ok(), "{text}");
        }
    }
}

#[test]
fn every_default_of_the_table_can_be_written() {
    for info in keys(KINDS).iter().filter(|info| info.section() == "sync") {
        if let Some(default) = info.default() {
            let text = format!("[sync]\n{} = {default}\n{ENDS}", info.leaf());
            assert_eq!(
                parse(&text).unwrap().sync,
                parse(ENDS).unwrap().sync,
                "{text}"
            );
        }
    }
}

#[test]
fn files_are_found_from_the_profiles_folder() {
    let text = ENDS.replace(
        "[crm]",
        "client_secret = \"keys/client.json\"\nservice_account = \"/etc/key.json\"\n[crm]",
    );
    let google = parse(&text).unwrap().google;
    assert_eq!(
        google.client_secret.unwrap(),
        FilePath::new("conf/keys/client.json")
    );
    assert_eq!(
        google.service_account.unwrap(),
        FilePath::new("/etc/key.json")
    );
}

#[test]
fn lengths_of_time_are_read_as_people_write_them() {
    for (text, minutes) in [
        ("5m", 5),
        ("30m", 30),
        ("1h 30m", 90),
        ("90m", 90),
        ("2d", 2880),
        ("30d", 43_200),
        ("1 hour", 60),
        ("1w", 10_080),
    ] {
        let profile = parse(&format!("[sync]\nfrequency = \"{text}\"\n{ENDS}")).unwrap();
        assert_eq!(
            profile.sync.frequency,
            Duration::from_secs(minutes * 60),
            "{text}"
        );
    }
    for text in ["4m", "299s", "31d", "-1h", "1 month", "hourly", "1", ""] {
        let (message, help) = only(&format!("[sync]\nfrequency = \"{text}\"\n{ENDS}"));
        assert!(message.contains("sync.frequency"), "{message}");
        assert!(help.contains("30d") || text.is_empty(), "{help}");
    }
}

#[test]
fn addresses_are_https_or_on_this_machine() {
    let with = |address: &str| ENDS.replace("[crm]", &format!("endpoint = \"{address}\"\n[crm]"));
    for (address, kept) in [
        ("https://people.example.com/", "https://people.example.com"),
        ("http://127.0.0.1:8801", "http://127.0.0.1:8801"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8801/api/", "http://[::1]:8801/api"),
    ] {
        assert_eq!(
            parse(&with(address)).unwrap().google.endpoint.unwrap(),
            kept
        );
    }
    for address in [
        "http://example.com",
        "http://localhost:8801",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "127.0.0.1:8801",
        "people",
        "https://user:pw@example.com",
        "https://user@example.com",
        "https://example.com/?a=b",
        "file:///tmp/x",
    ] {
        assert!(
            only(&with(address)).0.contains("google.endpoint"),
            "{address}"
        );
    }
}

#[test]
fn profiles_are_found_by_name_and_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("sales.toml", ENDS);
    write("office.toml", "");
    write("notes.txt", "");
    let names: Vec<String> = list(folder.path())
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["office", "sales"]);
    assert_eq!(
        Profile::load(KINDS, folder.path(), "sales").unwrap().name,
        "sales"
    );
    let path = folder.path().join("sales.toml");
    assert_eq!(
        Profile::load(KINDS, FilePath::new("elsewhere"), path.to_str().unwrap())
            .unwrap()
            .path,
        path
    );
    let error = Profile::load(KINDS, folder.path(), "sale").unwrap_err();
    assert!(
        error.to_string().contains("there are: office, sales"),
        "{error}"
    );
    assert!(
        error.hint().contains("did you mean `sales`?")
            && error.hint().contains("crmsync configure sale")
    );
    for name in ["", "../sales", "a/b", ".hidden", "-x", "a b"] {
        assert!(
            matches!(
                Profile::load(KINDS, folder.path(), name),
                Err(ProfileError::BadName(_))
            ),
            "{name}"
        );
    }
    std::fs::write(folder.path().join("latin.toml"), b"\xe9").unwrap();
    assert!(matches!(
        Profile::load(KINDS, folder.path(), "latin"),
        Err(ProfileError::Unreadable { .. })
    ));
    assert!(list(FilePath::new("no-such-folder")).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>(), at in 0_usize..400, cut in 0_usize..400) {
        let _read = parse(&text);
        // A valid file with something put in, and cut off anywhere.
        let whole = format!("[sync]\nfrequency = \"1h\"\nregion = \"DE\"\n{ENDS}trigger = []\n[crm.defaults]\nA = 1\n{KEY}");
        let at = at.min(whole.len());
        let mixed = format!("{}{}{}", &whole[..at], text, &whole[at..]);
        if let Err(ProfileError::Invalid(invalid)) = parse(&mixed) {
            prop_assert!(!invalid.findings.is_empty());
        }
        let _read = parse(&whole[..cut.min(whole.len())]);
    }
}

#[test]
fn regions_are_those_of_the_phone_numbers() {
    for code in canon::regions() {
        let profile = parse(&format!(
            "[sync]\nregion = \"{}\"\n{ENDS}",
            code.to_lowercase()
        ))
        .unwrap();
        assert_eq!(profile.sync.region.as_deref(), Some(*code));
    }
}
