//! Operations of the sandbox itself: what an administrator, a colleague or time does to the CRM.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ZohoWorld;
use super::oauth::{Code, Scopes};
use super::schema::{Field, Kind};
use super::store::Module;
use super::views::{Shows, View, criteria};

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, String> {
    body.get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("{name} is missing or not a text"))
}

fn number(body: &Value, name: &str) -> Result<u64, String> {
    text(body, name)?
        .parse()
        .map_err(|_| format!("{name} is not an id"))
}

fn flag(body: &Value, name: &str) -> bool {
    body.get(name).and_then(Value::as_bool).unwrap_or(true)
}

fn fields(body: &Value) -> Result<Map<String, Value>, String> {
    body.get("fields")
        .and_then(Value::as_object)
        .cloned()
        .ok_or_else(|| "fields is missing or not an object".to_owned())
}

/// What `set_field` and `add_field` may say of a field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldChange {
    api_name: String,
    #[serde(rename = "module")]
    _module: Option<String>,
    data_type: Option<String>,
    label: Option<String>,
    length: Option<usize>,
    read_only: Option<bool>,
    mandatory: Option<bool>,
    unique: Option<bool>,
    hidden: Option<bool>,
    encrypted: Option<bool>,
    restricted: Option<bool>,
    picklist: Option<Vec<String>>,
}

impl FieldChange {
    fn apply(self, field: &mut Field) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut field.label, self.label);
        set(&mut field.length, self.length);
        set(&mut field.read_only, self.read_only);
        set(&mut field.mandatory, self.mandatory);
        set(&mut field.unique, self.unique);
        set(&mut field.hidden, self.hidden);
        set(&mut field.encrypted, self.encrypted);
        set(&mut field.restricted, self.restricted);
        set(&mut field.picklist, self.picklist);
    }
}

impl ZohoWorld {
    /// Carries out an operation of `POST /admin/crm/{op}`; `docs/sandbox-zoho.md` lists them. The text of a refusal says what
    /// is wrong with the body. `module` in the body is `Contacts` when it is left out.
    pub fn admin(&mut self, op: &str, body: &Value, now: Timestamp) -> Result<Value, String> {
        let now = now.as_second();
        match op {
            "switch" => self.switches.set(body),
            "grant_code" => self.grant_code(body, now),
            "tokens" => match text(body, "action")? {
                "list" => Ok(self.oauth.list(now)),
                "expire" => Ok(json!({"ended": self.oauth.expire_access()})),
                "forget" => Ok(json!({"ended": self.oauth.forget()})),
                other => Err(format!("unknown action {other}: list, expire or forget")),
            },
            "view_create" | "view_edit" | "view_delete" | "view_members" => {
                self.change_view(op, body, now)
            }
            "set_field" | "add_field" => self.change_field(op, body),
            "backup" => {
                let records = self.modules.iter();
                self.backup = records
                    .map(|(name, module)| (*name, (module.records.clone(), module.deleted.clone())))
                    .collect();
                Ok(json!({}))
            }
            "put_back" => self.put_back(),
            "set_rights" => {
                let module = self.named(body)?;
                let rights = &mut module.rights;
                for (name, place) in [
                    ("view", &mut rights.view),
                    ("create", &mut rights.create),
                    ("edit", &mut rights.edit),
                    ("delete", &mut rights.delete),
                ] {
                    if let Some(value) = body.get(name) {
                        *place = value.as_bool().ok_or(format!("{name} is not a bool"))?;
                    }
                }
                Ok(
                    json!({"view": rights.view, "create": rights.create, "edit": rights.edit, "delete": rights.delete}),
                )
            }
            _ => self.change_record(op, body, now),
        }
    }

