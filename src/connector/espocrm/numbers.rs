//! The lists of phone numbers and addresses of a record: one entry is changed, its siblings stay.
//!
//! EspoCRM keeps a number once per record and its type once per installation: two entries of one
//! record cannot have the same number.

use serde_json::{Value, json};

use super::gear::Place;
use super::wire::Row;
use crate::mapping::canon;

/// A list of entries as the API sends it; nothing when it was not told.
pub(super) fn entries(row: &Row, name: &str) -> Option<Vec<Row>> {
    let entries = row.get(name)?.as_array()?;
    Some(
        entries
            .iter()
            .filter_map(Value::as_object)
            .cloned()
            .collect(),
    )
}

/// The number in a place; nothing when there is none.
#[cfg(test)]
pub(super) fn number<'a>(entries: &'a [Row], place: &Place) -> Option<&'a str> {
    entry(entries, place)?.get("phoneNumber")?.as_str()
}

/// The entry in a place; nothing when there is none.
pub(super) fn entry<'a>(entries: &'a [Row], place: &Place) -> Option<&'a Row> {
    entries.get(position(entries, place)?)
}

/// Puts a number into its place, or takes the place's number away.
pub(super) fn put_number(entries: &mut Vec<Row>, place: &Place, number: Option<&str>) {
    match (position(entries, place), number) {
        (Some(at), Some(number)) => replace(&mut entries[at], "phoneNumber", number),
        (Some(at), None) => take_out(entries, at),
        (None, Some(number)) => {
            let mut entry = Row::new();
            entry.insert("phoneNumber".to_owned(), json!(number));
            if let Place::PhoneOf(kind) = place {
                entry.insert("type".to_owned(), json!(kind));
            }
            entry.insert("primary".to_owned(), json!(entries.is_empty()));
            entries.push(entry);
        }
        (None, None) => {}
    }
}

/// Whether two entries have the same number.
pub(super) fn clash(entries: &[Row], region: Option<&str>) -> bool {
    let mut numbers: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.get("phoneNumber")?.as_str())
        .map(|number| canon::phone(number, region))
        .collect();
    numbers.sort();
    numbers.windows(2).any(|pair| pair[0] == pair[1])
}

/// Puts the first address in place of the old one. An address that the record has already as a
/// further one becomes the first.
pub(super) fn put_address(entries: &mut Vec<Row>, address: Option<&str>) {
    let first = first(entries);
    let Some(address) = address else {
        if let Some(at) = first {
            take_out(entries, at);
        }
        return;
    };
    let key = canon::email(address);
    let same = |entry: &Row| {
        let theirs = entry.get("emailAddress").and_then(Value::as_str);
        key.is_some() && theirs.and_then(canon::email) == key
    };
    let sibling = entries
        .iter()
        .position(same)
        .filter(|at| Some(*at) != first);
    match (first, sibling) {
        (first, Some(sibling)) => {
            entries[sibling].insert("primary".to_owned(), json!(true));
            if let Some(at) = first {
                entries.remove(at);
            }
        }
        (Some(at), None) => {
            entries[at].remove("lower");
            replace(&mut entries[at], "emailAddress", address);
        }
        (None, None) => {
            let mut entry = Row::new();
            entry.insert("emailAddress".to_owned(), json!(address));
            entry.insert("primary".to_owned(), json!(true));
            entries.push(entry);
        }
    }
}

/// Whether the record has the address, the first or a further one.
pub(super) fn has_address(row: &Row, key: &str) -> bool {
    entries(row, "emailAddressData").is_some_and(|entries| {
        entries.iter().any(|entry| {
            let address = entry.get("emailAddress").and_then(Value::as_str);
            address
                .and_then(canon::email)
                .is_some_and(|other| other.as_str() == key)
        })
    })
}

/// A new value in an entry; that the old one was found dead says nothing of it.
fn replace(entry: &mut Row, name: &str, value: &str) {
    entry.insert(name.to_owned(), json!(value));
    if entry.contains_key("invalid") {
        entry.insert("invalid".to_owned(), json!(false));
    }
}

/// Takes an entry out; the next one becomes the first.
fn take_out(entries: &mut Vec<Row>, at: usize) {
    let taken = entries.remove(at);
    if is_first(&taken)
        && let Some(next) = entries.first_mut()
    {
        next.insert("primary".to_owned(), json!(true));
    }
}

