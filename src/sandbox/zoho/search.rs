//! Search and Count: loose comparison, and an index that lags behind writes.

use serde_json::{Value, json};

use super::ZohoWorld;
use super::criteria::{Column, Expr, Is, Test, digits, literal, loosened};
use super::errors::{Answer, Failure};
use super::schema::Kind;
use super::store::{Gaps, Module, Record};
use crate::sandbox::http::{Reply, Request};

/// Records within reach of Search.
const REACH: usize = 2000;

impl ZohoWorld {
    /// `GET /{module}/search`.
    pub(super) fn search(&self, name: &str, request: &Request, now: i64) -> Answer {
        let module = self.readable(name)?;
        let expr = asked(module, request)?.ok_or_else(|| Failure::missing_param("criteria"))?;
        let page = self.small_page(request)?;
        if page.skip + page.size > REACH {
            return Err(Failure::limit(REACH, "page"));
        }
        let found = indexed(module, &expr, now);
        let names: Option<Vec<String>> = request
            .param("fields")
            .map(|text| text.split(',').map(|name| name.trim().to_owned()).collect());
        let data: Vec<Value> = found
            .iter()
            .skip(page.skip)
            .take(page.size)
            .map(|(id, record)| self.record(module, *id, record, names.as_deref()))
            .collect();
        if data.is_empty() {
            return Ok(Reply::empty(204));
        }
        let info = json!({
            "per_page": page.size, "count": data.len(), "page": page.number,
            "sort_by": "id", "sort_order": "desc",
            "more_records": found.len() > page.skip + data.len(),
        });
        Ok(Reply::json(200, &json!({"data": data, "info": info})))
    }

    /// `GET /{module}/actions/count`.
    pub(super) fn count(&self, name: &str, request: &Request, now: i64) -> Answer {
        let module = self.readable(name)?;
        let asked = asked(module, request)?;
        let count = match (request.param("cvid"), asked) {
            (Some(_), Some(_)) => return Err(Failure::ambiguous("cvid", "criteria")),
            (Some(id), None) => {
                let view = module.views.iter().find(|view| view.id.to_string() == id);
                let expr = view
                    .and_then(|view| view.expr(module).ok())
                    .ok_or_else(|| Failure::invalid_param("cvid"))?;
                module.matching(&expr, Gaps::default()).count()
            }
            (None, Some(expr)) => indexed(module, &expr, now).len(),
            (None, None) => module.matching(&Expr::always(), Gaps::default()).count(),
        };
        Ok(Reply::json(200, &json!({ "count": count })))
    }
}

/// What the index holds and meets the condition, the newest id first.
fn indexed<'a>(module: &'a Module, expr: &Expr, now: i64) -> Vec<(u64, &'a Record)> {
    let mut found = Vec::new();
    for (id, record) in module.records.iter().rev() {
        let seen = match &record.indexed {
            Some((until, earlier)) if *until > now => match earlier {
                None => false,
                Some(fields) => {
                    let before = Record {
                        fields: fields.clone(),
                        ..record.clone()
                    };
                    expr.holds(*id, &before)
                }
            },
            _ => expr.holds(*id, record),
        };
        if seen && !record.hidden {
            found.push((*id, record));
        }
    }
    found
}

