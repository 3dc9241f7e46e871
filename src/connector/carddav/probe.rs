//! The daily probe: which address book is meant, what the user may do with it, and its fields.

use serde_json::json;

use super::Carddav;
use super::call::{Ask, Depth, fail};
use super::card::Card;
use super::discover::{Book, last_part};
use super::gear::{Extra, STAMP};
use super::{fields, href};
use crate::connector::{Error, Kind};
use crate::model::{ListInfo, Probe, RemoteId, Right};

/// How many cards are looked at for properties that no standard names.
const SAMPLE: usize = 50;

impl Carddav {
    /// See [`crate::connector::Source::probe`].
    pub(super) async fn read_probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        let found = self.discover().await?;
        let asked = self.settings.view.trim();
        let book = choose(&found.books, asked)
            .or_else(|| before(&found.books, asked, last))
            .ok_or_else(|| unknown(&found.books, asked))?;
        let rights = rights(book);
        let mut names = self.settings.fields.clone();
        if rights.contains(&Right::View) {
            names.extend(self.sample(book).await?);
        }
        let takes = |version: &str| book.props.versions.iter().any(|own| own == version);
        // Without a word from the server, 3.0 is what it has to take (RFC 6352, section 6.2.2).
        let four = takes("4.0") && (self.settings.four || !takes("3.0"));
        let extra = Extra {
            asked: asked.to_owned(),
            book: book.url.to_string(),
            sync: book.props.sync,
            four,
            most: book.props.most,
        };
        let host = book.url.host_str().unwrap_or_default();
        let host = book
            .url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Probe {
            user: self.settings.user.clone().or(found.user),
            account: Some(format!("carddav/{host}{}", book.url.path())),
            rights,
            list: list(book),
            fields: fields::all(names),
            extra: json!(extra),
        })
    }

    /// See [`crate::connector::Source::lists`].
    pub(super) async fn all_lists(&self) -> Result<Vec<ListInfo>, Error> {
        let found = self.discover().await?;
        let mut lists = Vec::new();
        for book in &found.books {
            let size = self.names(book).await.ok().map(|names| names.len());
            lists.push(ListInfo {
                size: size.and_then(|size| u64::try_from(size).ok()),
                ..list(book)
            });
        }
        Ok(lists)
    }

    /// The names of an address book's resources.
    async fn names(&self, book: &Book) -> Result<Vec<RemoteId>, Error> {
        let doing = "list the cards";
        let ask = Ask::propfind(
            doing,
            book.url.clone(),
            Depth::Members,
            "<D:getetag/><D:resourcetype/>",
        );
        let (_, read) = self.ask(ask).await?;
        Ok(read
            .responses
            .iter()
            .filter(|response| !response.props.collection)
            .filter_map(|response| href::name(&book.url, &response.href))
            .collect())
    }

    /// The `X-` properties that some of the cards have.
    async fn sample(&self, book: &Book) -> Result<Vec<String>, Error> {
        let mut names = self.names(book).await?;
        names.truncate(SAMPLE);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let paths: Vec<String> = names
            .iter()
            .map(|id| href::url(&book.url, id).path().to_owned())
            .collect();
        let doing = "look at some cards";
        let ask = Ask::multiget(doing, book.url.clone(), paths.iter().map(String::as_str));
        let (_, read) = self.ask(ask).await?;
        let mut found: Vec<String> = Vec::new();
        for response in &read.responses {
            let Some(card) = response
                .props
                .card
                .as_deref()
                .and_then(|text| Card::parse(text).ok())
            else {
                continue;
            };
            found.extend(
                card.own()
                    .map(|(_, line)| line.name())
                    .filter(|name| name.starts_with("X-") && ![STAMP, "X-ABLABEL"].contains(name))
                    .map(str::to_owned),
            );
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

fn list(book: &Book) -> ListInfo {
    ListInfo {
        id: book.url.path().to_owned(),
        name: book.name(),
        size: None,
        // The address book is the list, and there is nothing of the account beyond it.
        covers_all: true,
    }
}

/// What the user may do (RFC 3744, section 5.4). A server that does not tell is asked by trying.
fn rights(book: &Book) -> Vec<Right> {
    let Some(told) = &book.props.privileges else {
        return vec![Right::View, Right::Create, Right::Edit, Right::Delete];
    };
    let any = |names: &[&str]| told.iter().any(|own| names.contains(&own.as_str()));
    let all = [
        (Right::View, any(&["all", "read"])),
        (Right::Create, any(&["all", "write", "bind"])),
        (Right::Edit, any(&["all", "write", "write-content"])),
        (Right::Delete, any(&["all", "write", "unbind"])),
    ];
    all.into_iter()
        .filter(|(_, granted)| *granted)
        .map(|(right, _)| right)
        .collect()
}

/// The address book that a profile means: by its name, its address, the path or the last part of it;
/// the only one when none is named. What fits several is none.
fn choose<'a>(books: &'a [Book], asked: &str) -> Option<&'a Book> {
    let only = |fits: &dyn Fn(&Book) -> bool| {
        let mut found = books.iter().filter(|book| fits(book));
        found.next().filter(|_| found.next().is_none())
    };
    if asked.is_empty() {
        return only(&|_| true);
    }
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    only(&|book| bare(book.url.as_str()) == bare(asked))
        .or_else(|| only(&|book| bare(book.url.path()) == bare(asked)))
        .or_else(|| only(&|book| book.name() == asked))
        .or_else(|| only(&|book| book.name().to_lowercase() == asked.to_lowercase()))
        .or_else(|| only(&|book| last_part(&book.url) == asked))
}

/// The address book that the same words named before it was renamed.
fn before<'a>(books: &'a [Book], asked: &str, last: Option<&Probe>) -> Option<&'a Book> {
    let extra: Extra = serde_json::from_value(last?.extra.clone()).ok()?;
    (extra.asked == asked)
        .then(|| books.iter().find(|book| book.url.as_str() == extra.book))
        .flatten()
}

fn unknown(books: &[Book], asked: &str) -> Error {
    let names: Vec<String> = books
        .iter()
        .take(5)
        .map(|book| format!("`{}` ({})", book.name(), book.url.path()))
        .collect();
    let reason = match (books.is_empty(), asked.is_empty()) {
        (true, _) => "the user has no address book there".to_owned(),
        (false, true) => "there are several address books, and the profile names none".to_owned(),
        (false, false) => format!("there is no one address book `{asked}`"),
    };
    Error {
        hint: Some(if names.is_empty() {
            "Create an address book with any CardDAV program, or look at the user name.".to_owned()
        } else {
            format!(
                "Set `view` in the profile's [crm] table to one of {}.",
                names.join(", ")
            )
        }),
        ..fail("find the address book", Kind::Unknown, &reason)
    }
}
