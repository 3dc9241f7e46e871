//! Odoo's answers.

use super::fuzz;
use super::mutate::Shape::{Json, Text};
use crate::connector::odoo::fuzz as read;

const LISTINGS: &[&str] = &[
    r#"[{"id":12,"name":"Ada Maria Stone","email":"\"Stone, Ada\" <Ada@example.com>, b@example.org; c@example.org","phone":"030 1234567","mobile":false,"function":"CEO","parent_id":[7,"Stone Ltd"],"state_id":false,"country_id":[57,"Germany"],"comment":"<p>Fish &amp; <b>chips</b><br/>x</p>","x_birthday":"1980-02-29","x_tier":"a","active":true,"is_company":false,"type":"contact","category_id":[3,4],"write_date":"2026-11-22 10:58:19"}]"#,
    r#"[{"id":13,"name":"Madonna","email":false,"active":false,"is_company":true,"type":"delivery","category_id":[],"write_date":"2026-02-30 99:00:00"},{"id":14,"name":false,"email":"call me"}]"#,
    "[]",
];

const CONDITIONS: &[&str] = &[
    "['|', ('city', '=', \"O'Hara\"), ('active', 'in', [True, False, None]), ('credit', '>', -1.5)]",
    "[('user_id', '=', uid), ('create_date', '>', context_today().strftime('%Y'))]",
    "[]",
];

const REFUSALS: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Odoo Server Error","data":{"name":"odoo.exceptions.ValidationError","message":"Contacts require a name","arguments":["x"],"context":{},"debug":"Traceback"}}}"#,
    r#"{"name":"psycopg2.errors.SerializationFailure","message":"could not serialize access","arguments":[],"context":{},"debug":""}"#,
    r#"{"jsonrpc":"2.0","id":1,"result":[{"id":1}]}"#,
    r#"["saas~18",2,0,"final",0,"e"]"#,
];

#[test]
fn listings() {
    fuzz("odoo: listing", Json, LISTINGS, &[], read::listing);
}

#[test]
fn fields() {
    fuzz("odoo: fields", Json, &[read::METADATA], &[], read::metadata);
}

#[test]
fn conditions() {
    let words = &["True", "None", "'&', ", "uid", "\\'", "(", "]"];
    fuzz("odoo: condition", Text, CONDITIONS, words, read::condition);
}

#[test]
fn refusals() {
    fuzz("odoo: refusal", Json, REFUSALS, &[], read::refusal);
}
