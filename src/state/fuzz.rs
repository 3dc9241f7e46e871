//! Entry points for `crate::fuzz`: the JSON in the columns of the state file.

use super::code::{
    addrs_of, addrs_text, base_of, base_text, content_of, content_text, problem_of, problem_text,
};
use crate::model::{Record, RemoteId, Version};

/// Every column that holds JSON: what can be read can be written and read again.
pub(crate) fn columns(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(base) = base_of(&text) {
        let again = base_text(&base).and_then(|text| base_of(&text));
        assert!(again.is_ok_and(|again| again == base));
    }
    let mut record = Record::bare(RemoteId::from("1"), Version::from("1"));
    if let Ok((key, emails)) = addrs_of(&text) {
        (record.key, record.emails) = (key, emails);
        let again = addrs_text(&record).and_then(|text| addrs_of(&text));
        assert!(again.is_ok_and(|again| again == (record.key.clone(), record.emails.clone())));
    }
    if let Ok(content) = content_of(&text) {
        (record.fields, record.unread, record.label) =
            (content.fields, content.unread, content.label);
        let again = content_text(&record).and_then(|text| content_of(&text));
        assert!(again.is_ok_and(|again| again.fields == record.fields));
    }
    if let Ok(problem) = problem_of(&text) {
        let again = problem_text(&problem).and_then(|text| problem_of(&text));
        assert!(again.is_ok_and(|again| again == problem));
    }
}
