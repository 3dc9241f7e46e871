//! Metadata: users, organisation, modules, fields, profiles and layouts.

use serde_json::{Value, json};

use super::errors::{Answer, Failure};
use super::render::{describe_field, user_names};
use super::store::Module;
use super::{COLLEAGUE, ORG, SANDBOX_USER, ZohoWorld};
use crate::sandbox::http::{Reply, Request};

/// The profile of every user.
pub(super) const PROFILE: u64 = ORG + 26_011;
const ROLE: u64 = ORG + 26_005;

/// A page of a short listing.
pub(super) struct SmallPage {
    pub(super) number: usize,
    pub(super) size: usize,
    pub(super) skip: usize,
}

impl ZohoWorld {
    /// `page` and `per_page` of a listing without tokens.
    #[expect(clippy::unused_self, reason = "reads like the other parts of the API")]
    pub(super) fn small_page(&self, request: &Request) -> Result<SmallPage, Failure> {
        let number = |name: &str, default: usize, most: usize| match request.param(name) {
            None => Ok(default),
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| Failure::invalid_param(name)),
        };
        let page = number("page", 1, usize::MAX / 1000)?;
        let size = number("per_page", 200, 200)?;
        Ok(SmallPage {
            number: page,
            size,
            skip: (page - 1) * size,
        })
    }

    /// `GET /users`.
    pub(super) fn get_users(&self, request: &Request) -> Answer {
        let ids: &[u64] = match request.param("type") {
            Some("CurrentUser") => &[SANDBOX_USER],
            None | Some("AllUsers" | "ActiveUsers") => &[SANDBOX_USER, COLLEAGUE],
            Some(_) => return Err(Failure::invalid_param("type")),
        };
        let page = self.small_page(request)?;
        let users: Vec<Value> = ids
            .iter()
            .skip(page.skip)
            .take(page.size)
            .map(|id| {
                let (name, email) = user_names(*id);
                let (first, last) = name.split_once(' ').unwrap_or(("", name));
                json!({
                    "id": id.to_string(), "zuid": (id % 1_000_000_000).to_string(), "email": email,
                    "full_name": name, "first_name": first, "last_name": last, "status": "active",
                    "profile": {"id": PROFILE.to_string(), "name": "Administrator"},
                    "role": {"id": ROLE.to_string(), "name": "CEO"},
                    "time_zone": "Europe/Berlin", "locale": "en_US", "country": "DE",
                })
            })
            .collect();
        let info = json!({"per_page": page.size, "page": page.number, "count": users.len(), "more_records": false});
        Ok(Reply::json(200, &json!({"users": users, "info": info})))
    }

    /// `GET /org`.
    #[expect(clippy::unused_self, reason = "reads like the other parts of the API")]
    pub(super) fn get_org(&self) -> Reply {
        Reply::json(
            200,
            &json!({"org": [{
                "id": (ORG + 1).to_string(), "zgid": "20087654321", "company_name": "Example Trading",
                "primary_email": "admin@example.com", "currency": "Euro", "iso_code": "EUR",
                "time_zone": "Europe/Berlin", "country_code": "DE", "type": "production",
                "license_details": {"paid": true, "paid_type": "enterprise", "users_license_purchased": 5},
            }]}),
        )
    }

    /// `GET /settings/modules` and `/settings/modules/{name}`.
    pub(super) fn get_modules(&self, name: Option<&str>) -> Answer {
        let modules = match name {
            Some(name) => vec![describe(self.module(name)?)],
            None => self.modules.values().map(describe).collect(),
        };
        Ok(Reply::json(200, &json!({ "modules": modules })))
    }

    /// `GET /settings/fields`.
    pub(super) fn get_fields(&self, request: &Request) -> Answer {
        let module = self.module_param(request)?;
        match request.param("type") {
            None | Some("all" | "used") => {}
            Some("unused") => return Ok(Reply::empty(204)),
            Some(_) => return Err(Failure::invalid_param("type")),
        }
        let fields: Vec<Value> = module
            .fields
            .iter()
            .filter(|field| !field.hidden)
            .map(describe_field)
            .collect();
        Ok(Reply::json(200, &json!({ "fields": fields })))
    }

    /// `GET /settings/profiles` and `/settings/profiles/{id}`.
    pub(super) fn get_profiles(&self, id: Option<&str>) -> Answer {
        let mut profile = json!({
            "id": PROFILE.to_string(), "name": "Administrator", "display_label": "Administrator",
            "custom": false, "category": false, "type": "normal_profile",
        });
        if let Some(id) = id {
            if id != PROFILE.to_string() {
                return Err(Failure::no_such_id());
            }
            let mut details = Vec::new();
            for module in self.modules.values() {
                let rights = module.rights;
                for (word, enabled) in [
                    ("View", rights.view),
                    ("Create", rights.create),
                    ("Edit", rights.edit),
                    ("Delete", rights.delete),
                ] {
                    details.push(json!({
                        "id": (module.id + 10_000 + details.len() as u64).to_string(),
                        "name": format!("Crm_Implied_{word}_{}", module.name),
                        "display_label": word, "module": module.name, "enabled": enabled,
                        "customizable": true, "parent_permissions": null,
                    }));
                }
            }
            profile["permissions_details"] = json!(details);
            profile["sections"] = json!([]);
        }
        Ok(Reply::json(200, &json!({"profiles": [profile]})))
    }

    /// `GET /settings/layouts`.
    pub(super) fn get_layouts(&self, request: &Request) -> Answer {
        let module = self.module_param(request)?;
        let fields: Vec<Value> = module
            .fields
            .iter()
            .filter(|field| !field.hidden)
            .map(|field| {
                json!({"id": field.id.to_string(), "api_name": field.api_name, "required": field.mandatory})
            })
            .collect();
        Ok(Reply::json(
            200,
            &json!({"layouts": [{
                "id": (module.id + 90_000).to_string(), "name": "Standard", "display_label": "Standard",
                "status": "active", "visible": true,
                "sections": [{"api_name": format!("{} Information", module.name), "fields": fields}],
            }]}),
        ))
    }
}

fn describe(module: &Module) -> Value {
    let rights = module.rights;
    let default = module.views.iter().find(|view| view.default);
    json!({
        "id": module.id.to_string(), "api_name": module.name, "module_name": module.name,
        "plural_label": module.name, "singular_label": module.name.trim_end_matches('s'),
        "generated_type": "default", "status": "visible", "visible": true, "api_supported": true,
        "viewable": rights.view, "creatable": rights.create, "editable": rights.edit, "deletable": rights.delete,
        "show_googlesync": matches!(module.name, "Contacts" | "Leads" | "Vendors"), "per_page": 10,
        "profiles": [{"id": PROFILE.to_string(), "name": "Administrator"}],
        "custom_view": default.map(|view| json!({"id": view.id.to_string(), "name": view.name, "system_name": view.system_name})),
    })
}