    /// Every record as it was at the last `backup`, times included; what was made since is gone without
    /// a trace.
    fn put_back(&mut self) -> Result<Value, String> {
        if self.backup.is_empty() {
            return Err("there is no backup".to_owned());
        }
        for (name, (records, deleted)) in &self.backup {
            if let Some(module) = self.modules.get_mut(name) {
                module.records.clone_from(records);
                module.deleted.clone_from(deleted);
                module.rebuild_keys();
            }
        }
        Ok(json!({}))
    }

    fn named(&mut self, body: &Value) -> Result<&mut Module, String> {
        let name = body
            .get("module")
            .and_then(Value::as_str)
            .unwrap_or("Contacts");
        self.modules
            .get_mut(name)
            .ok_or_else(|| format!("no module {name}"))
    }

    /// A self client's code, as the API console mints it.
    fn grant_code(&mut self, body: &Value, now: i64) -> Result<Value, String> {
        let scopes = text(body, "scopes")?;
        let code = format!("1000.{}.code", self.random_text());
        let grant = Code {
            scopes: Scopes::read(scopes),
            expires: now + self.switches.grant_ttl_seconds,
            redirect: None,
            challenge: None,
            offline: true,
        };
        if !self.oauth.grant(code.clone(), grant, now) {
            return Err("access_denied: more than 10 codes within 10 minutes".to_owned());
        }
        Ok(json!({ "code": code }))
    }

    fn change_view(&mut self, op: &str, body: &Value, now: i64) -> Result<Value, String> {
        if op == "view_create" {
            let name = text(body, "name")?.to_owned();
            let access_type = match body.get("access_type").and_then(Value::as_str) {
                None | Some("public") => "public",
                Some("shared") => "shared",
                Some("only_to_me") => "only_to_me",
                Some(other) => return Err(format!("unknown access_type {other}")),
            };
            let id = self.new_id();
            let module = self.named(body)?;
            let wanted = body.get("criteria").ok_or("criteria is missing")?.clone();
            criteria(module, &wanted)?;
            module.views.push(View {
                id,
                name,
                system_name: None,
                access_type,
                category: "created_by_me",
                default: false,
                shows: Shows::Criteria(wanted),
                modified: now,
            });
            return Ok(json!({"id": id.to_string()}));
        }
        let module = self.named(body)?;
        let wanted = text(body, "id").or_else(|_| text(body, "name"))?;
        let place = module
            .views
            .iter()
            .position(|view| view.id.to_string() == wanted || view.name == wanted)
            .ok_or_else(|| format!("no view {wanted}"))?;
        match op {
            "view_delete" => {
                module.views.remove(place);
            }
            "view_edit" => {
                let changed = body.get("criteria").cloned();
                if let Some(changed) = &changed {
                    criteria(module, changed)?;
                }
                let view = &mut module.views[place];
                if view.system_name.is_some() {
                    return Err("a system view cannot be edited".to_owned());
                }
                if let Some(changed) = changed {
                    view.shows = Shows::Criteria(changed);
                }
                if let Some(name) = body.get("new_name").and_then(Value::as_str) {
                    name.clone_into(&mut view.name);
                }
                view.modified = now;
            }
            _ => {
                let Shows::Members(ids) = &mut module.views[place].shows else {
                    return Err("the members of this view follow from its criteria".to_owned());
                };
                let list = |name: &str| -> Result<BTreeSet<u64>, String> {
                    let ids = body.get(name).and_then(Value::as_array);
                    ids.into_iter()
                        .flatten()
                        .map(|id| {
                            let id = id.as_str().and_then(|id| id.parse().ok());
                            id.ok_or_else(|| format!("{name} has something that is no id"))
                        })
                        .collect()
                };
                ids.extend(list("add")?);
                let gone = list("remove")?;
                ids.retain(|id| !gone.contains(id));
            }
        }
        Ok(json!({}))
    }

