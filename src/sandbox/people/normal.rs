//! What the server makes of the fields that a client sends: read-only parts dropped, shown forms derived, limits checked.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::derive::derive;
use super::errors::{Answer, Refusal};
use super::schema;

/// Fields of which a contact has at most one.
const SINGLETONS: [&str; 4] = ["biographies", "birthdays", "genders", "names"];
/// Characters of one text, notes excepted (support.google.com/contacts/answer/148779).
const TEXT_LIMIT: usize = 1024;
/// Bytes of one contact.
const PERSON_LIMIT: usize = 128 * 1024;
/// Values of one contact.
const VALUES_LIMIT: usize = 500;

/// Choices where the real service's behaviour is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// A name's `unstructuredName` beats its parts.
    pub(crate) unstructured_wins: bool,
    /// An address's `formattedValue` that was sent beats its parts.
    pub(crate) formatted_wins: bool,
}

/// The stored form of one field's items, in the order sent; empty when nothing remains.
pub(crate) fn items(
    field: &str,
    sent: Option<&Value>,
    source_id: u64,
    habits: Habits,
) -> Answer<Vec<Value>> {
    let Some(message) = schema::item_message(field) else {
        return Ok(Vec::new());
    };
    let list = sent
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut kept = Vec::with_capacity(list.len());
    for item in list {
        let Value::Object(entries) = item else {
            continue;
        };
        let mut clean = Map::new();
        for (key, value) in entries {
            let read_only = message
                .get(key.as_str())
                .is_none_or(|shape| shape.read_only);
            if key == "metadata" || read_only {
                continue;
            }
            if let Some(value) = without_zeros(value) {
                clean.insert(key.clone(), value);
            }
        }
        if clean.is_empty() {
            continue;
        }
        check_item(field, &clean)?;
        derive(field, &mut clean, habits);
        let wanted = item.pointer("/metadata/sourcePrimary") == Some(&Value::Bool(true));
        kept.push((wanted, clean));
    }
    if kept.len() > 1 && SINGLETONS.contains(&field) {
        return Err(Refusal::invalid(format!(
            "person.{field} is a singleton field and must have at most one value for a contact source."
        )));
    }
    let primary = kept.iter().position(|(wanted, _)| *wanted).unwrap_or(0);
    Ok(kept
        .into_iter()
        .enumerate()
        .map(|(index, (_, mut clean))| {
            clean.insert(
                "metadata".to_owned(),
                item_metadata(source_id, index == primary),
            );
            Value::Object(clean)
        })
        .collect())
}

/// `FieldMetadata` of an item of the contact itself.
pub(crate) fn item_metadata(source_id: u64, primary: bool) -> Value {
    let source = json!({"type": "CONTACT", "id": format!("{source_id:x}")});
    if primary {
        json!({"primary": true, "source": source, "sourcePrimary": true})
    } else {
        json!({ "source": source })
    }
}

/// The whole contact's limits; `fields` as stored.
pub(crate) fn check_size(fields: &Map<String, Value>) -> Answer<()> {
    let values: usize = fields
        .values()
        .map(|list| list.as_array().map_or(0, Vec::len))
        .sum();
    if values > VALUES_LIMIT {
        return Err(Refusal::invalid(format!(
            "Contact has {values} fields, the limit is {VALUES_LIMIT}."
        )));
    }
    // Only a contact with many or long values can reach the limit; the others are not measured.
    let long = fields.contains_key("biographies") || values > 60;
    if long && serde_json::to_string(fields).map_or(0, |text| text.len()) > PERSON_LIMIT {
        return Err(Refusal::invalid("Contact is larger than 128 KB."));
    }
    Ok(())
}

/// proto3 JSON leaves out empty text, zero, false, null and empty lists.
fn without_zeros(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(list) => {
            let kept: Vec<_> = list.iter().filter_map(without_zeros).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::Object(entries) => {
            let kept: Map<_, _> = entries
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), without_zeros(value)?)))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Bool(true) | Value::Number(_) | Value::String(_) => Some(value.clone()),
    }
}

