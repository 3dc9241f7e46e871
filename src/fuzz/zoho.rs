//! Zoho's answers.

use super::fuzz;
use super::mutate::Shape::Json;
use crate::connector::zoho::fuzz as read;

const ANSWERS: &[&str] = &[
    r#"{"data":[{"id":"111","Modified_Time":"2026-03-01T12:00:00+02:00","Email":"Anna@Example.com","First_Name":"Anna","Last_Name":null,"Account_Name":{"id":"5","name":"Example GmbH"},"Lead_Source":"trade_fair","Date_of_Birth":"1980-02-29"},{"id":112,"Account_Name.Account_Name":"X","Email":""}],"info":{"more_records":true,"next_page_token":"n","count":2,"page":1}}"#,
    r#"{"data":[{"code":"SUCCESS","status":"success","message":"record added","details":{"id":"77","Modified_Time":"2026-03-01T12:00:00+02:00"}},{"code":"DUPLICATE_DATA","message":"duplicate data","status":"error","details":{"api_name":"Email","json_path":"$.data[0].Email","duplicate_record":{"id":"5","module":{"api_name":"Contacts"}}}},{"code":"INVALID_DATA","details":{"maximum_length":80,"api_name":"Last_Name"}},{"code":"MULTIPLE_OR_MULTI_ERRORS","details":{"errors":[{"code":"MANDATORY_NOT_FOUND","details":{"api_name":"Last_Name"}}]}}]}"#,
    r#"{"code":"INVALID_QUERY","details":{"column_name":"Email","reason":"x"},"message":"invalid query formed","status":"error"}"#,
    r#"{"code":"NO_PERMISSION","details":{"permissions":["Crm_Implied_View_Contacts"]},"message":"permission denied","status":"error"}"#,
    r#"{"modules":[{"api_name":"Contacts","viewable":true,"creatable":true,"editable":null,"deletable":false}]}"#,
    r#"{"custom_views":[{"id":"900","name":"Customers","display_value":"Customers","system_name":"ALLVIEWS"}],"info":{"more_records":false}}"#,
    r#"{"fields":[{"api_name":"Lead_Source","field_label":"Lead Source","display_label":"Lead","data_type":"picklist","length":120,"read_only":false,"field_read_only":false,"system_mandatory":false,"visible":true,"custom_field":false,"operation_type":{"api_create":true,"api_update":true},"view_type":{"view":true},"pick_list_values":[{"display_value":"Web","actual_value":"web","type":"used"}],"profiles":[{"id":"7","permission_type":"read_write"}],"lookup":{"module":{"api_name":"Accounts"},"display_label":"x"},"textarea":{"type":"rich_text"},"hipaa_compliance_enabled":true,"hipaa_compliance":{"restricted_in_export":true}}]}"#,
    r#"{"users":[{"id":"1","email":"me@example.com","full_name":"Me","profile":{"id":"7","name":"Administrator"}}]}"#,
    r#"{"org":[{"id":"1","zgid":"60001"}]}"#,
    r#"{"profiles":[{"permissions_details":[{"name":"Crm_Implied_View_Contacts","enabled":true}]}]}"#,
    r#"{"count":12345}"#,
];

#[test]
fn listing() {
    fuzz("zoho: listing", Json, ANSWERS, &[], read::listing);
}

#[test]
fn written() {
    fuzz("zoho: written", Json, ANSWERS, &[], read::written);
}

#[test]
fn fields() {
    fuzz("zoho: fields", Json, ANSWERS, &[], read::fields);
}

#[test]
fn settings() {
    fuzz("zoho: settings", Json, ANSWERS, &[], read::settings);
}

#[test]
fn refusals() {
    fuzz("zoho: refusal", Json, ANSWERS, &[], read::refusal);
}
