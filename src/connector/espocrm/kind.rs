//! What a profile can say about EspoCRM, and how it is opened.

use crate::connector::http::Signing;
use crate::connector::kind::{CrmKind, KeyWay, Opening, SignIn};
use crate::connector::{DefaultPair, Error, Sink};
use crate::model::{Answer, CrmSection, KeyInfo, KindInfo, Module, Presence, Question, Shape};

use super::lists::ALL_NAME;
use super::{Espo, EspoSettings, TITLE, default_mapping};

const NAME: &str = "espocrm";

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
            "The address of EspoCRM's own pages.",
        ),
        key(
            "crm.lanes",
            Shape::Count(1, 16),
            Presence::Default("4"),
            "How many requests may be under way at once.",
        ),
    ],
    module: Module::Fixed("Contact"),
    place: Some("endpoint"),
    list: "target list or filter",
    usual_list: ALL_NAME,
    questions: &[Question {
        key: "crm.endpoint",
        prompt: "At which address does EspoCRM stand? The one in the browser, without what follows the #.",
        answer: Answer::Text,
    }],
    page: "docs/espocrm-setup.md",
};

/// EspoCRM.
pub struct Kind;

impl CrmKind for Kind {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn sign_in(&self) -> SignIn {
        SignIn {
            key: Some(KeyWay {
                what: "API key",
                place: "EspoCRM shows it on the page of an API user (Administration, API Users).",
            }),
            oauth: None,
        }
    }

    fn default_mapping(&self, _: &CrmSection) -> Vec<DefaultPair> {
        default_mapping()
    }

    fn open(&self, section: &CrmSection, opening: Opening) -> Result<Box<dyn Sink>, Error> {
        let settings = EspoSettings {
            endpoint: section.endpoint.clone().unwrap_or_default(),
            view: section.view.clone(),
            defaults: section.defaults.clone(),
            lanes: section
                .own
                .count("lanes")
                .and_then(|lanes| usize::try_from(lanes).ok())
                .unwrap_or(1),
        };
        let http = opening.http(TITLE, Signing::Header("x-api-key"))?;
        Ok(Box::new(Espo::new(settings, http)))
    }
}
