//! What a CRM kind says of itself as plain data, and what a profile says about its CRM.

use std::collections::BTreeMap;

use super::keys::KeyInfo;

/// A CRM kind, as far as profiles and messages know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// The word in `crm.kind`.
    pub name: &'static str,
    /// What messages call it.
    pub title: &'static str,
    /// The `crm.*` keys that only this kind knows. One of everybody's keys may be here too, where
    /// this kind takes it differently (`crm.endpoint` as a required key).
    pub keys: &'static [KeyInfo],
    /// Which of the CRM's object types takes part.
    pub module: Module,
    /// The key that says where the account lies, for summaries; `endpoint` may be one.
    pub place: Option<&'static str>,
    /// What `crm.view` names, as a person says it (`list view`, `address book`).
    pub list: &'static str,
    /// The list that most people mean; it is proposed where the real ones cannot be shown.
    pub usual_list: &'static str,
    /// The keys that `configure` asks for, in that order.
    pub questions: &'static [Question],
    /// The page of the documentation about setting it up.
    pub page: &'static str,
}

/// The CRM's object type that holds the people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// Always the same one.
    Fixed(&'static str),
    /// The one that this key of the section names; the key has a default.
    Key(&'static str),
}

/// A question about a key of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The key, with its section.
    pub key: &'static str,
    /// The question.
    pub prompt: &'static str,
    /// What can be answered: words, each with a line that explains it, or a text.
    pub answer: Answer,
}

/// What a question takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One of these words, each with a line that explains it; the line may be empty.
    Words(&'static [(&'static str, &'static str)]),
    /// A text; it has to be given.
    Text,
    /// A text that may be given later, and is not asked for while a ready token is set.
    Later,
}

/// The CRM kinds that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    infos: &'static [&'static KindInfo],
    names: &'static [&'static str],
}

impl Kinds {
    /// These kinds; `names` are theirs, in the same order.
    #[must_use]
    pub const fn new(infos: &'static [&'static KindInfo], names: &'static [&'static str]) -> Self {
        Self { infos, names }
    }

    /// All of them.
    #[must_use]
    pub fn all(self) -> &'static [&'static KindInfo] {
        self.infos
    }

    /// The words in `crm.kind`.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        self.names
    }

    /// The kind of that name.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'static KindInfo> {
        self.infos.iter().copied().find(|info| info.name == name)
    }
}

/// `[crm]`: which CRM, and what it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct CrmSection {
    /// Which CRM.
    pub kind: &'static KindInfo,
    /// The list, by name or id.
    pub view: String,
    /// The API's root, without a slash at its end; none when the sign-in names it.
    pub endpoint: Option<String>,
    /// Values for created records: texts, numbers and flags, by field name.
    pub defaults: BTreeMap<String, serde_json::Value>,
    /// What only this kind knows.
    pub own: Own,
}

impl CrmSection {
    /// Which of the CRM's object types.
    #[must_use]
    pub fn module(&self) -> &str {
        match self.kind.module {
            Module::Fixed(module) => module,
            Module::Key(key) => self.own.text(key).unwrap_or_default(),
        }
    }
}

impl CrmSection {
    /// Where the account lies, as the profile says it.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        match self.kind.place? {
            "endpoint" => self.endpoint.as_deref(),
            key => self.own.text(key),
        }
    }
}

/// One value of a kind's own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnValue {
    /// A text, a word, an address.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A flag.
    Flag(bool),
    /// A list of words.
    Words(Vec<String>),
}

/// The values of the keys that only one kind knows, by their names inside the section; checked
/// against the kind's table of keys, defaults filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own(pub BTreeMap<&'static str, OwnValue>);

impl Own {
    /// The text of a key.
    #[must_use]
    pub fn text(&self, leaf: &str) -> Option<&str> {
        match self.0.get(leaf)? {
            OwnValue::Text(text) => Some(text),
            OwnValue::Count(_) | OwnValue::Flag(_) | OwnValue::Words(_) => None,
        }
    }

    /// The number of a key.
    #[must_use]
    pub fn count(&self, leaf: &str) -> Option<u64> {
        match self.0.get(leaf)? {
            OwnValue::Count(count) => Some(*count),
            OwnValue::Text(_) | OwnValue::Flag(_) | OwnValue::Words(_) => None,
        }
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn flag(&self, leaf: &str) -> bool {
        matches!(self.0.get(leaf), Some(OwnValue::Flag(true)))
    }

    /// The words of a key; none of them when it is left out.
    #[must_use]
    pub fn words(&self, leaf: &str) -> &[String] {
        match self.0.get(leaf) {
            Some(OwnValue::Words(words)) => words,
            Some(OwnValue::Text(_) | OwnValue::Count(_) | OwnValue::Flag(_)) | None => &[],
        }
    }

    /// The texts, by key.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .keys()
            .filter_map(|leaf| Some((*leaf, self.text(leaf)?)))
    }
}
