//! HubSpot's answers.

use super::fuzz;
use super::mutate::Shape::Json;
use crate::connector::hubspot::fuzz as read;

const CONTACTS: &[&str] = &[
    r#"{"results":[{"id":"101","properties":{"email":"ada@example.com","firstname":"Ada","lastname":"Stone","phone":"+49 30 12345","anniversary":"1572480000000","lifecyclestage":"lead","website":"http://example.com","company":null,"hs_merged_object_ids":"5;7","lastmodifieddate":"2026-11-22T10:58:19.123Z","hs_object_id":"101"},"createdAt":"2026-11-22T10:58:19.123Z","updatedAt":"2026-11-22T10:58:19.123Z","archived":false}],"paging":{"next":{"after":"101","link":"https://api.example.com"}}}"#,
    r#"{"status":"COMPLETE","results":[{"id":"7","objectWriteTraceId":"3","properties":{"email":"b@example.com"},"updatedAt":"1785420000123","archived":false}],"numErrors":1,"errors":[{"status":"error","category":"CONFLICT","message":"Contact already exists. Existing ID: 12","context":{"objectWriteTraceId":["4"]}}]}"#,
    r#"{"id":"9","properties":{"lastname":"Old","anniversary":"2019-02-30"},"archived":true,"archivedAt":"2026-11-22T10:58:19Z"}"#,
];

const LISTS: &[&str] = &[
    r#"{"lists":[{"listId":"12","name":"Newsletter","processingType":"MANUAL","objectTypeId":"0-1","additionalProperties":{"hs_list_size":"3","hs_last_record_added_at":"1785420000123"}}],"hasMore":false,"offset":1,"total":1}"#,
    r#"{"results":[{"recordId":"101","membershipTimestamp":"2026-11-22T10:58:19.123Z"}],"total":1,"paging":{"next":{"after":"x"}}}"#,
    r#"{"status":"COMPLETE","results":[{"objectTypeId":"0-1","recordId":"101","recordListMemberships":[{"listId":12,"listVersion":2}]}]}"#,
];

const SETTINGS: &[&str] = &[
    read::PROPERTIES,
    r#"{"portalId":4242,"uiDomain":"app-eu1.hubspot.com","timeZone":"Europe/Berlin"}"#,
    r#"{"userId":7,"hubId":4242,"appId":99,"scopes":["crm.objects.contacts.read"]}"#,
];

const REFUSALS: &[&str] = &[
    r#"{"status":"error","message":"Contact already exists. Existing ID: 37765128953","correlationId":"x","category":"CONFLICT"}"#,
    r#"{"status":"error","message":"Property values were not valid: [{\"isValid\":false,\"message\":\"x was not valid\",\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]","category":"VALIDATION_ERROR"}"#,
    r#"{"status":"error","category":"MISSING_SCOPES","message":"no","errors":[{"message":"One or more","code":"C","in":"stage","context":{"requiredGranularScopes":["crm.lists.read"],"propertyName":["email"]}}]}"#,
    r#"{"status":"error","errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING","message":"limit"}"#,
];

#[test]
fn contacts() {
    fuzz("hubspot: contacts", Json, CONTACTS, &[], read::contacts);
}

#[test]
fn lists() {
    fuzz("hubspot: lists", Json, LISTS, &[], read::lists);
}

#[test]
fn settings() {
    fuzz("hubspot: settings", Json, SETTINGS, &[], read::metadata);
}

#[test]
fn refusals() {
    fuzz("hubspot: refusal", Json, REFUSALS, &[], read::refusal);
}
