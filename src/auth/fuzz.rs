//! Entry points for `crate::fuzz`: token answers, token files, and what is imported.

use std::hint::black_box;
use std::path::Path;

use jiff::Timestamp;

use super::oauth::{self, Refusal};
use super::{Account, Provider, TokenKind, Tokens, credentials, crm, google};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a token server answers.
pub(crate) fn answer(body: &[u8]) {
    if let Ok(refusal) = serde_json::from_slice::<Refusal>(body) {
        black_box(refusal.to_string());
    }
    if let Some(grant) = oauth::grant_of(body) {
        let now = Timestamp::UNIX_EPOCH;
        let mut tokens = Tokens::new(Provider::Google, TokenKind::User);
        google::take(&mut tokens, grant);
        black_box(tokens.usable(now));
        black_box(tokens.warning(now));
    }
    if let Some(grant) = oauth::grant_of(body) {
        let mut tokens = Tokens::new(Provider::Crm("acme".to_owned()), TokenKind::User);
        black_box(crm::take(&mut tokens, grant)).ok();
    }
}

/// A token file.
pub(crate) fn file(bytes: &[u8]) {
    let now = Timestamp::UNIX_EPOCH;
    if let Ok(tokens) = serde_json::from_str::<Tokens>(&text(bytes)) {
        black_box(tokens.usable(now));
        black_box(tokens.warning(now));
        black_box(tokens.renewable(&Account::google("sales"))).ok();
        let again = serde_json::to_string(&tokens)
            .is_ok_and(|text| serde_json::from_str::<Tokens>(&text).is_ok());
        assert!(again, "a token file that was read can be written and read");
    }
}

/// An imported file, a client file, a credential.
pub(crate) fn import(bytes: &[u8]) {
    let text = text(bytes);
    black_box(credentials::authorized_user(&text)).ok();
    black_box(google::parse_client(&text)).ok();
    for account in [Account::google("sales"), Account::crm("sales")] {
        black_box(credentials::parse(&account, Path::new("google"), &text)).ok();
    }
}

/// What a person pastes after signing in.
pub(crate) fn pasted(bytes: &[u8]) {
    black_box(super::consent::read_pasted(Some(text(bytes)), "state")).ok();
}
