//! The example profiles and the page about profiles say what the program does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use crmsync::connector::kinds;
use crmsync::profile::{KeyInfo, Profile, keys, list};

fn examples() -> Vec<(String, PathBuf)> {
    list(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/profiles"))
}

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profiles.md")).unwrap()
}

#[test]
fn every_example_is_a_valid_profile() {
    let examples = examples();
    assert!(examples.len() >= 5, "{examples:?}");
    for (name, path) in examples {
        match Profile::load(kinds(), Path::new("."), path.to_str().unwrap()) {
            Ok(profile) => assert_eq!(profile.name, name),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_minimal_example_and_the_one_with_every_key_agree_on_the_defaults() {
    let load = |name: &str| {
        let (_, path) = examples()
            .into_iter()
            .find(|(found, _)| found == name)
            .unwrap();
        Profile::load(kinds(), Path::new("."), path.to_str().unwrap()).unwrap()
    };
    let (mut least, most) = (load("minimal"), load("every-key"));
    assert_eq!(least.sync.region, None);
    least.sync.region.clone_from(&most.sync.region);
    assert_eq!(least.sync, most.sync);
    assert_eq!(least.crm.module(), most.crm.module());
}

/// Every key of every CRM kind stands in an example: `every-key` for the first kind,
/// `every-key-<kind>` for the others.
#[test]
fn the_examples_with_every_key_have_every_key() {
    for (at, kind) in kinds().all().iter().enumerate() {
        let wanted = match at {
            0 => "every-key".to_owned(),
            _ => format!("every-key-{}", kind.name),
        };
        let (_, path) = examples()
            .into_iter()
            .find(|(name, _)| *name == wanted)
            .unwrap_or_else(|| panic!("examples/profiles/{wanted}.toml is missing"));
        let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let common = keys(kinds()).into_iter().filter(|info| info.kind.is_none());
        let common: Vec<KeyInfo> = if at == 0 {
            common.collect()
        } else {
            Vec::new()
        };
        for info in common.iter().chain(kind.keys) {
            let section = &table[info.section()];
            let section = section.as_array().map_or(section, |entries| &entries[0]);
            assert!(
                section.get(info.leaf()).is_some(),
                "{wanted}: {} is missing",
                info.name
            );
        }
    }
}

/// The row of a key in the page: name, what it takes, default, meaning.
fn row(info: &KeyInfo) -> String {
    let default = match info.presence {
        crmsync::profile::Presence::Required => "required".to_owned(),
        crmsync::profile::Presence::Optional => "none".to_owned(),
        crmsync::profile::Presence::Default(text) => format!("`{text}`"),
    };
    format!(
        "| `{}` | {} | {default} | {} |",
        info.leaf(),
        info.takes(),
        info.doc
    )
}

#[test]
fn the_page_has_every_key_with_type_default_range_and_meaning() {
    let page = page();
    let mut missing = Vec::new();
    for info in keys(kinds()) {
        let heading = match info.section() {
            "map" => "## `[[map]]`".to_owned(),
            section => format!("## `[{section}]`"),
        };
        let part = page.split(&heading).nth(1).unwrap_or_default();
        let part = part.split("\n## ").next().unwrap_or_default();
        if !part.contains(&row(&info)) {
            missing.push(format!("{heading}: {}", row(&info)));
        }
    }
    assert!(
        missing.is_empty(),
        "docs/profiles.md lacks:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_block_of_toml_in_the_page_is_toml() {
    let page = page();
    let blocks: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(block.parse::<toml::Table>().is_ok(), "{block}");
    }
    // The first block is a whole profile.
    let first = page
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert!(Profile::parse(kinds(), "page", Path::new("page.toml"), first).is_ok());
}
