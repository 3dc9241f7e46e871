//! WebDAV's answers (RFC 4918, 6578, 6352), read from XML as a stream: of what is not asked for,
//! nothing is kept.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// `DAV:`
const DAV: &str = "DAV:";
/// CardDAV's namespace.
const CARD: &str = "urn:ietf:params:xml:ns:carddav";

/// How deep elements may be nested.
const DEEPEST: usize = 64;

/// The properties of a resource that the server told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Props {
    pub(super) etag: Option<String>,
    pub(super) card: Option<String>,
    pub(super) name: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) length: Option<u64>,
    pub(super) most: Option<u64>,
    pub(super) sync_token: Option<String>,
    pub(super) collection: bool,
    pub(super) address_book: bool,
    /// Whether it says what changed since a token.
    pub(super) sync: bool,
    pub(super) principal: Option<String>,
    pub(super) homes: Vec<String>,
    /// The versions of cards that it takes.
    pub(super) versions: Vec<String>,
    /// What the user may do, in the names of RFC 3744; none when it was not told.
    pub(super) privileges: Option<Vec<String>>,
}

/// One resource in an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) href: String,
    /// The status of the resource as a whole.
    pub(super) status: Option<u16>,
    pub(super) props: Props,
}

/// A multi-status answer, or an error body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Multistatus {
    pub(super) responses: Vec<Response>,
    pub(super) sync_token: Option<String>,
    /// The names of the conditions in `DAV:error`.
    pub(super) errors: Vec<String>,
}

impl Multistatus {
    /// Whether a condition failed.
    pub(super) fn failed(&self, condition: &str) -> bool {
        self.errors.iter().any(|own| own == condition)
    }
}

/// An element by its name; those of other namespaces have none.
struct Open {
    name: String,
    text: String,
}

/// Reads a body; the error says what is wrong with it.
pub(super) fn read(body: &[u8]) -> Result<Multistatus, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|_| "the answer is not in UTF-8".to_owned())?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut state = State::default();
    loop {
        let (space, event) = reader
            .read_resolved_event()
            .map_err(|_| broken(state.begun))?;
        match event {
            Event::Start(start) => {
                let ours = matches!(&space, ResolveResult::Bound(space)
                    if [DAV, CARD].contains(&space.as_ref()));
                let name = if ours {
                    start.local_name().as_ref().to_owned()
                } else {
                    String::new()
                };
                let version = start
                    .attributes()
                    .flatten()
                    .find(|attribute| attribute.key.as_ref() == "version")
                    .map(|attribute| attribute.value.into_owned());
                if state.stack.len() >= DEEPEST {
                    return Err("the answer is nested too deeply".to_owned());
                }
                state.start(name, version);
            }
            Event::End(_) => state.end(),
            Event::Text(part) => state.text(&part),
            Event::CData(part) => state.text(&part),
            Event::GeneralRef(part) => {
                let letter = match part.resolve_char_ref() {
                    Ok(Some(letter)) => letter.to_string(),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&part)
                        .ok_or_else(|| "the answer has an entity of its own".to_owned())?
                        .to_owned(),
                    Err(_) => return Err(broken(state.begun)),
                };
                state.text(&letter);
            }
            Event::DocType(_) => {
                return Err(broken(false));
            }
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if !state.begun || !state.stack.is_empty() {
        return Err(broken(state.begun));
    }
    Ok(state.all)
}

fn broken(begun: bool) -> String {
    if begun {
        "the answer ends in the middle, or is no well-formed XML".to_owned()
    } else {
        "the answer is no WebDAV answer".to_owned()
    }
}

#[derive(Default)]
struct State {
    stack: Vec<Open>,
    all: Multistatus,
    response: Response,
    /// The properties of the present `propstat`, until its status is known.
    props: Props,
    props_status: Option<u16>,
    begun: bool,
}

