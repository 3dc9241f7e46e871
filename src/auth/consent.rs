//! Sending a person through a consent page (RFC 8252): over loopback with PKCE and state, or with
//! the redirect pasted.

use std::collections::BTreeMap;
use std::time::Duration;

use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope,
};
use url::Url;

use super::error::{Error, Kind, plain};
use super::loopback::{Arrival, Listener, Page, Place, parse_query};
use super::wire::checked;
use super::{Client, Prompter, Way};

/// What a person is asked for.
pub(super) struct Ask<'a> {
    pub(super) service: &'static str,
    pub(super) client: &'a Client,
    pub(super) auth_uri: &'a str,
    /// As it goes into the address: separated by blanks, or by what the service wants.
    pub(super) scope: String,
    pub(super) extra: Vec<(&'static str, String)>,
    pub(super) place: Place,
    pub(super) way: Way,
    pub(super) limit: Duration,
}

/// A code, and what is needed to turn it into tokens.
pub(super) struct Consent {
    pub(super) params: BTreeMap<String, String>,
    pub(super) code: AuthorizationCode,
    pub(super) verifier: PkceCodeVerifier,
    pub(super) redirect_uri: RedirectUrl,
    page: Option<Page>,
}

impl Consent {
    /// Tells the browser how it went, and hands the result on.
    pub(super) async fn finish<T>(
        page: Option<Page>,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(page) = page {
            match &result {
                Ok(_) => {
                    let text = "crmsync has what it needs. You can close this page.";
                    page.show("Signed in", text).await;
                }
                Err(error) => {
                    let text = match &error.hint {
                        Some(hint) => format!("{}. What to do: {hint}", error.message),
                        None => error.message.clone(),
                    };
                    page.show("Not signed in", &text).await;
                }
            }
        }
        result
    }

    /// The page that waits, if the consent came over loopback.
    pub(super) fn take_page(&mut self) -> Option<Page> {
        self.page.take()
    }
}

/// Sends a person through the consent page.
///
/// # Errors
/// `Denied`, `Timeout`, `Invalid` (a pasted address of another sign-in), `SignInNeeded` (nothing
/// was pasted), `Unavailable` (no free port).
pub(super) async fn consent(ask: Ask<'_>, prompter: &dyn Prompter) -> Result<Consent, Error> {
    let listener = match (Listener::bind(ask.place).await, ask.way) {
        (Ok(listener), _) => Some(listener),
        // What is pasted needs no listener, only an address that the service knows.
        (Err(_), Way::Paste) => None,
        (Err(error), Way::Browser) => return Err(error),
    };
    let redirect_uri = match &listener {
        Some(listener) => listener.redirect_uri().to_owned(),
        None => ask.place.uri(),
    };
    let redirect_uri = RedirectUrl::new(redirect_uri).map_err(odd_address)?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    checked(ask.auth_uri)?;
    let auth_uri = AuthUrl::new(ask.auth_uri.to_owned()).map_err(odd_address)?;
    let client = oauth2::basic::BasicClient::new(ClientId::new(ask.client.id.clone()))
        .set_auth_uri(auth_uri)
        .set_redirect_uri(redirect_uri.clone());
    let mut request = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new(ask.scope))
        .set_pkce_challenge(challenge);
    for (name, value) in ask.extra {
        request = request.add_extra_param(name, value);
    }
    let (url, state) = request.url();
    let state = state.secret().as_str();

    let over_loopback = async {
        match &listener {
            Some(listener) => listener.arrival(state).await,
            None => std::future::pending().await,
        }
    };
    let waiting = async {
        match ask.way {
            Way::Browser => {
                let opened = match prompter.open(url.as_str()) {
                    Ok(()) => "Sign in with the browser that opens.".to_owned(),
                    Err(why) => format!("No browser could be opened ({why})."),
                };
                prompter.say(&format!(
                    "{opened} The address, for any browser on this machine:\n{url}"
                ));
                let Arrival { params, page } = over_loopback.await;
                Ok((params, Some(page)))
            }
            Way::Paste => {
                let tunnel = listener.as_ref().map_or_else(String::new, |listener| {
                    let port = listener.port();
                    format!(
                        "To let the browser of another machine come back by itself, first run there: \
                         ssh -L {port}:127.0.0.1:{port} THIS-MACHINE\n"
                    )
                });
                prompter.say(&format!(
                    "{tunnel}Open this address in any browser, sign in, and paste the address of the page that the \
                     browser ends on, even if it says that it cannot be reached:\n{url}"
                ));
                tokio::select! {
                    Arrival { params, page } = over_loopback => Ok((params, Some(page))),
                    pasted = prompter.pasted() => Ok((read_pasted(pasted, state)?, None)),
                }
            }
        }
    };
    let (params, page) = tokio::time::timeout(ask.limit, waiting)
        .await
        .unwrap_or_else(|_| {
            Err(Error::new(
                Kind::Timeout,
                format!(
                    "{} did not send anybody back within {} seconds",
                    ask.service,
                    ask.limit.as_secs()
                ),
            )
            .hint(
                "start the sign-in again and finish it in the browser; if the page showed an error instead of a \
                 question, that is the reason; on a machine without a browser use --no-browser",
            ))
        })?;
    match (params.get("code"), params.get("error")) {
        (Some(code), None) if !code.is_empty() => Ok(Consent {
            code: AuthorizationCode::new(code.clone()),
            params,
            verifier,
            redirect_uri,
            page,
        }),
        (_, error) => {
            let error = denial(
                ask.service,
                error.map_or("no code came back", String::as_str),
            );
            Consent::finish(page, Err(error)).await
        }
    }
}

fn denial(service: &str, error: &str) -> Error {
    let error = plain(error);
    match error.as_str() {
        "access_denied" => Error::new(
            Kind::Denied,
            format!("access was denied on {service}'s page"),
        )
        .hint("start the sign-in again and choose Allow (Continue) when asked"),
        _ => Error::new(
            Kind::Denied,
            format!("{service} refused the sign-in: {error}"),
        )
        .hint("check the OAuth client that the profile names"),
    }
}

fn odd_address(fault: url::ParseError) -> Error {
    Error::new(Kind::Invalid, format!("not an address: {fault}"))
}

/// Reads what was pasted: the whole redirect, its query, or the bare code. A state that came along
/// has to be ours; a bare code has none, and PKCE still ties it to this sign-in.
pub(super) fn read_pasted(
    pasted: Option<String>,
    state: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let pasted = pasted.unwrap_or_default();
    let text = pasted.trim();
    if text.is_empty() {
        return Err(Error::new(Kind::SignInNeeded, "no address was pasted")
            .hint("start the sign-in again, and paste the address that the browser ends on"));
    }
    let query = match Url::parse(text) {
        Ok(url) => url.query().unwrap_or_default().to_owned(),
        Err(_) if text.contains("code=") || text.contains("error=") => {
            text.trim_start_matches('?').to_owned()
        }
        Err(_) => format!("code={}&state={state}", text.replace('+', "%2B")),
    };
    let params = parse_query(&query);
    if !params.contains_key("code") && !params.contains_key("error") {
        return Err(Error::new(Kind::Invalid, "what was pasted holds no code")
            .hint("paste the whole address of the page that the browser ends on after you allowed the access"));
    }
    if params.get("state").map(String::as_str) != Some(state) {
        return Err(Error::new(
            Kind::Invalid,
            "what was pasted belongs to another sign-in (its state differs)",
        )
        .hint("use the address that was printed last"));
    }
    Ok(params)
}
