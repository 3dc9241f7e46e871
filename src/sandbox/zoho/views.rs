//! List views: what they are, what their criteria mean, and how the CRM describes them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::criteria::{Column, Expr, Is, Test, literal};
use super::errors::{Answer, Failure};
use super::store::{Module, time_text};
use super::{SANDBOX_USER, ZohoWorld};
use crate::sandbox::http::{Reply, Request};

/// Which records a view shows.
#[derive(Clone, Debug)]
pub(super) enum Shows {
    /// Every record.
    All,
    /// The user's own.
    Mine,
    /// Those that nothing on the record explains (shared, co-owned): kept by id.
    Members(BTreeSet<u64>),
    /// Those that meet criteria in the CRM's JSON form.
    Criteria(Value),
}

/// A list view.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) id: u64,
    pub(super) name: String,
    /// Of system views; by it COQL knows those that it refuses.
    pub(super) system_name: Option<&'static str>,
    /// `public`, `shared` or `only_to_me`.
    pub(super) access_type: &'static str,
    pub(super) category: &'static str,
    pub(super) default: bool,
    pub(super) shows: Shows,
    pub(super) modified: i64,
}

impl View {
    /// Whether COQL and Bulk Read can use the view.
    pub(super) fn in_coql(&self) -> bool {
        !matches!(self.shows, Shows::Members(_))
    }

    /// The view as a condition; the text says what is wrong with its criteria.
    pub(super) fn expr(&self, module: &Module) -> Result<Expr, String> {
        match &self.shows {
            Shows::All => Ok(Expr::always()),
            Shows::Mine => criteria(
                module,
                &json!({"comparator": "equal", "field": {"api_name": "Owner"}, "value": SANDBOX_USER.to_string()}),
            ),
            Shows::Members(ids) => Ok(Expr::Members(ids.clone())),
            Shows::Criteria(value) => criteria(module, value),
        }
    }

    /// The entry in the list of views; with criteria when one view is asked for.
    pub(super) fn describe(&self, module: &Module, offset: i32) -> Value {
        json!({
            "id": self.id.to_string(), "name": self.name, "display_value": self.name,
            "system_name": self.system_name, "system_defined": self.system_name.is_some(),
            "access_type": self.access_type, "category": self.category, "default": self.default,
            "favorite": null, "locked": false,
            "created_time": null, "last_accessed_time": null,
            "modified_time": time_text(self.modified, offset),
            "module": {"api_name": module.name, "id": module.id.to_string()},
        })
    }
}

/// The views that a module starts with.
pub(super) fn standard(module: &str, ids: &mut impl FnMut() -> u64, now: i64) -> Vec<View> {
    let mut view = |name: &str, system_name, category, default, shows| View {
        id: ids(),
        name: name.to_owned(),
        system_name,
        access_type: "public",
        category,
        default,
        shows,
        modified: now,
    };
    let mut views = vec![
        view(
            &format!("All {module}"),
            Some("ALLVIEWS"),
            "public_views",
            true,
            Shows::All,
        ),
        view(
            &format!("My {module}"),
            Some("MYVIEWS"),
            "public_views",
            false,
            Shows::Mine,
        ),
        view(
            "Shared By Me",
            Some("SHAREDBYMEVIEW"),
            "public_views",
            false,
            Shows::Members(BTreeSet::new()),
        ),
        view(
            "Shared To Me",
            Some("SHAREDTOMEVIEW"),
            "public_views",
            false,
            Shows::Members(BTreeSet::new()),
        ),
        view(
            "Co-owner",
            Some("COOWNERVIEW"),
            "public_views",
            false,
            Shows::Members(BTreeSet::new()),
        ),
    ];
    if module == "Contacts" {
        views.push(view(
            "Customers",
            None,
            "created_by_me",
            false,
            Shows::Criteria(json!({"comparator": "equal", "field": {"api_name": "Lead_Source"}, "type": "value", "value": "Partner"})),
        ));
    }
    views
}

