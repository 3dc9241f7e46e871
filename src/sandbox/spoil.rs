//! Answers that come spoilt: the work is done, and what is said about it is not what was agreed.

use serde_json::{Map, Value, json};

use super::faults::{Fault, FaultKind};
use super::http::Reply;

/// Whether a fault leaves the work alone and spoils its answer only.
pub(super) fn spoils(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::BadJson
            | FaultKind::HugeBody
            | FaultKind::DeepJson
            | FaultKind::WrongTypes
            | FaultKind::DuplicateKeys
            | FaultKind::InvalidUtf8
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other kind of fault leaves the body alone"
)]
/// The answer as it is sent under a fault; the same when the fault is none of an answer's body.
pub(super) fn spoilt(mut reply: Reply, fault: &Fault) -> Reply {
    if fault.kind == FaultKind::HugeBody {
        return padded(reply, fault);
    }
    let body = match fault.kind {
        FaultKind::BadJson => Some(b"{\"connections\": [{\"resourceName\": ".to_vec()),
        FaultKind::DeepJson => Some(deep(fault)),
        FaultKind::InvalidUtf8 => Some(invalid_utf8(&reply.body)),
        FaultKind::WrongTypes => tree(&reply).map(|mut tree| {
            match fault.params.get("member").and_then(Value::as_str) {
                Some(member) => mistype(&mut tree, member),
                None => tree = mistyped(&tree),
            }
            tree.to_string().into_bytes()
        }),
        FaultKind::DuplicateKeys => tree(&reply).map(|tree| {
            let mut text = String::new();
            doubled(&tree, &mut text);
            text.into_bytes()
        }),
        _ => None,
    };
    reply.body = body.unwrap_or(reply.body);
    reply
}

fn tree(reply: &Reply) -> Option<Value> {
    serde_json::from_slice(&reply.body).ok()
}

fn padded(mut reply: Reply, fault: &Fault) -> Reply {
    let wanted = usize::try_from(fault.number("bytes", 64 << 20)).unwrap_or(usize::MAX);
    // Spaces after a JSON value are JSON still; a careless client reads them all.
    reply.body.resize(wanted.max(reply.body.len()), b' ');
    reply
}

/// Lists within lists, closed properly, as the value of every list that is read.
fn deep(fault: &Fault) -> Vec<u8> {
    let depth = usize::try_from(fault.number("depth", 100_000)).unwrap_or(usize::MAX);
    let nest = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    format!("{{\"connections\": {nest}, \"data\": {nest}, \"access_token\": {nest}}}").into_bytes()
}

/// The first text of the answer with bytes in it that no text has.
fn invalid_utf8(body: &[u8]) -> Vec<u8> {
    let mut spoilt = body.to_vec();
    let at = body
        .windows(2)
        .position(|pair| pair == b":\"")
        .map_or(spoilt.len(), |at| at + 2);
    spoilt.splice(at..at, [0xff, 0xfe, 0xc3, 0x28]);
    spoilt
}

/// Every value as one of another type: texts as numbers, numbers as texts, lists as objects, objects
/// as lists of their values.
fn mistyped(tree: &Value) -> Value {
    match tree {
        Value::Null => json!(0),
        Value::Bool(flag) => json!(flag.to_string()),
        Value::Number(number) => json!(number.to_string()),
        Value::String(_) => json!(7),
        Value::Array(items) => {
            let members = items.iter().enumerate();
            members
                .map(|(at, item)| (at.to_string(), mistyped(item)))
                .collect::<Map<_, _>>()
                .into()
        }
        // The outermost object stays one, so that it is looked into.
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let value = if let Value::Object(inner) = value {
                    inner.values().map(mistyped).collect()
                } else {
                    mistyped(value)
                };
                (name.clone(), value)
            })
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// The values of the members of one name, wherever they stand, as values of another type.
fn mistype(tree: &mut Value, member: &str) {
    match tree {
        Value::Object(members) => {
            for (name, value) in members {
                if name == member {
                    *value = mistyped(value);
                } else {
                    mistype(value, member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mistype(item, member)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The JSON text of a value whose every object has every member twice, first as null.
fn doubled(tree: &Value, text: &mut String) {
    match tree {
        Value::Object(members) => {
            text.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let name = Value::from(name.as_str());
                text.push_str(&format!("{comma}{name}:null,{name}:"));
                doubled(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                doubled(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&tree.to_string());
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn sent(kind: FaultKind, body: &str) -> Vec<u8> {
        let reply = Reply::json(200, &serde_json::from_str(body).unwrap());
        let params = json!({"depth": 3});
        spoilt(reply, &Fault { kind, params }).body
    }

    #[test]
    fn each_sort_spoils_the_body_in_its_own_way() {
        let body = r#"{"a":[{"b":"x","c":1}],"d":{"e":true}}"#;
        let text = |kind| String::from_utf8(sent(kind, body)).unwrap();
        assert_eq!(
            text(FaultKind::WrongTypes),
            r#"{"a":{"0":{"b":7,"c":"1"}},"d":["true"]}"#
        );
        assert_eq!(
            text(FaultKind::DuplicateKeys),
            r#"{"a":null,"a":[{"b":null,"b":"x","c":null,"c":1}],"d":null,"d":{"e":null,"e":true}}"#
        );
        assert!(text(FaultKind::DeepJson).starts_with(r#"{"connections": [[[]]],"#));
        assert!(String::from_utf8(sent(FaultKind::InvalidUtf8, body)).is_err());
        assert_eq!(text(FaultKind::Slow), body, "any other fault leaves it");
    }
}
