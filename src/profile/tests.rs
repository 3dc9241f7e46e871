//! Reading profiles: defaults, every error with its place and its advice, and what is never shown.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path as FilePath;

use super::*;
use proptest::prelude::*;

const ENDS: &str = "[google]\ngroup = \"CRM\"\n[crm]\nkind = \"zoho\"\nview = \"All\"\n";

fn parse(text: &str) -> Result<Profile, ProfileError> {
    Profile::parse("sales", FilePath::new("conf/sales.toml"), text)
}

fn findings(text: &str) -> Vec<Finding> {
    match parse(text) {
        Err(ProfileError::Invalid(invalid)) => invalid.findings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn show() {
    for text in [
        "[sync\nx=1",
        "[sync]\ndirecton = 'two-way'\nfrequency='1m'\nfirst_limit='x'\n[google]\ngroup='a'\nrefresh_token='abc'\n[crm]\nview=\"é\"\ntrigger=['x']\n[[map]]\ncrm='a'\ngoogle='emial.work'\n[[map]]\ncrm='a'\ngoogle='phone'\n",
    ] {
        for f in findings(text) {
            eprintln!("{}:{}\n{}\n", f.line, f.column, f.shown);
        }
    }
}
