//! EspoCRM's answers.

use super::mutate::Shape::Json;
use super::{fuzz, fuzz_again};
use crate::connector::espocrm::fuzz as read;

const CONTACTS: &[&str] = &[
    r#"{"id":"6541f0e7d21c4a8b9","firstName":"Ada","lastName":"Stone","emailAddress":"Ada@example.com","emailAddressData":[{"emailAddress":"Ada@example.com","lower":"ada@example.com","primary":true,"optOut":false,"invalid":false},{"emailAddress":"a@example.org","primary":false}],"phoneNumber":"+493012345","phoneNumberData":[{"phoneNumber":"+493012345","type":"Office","primary":true,"optOut":false,"invalid":true},{"phoneNumber":"+491701234567","type":"Mobile","primary":false}],"description":"x\ny","addressStreet":"Lane 1","addressCity":null,"accountName":"Stone Ltd","accountId":"7","cBirthday":"1980-02-29","salutationName":"Dr.","modifiedAt":"2026-11-22 10:58:19","doNotCall":true,"title":42}"#,
    r#"{"id":"7","phoneNumberData":[],"emailAddress":null,"modifiedAt":"2026-02-30 99:00:00"}"#,
];

const LISTINGS: &[&str] = &[
    r#"{"total":2,"list":[{"id":"1","emailAddress":"a@example.com","phoneNumber":"030 1234567","modifiedAt":"2026-11-22 10:58:19"},{"id":"2","emailAddress":"b@example.com","phoneNumberData":[{"phoneNumber":"+491","type":"Home"}],"lastName":"B"}]}"#,
    r#"{"total":-1,"list":[{"id":"6541f0e7d21c4a8b9"}]}"#,
    r#"{"total":-2,"list":[]}"#,
];

const SETTINGS: &[&str] = &[
    r#"{"user":{"id":"65a1f0e7d21c4a8b0","userName":"crmsync","type":"api"},"acl":{"table":{"Contact":{"create":"yes","read":"all","edit":"own","delete":"no"},"TargetList":true,"Account":false},"fieldTable":{"Contact":{"description":{"read":"yes","edit":"no"},"phoneNumber":{"read":"no","edit":"no"}}}}}"#,
    r#"{"phoneNumberInternational":true,"version":"9.1.0"}"#,
];

const REFUSALS: &[&str] = &[
    r#"{"messageTranslation":{"label":"validationFailure","scope":null,"data":{"field":"lastName","type":"required"}}}"#,
    r#"{"messageTranslation":{"label":"validationFailure","data":{"field":"phoneNumber","type":"maxLength"}}}"#,
    r#"[{"id":"1","emailAddress":"a@example.com","emailAddressData":[{"emailAddress":"A@example.com"}],"_entityType":"Contact"},{"id":"2","firstName":"Ada"}]"#,
    "Max size should not exceed 200. Use offset and limit.",
    "Record does not exist.",
];

#[test]
fn listings() {
    fuzz("espocrm: listing", Json, LISTINGS, &[], read::listing);
}

#[test]
fn contacts() {
    let failed: &[&[u8]] = &[br#"{"id":"7","phoneNumberData":[{"type":"Office","primary":true}]}"#];
    fuzz_again(
        "espocrm: contact",
        Json,
        CONTACTS,
        &[],
        failed,
        read::contact,
    );
}

#[test]
fn fields() {
    let seeds = &[read::METADATA, SETTINGS[0]];
    fuzz("espocrm: fields", Json, seeds, &[], read::metadata);
}

#[test]
fn settings() {
    fuzz("espocrm: settings", Json, SETTINGS, &[], read::settings);
}

#[test]
fn refusals() {
    fuzz("espocrm: refusal", Json, REFUSALS, &[], read::refusal);
}
