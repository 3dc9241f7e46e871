//! What a profile can say about Zoho CRM, and how it is opened.

use crate::auth::Access;
use crate::connector::http::Signing;
use crate::connector::kind::{CrmKind, GrantCode, Grounds, OAuthWay, Opening, SignIn};
use crate::connector::{DefaultPair, Error, Sink};
use crate::model::{Answer, CrmSection, KeyInfo, KindInfo, Module, Presence, Question, Shape};

use super::sign_in::{Accounts, DataCenter, scopes, server};
use super::{TITLE, Zoho, ZohoSettings, default_mapping};

const NAME: &str = "zoho";

const fn key(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> KeyInfo {
    KeyInfo::of_kind(NAME, name, shape, presence, doc)
}

const INFO: KindInfo = KindInfo {
    name: NAME,
    title: TITLE,
    keys: &[
        key(
            "crm.module",
            Shape::Word(&["Contacts", "Leads", "Vendors"]),
            Presence::Default("\"Contacts\""),
            "Which module's records.",
        ),
        key(
            "crm.data_center",
            Shape::Word(&["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"]),
            Presence::Default("\"us\""),
            "The data centre that the organisation is registered in.",
        ),
        key(
            "crm.client_id",
            Shape::Text,
            Presence::Optional,
            "The id of the OAuth client; its secret is asked for by `crmsync auth crm` and kept with the tokens.",
        ),
        key(
            "crm.trigger",
            Shape::Words(&["workflow", "approval", "blueprint"]),
            Presence::Default("[]"),
            "What a write by crmsync sets off in the CRM; nothing by default.",
        ),
        key(
            "crm.lanes",
            Shape::Count(1, 25),
            Presence::Default("10"),
            "How many requests may be under way at once.",
        ),
        key(
            "crm.credits_reserve",
            Shape::Count(0, 10_000_000),
            Presence::Default("0"),
            "How many of the organisation's API credits a run leaves for others; with fewer left it stops and goes on later.",
        ),
        key(
            "crm.accounts_endpoint",
            Shape::Endpoint,
            Presence::Optional,
            "The root of the CRM's sign-in service, when it is not the data centre's.",
        ),
    ],
    module: Module::Key("module"),
    place: Some("data_center"),
    list: "list view",
    usual_list: "All Contacts",
    questions: &[
        Question {
            key: "crm.data_center",
            prompt: "In which data centre is the Zoho organisation? The end of the address in the browser tells.",
            answer: Answer::Words(&[
                ("us", "crm.zoho.com"),
                ("eu", "crm.zoho.eu"),
                ("in", "crm.zoho.in"),
                ("au", "crm.zoho.com.au"),
                ("jp", "crm.zoho.jp"),
                ("ca", "crm.zohocloud.ca"),
                ("cn", "crm.zoho.com.cn"),
                ("sa", "crm.zoho.sa"),
                ("uk", "crm.zoho.uk"),
            ]),
        },
        Question {
            key: "crm.module",
            prompt: "Which module holds the people?",
            answer: Answer::Words(&[
                ("Contacts", "people of your accounts"),
                ("Leads", "people who may become contacts"),
                ("Vendors", "whom you buy from"),
            ]),
        },
        Question {
            key: "crm.client_id",
            prompt: "The client id from Zoho's API console (1000.…)? Its secret is asked for by `crmsync auth crm`. Empty: later.",
            answer: Answer::Later,
        },
    ],
    page: "docs/zoho-setup.md",
};

/// Zoho CRM.
pub struct Kind;

impl CrmKind for Kind {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn sign_in(&self) -> SignIn {
        SignIn {
            key: None,
            oauth: Some(OAuthWay {
                service: &Accounts,
                client_key: "client_id",
                grant_code: Some(&GrantCode {
                    by: "a self client",
                    place: "made in Zoho's API console; best for servers",
                    steps: [
                        "choose Self Client, Generate Code",
                        "Time: 10 minutes. Then choose the organisation, and copy the code.",
                    ],
                }),
                browser: "for a server-based client with the redirect address http://127.0.0.1:48017/",
                grounds,
            }),
        }
    }

    fn default_mapping(&self, section: &CrmSection) -> Vec<DefaultPair> {
        default_mapping(section.module())
    }

    fn open(&self, section: &CrmSection, opening: Opening) -> Result<Box<dyn Sink>, Error> {
        let own = &section.own;
        let settings = ZohoSettings {
            endpoint: section.endpoint.clone(),
            data_center: own.text("data_center").unwrap_or_default().to_owned(),
            module: section.module().to_owned(),
            view: section.view.clone(),
            defaults: section.defaults.clone(),
            trigger: own.words("trigger").to_vec(),
            lanes: own
                .count("lanes")
                .and_then(|lanes| usize::try_from(lanes).ok())
                .unwrap_or(1),
            credits_reserve: own.count("credits_reserve").unwrap_or(0),
        };
        let http = opening.http(TITLE, Signing::Scheme("Zoho-oauthtoken"))?;
        Ok(Box::new(Zoho::new(settings, http)))
    }
}

fn grounds(section: &CrmSection, access: Access) -> Result<Grounds, crate::auth::Error> {
    let own = &section.own;
    let dc = DataCenter::parse(own.text("data_center").unwrap_or_default())?;
    Ok(Grounds {
        server: server(dc, own.text("accounts_endpoint")),
        scopes: scopes(section.module(), access),
        console: dc.console(),
        place: dc.word().to_owned(),
    })
}
