//! What Google's refusals mean and what to do about each.

use jiff::Timestamp;

use super::TESTING_LIFE;
use crate::auth::error::{Error, Kind};
use crate::auth::oauth::Refusal;
use crate::auth::{Account, Tokens};

/// A code that was not taken.
pub(super) fn exchange_refused(refusal: &Refusal) -> Error {
    let (kind, why, hint) = match refusal.error.as_str() {
        "invalid_grant" => (
            Kind::SignInNeeded,
            "Google does not accept the code any more",
            "start the sign-in again; a code counts once, and for a few minutes",
        ),
        "invalid_client" | "deleted_client" | "disabled_client" | "unauthorized_client" => (
            Kind::Invalid,
            "Google does not know the OAuth client, or its secret is wrong",
            "download the client file anew from Google's console (docs/google-setup.md)",
        ),
        _ => (
            Kind::Invalid,
            "Google refused the sign-in",
            "check that the client is of type \"Desktop app\" (docs/google-setup.md)",
        ),
    };
    Error::new(kind, format!("{why} ({refusal})")).hint(hint)
}

/// A refresh token that was not taken.
pub(super) fn refresh_refused(
    refusal: &Refusal,
    tokens: &Tokens,
    account: &Account,
    now: Timestamp,
) -> Error {
    let again = format!("run `{}`", account.command());
    let ended = tokens.refresh_expires_at.is_some_and(|ends| ends <= now);
    let week_old = now.duration_since(tokens.issued_at) >= TESTING_LIFE;
    let (kind, why, hint) = match refusal.error.as_str() {
        "invalid_grant" if refusal.error_subtype.as_deref() == Some("invalid_rapt") => (
            Kind::SignInNeeded,
            "the domain's session policy ended the sign-in",
            format!("{again}; an administrator can exempt the app, or use a service account"),
        ),
        "invalid_grant" if ended || week_old => (
            Kind::SignInNeeded,
            "Google ended the sign-in",
            format!(
                "{again}; if it ends every 7 days, the app's publishing status is \"Testing\": publish it first, as \
                 docs/google-setup.md says"
            ),
        ),
        "invalid_grant" => (
            Kind::SignInNeeded,
            "Google no longer accepts the sign-in: it was revoked, unused for six months, or pushed out by newer ones",
            again,
        ),
        "invalid_client" | "deleted_client" | "disabled_client" | "unauthorized_client" => (
            Kind::SignInNeeded,
            "Google no longer knows the OAuth client, or its secret changed",
            format!("{again} with the client file as it is in Google's console now"),
        ),
        "admin_policy_enforced" | "access_denied" => (
            Kind::Denied,
            "the domain's administrator does not allow the app",
            "ask for it to be allowed in the Admin console under Security, API controls".to_owned(),
        ),
        "internal_failure" | "server_error" | "temporarily_unavailable" | "rate_limit_exceeded" => {
            return Error::unavailable(format!("cannot renew Google's access token ({refusal})"));
        }
        _ => (
            Kind::SignInNeeded,
            "Google refused to renew the access token",
            again,
        ),
    };
    Error::new(kind, format!("{why} ({refusal})")).hint(hint)
}