/// What a search asks for: `criteria`, `email`, `phone` or `word`, in this precedence.
fn asked(module: &Module, request: &Request) -> Result<Option<Expr>, Failure> {
    let anywhere = |kinds: &[Kind], test: &Test| {
        Expr::Any(
            module
                .fields
                .iter()
                .filter(|field| !field.hidden && !field.encrypted && kinds.contains(&field.kind))
                .map(|field| {
                    Expr::Is(Is {
                        column: Column::Field(field.api_name.clone(), field.kind),
                        test: test.clone(),
                        negated: false,
                        cased: false,
                    })
                })
                .collect(),
        )
    };
    let loose = |name: &str, text: &str| {
        let part = loosened(text);
        if part.len() < 2 {
            return Err(Failure::invalid_param(name));
        }
        Ok(Test::Loose(part))
    };
    if let Some(text) = request.param("criteria") {
        let (expr, rest) = criteria(module, text.trim())?;
        if !rest.is_empty() {
            return Err(Failure::invalid_param("criteria"));
        }
        return Ok(Some(expr));
    }
    if let Some(text) = request.param("email") {
        return Ok(Some(anywhere(&[Kind::Email], &loose("email", text)?)));
    }
    if let Some(text) = request.param("phone") {
        let part = digits(text);
        if part.len() < 2 {
            return Err(Failure::invalid_param("phone"));
        }
        return Ok(Some(anywhere(&[Kind::Phone], &Test::Digits(part))));
    }
    if let Some(text) = request.param("word") {
        let kinds = [Kind::Text, Kind::Textarea, Kind::Email, Kind::Phone];
        return Ok(Some(anywhere(&kinds, &loose("word", text)?)));
    }
    Ok(None)
}

/// Reads `(field:operator:value)`, or such joined by `and` and `or` within brackets; and what follows.
fn criteria<'t>(module: &Module, text: &'t str) -> Result<(Expr, &'t str), Failure> {
    let wrong = || Failure::invalid_param("criteria");
    let inner = text.strip_prefix('(').ok_or_else(wrong)?;
    if !inner.starts_with('(') {
        let end = closing(inner).ok_or_else(wrong)?;
        return Ok((one(module, &inner[..end])?, inner[end + 1..].trim_start()));
    }
    let (first, mut rest) = criteria(module, inner)?;
    let (mut all, mut any) = (vec![first], Vec::new());
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            if !any.is_empty() {
                any.push(Expr::All(std::mem::take(&mut all)));
                return Ok((Expr::Any(any), after.trim_start()));
            }
            return Ok((Expr::All(all), after.trim_start()));
        }
        let joined = rest.get(..3).map(str::to_lowercase);
        if joined.as_deref() == Some("and") {
            rest = rest[3..].trim_start();
        } else if rest
            .get(..2)
            .is_some_and(|word| word.eq_ignore_ascii_case("or"))
        {
            any.push(Expr::All(std::mem::take(&mut all)));
            rest = rest[2..].trim_start();
        } else {
            return Err(wrong());
        }
        let (next, after) = criteria(module, rest)?;
        all.push(next);
        rest = after;
    }
}

/// Where a test's closing bracket stands; brackets and commas in values are escaped by a backslash.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, letter)| {
        let here = letter == ')' && !escaped;
        escaped = letter == '\\' && !escaped;
        here.then_some(at)
    })
}

fn one(module: &Module, clause: &str) -> Result<Expr, Failure> {
    let wrong = || Failure::invalid_param("criteria");
    let mut parts = clause.splitn(3, ':');
    let (Some(name), Some(operator), Some(value)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    let column = Column::of(module, name).ok_or_else(wrong)?;
    let value = value.replace('\\', "");
    let kind = column.kind();
    let lit = |word: &str| literal(kind, &json!(word), false).ok_or_else(wrong);
    let is_text = kind.is_text() && kind != Kind::Date;
    let test = match operator {
        "equals" | "not_equal" if is_text => Test::Loose(loosened(&value)),
        "equals" | "not_equal" => Test::In([lit(&value)?].into()),
        "starts_with" => Test::Like(vec![value.to_lowercase(), String::new()]),
        "in" => Test::In(value.split(',').map(lit).collect::<Result<_, _>>()?),
        "greater_than" => Test::Greater(lit(&value)?),
        "greater_equal" => Test::AtLeast(lit(&value)?),
        "less_than" => Test::Less(lit(&value)?),
        "less_equal" => Test::AtMost(lit(&value)?),
        "between" => {
            let (low, high) = value.split_once(',').ok_or_else(wrong)?;
            Test::Between(lit(low)?, lit(high)?)
        }
        _ => return Err(wrong()),
    };
    Ok(Expr::Is(Is {
        column,
        test,
        negated: operator == "not_equal",
        cased: false,
    }))
}