    fn change_field(&mut self, op: &str, body: &Value) -> Result<Value, String> {
        let change: FieldChange =
            serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
        let id = self.new_id();
        let module = self.named(body)?;
        let place = module
            .fields
            .iter()
            .position(|field| field.api_name == change.api_name);
        let place = match (op, place) {
            ("add_field", Some(_)) => return Err(format!("{} is there", change.api_name)),
            ("add_field", None) => {
                let data_type = change.data_type.as_deref().unwrap_or("text");
                let kind =
                    Kind::named(data_type).ok_or_else(|| format!("no data_type {data_type}"))?;
                let mut field = Field::new(id, &change.api_name, kind, 255);
                field.custom = true;
                module.fields.push(field);
                module.fields.len() - 1
            }
            (_, None) => return Err(format!("no field {}", change.api_name)),
            (_, Some(_)) if change.data_type.is_some() => {
                return Err("the data_type of a field cannot be changed".to_owned());
            }
            (_, Some(place)) => place,
        };
        change.apply(&mut module.fields[place]);
        module.rebuild_keys();
        Ok(json!({"id": module.fields[place].id.to_string()}))
    }

    fn change_record(&mut self, op: &str, body: &Value, now: i64) -> Result<Value, String> {
        let name = self.named(body)?.name;
        if op == "record_create" {
            let id = self.add(name, fields(body)?, now);
            return Ok(json!({"id": id.to_string()}));
        }
        let known = [
            "merge",
            "record_edit",
            "record_delete",
            "hide_record",
            "lock_record",
            "permanently_delete",
            "restore",
        ];
        if !known.contains(&op) {
            return Err(format!("unknown operation {op}"));
        }
        if op == "merge" {
            return self.merge(name, body, now);
        }
        let id = number(body, "id")?;
        let bumps = self.switches.restore_bumps_modified;
        let there = match op {
            "record_edit" => self.amend(name, id, fields(body)?, now),
            "record_delete" => self.bin(name, id, now),
            _ => {
                let module = self.named(body)?;
                match op {
                    "permanently_delete" => {
                        if module.records.contains_key(&id) {
                            self.bin(name, id, now);
                        }
                        let gone = self.named(body)?.deleted.get_mut(&id);
                        gone.map(|gone| gone.permanent = true).is_some()
                    }
                    "restore" => {
                        let gone = module
                            .deleted
                            .remove(&id)
                            .filter(|gone| !gone.is_permanent(now));
                        gone.map(|gone| {
                            let mut record = gone.record;
                            if bumps {
                                record.modified = now;
                            }
                            module.put(id, record);
                        })
                        .is_some()
                    }
                    "hide_record" => module
                        .records
                        .get_mut(&id)
                        .map(|record| record.hidden = flag(body, "hidden"))
                        .is_some(),
                    _ => module
                        .records
                        .get_mut(&id)
                        .map(|record| {
                            let code = body.get("code").and_then(Value::as_str);
                            record.refusal = flag(body, "locked")
                                .then(|| code.unwrap_or("RECORD_LOCKED").to_owned());
                        })
                        .is_some(),
                }
            }
        };
        there
            .then(|| json!({}))
            .ok_or_else(|| format!("no record {id}"))
    }

    /// Merges `from` into `into`: blanks are filled, the loser goes.
    fn merge(&mut self, name: &'static str, body: &Value, now: i64) -> Result<Value, String> {
        let (into, from) = (number(body, "into")?, number(body, "from")?);
        let silent = !self.switches.merge_loser_in_deleted;
        let module = self.named(body)?;
        let (Some(kept), Some(lost)) = (module.records.get(&into), module.records.get(&from))
        else {
            return Err("into or from is not there".to_owned());
        };
        if into == from {
            return Err("into and from are one record".to_owned());
        }
        let mut filled = lost.fields.clone();
        filled.retain(|field, _| !kept.fields.contains_key(field));
        self.bin(name, from, now);
        if let Some(gone) = self.named(body)?.deleted.get_mut(&from) {
            gone.silent = silent;
            gone.permanent = true;
        }
        self.edit(name, into, filled, now);
        Ok(json!({}))
    }
}
