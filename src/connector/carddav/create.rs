//! New cards. A card's name follows from the Google contact that it is made for, so that a request
//! whose answer was lost meets its own card when it is sent again.

use sha2::{Digest, Sha256};

use super::Carddav;
use super::call::Ask;
use super::cards::{Stored as Text, header};
use super::convert::Resource;
use super::gear::Gear;
use super::patch;
use super::write::{Sent, Verdict, refusal};
use super::{href, outcome};
use crate::connector::http::SendError;
use crate::model::{Fields, Outcome, RemoteId, Stored, Write};

/// How many names are tried when others have taken them.
const NAMES: u8 = 4;

/// What a new card is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The resource.
    pub(super) id: RemoteId,
    /// The `UID` in it.
    pub(super) uid: String,
}

/// The name of the card for a Google contact: a UUID (version 8, RFC 9562) made of its identifier.
pub(super) fn name(twin: &RemoteId, attempt: u8) -> Name {
    let mut hash = Sha256::new();
    hash.update(b"crmsync\0");
    hash.update(twin.as_str().as_bytes());
    hash.update([0, attempt]);
    let mut bytes: Vec<u8> = hash.finalize().iter().take(16).copied().collect();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut uid = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            uid.push('-');
        }
        uid.push_str(&format!("{byte:02x}"));
    }
    Name {
        id: RemoteId::from(format!("{uid}.vcf")),
        uid,
    }
}

impl Carddav {
    /// Stores a new card.
    pub(super) async fn create(&self, gear: &Gear, write: &Write, fields: &Fields) -> Verdict {
        for attempt in 0..NAMES {
            let name = name(&write.twin, attempt);
            if let Some(verdict) = self.create_as(gear, write, fields, &name).await {
                return verdict;
            }
        }
        Verdict::of(Outcome::Rejected(refusal(
            None,
            "every name that the card could have is taken in the address book",
            "Look at the cards of this contact in the address book, and remove what is left over.",
        )))
    }

    /// Stores a new card under a name; nothing when somebody else's card has that name.
    async fn create_as(
        &self,
        gear: &Gear,
        write: &Write,
        fields: &Fields,
        name: &Name,
    ) -> Option<Verdict> {
        let text = match patch::created(gear, &name.uid, write.twin.as_str(), fields) {
            Ok(text) => text,
            Err(refused) => return Some(Verdict::of(outcome::unfit(gear, &refused))),
        };
        if let Some(outcome) = outcome::too_large(gear, &text) {
            return Some(Verdict::of(outcome));
        }
        let condition = ("if-none-match", "*".to_owned());
        let answer = match self.put(gear, &name.id, condition, text.clone()).await {
            Ok(answer) => answer,
            Err(SendError::Failed(error)) => return Some(Verdict::stop(Outcome::NotTried, error)),
            Err(SendError::Uncertain(error)) => {
                // Whoever asks again meets the card if it is there.
                return Some(match self.taken(gear, write, fields, &name.id).await {
                    Some(Some(verdict)) => verdict,
                    Some(None) | None => Verdict::stop(
                        Outcome::Uncertain {
                            reason: error.reason.clone(),
                        },
                        error,
                    ),
                });
            }
        };
        match Sent::of(&answer) {
            Sent::Stored => {
                let id = header(&answer, "location")
                    .and_then(|to| href::name(&gear.book, &to))
                    .unwrap_or_else(|| name.id.clone());
                let sent = Text {
                    etag: header(&answer, "etag"),
                    modified: None,
                    text: Some(text),
                };
                Some(self.confirm(gear, &id, sent).await)
            }
            Sent::Moved => match self.taken(gear, write, fields, &name.id).await {
                Some(verdict) => verdict,
                None => Some(Verdict::of(Outcome::Uncertain {
                    reason: "a card of that name is there and cannot be read".to_owned(),
                })),
            },
            Sent::SameUid => None,
            Sent::Refused => Some(outcome::refused(&answer)),
        }
    }

    /// Whose card has the name: ours for this contact, with or without changes since; `Some(None)`
    /// when it is another's or there is none; nothing when it cannot be read.
    async fn taken(
        &self,
        gear: &Gear,
        write: &Write,
        fields: &Fields,
        id: &RemoteId,
    ) -> Option<Option<Verdict>> {
        let stored = match self.stored(gear, id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return Some(None),
            Err(_) => return None,
        };
        let Ok(Resource::Contact(record)) = Self::understood(gear, id, &stored) else {
            return Some(None);
        };
        if record.stamp.as_ref() != Some(&write.twin) {
            return Some(None);
        }
        let as_sent = fields
            .iter()
            .all(|(field, value)| record.fields.get(field) == Some(value));
        Some(Some(Verdict::of(if as_sent {
            Outcome::Done(Stored::Record(record))
        } else {
            Outcome::Duplicate { of: id.clone() }
        })))
    }

    /// Sends a card.
    pub(super) async fn put(
        &self,
        gear: &Gear,
        id: &RemoteId,
        condition: (&'static str, String),
        text: String,
    ) -> Result<crate::connector::http::Answer, SendError> {
        let mut ask = Ask::plain("put", "write a card", "PUT", href::url(&gear.book, id));
        ask.headers = vec![
            ("content-type", "text/vcard; charset=utf-8".to_owned()),
            condition,
        ];
        ask.body = Some(text);
        self.call(ask).await
    }
}
