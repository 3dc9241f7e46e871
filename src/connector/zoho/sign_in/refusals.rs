//! What Zoho's refusals mean and what to do about each; they come with HTTP 200 too.

use crate::auth::crm::{Setup, redirect_uris};
use crate::auth::{Account, Error, Kind, Refusal};

/// Zoho writes its codes both as `access_denied` and as "Access Denied".
fn code(refusal: &Refusal) -> String {
    refusal.error.to_ascii_lowercase().replace(' ', "_")
}

fn too_often(what: &str, refusal: &Refusal) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("Zoho gives no more {what} for now ({refusal})"),
    )
    .hint("Zoho allows 10 in 10 minutes: wait 10 minutes and try again")
}

/// A code that was not taken.
pub(super) fn exchange_refused(refusal: &Refusal, setup: &Setup) -> Error {
    let console = &setup.console;
    let (kind, why, hint) = match code(refusal).as_str() {
        "invalid_code" | "invalid_grant" => (
            Kind::SignInNeeded,
            "Zoho does not accept the code",
            format!(
                "it counts once, for the minutes chosen (3 by default), in its own data center only (the profile says \
                 `{}`): make a new one at {}",
                setup.place, console
            ),
        ),
        "invalid_client" | "invalid_client_secret" => (
            Kind::Invalid,
            "Zoho does not know the client, or its secret is wrong",
            format!(
                "compare both with {console}; a client that serves several data centers may have a secret for each"
            ),
        ),
        "invalid_redirect_uri" | "redirect_uri_mismatch" => (
            Kind::Invalid,
            "Zoho does not know the address that the browser came back to",
            format!(
                "enter these under Authorized Redirect URIs of the client at {}: {}",
                console,
                redirect_uris(&super::Accounts).join(" ")
            ),
        ),
        "access_denied" => return too_often("sign-ins", refusal),
        "server_error" | "temporarily_unavailable" | "general_error" => {
            return Error::unavailable(format!("cannot finish the sign-in at Zoho ({refusal})"));
        }
        _ => (
            Kind::Denied,
            "Zoho refused the sign-in",
            format!("check the client at {console} (docs/zoho-setup.md)"),
        ),
    };
    Error::new(kind, format!("{why} ({refusal})")).hint(hint)
}

/// A refresh token that was not taken.
pub(super) fn refresh_refused(refusal: &Refusal, account: &Account) -> Error {
    let again = format!("run `{}`", account.command());
    let (why, hint) = match code(refusal).as_str() {
        "invalid_code" | "invalid_grant" | "invalid_token" => (
            "Zoho no longer accepts the sign-in: it was revoked, or pushed out by newer ones",
            format!(
                "{again}; Zoho keeps 20 sign-ins for a user and client, and the next one silently ends the oldest"
            ),
        ),
        "invalid_client" | "invalid_client_secret" => (
            "Zoho no longer knows the client, or its secret changed",
            format!("{again} with the client as it is in Zoho's API console now"),
        ),
        "access_denied" => return too_often("access tokens", refusal),
        "server_error" | "temporarily_unavailable" | "general_error" => {
            return Error::unavailable(format!("cannot renew Zoho's access token ({refusal})"));
        }
        _ => ("Zoho refused to renew the access token", again),
    };
    Error::new(Kind::SignInNeeded, format!("{why} ({refusal})")).hint(hint)
}
