//! The account, the token, and the properties of contacts.

use serde_json::{Value, json};

use super::{PORTAL, Reply, TOKEN, World};

/// HubSpot's own properties, those that matter here, and one that an administrator added.
pub(super) fn standard() -> Vec<Value> {
    let text = |name: &str, label: &str, field: &str| property(name, label, "string", field);
    let mut all = vec![
        text("email", "Email", "text"),
        text("firstname", "First Name", "text"),
        text("lastname", "Last Name", "text"),
        text("phone", "Phone Number", "phonenumber"),
        text("mobilephone", "Mobile Phone Number", "phonenumber"),
        text("fax", "Fax Number", "text"),
        text("company", "Company Name", "text"),
        text("jobtitle", "Job Title", "text"),
        text("address", "Street Address", "text"),
        text("city", "City", "text"),
        text("state", "State/Region", "text"),
        text("zip", "Postal Code", "text"),
        text("country", "Country/Region", "text"),
        text("website", "Website URL", "text"),
        text("message", "Message", "textarea"),
    ];
    let mut stage = property("lifecyclestage", "Lifecycle Stage", "enumeration", "radio");
    stage["options"] = json!([
        {"label": "Lead", "value": "lead", "displayOrder": 0, "hidden": false},
        {"label": "Customer", "value": "customer", "displayOrder": 1, "hidden": false},
    ]);
    all.push(stage);
    let mut owner = property("hubspot_owner_id", "Contact owner", "enumeration", "select");
    owner["externalOptions"] = json!(true);
    all.push(owner);
    for (name, label, kind, field) in [
        ("lastmodifieddate", "Last Modified Date", "datetime", "date"),
        ("hs_object_id", "Record ID", "number", "number"),
        (
            "hs_merged_object_ids",
            "Merged record IDs",
            "enumeration",
            "checkbox",
        ),
        (
            "hs_full_name_or_email",
            "Full name or email",
            "string",
            "calculation_equation",
        ),
    ] {
        let mut fixed = property(name, label, kind, field);
        fixed["modificationMetadata"] = json!({
            "archivable": true, "readOnlyDefinition": true, "readOnlyValue": true,
        });
        fixed["calculated"] = json!(field.starts_with("calculation"));
        all.push(fixed);
    }
    let mut further = text("hs_additional_emails", "Additional email addresses", "text");
    further["hidden"] = json!(true);
    all.push(further);
    let mut own = property("anniversary", "Anniversary", "date", "date");
    own["hubspotDefined"] = json!(false);
    all.push(own);
    all
}

fn property(name: &str, label: &str, kind: &str, field: &str) -> Value {
    json!({
        "name": name, "label": label, "type": kind, "fieldType": field, "description": "",
        "groupName": "contactinformation", "options": [], "displayOrder": -1, "calculated": false,
        "externalOptions": false, "hasUniqueValue": name == "email", "hidden": false,
        "hubspotDefined": true, "formField": true,
        "modificationMetadata": {
            "archivable": true, "readOnlyDefinition": true, "readOnlyValue": false,
        },
    })
}

/// `GET /crm/v3/properties/contacts`.
pub(super) fn properties(world: &World) -> Reply {
    Reply::ok(json!({ "results": world.properties }))
}

/// `POST /oauth/v2/private-apps/get/access-token-info`.
pub(super) fn token_info(world: &World, body: &Value) -> Reply {
    if body["tokenKey"] != TOKEN {
        return Reply::refused(404, "OBJECT_NOT_FOUND", "no such token");
    }
    Reply::ok(json!({ "userId": 7, "hubId": PORTAL, "appId": 99, "scopes": world.scopes }))
}

/// `GET /account-info/v3/details`.
pub(super) fn account() -> Reply {
    Reply::ok(json!({
        "portalId": PORTAL, "accountType": "STANDARD", "timeZone": "Europe/Berlin",
        "companyCurrency": "EUR", "additionalCurrencies": [], "utcOffset": "+01:00",
        "utcOffsetMilliseconds": 3_600_000, "uiDomain": "app-eu1.hubspot.com",
        "dataHostingLocation": "eu1",
    }))
}
