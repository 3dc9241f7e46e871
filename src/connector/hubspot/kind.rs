//! What a profile can say about HubSpot, and how it is opened.

use crate::auth::Access;
use crate::connector::http::Signing;
use crate::connector::kind::{CrmKind, Grounds, KeyWay, OAuthWay, Opening, SignIn};
use crate::connector::{DefaultPair, Error, Sink};
use crate::model::{Answer, CrmSection, KeyInfo, KindInfo, Module, Presence, Question, Shape};

use super::lists::ALL_NAME;
use super::sign_in::{App, CONSOLE, scopes, server};
use super::{HubSpot, HubSpotSettings, TITLE, default_mapping};

const NAME: &str = "hubspot";

const fn key(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> KeyInfo {
    KeyInfo::of_kind(NAME, name, shape, presence, doc)
}

const INFO: KindInfo = KindInfo {
    name: NAME,
    title: TITLE,
    keys: &[
        key(
            "crm.client_id",
            Shape::Text,
            Presence::Optional,
            "The id of the OAuth app; without one crmsync signs in with a private app's token.",
        ),
        key(
            "crm.lanes",
            Shape::Count(1, 10),
            Presence::Default("4"),
            "How many requests may be under way at once.",
        ),
        key(
            "crm.app_endpoint",
            Shape::Endpoint,
            Presence::Optional,
            "The root of the pages where people sign in, when it is not https://app.hubspot.com.",
        ),
    ],
    module: Module::Fixed("contacts"),
    place: None,
    list: "list (segment)",
    usual_list: ALL_NAME,
    questions: &[Question {
        key: "crm.client_id",
        prompt: "The client id of an OAuth app in HubSpot? Empty: a private app's token, which `crmsync auth crm` asks for.",
        answer: Answer::Later,
    }],
    page: "docs/hubspot-setup.md",
};

/// HubSpot.
pub struct Kind;

impl CrmKind for Kind {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn sign_in(&self) -> SignIn {
        SignIn {
            key: Some(KeyWay {
                what: "access token",
                place: "HubSpot shows it on the page of a private app (Settings, Integrations, Private Apps, Auth).",
            }),
            oauth: Some(OAuthWay {
                service: &App,
                client_key: "client_id",
                grant_code: None,
                browser: "for an OAuth app with the redirect address http://localhost:48017/",
                grounds,
            }),
        }
    }

    fn default_mapping(&self, _: &CrmSection) -> Vec<DefaultPair> {
        default_mapping()
    }

    fn open(&self, section: &CrmSection, opening: Opening) -> Result<Box<dyn Sink>, Error> {
        let settings = HubSpotSettings {
            endpoint: section.endpoint.clone(),
            view: section.view.clone(),
            defaults: section.defaults.clone(),
            lanes: section
                .own
                .count("lanes")
                .and_then(|lanes| usize::try_from(lanes).ok())
                .unwrap_or(1),
        };
        let http = opening.http(TITLE, Signing::Scheme("Bearer"))?;
        Ok(Box::new(HubSpot::new(settings, http)))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a kind's grounds may be missing")]
fn grounds(section: &CrmSection, access: Access) -> Result<Grounds, crate::auth::Error> {
    Ok(Grounds {
        server: server(
            section.endpoint.as_deref(),
            section.own.text("app_endpoint"),
        ),
        scopes: scopes(access),
        console: CONSOLE.to_owned(),
        place: TITLE.to_owned(),
    })
}
