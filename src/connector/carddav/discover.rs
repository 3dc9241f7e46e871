//! From the address that a profile names to the address books of the user (RFC 6764, RFC 6352
//! section 7.1): the place itself, the user's principal, the home set, the well-known address.

use reqwest::Url;

use super::Carddav;
use super::call::{Ask, Depth, fail};
use super::wire::{Props, Response};
use crate::connector::{Error, Kind};

/// Where a server says where its CardDAV service is.
const WELL_KNOWN: &str = "/.well-known/carddav";

/// What is asked about a place and about an address book.
const PROPS: &str = "<D:resourcetype/><D:displayname/><D:current-user-principal/>\
    <D:current-user-privilege-set/><D:supported-report-set/><C:addressbook-home-set/>\
    <C:supported-address-data/><C:max-resource-size/>";

/// An address book.
#[derive(Clone, Debug)]
pub(super) struct Book {
    /// Its address, with a slash at its end.
    pub(super) url: Url,
    pub(super) props: Props,
}

impl Book {
    /// What people call it: its name, else the last part of its address.
    pub(super) fn name(&self) -> String {
        let given = self.props.name.as_deref().unwrap_or_default();
        if given.is_empty() {
            last_part(&self.url)
        } else {
            given.to_owned()
        }
    }
}

/// The last part of an address, decoded.
pub(super) fn last_part(url: &Url) -> String {
    let part = url
        .path_segments()
        .and_then(|mut parts| parts.rfind(|part| !part.is_empty()))
        .unwrap_or_default();
    super::href::decode(part)
}

/// What looking around brought.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The user's name on the server, where it tells one.
    pub(super) user: Option<String>,
    /// Every address book that the user sees at home, and the one that the profile points at.
    pub(super) books: Vec<Book>,
}

/// What one place said.
struct Place {
    url: Url,
    props: Props,
}

impl Carddav {
    /// Finds the address books.
    pub(super) async fn discover(&self) -> Result<Found, Error> {
        let doing = "find the address books";
        let start = self.endpoint(doing)?;
        let place = self.place(doing, start.clone()).await;
        let place = match place {
            Ok(place) if leads_on(&place.props) => place,
            Err(error) if !elsewhere(&error) => return Err(error),
            Ok(_) | Err(_) => {
                let known = start
                    .join(WELL_KNOWN)
                    .map_err(|_| fail(doing, Kind::Config, "the endpoint is no web address"))?;
                match (self.place(doing, known).await, place) {
                    (Ok(found), _) if leads_on(&found.props) => found,
                    (Err(error), _) if !elsewhere(&error) => return Err(error),
                    (Ok(_) | Err(_), Err(error)) => return Err(error),
                    (Ok(_) | Err(_), Ok(_)) => return Err(nowhere(doing, &start)),
                }
            }
        };
        self.books(doing, place).await
    }

    /// The address that the profile names.
    fn endpoint(&self, doing: &str) -> Result<Url, Error> {
        Url::parse(&self.settings.endpoint)
            .ok()
            .filter(|url| !url.cannot_be_a_base())
            .ok_or_else(|| fail(doing, Kind::Config, "the endpoint is no web address"))
    }

    async fn place(&self, doing: &str, url: Url) -> Result<Place, Error> {
        let (url, read) = self
            .ask(Ask::propfind(doing, url, Depth::Itself, PROPS))
            .await?;
        let props = read
            .responses
            .into_iter()
            .next()
            .map(|response| response.props)
            .unwrap_or_default();
        Ok(Place { url, props })
    }

    async fn books(&self, doing: &str, place: Place) -> Result<Found, Error> {
        let mut found = Found::default();
        let mut homes: Vec<Url> = Vec::new();
        for home in &place.props.homes {
            homes.push(join(doing, &place.url, home)?);
        }
        let principal = place.props.principal.clone();
        if let Some(principal) = principal.filter(|_| homes.is_empty()) {
            let url = join(doing, &place.url, &principal)?;
            let user = self.place(doing, url).await?;
            found.user = user.props.name.clone().filter(|name| !name.is_empty());
            for home in &user.props.homes {
                homes.push(join(doing, &user.url, home)?);
            }
        }
        let named = place.props.address_book.then(|| Book {
            url: slashed(place.url.clone()),
            props: place.props.clone(),
        });
        for home in homes {
            let (url, read) = self
                .ask(Ask::propfind(doing, home, Depth::Members, PROPS))
                .await?;
            for response in read.responses {
                if response.props.address_book {
                    found.books.push(book(doing, &url, response)?);
                }
            }
        }
        if let Some(named) = named
            && found.books.iter().all(|book| book.url != named.url)
        {
            found.books.insert(0, named);
        }
        found.books.sort_by(|a, b| a.url.cmp(&b.url));
        found.books.dedup_by(|a, b| a.url == b.url);
        Ok(found)
    }
}

/// Whether a place is one of the three that lead to address books.
fn leads_on(props: &Props) -> bool {
    props.address_book || !props.homes.is_empty() || props.principal.is_some()
}

/// Whether a failure means that the service may be at another address of the same host.
fn elsewhere(error: &Error) -> bool {
    matches!(
        error.kind,
        Kind::Unknown | Kind::Forbidden | Kind::Config | Kind::Protocol
    )
}

fn nowhere(doing: &str, start: &Url) -> Error {
    Error {
        hint: Some(
            "Set `endpoint` in the profile's [crm] table to the address that the server's manual gives \
             for CardDAV, or to the address book itself."
                .to_owned(),
        ),
        ..fail(
            doing,
            Kind::Config,
            &format!(
                "{} names no address book and no user",
                start.host_str().unwrap_or_default()
            ),
        )
    }
}

fn book(doing: &str, base: &Url, response: Response) -> Result<Book, Error> {
    Ok(Book {
        url: slashed(join(doing, base, &response.href)?),
        props: response.props,
    })
}

/// The address that a server names, on the same host only: the password goes nowhere else.
pub(super) fn join(doing: &str, base: &Url, href: &str) -> Result<Url, Error> {
    let to = base
        .join(href)
        .map_err(|_| fail(doing, Kind::Protocol, "the server names an invalid address"))?;
    if to.host() == base.host() && (base.scheme() != "https" || to.scheme() == "https") {
        return Ok(to);
    }
    Err(Error {
        hint: Some(format!(
            "If that is right, set `endpoint = \"{to}\"` in the profile's [crm] table and sign in again."
        )),
        ..fail(
            doing,
            Kind::Config,
            &format!(
                "the address books are on {}, another host, and the password is not sent there",
                to.host_str().unwrap_or_default()
            ),
        )
    })
}

/// An address with a slash at its end.
fn slashed(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}
