//! What HubSpot's refusals mean and what to do about each.

use crate::auth::crm::{Setup, redirect_uris};
use crate::auth::{Account, Error, Kind, Refusal};

fn code(refusal: &Refusal) -> String {
    refusal.error.to_ascii_lowercase()
}

/// A code that was not taken.
pub(super) fn exchange_refused(refusal: &Refusal, setup: &Setup) -> Error {
    let console = &setup.console;
    let (kind, why, hint) = match code(refusal).as_str() {
        "invalid_grant" => (
            Kind::SignInNeeded,
            "HubSpot does not accept the code",
            "it counts once and for some minutes only: sign in again".to_owned(),
        ),
        "invalid_client" | "unauthorized_client" => (
            Kind::Invalid,
            "HubSpot does not know the app, or its secret is wrong",
            format!("compare client id and secret with the app's Auth page at {console}"),
        ),
        "invalid_request" => (
            Kind::Invalid,
            "HubSpot does not take the request",
            format!(
                "enter these among the app's redirect addresses at {console}: {}",
                redirect_uris(&super::App).join(" ")
            ),
        ),
        "server_error" | "temporarily_unavailable" => {
            return Error::unavailable(format!("cannot finish the sign-in at HubSpot ({refusal})"));
        }
        _ => (
            Kind::Denied,
            "HubSpot refused the sign-in",
            format!("check the app at {console} (docs/hubspot-setup.md)"),
        ),
    };
    Error::new(kind, format!("{why} ({refusal})")).hint(hint)
}

/// A refresh token that was not taken.
pub(super) fn refresh_refused(refusal: &Refusal, account: &Account) -> Error {
    let again = format!("run `{}`", account.command());
    let (why, hint) = match code(refusal).as_str() {
        "invalid_grant" => (
            "HubSpot no longer accepts the sign-in: the app was disconnected from the account",
            again,
        ),
        "invalid_client" | "unauthorized_client" => (
            "HubSpot no longer knows the app, or its secret changed",
            format!("{again} with the app as it is in HubSpot now"),
        ),
        "server_error" | "temporarily_unavailable" => {
            return Error::unavailable(format!("cannot renew HubSpot's access token ({refusal})"));
        }
        _ => ("HubSpot refused to renew the access token", again),
    };
    Error::new(Kind::SignInNeeded, format!("{why} ({refusal})")).hint(hint)
}
