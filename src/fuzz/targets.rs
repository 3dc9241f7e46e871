//! What is fuzzed, and what has to hold of it.

use std::hint::black_box;
use std::path::Path as FilePath;

use super::mutate::Shape::{Json, Text};
use super::{fuzz, seeds};
use crate::auth;
use crate::connector;
use crate::mapping::{Path, canon};
use crate::model::FieldKind;
use crate::profile::edit::{set, unset};
use crate::profile::{Profile, ProfileError};
use crate::state;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An invalid profile is explained with a place in its text and, for a person, at a readable length.
fn profile(bytes: &[u8]) {
    let text = text(bytes);
    match Profile::parse(
        connector::kinds(),
        "sales",
        FilePath::new("sales.toml"),
        &text,
    ) {
        Ok(profile) => assert_eq!(profile.text(), text),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(matches!(error, ProfileError::Invalid(_)));
        }
    }
}

/// An edit of a profile leaves TOML behind.
fn edit(bytes: &[u8]) {
    let kinds = connector::kinds();
    let text = text(bytes);
    for edited in [
        set(kinds, &text, "sync.full_every", "12h"),
        set(kinds, seeds::PROFILES[0], "google.group", &text),
        set(kinds, seeds::PROFILES[0], "crm.defaults.X", &text),
        unset(kinds, &text, "sync.direction"),
    ]
    .into_iter()
    .flatten()
    {
        assert!(edited.parse::<toml_edit::DocumentMut>().is_ok(), "{edited}");
    }
}

/// What is read as a path is written the same, and overlaps with itself.
fn path(bytes: &[u8]) {
    let text = text(bytes);
    match Path::parse(&text) {
        Ok(path) => {
            assert_eq!(path.to_string(), text);
            assert!(path.overlaps(&path));
            black_box(path.kind());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A key is its own key.
fn email(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(key) = canon::email(&text) {
        assert_eq!(canon::email(key.as_str()).as_ref(), Some(&key));
        assert!(key.as_str().contains('@'));
    }
    black_box(canon::value(FieldKind::Email, &text, None));
}

/// The form of a phone number does not change from one reading to the next.
fn phone(bytes: &[u8]) {
    let text = text(bytes);
    for region in [None, Some("DE"), Some("US"), Some(""), Some("zz")] {
        assert_eq!(canon::phone(&text, region), canon::phone(&text, region));
    }
    black_box(canon::region(&text));
}

/// A date's form is its own form; a text's too.
fn date(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(date) = canon::date(&text) {
        assert_eq!(canon::date(&date), Some(date.clone()));
    }
    let plain = canon::text(&text);
    assert_eq!(canon::text(&plain), plain);
    black_box(canon::value(FieldKind::Date, &text, None));
}

#[test]
fn profiles() {
    fuzz(
        "profile",
        Text,
        seeds::PROFILES,
        seeds::PROFILE_WORDS,
        profile,
    );
}

#[test]
fn profile_edits() {
    fuzz(
        "profile edit",
        Text,
        seeds::PROFILES,
        seeds::PROFILE_WORDS,
        edit,
    );
}

#[test]
fn field_paths() {
    fuzz("field path", Text, seeds::PATHS, seeds::PATHS, path);
}

#[test]
fn emails() {
    fuzz("e-mail", Text, seeds::EMAILS, seeds::EMAIL_WORDS, email);
}

#[test]
fn phones() {
    fuzz("phone", Text, seeds::PHONES, seeds::PHONE_WORDS, phone);
}

#[test]
fn dates() {
    fuzz(
        "date and text",
        Text,
        seeds::DATES,
        seeds::PHONE_WORDS,
        date,
    );
}

#[test]
fn google_connections() {
    fuzz(
        "google: connections",
        Json,
        seeds::GOOGLE,
        &[],
        connector::google::fuzz::connections,
    );
}

#[test]
fn google_person() {
    fuzz(
        "google: person",
        Json,
        &seeds::GOOGLE[..2],
        &[],
        connector::google::fuzz::person,
    );
}

#[test]
fn google_batches() {
    fuzz(
        "google: batches",
        Json,
        seeds::GOOGLE,
        &[],
        connector::google::fuzz::batches,
    );
}

#[test]
fn google_groups() {
    fuzz(
        "google: groups",
        Json,
        seeds::GOOGLE,
        &[],
        connector::google::fuzz::groups,
    );
}

#[test]
fn google_refusals() {
    fuzz(
        "google: refusal",
        Json,
        seeds::GOOGLE_REFUSALS,
        &[],
        connector::google::fuzz::refusal,
    );
}

#[test]
fn google_native() {
    fuzz(
        "google: native",
        Json,
        seeds::NATIVE,
        &[],
        connector::google::fuzz::native,
    );
}

#[test]
fn token_answers() {
    fuzz(
        "token answer",
        Json,
        seeds::TOKEN_ANSWERS,
        &[],
        auth::fuzz::answer,
    );
}

#[test]
fn token_files() {
    fuzz(
        "token file",
        Json,
        seeds::TOKEN_FILES,
        &[],
        auth::fuzz::file,
    );
}

#[test]
fn imports() {
    fuzz("import", Json, seeds::IMPORTS, &[], auth::fuzz::import);
}

#[test]
fn pasted_redirects() {
    fuzz(
        "pasted redirect",
        Text,
        seeds::PASTED,
        &["code=", "state=", "&"],
        auth::fuzz::pasted,
    );
}

#[test]
fn retry_after() {
    fuzz(
        "Retry-After",
        Text,
        seeds::RETRY_AFTER,
        &[],
        connector::http::fuzz::retry_after,
    );
}

#[test]
fn state_columns() {
    fuzz(
        "state columns",
        Json,
        seeds::COLUMNS,
        &[],
        state::fuzz::columns,
    );
}