fn check_item(field: &str, item: &Map<String, Value>) -> Answer<()> {
    for (key, value) in item {
        if let Value::String(text) = value
            && field != "biographies"
            && text.len() > TEXT_LIMIT
            && text.chars().count() > TEXT_LIMIT
        {
            return Err(Refusal::invalid(format!(
                "person.{field}.{key} is longer than {TEXT_LIMIT} characters."
            )));
        }
        if matches!(key.as_str(), "date" | "startDate" | "endDate") && !date_is_possible(value) {
            return Err(Refusal::invalid(format!(
                "person.{field}.{key} is not a valid date: {value}"
            )));
        }
    }
    Ok(())
}

/// A full date, a month and day without a year, a year alone, or a year and month (`google.type.Date`).
fn date_is_possible(date: &Value) -> bool {
    let part = |name: &str| match date.get(name) {
        None => Some(0),
        Some(value) => value
            .as_i64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
            .and_then(|number| i16::try_from(number).ok()),
    };
    let (Some(year), Some(month), Some(day)) = (part("year"), part("month"), part("day")) else {
        return false;
    };
    if !(0..=9999).contains(&year) {
        return false;
    }
    if day == 0 {
        return year > 0 && (0..=12).contains(&month);
    }
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
        return false;
    };
    Date::new(if year == 0 { 2000 } else { year }, month, day).is_ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const HABITS: Habits = Habits {
        unstructured_wins: false,
        formatted_wins: true,
    };

    fn stored(field: &str, sent: &Value) -> Vec<Value> {
        items(field, Some(sent), 0xabc, HABITS).unwrap()
    }

    #[test]
    fn names_are_shown_from_their_parts() {
        let names = stored(
            "names",
            &json!([{"givenName":"Ada","familyName":"Byron","displayName":"ignored"}]),
        );
        assert_eq!(names[0]["displayName"], "Ada Byron");
        assert_eq!(names[0]["displayNameLastFirst"], "Byron, Ada");
        assert_eq!(names[0]["metadata"]["source"]["id"], "abc");
    }

    #[test]
    fn a_whole_name_alone_is_split() {
        let names = stored("names", &json!([{"unstructuredName":"Ada Mary Byron"}]));
        assert_eq!(names[0]["givenName"], "Ada Mary");
        assert_eq!(names[0]["familyName"], "Byron");
    }

    #[test]
    fn two_names_are_refused_and_two_addresses_are_not() {
        let two = json!([{"givenName":"A"},{"givenName":"B"}]);
        assert_eq!(items("names", Some(&two), 1, HABITS).unwrap_err().code, 400);
        assert_eq!(
            stored("emailAddresses", &json!([{"value":"a"},{"value":"b"}])).len(),
            2
        );
    }

    #[test]
    fn zeros_and_empty_items_vanish() {
        assert_eq!(
            stored("emailAddresses", &json!([{"value":""}])),
            Vec::<Value>::new()
        );
        let birthday = stored(
            "birthdays",
            &json!([{"date":{"year":0,"month":2,"day":29}}]),
        );
        assert_eq!(birthday[0]["date"], json!({"month":2,"day":29}));
        let bad = json!([{"date":{"year":2023,"month":2,"day":29}}]);
        assert!(items("birthdays", Some(&bad), 1, HABITS).is_err());
    }

    #[test]
    fn exactly_one_item_is_primary() {
        let list = stored(
            "phoneNumbers",
            &json!([{"value":"+49 30 1234567"},{"value":"030 12","metadata":{"sourcePrimary":true}}]),
        );
        assert_eq!(list[0]["canonicalForm"], "+49301234567");
        assert_eq!(list[0]["metadata"].get("primary"), None);
        assert_eq!(list[1]["metadata"]["primary"], true);
        assert_eq!(list[1].get("canonicalForm"), None);
    }

    #[test]
    fn a_text_of_1025_characters_is_refused_except_in_notes() {
        let long = "x".repeat(1025);
        assert!(items("nicknames", Some(&json!([{"value":long}])), 1, HABITS).is_err());
        assert_eq!(stored("biographies", &json!([{"value":long}])).len(), 1);
    }
}
