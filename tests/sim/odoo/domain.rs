//! Domains: conditions in prefix notation.

use serde_json::Value;

use super::{Partner, Raised, World, fields, raised, store};

/// Whether a partner meets a domain.
pub(super) fn meets(
    world: &World,
    id: i64,
    partner: &Partner,
    domain: &Value,
) -> Result<bool, Raised> {
    let terms = domain.as_array().ok_or_else(|| malformed(domain))?;
    let mut stack: Vec<bool> = Vec::new();
    for term in terms.iter().rev() {
        let wrong = || malformed(domain);
        if let Some(leaf) = term.as_array().filter(|leaf| leaf.len() == 3) {
            stack.push(holds(world, id, partner, leaf)?);
            continue;
        }
        let one = stack.pop().ok_or_else(wrong)?;
        let value = match term.as_str() {
            Some("!") => !one,
            Some("&") => stack.pop().ok_or_else(wrong)? && one,
            Some("|") => stack.pop().ok_or_else(wrong)? || one,
            Some(_) | None => return Err(wrong()),
        };
        stack.push(value);
    }
    Ok(stack.into_iter().all(|value| value))
}

/// Every field that a domain names has to be there, whoever is searched.
pub(super) fn check(world: &World, domain: &Value) -> Result<(), Raised> {
    let defs = fields::all(world);
    let terms = domain.as_array().map_or(&[][..], Vec::as_slice);
    let named = terms.iter().filter_map(|term| term[0].as_str());
    match named.into_iter().find(|name| !defs.contains_key(*name)) {
        Some(unknown) => Err(store::no_field(unknown)),
        None => Ok(()),
    }
}

/// Whether a domain says anything of a field.
pub(super) fn mentions(domain: &Value, field: &str) -> bool {
    let terms = domain.as_array().map_or(&[][..], Vec::as_slice);
    terms.iter().any(|term| term[0] == field)
}

fn malformed(domain: &Value) -> Raised {
    raised("builtins.ValueError", &format!("Malformed domain {domain}"))
}

fn holds(world: &World, id: i64, partner: &Partner, leaf: &[Value]) -> Result<bool, Raised> {
    let (field, operator, value) = (&leaf[0], leaf[1].as_str().unwrap_or_default(), &leaf[2]);
    if *field == 1 || *field == 0 {
        return Ok(*field == *value);
    }
    let field = field.as_str().unwrap_or_default();
    let own = match field {
        "id" => Value::from(id),
        "write_date" | "create_date" => {
            let micros = if field == "write_date" {
                partner.written
            } else {
                partner.created
            };
            return Ok(later(world, micros, operator, value));
        }
        field => partner
            .values
            .get(field)
            .cloned()
            .unwrap_or(Value::Bool(false)),
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    let one_of = |value: &Value| match (value, &own) {
        (Value::Array(all), Value::Array(own)) => own.iter().any(|each| all.contains(each)),
        (Value::Array(all), own) => all.contains(own),
        (value, Value::Array(own)) => own.contains(value),
        (value, own) => value == own,
    };
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);
    Ok(match operator {
        "=" | "in" => one_of(value),
        "!=" | "not in" => !one_of(value),
        "=ilike" => text(&own) == text(value),
        "ilike" => like(&text(&own), &text(value)),
        "not ilike" => !like(&text(&own), &text(value)),
        ">" => number(&own) > number(value),
        ">=" => number(&own) >= number(value),
        "<" => number(&own) < number(value),
        "<=" => number(&own) <= number(value),
        _ => return Err(malformed(&Value::from(leaf.to_vec()))),
    })
}

/// Version 18 compares microseconds, version 19 whole seconds.
fn later(world: &World, micros: i64, operator: &str, value: &Value) -> bool {
    let civil: jiff::civil::DateTime = value.as_str().unwrap().parse().unwrap();
    let stamp = civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let asked = stamp.as_microsecond();
    let own = if world.version >= 19 {
        micros - micros.rem_euclid(1_000_000)
    } else {
        micros
    };
    match operator {
        ">" => own > asked,
        ">=" => own >= asked,
        "<" => own < asked,
        "<=" => own <= asked,
        "=" => own == asked,
        other => panic!("{other} on a time"),
    }
}

/// SQL's `LIKE '%pattern%'`: `_` stands for any character, `%` for any number, a backslash takes that away.
fn like(text: &str, pattern: &str) -> bool {
    let mut letters = Vec::new();
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        letters.push(match sign {
            '\\' => signs.next(),
            '_' => None,
            '%' => panic!("a pattern that no address has"),
            sign => Some(sign),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let fits = |part: &[char]| {
        part.iter()
            .zip(&letters)
            .all(|(own, sign)| sign.is_none_or(|sign| sign == *own))
    };
    letters.is_empty() || text.windows(letters.len()).any(fits)
}
