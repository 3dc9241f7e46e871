//! What a profile can say about Odoo, and how it is opened.

use crate::connector::http::Signing;
use crate::connector::kind::{CrmKind, KeyWay, Opening, SignIn};
use crate::connector::{DefaultPair, Error, Sink};
use crate::model::{Answer, CrmSection, KeyInfo, KindInfo, Module, Presence, Question, Shape};

use super::lists::ALL_NAME;
use super::{Api, Odoo, OdooSettings, TITLE, default_mapping};

const NAME: &str = "odoo";

const fn key(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> KeyInfo {
    KeyInfo::of_kind(NAME, name, shape, presence, doc)
}

const INFO: KindInfo = KindInfo {
    name: NAME,
    title: TITLE,
    keys: &[
        key(
            "crm.endpoint",
            Shape::Endpoint,
            Presence::Required,
            "The address of Odoo's own pages, without `/odoo` or `/web`.",
        ),
        key(
            "crm.database",
            Shape::Text,
            Presence::Required,
            "The name of the database.",
        ),
        key(
            "crm.user",
            Shape::Text,
            Presence::Optional,
            "The login of the key's user; Odoo 18 needs it, JSON-2 does not.",
        ),
        key(
            "crm.api",
            Shape::Word(&["auto", "json2", "jsonrpc"]),
            Presence::Default("\"auto\""),
            "How Odoo is spoken to; `auto` takes JSON-2 from Odoo 19 on and JSON-RPC before.",
        ),
        key(
            "crm.lanes",
            Shape::Count(1, 16),
            Presence::Default("4"),
            "How many requests may be under way at once.",
        ),
    ],
    module: Module::Fixed("res.partner"),
    place: Some("endpoint"),
    list: "tag or saved filter",
    usual_list: ALL_NAME,
    questions: &[
        Question {
            key: "crm.endpoint",
            prompt: "At which address does Odoo stand? The one in the browser, up to the first single slash.",
            answer: Answer::Text,
        },
        Question {
            key: "crm.database",
            prompt: "What is the database called? On Odoo Online it is the first part of the address.",
            answer: Answer::Text,
        },
        Question {
            key: "crm.user",
            prompt: "With which login does the key's user sign in?",
            answer: Answer::Text,
        },
    ],
    page: "docs/odoo-setup.md",
};

/// Odoo.
pub struct Kind;

impl CrmKind for Kind {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn sign_in(&self) -> SignIn {
        SignIn {
            key: Some(KeyWay {
                what: "API key",
                place: "Odoo makes one under My Preferences, Account Security (or Security), New API Key.",
            }),
            oauth: None,
        }
    }

    fn default_mapping(&self, _: &CrmSection) -> Vec<DefaultPair> {
        default_mapping()
    }

    fn open(&self, section: &CrmSection, opening: Opening) -> Result<Box<dyn Sink>, Error> {
        let own = &section.own;
        let settings = OdooSettings {
            endpoint: section.endpoint.clone().unwrap_or_default(),
            database: own.text("database").unwrap_or_default().to_owned(),
            user: own.text("user").map(str::to_owned),
            api: match own.text("api") {
                Some("json2") => Some(Api::Json2),
                Some("jsonrpc") => Some(Api::JsonRpc),
                Some(_) | None => None,
            },
            view: section.view.clone(),
            defaults: section.defaults.clone(),
            lanes: own
                .count("lanes")
                .and_then(|lanes| usize::try_from(lanes).ok())
                .unwrap_or(1),
        };
        // JSON-2 takes the key in the header; JSON-RPC, which ignores it there, in the body.
        let http = opening.http(TITLE, Signing::Scheme("bearer"))?;
        Ok(Box::new(Odoo::new(settings, http)))
    }
}