fn position(entries: &[Row], place: &Place) -> Option<usize> {
    match place {
        Place::PhoneOf(kind) => entries
            .iter()
            .position(|entry| entry.get("type").and_then(Value::as_str) == Some(kind)),
        Place::Phone => first(entries),
        Place::Attribute(_) | Place::Email => None,
    }
}

fn first(entries: &[Row]) -> Option<usize> {
    let marked = entries.iter().position(is_first);
    marked.or_else(|| (!entries.is_empty()).then_some(0))
}

fn is_first(entry: &Row) -> bool {
    entry.get("primary").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn of(kind: &str) -> Place {
        Place::PhoneOf(kind.to_owned())
    }

    fn phones() -> Vec<Row> {
        let row = json!({"phoneNumberData": [
            {"phoneNumber": "+49301", "type": "Office", "primary": true, "optOut": true, "invalid": true},
            {"phoneNumber": "+49302", "type": "Mobile", "primary": false},
            {"phoneNumber": "+49303", "type": "Mobile", "primary": false},
        ]});
        entries(row.as_object().unwrap(), "phoneNumberData").unwrap()
    }

    fn numbers(entries: &[Row]) -> Vec<&str> {
        entries
            .iter()
            .map(|entry| entry["phoneNumber"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn one_number_changes_and_its_siblings_stay() {
        let mut all = phones();
        put_number(&mut all, &of("Mobile"), Some("+49309"));
        assert_eq!(numbers(&all), ["+49301", "+49309", "+49303"]);
        assert_eq!(all[0], phones()[0]);
        put_number(&mut all, &of("Fax"), Some("+49304"));
        assert_eq!(number(&all, &of("Fax")), Some("+49304"));
        assert_eq!(all[3]["primary"], json!(false));
    }

    #[test]
    fn an_entry_without_its_number_is_there_and_has_none() {
        let row = json!({"phoneNumberData": [{"type": "Home", "primary": true}, "nonsense"]});
        let mut all = entries(row.as_object().unwrap(), "phoneNumberData").unwrap();
        assert!(entry(&all, &of("Home")).is_some());
        assert_eq!(number(&all, &of("Home")), None);
        put_number(&mut all, &of("Home"), Some("+49301"));
        assert_eq!(number(&all, &of("Home")), Some("+49301"));
    }

    #[test]
    fn a_new_number_is_not_taken_for_dead() {
        let mut all = phones();
        put_number(&mut all, &of("Office"), Some("+49305"));
        assert_eq!(all[0]["invalid"], json!(false));
        assert_eq!(
            all[0]["optOut"],
            json!(true),
            "the wish not to be called stays"
        );
    }

    #[test]
    fn when_the_first_goes_the_next_is_first() {
        let mut all = phones();
        put_number(&mut all, &of("Office"), None);
        assert_eq!(numbers(&all), ["+49302", "+49303"]);
        assert_eq!(number(&all, &Place::Phone), Some("+49302"));
        assert_eq!(all[0]["primary"], json!(true));
        put_number(&mut all, &of("Home"), None);
        assert_eq!(all.len(), 2, "nothing to take away");
    }

    #[test]
    fn two_entries_cannot_have_one_number() {
        let mut all = phones();
        assert!(!clash(&all, None));
        put_number(&mut all, &of("Home"), Some("+49 30 1"));
        assert!(clash(&all, None));
    }

    #[test]
    fn the_first_address_changes_and_further_ones_stay() {
        let row = json!({"emailAddressData": [
            {"emailAddress": "a@example.com", "lower": "a@example.com", "primary": true},
            {"emailAddress": "B@example.com", "lower": "b@example.com", "primary": false},
        ]});
        let row = row.as_object().unwrap();
        assert!(has_address(row, "b@example.com") && !has_address(row, "c@example.com"));
        let before = entries(row, "emailAddressData").unwrap();
        let mut all = before.clone();
        put_address(&mut all, Some("c@example.com"));
        assert_eq!(all[0]["emailAddress"], json!("c@example.com"));
        assert!(!all[0].contains_key("lower"));
        assert_eq!(all[1], before[1]);
        put_address(&mut all, Some("b@example.com"));
        assert_eq!(all.len(), 1);
        assert_eq!(all[0]["primary"], json!(true));
        put_address(&mut all, None);
        assert!(all.is_empty());
    }
}
