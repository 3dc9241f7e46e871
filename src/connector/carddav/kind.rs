//! What a profile can say about a CardDAV server, and how it is opened.

use super::call::REMOTE;
use super::{Carddav, CarddavSettings, default_mapping};
use crate::connector::http::Signing;
use crate::connector::kind::{CrmKind, KeyWay, Opening, SignIn};
use crate::connector::{DefaultPair, Error, Sink};
use crate::model::{Answer, CrmSection, KeyInfo, KindInfo, Module, Presence, Question, Shape};

const NAME: &str = "carddav";

const fn key(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> KeyInfo {
    KeyInfo::of_kind(NAME, name, shape, presence, doc)
}

const INFO: KindInfo = KindInfo {
    name: NAME,
    title: REMOTE,
    keys: &[
        key(
            "crm.endpoint",
            Shape::Endpoint,
            Presence::Required,
            "The server's address, the user's, or the address book's own.",
        ),
        key(
            "crm.user",
            Shape::Text,
            Presence::Required,
            "The name that signs in; its password is asked for by `crmsync auth crm`.",
        ),
        key(
            "crm.vcard",
            Shape::Word(&["3.0", "4.0"]),
            Presence::Default("\"3.0\""),
            "The version of new cards; one that the server does not take is not used.",
        ),
        key(
            "crm.lanes",
            Shape::Count(1, 16),
            Presence::Default("4"),
            "How many requests may be under way at once.",
        ),
    ],
    module: Module::Fixed("the address book"),
    place: Some("endpoint"),
    list: "address book",
    usual_list: "Contacts",
    questions: &[
        Question {
            key: "crm.endpoint",
            prompt: "What is the address of the CardDAV server (https://…)?",
            answer: Answer::Text,
        },
        Question {
            key: "crm.user",
            prompt: "Which user name signs in there?",
            answer: Answer::Text,
        },
    ],
    page: "docs/carddav-setup.md",
};

/// CardDAV.
pub struct Kind;

impl CrmKind for Kind {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn sign_in(&self) -> SignIn {
        SignIn {
            key: Some(KeyWay {
                what: "password",
                place: "Where the server offers app passwords, make one for crmsync in its security settings.",
            }),
            oauth: None,
        }
    }

    fn default_mapping(&self, _: &CrmSection) -> Vec<DefaultPair> {
        default_mapping()
    }

    fn open(&self, section: &CrmSection, opening: Opening) -> Result<Box<dyn Sink>, Error> {
        let own = &section.own;
        let user = own.text("user").unwrap_or_default().to_owned();
        let settings = CarddavSettings {
            endpoint: section.endpoint.clone().unwrap_or_default(),
            view: section.view.clone(),
            user: Some(user.clone()),
            fields: opening.mapped.clone(),
            four: own.text("vcard") == Some("4.0"),
            lanes: own
                .count("lanes")
                .and_then(|lanes| usize::try_from(lanes).ok())
                .unwrap_or(1),
        };
        let http = opening.http(REMOTE, Signing::Basic(user))?;
        Ok(Box::new(Carddav::new(settings, http)))
    }
}