/// Reads criteria in the CRM's JSON form: one test, or `{group_operator, group}`.
pub(super) fn criteria(module: &Module, value: &Value) -> Result<Expr, String> {
    if let Some(group) = value.get("group").and_then(Value::as_array) {
        let parts = group
            .iter()
            .map(|part| criteria(module, part))
            .collect::<Result<Vec<_>, _>>()?;
        let operator = value.get("group_operator").and_then(Value::as_str);
        return match operator.map(str::to_lowercase).as_deref() {
            Some("and") => Ok(Expr::All(parts)),
            Some("or") => Ok(Expr::Any(parts)),
            _ => Err("group_operator is neither and nor or".to_owned()),
        };
    }
    let name = value
        .pointer("/field/api_name")
        .and_then(Value::as_str)
        .ok_or("criteria without field.api_name")?;
    let column = Column::of(module, name).ok_or_else(|| format!("no field {name}"))?;
    let comparator = value
        .get("comparator")
        .and_then(Value::as_str)
        .ok_or("criteria without comparator")?;
    let operand = value.get("value").unwrap_or(&Value::Null);
    let negated = comparator.starts_with("not_");
    let empty = operand.is_null() || operand == "${EMPTY}";
    let lit = |value: &Value| {
        literal(column.kind(), value, false).ok_or_else(|| format!("{value} does not fit {name}"))
    };
    let many = || match operand.as_array() {
        Some(values) => values.iter().map(lit).collect::<Result<Vec<_>, _>>(),
        None => Ok(vec![lit(operand)?]),
    };
    let word = || operand.as_str().unwrap_or_default().to_lowercase();
    let test = match comparator {
        "equal" | "not_equal" if empty => Test::Null,
        "equal" | "not_equal" | "in" | "not_in" => Test::In(many()?.into_iter().collect()),
        "greater_than" => Test::Greater(lit(operand)?),
        "greater_equal" => Test::AtLeast(lit(operand)?),
        "less_than" => Test::Less(lit(operand)?),
        "less_equal" => Test::AtMost(lit(operand)?),
        "between" | "not_between" => match many()?.as_slice() {
            [low, high] => Test::Between(low.clone(), high.clone()),
            _ => return Err("between needs two values".to_owned()),
        },
        "contains" | "not_contains" => Test::Like(vec![String::new(), word(), String::new()]),
        "starts_with" => Test::Like(vec![word(), String::new()]),
        "ends_with" => Test::Like(vec![String::new(), word()]),
        other => return Err(format!("unknown comparator {other}")),
    };
    Ok(Expr::Is(Is {
        column,
        test,
        negated,
        cased: false,
    }))
}

impl ZohoWorld {
    /// `GET /settings/custom_views` and `/settings/custom_views/{id}`.
    pub(super) fn get_views(&self, request: &Request, id: Option<&str>) -> Answer {
        let module = self.module_param(request)?;
        let offset = self.switches.utc_offset_minutes;
        if let Some(id) = id {
            let view = module
                .views
                .iter()
                .find(|view| view.id.to_string() == id)
                .ok_or_else(Failure::no_such_id)?;
            let mut body = view.describe(module, offset);
            body["criteria"] = match &view.shows {
                Shows::Criteria(value) => value.clone(),
                Shows::All | Shows::Mine | Shows::Members(_) => Value::Null,
            };
            body["sort_by"] = Value::Null;
            body["sort_order"] = Value::Null;
            body["fields"] = ["Full_Name", "Vendor_Name", "Email", "Phone"]
                .iter()
                .filter_map(|name| module.field(name))
                .map(|field| json!({"api_name": field.api_name, "id": field.id.to_string()}))
                .collect();
            return Ok(Reply::json(200, &json!({"custom_views": [body]})));
        }
        let page = self.small_page(request)?;
        let shown: Vec<Value> = module
            .views
            .iter()
            .skip(page.skip)
            .take(page.size)
            .map(|view| view.describe(module, offset))
            .collect();
        let default = module.views.iter().find(|view| view.default);
        Ok(Reply::json(
            200,
            &json!({
                "custom_views": shown,
                "info": {
                    "per_page": page.size, "page": page.number, "count": shown.len(),
                    "more_records": module.views.len() > page.skip + shown.len(),
                    "default": default.map(|view| view.id.to_string()),
                    "translation": {"public_views": "Public Views", "other_users_views": "Other Users Views",
                        "shared_with_me": "Shared With Me", "created_by_me": "Created By Me"},
                },
            }),
        ))
    }
}
