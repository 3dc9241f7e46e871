//! What happens in the CRM without the API: people add, edit and delete contacts; and a dump of everything.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::ZohoWorld;
use super::schema::Kind;
use super::store::{Fields, read_time, time_text};

impl ZohoWorld {
    /// Adds a contact as a person would in the CRM; answers with its id. `Account_Name` may be a plain name: the account
    /// is made when there is none. `Created_Time` and `Modified_Time` may be given. Fields that the module lacks are left out.
    pub fn add_contact(&mut self, fields: Map<String, Value>, now: Timestamp) -> String {
        self.add("Contacts", fields, now.as_second()).to_string()
    }

    /// Edits a contact as a person would: null clears a field. False when there is no such contact.
    pub fn edit_contact(&mut self, id: &str, fields: Map<String, Value>, now: Timestamp) -> bool {
        id.parse()
            .is_ok_and(|id| self.amend("Contacts", id, fields, now.as_second()))
    }

    /// Deletes a contact into the recycle bin. False when there is no such contact.
    pub fn delete_contact(&mut self, id: &str, now: Timestamp) -> bool {
        id.parse()
            .is_ok_and(|id| self.bin("Contacts", id, now.as_second()))
    }

    pub(super) fn add(&mut self, name: &str, fields: Fields, now: i64) -> u64 {
        let time = |name: &str| fields.get(name).and_then(Value::as_str).and_then(read_time);
        let created = time("Created_Time")
            .or(time("Modified_Time"))
            .unwrap_or(now);
        let modified = time("Modified_Time").unwrap_or(created);
        let mut kept = self.known(name, fields, now);
        kept.retain(|_, value| !value.is_null());
        let id = self.insert(name, kept, created);
        if let Some(module) = self.modules.get_mut(name)
            && let Some(record) = module.records.get_mut(&id)
        {
            record.modified = modified;
        }
        id
    }

    pub(super) fn amend(&mut self, name: &str, id: u64, fields: Fields, now: i64) -> bool {
        let changes = self.known(name, fields, now);
        self.edit(name, id, changes, now)
    }

    /// The fields that the module has, with lookups resolved.
    fn known(&mut self, name: &str, fields: Fields, now: i64) -> Fields {
        let mut kept = Fields::new();
        for (key, value) in fields {
            let Some(module) = self.modules.get(name) else {
                break;
            };
            let field = module.fields.iter().find(|field| field.api_name == key);
            let Some((kind, target)) = field.map(|field| (field.kind, field.lookup)) else {
                continue;
            };
            let value = match (kind, target, &value) {
                (Kind::DateTime, _, _)
                    if matches!(key.as_str(), "Created_Time" | "Modified_Time") =>
                {
                    continue;
                }
                (Kind::Lookup, Some("Accounts"), Value::String(account)) => {
                    self.account(account, now)
                }
                (Kind::Lookup, Some("Accounts"), Value::Object(map)) if !map.contains_key("id") => {
                    let account = map.get("name").and_then(Value::as_str).unwrap_or_default();
                    self.account(account, now)
                }
                (Kind::Owner, _, Value::String(id)) => json!({ "id": id }),
                _ => value,
            };
            kept.insert(key, if value == "" { Value::Null } else { value });
        }
        kept
    }

    /// The account of that name, made when there is none.
    fn account(&mut self, account: &str, now: i64) -> Value {
        if account.is_empty() {
            return Value::Null;
        }
        let found = self
            .modules
            .get("Accounts")
            .and_then(|module| module.with_value("Account_Name", account))
            .and_then(|ids| ids.first().copied());
        let id = found.unwrap_or_else(|| {
            let fields = Fields::from_iter([("Account_Name".to_owned(), json!(account))]);
            self.insert("Accounts", fields, now)
        });
        json!({"id": id.to_string(), "name": account})
    }

    /// The contacts at `offset` and after it, at most `count`, in full, and how many there are.
    pub(crate) fn some_contacts(&self, offset: usize, count: usize) -> (usize, Vec<Value>) {
        let Some(module) = self.modules.get("Contacts") else {
            return (0, Vec::new());
        };
        let some = module.records.iter().skip(offset).take(count);
        let shown = some
            .map(|(id, record)| self.record(module, *id, record, None))
            .collect();
        (module.records.len(), shown)
    }

    /// Everything: records in full with what only the CRM knows, views, and deleted records; contacts under `contacts`,
    /// the other modules under `modules`.
    #[must_use]
    pub fn dump(&self) -> Value {
        let mut out = json!({"contacts": [], "views": [], "deleted": [], "modules": {}});
        for (name, module) in &self.modules {
            let records: Vec<Value> = module
                .records
                .iter()
                .map(|(id, record)| {
                    let mut full = self.record(module, *id, record, None);
                    full["last_trigger"] = json!(record.last_trigger);
                    full["hidden"] = json!(record.hidden);
                    full["refusal"] = json!(record.refusal);
                    full["photo_bytes"] = json!(record.photo.as_ref().map(Vec::len));
                    full
                })
                .collect();
            let offset = self.switches.utc_offset_minutes;
            let views: Vec<Value> = module
                .views
                .iter()
                .map(|view| view.describe(module, offset))
                .collect();
            let deleted: Vec<Value> = module
                .deleted
                .iter()
                .map(|(id, gone)| {
                    json!({"id": id.to_string(), "name": gone.name, "permanent": gone.permanent, "silent": gone.silent,
                        "deleted_time": time_text(gone.at, offset)})
                })
                .collect();
            if *name == "Contacts" {
                out["contacts"] = json!(records);
                out["views"] = json!(views);
                out["deleted"] = json!(deleted);
            } else {
                out["modules"][*name] =
                    json!({"records": records, "views": views, "deleted": deleted});
            }
        }
        out
    }
}