impl State {
    fn start(&mut self, name: String, version: Option<String>) {
        match name.as_str() {
            "multistatus" | "error" if self.stack.is_empty() => self.begun = true,
            "response" => self.response = Response::default(),
            "propstat" => {
                self.props = Props::default();
                self.props_status = None;
            }
            "collection" if self.parent_is("resourcetype") => self.props.collection = true,
            "addressbook" if self.parent_is("resourcetype") => self.props.address_book = true,
            "sync-collection" if self.parent_is("report") => self.props.sync = true,
            "address-data-type" => self.props.versions.extend(version),
            "current-user-privilege-set" => self.props.privileges = Some(Vec::new()),
            name if self.parent_is("privilege") => {
                let privileges = self.props.privileges.get_or_insert_default();
                privileges.push(name.to_owned());
            }
            _ => {}
        }
        if self.parent_is("error") {
            self.all.errors.push(name.clone());
        }
        self.stack.push(Open {
            name,
            text: String::new(),
        });
    }

    fn end(&mut self) {
        let Some(Open { name, text }) = self.stack.pop() else {
            return;
        };
        let trimmed = || text.trim().to_owned();
        let parent = self.stack.last().map_or("", |open| open.name.as_str());
        match (parent, name.as_str()) {
            ("response", "href") => self.response.href = trimmed(),
            ("response", "status") => self.response.status = status(&text),
            ("propstat", "status") => self.props_status = status(&text),
            ("response", "propstat") => {
                let told = self.props_status.is_none_or(|status| status < 300);
                if told {
                    self.response.props.take(std::mem::take(&mut self.props));
                }
            }
            ("multistatus", "response") => {
                self.all.responses.push(std::mem::take(&mut self.response));
            }
            ("multistatus", "sync-token") => self.all.sync_token = Some(trimmed()),
            ("prop", "getetag") => self.props.etag = Some(trimmed()),
            ("prop", "address-data") => self.props.card = Some(text),
            ("prop", "displayname") => self.props.name = Some(trimmed()),
            ("prop", "getlastmodified") => self.props.modified = Some(trimmed()),
            ("prop", "getcontentlength") => self.props.length = text.trim().parse().ok(),
            ("prop", "max-resource-size") => self.props.most = text.trim().parse().ok(),
            ("prop", "sync-token") => self.props.sync_token = Some(trimmed()),
            ("current-user-principal", "href") => self.props.principal = Some(trimmed()),
            ("addressbook-home-set", "href") => self.props.homes.push(trimmed()),
            _ => {}
        }
    }

    fn text(&mut self, part: &str) {
        if let Some(open) = self.stack.last_mut()
            && !open.name.is_empty()
        {
            open.text.push_str(part);
        }
    }

    fn parent_is(&self, name: &str) -> bool {
        self.stack.last().is_some_and(|open| open.name == name)
    }
}

impl Props {
    /// Adds what another `propstat` told.
    fn take(&mut self, other: Self) {
        fn or<T>(own: &mut Option<T>, other: Option<T>) {
            if other.is_some() {
                *own = other;
            }
        }
        or(&mut self.etag, other.etag);
        or(&mut self.card, other.card);
        or(&mut self.name, other.name);
        or(&mut self.modified, other.modified);
        or(&mut self.length, other.length);
        or(&mut self.most, other.most);
        or(&mut self.sync_token, other.sync_token);
        or(&mut self.principal, other.principal);
        or(&mut self.privileges, other.privileges);
        self.collection |= other.collection;
        self.address_book |= other.address_book;
        self.sync |= other.sync;
        self.homes.extend(other.homes);
        self.versions.extend(other.versions);
    }
}

/// The number in `HTTP/1.1 404 Not Found`.
fn status(line: &str) -> Option<u16> {
    line.split_whitespace()
        .find_map(|word| word.parse().ok().filter(|code| (100..600).contains(code)))
}

/// A text inside XML.
pub(super) fn xml(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
