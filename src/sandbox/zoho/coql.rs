//! COQL queries on the data: what they may ask for, and their answers.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::coql_parse::{Condition, Joint, Query, Word, parse};
use super::criteria::{Column, Expr, Is, Lit, Test, compare, literal};
use super::errors::{Answer, Failure};
use super::render::describe_field;
use super::schema::Kind;
use super::store::{Gaps, Module, Record};
use super::{ZohoWorld, json_body};
use crate::sandbox::http::{Reply, Request};

/// The figures that a query must keep to.
struct Limits {
    rows: usize,
    reach: usize,
    columns: usize,
    values: usize,
}

fn invalid(details: Value) -> Failure {
    Failure::new(400, "INVALID_QUERY", "invalid query formed").with(details)
}

fn exceeded(clause: &str, limit: usize) -> Failure {
    Failure::new(400, "LIMIT_EXCEEDED", "limit exceeded")
        .with(json!({"clause": clause, "limit": limit}))
}

impl ZohoWorld {
    /// `POST /coql`.
    pub(super) fn coql(&self, request: &Request, gaps: Gaps) -> Answer {
        let body = json_body(request)?;
        let text = body
            .get("select_query")
            .and_then(Value::as_str)
            .ok_or_else(|| {
                Failure::new(400, "MANDATORY_NOT_FOUND", "required field not found")
                    .with(json!({"api_name": "select_query", "json_path": "$.select_query"}))
            })?;
        let query = parse(text)?;
        let limits = self.limits();
        check(&query, &limits)?;
        let module = self
            .modules
            .get(query.module.as_str())
            .ok_or_else(|| invalid(json!({"module": query.module, "clause": "from"})))?;
        if !module.rights.view {
            return Err(Failure::permission(&format!(
                "Crm_Implied_View_{}",
                module.name
            )));
        }
        let columns = selected(module, &query)?;
        let expr = self.condition(module, &query, &limits)?;
        let order = query
            .order
            .iter()
            .map(|(name, descends)| Ok((column(module, name, "order by")?, *descends)))
            .collect::<Result<Vec<_>, Failure>>()?;
        let found = module.matching(&expr, gaps);
        let wanted = query.limit + 1;
        let mut rows: Vec<(u64, &Record)> = match order.as_slice() {
            [] | [(Column::Id, false)] => found.skip(query.offset).take(wanted).collect(),
            [(Column::Id, true)] => found.rev().skip(query.offset).take(wanted).collect(),
            order => {
                let mut all: Vec<_> = found.collect();
                all.sort_by(|left, right| in_order(order, *left, *right));
                all.into_iter().skip(query.offset).take(wanted).collect()
            }
        };
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        if rows.is_empty() {
            return Ok(Reply::empty(204));
        }
        let data: Vec<Value> = rows
            .iter()
            .map(|(id, record)| self.row(module, &columns, *id, record))
            .collect();
        let mut answer = json!({"data": data, "info": {"count": rows.len(), "more_records": more}});
        let wants_fields = body
            .get("include_meta")
            .and_then(Value::as_array)
            .is_some_and(|list| list.iter().any(|name| name == "fields"));
        if wants_fields {
            let fields: Map<String, Value> = columns
                .iter()
                .filter_map(|name| module.field(name))
                .map(|field| (field.api_name.clone(), describe_field(field)))
                .collect();
            answer["fields"] = Value::Object(fields);
        }
        Ok(Reply::json(200, &answer))
    }

    fn limits(&self) -> Limits {
        if self.switches.coql_legacy_limits {
            Limits {
                rows: 200,
                reach: 10_000,
                columns: 50,
                values: 50,
            }
        } else {
            Limits {
                rows: 2000,
                reach: 100_000,
                columns: 500,
                values: 100,
            }
        }
    }

    /// The view and the where clause as one condition.
    fn condition(&self, module: &Module, query: &Query, limits: &Limits) -> Result<Expr, Failure> {
        let mut parts = vec![self.compiled(module, &query.condition, limits)?];
        if let Some(id) = &query.view {
            let refused = || invalid(json!({"cvid": id, "module": module.name, "clause": "from"}));
            let view = module
                .views
                .iter()
                .find(|view| view.id.to_string() == *id && view.in_coql())
                .ok_or_else(refused)?;
            parts.push(view.expr(module).map_err(|_| refused())?);
        }
        Ok(Expr::All(parts))
    }

    fn compiled(
        &self,
        module: &Module,
        condition: &Condition,
        limits: &Limits,
    ) -> Result<Expr, Failure> {
        match condition {
            Condition::Pair { both, left, right } => {
                let parts = vec![
                    self.compiled(module, left, limits)?,
                    self.compiled(module, right, limits)?,
                ];
                Ok(match both {
                    Joint::And => Expr::All(parts),
                    Joint::Or => Expr::Any(parts),
                })
            }
            Condition::Test {
                column: name,
                operator,
                values,
            } => {
                if values.len() > limits.values {
                    return Err(exceeded("in", limits.values));
                }
                let subject = column(module, name, "where")?;
                let refused = || {
                    invalid(
                        json!({"column_name": name, "operator": operator, "module": module.name, "clause": "where"}),
                    )
                };
                let encrypted = module.field(name).is_some_and(|field| field.encrypted);
                if encrypted && !operator.ends_with("null") {
                    return Err(refused());
                }
                let cased = self.switches.coql_case_sensitive;
                let words = values
                    .iter()
                    .map(|word| {
                        let (Word::Text(text) | Word::Bare(text)) = word;
                        let lit = literal(subject.kind(), &json!(text), cased)?;
                        // Text and times stand in quotes.
                        let bare = matches!(word, Word::Bare(_));
                        let needs_quotes =
                            matches!(lit, Lit::Text(_)) || subject.kind() == Kind::DateTime;
                        (!(bare && needs_quotes)).then_some(lit)
                    })
                    .collect::<Option<Vec<Lit>>>()
                    .ok_or_else(refused)?;
                let test = test(operator, words).ok_or_else(refused)?;
                Ok(Expr::Is(Is {
                    column: subject,
                    negated: operator.contains("not") || *operator == "!=",
                    test,
                    cased,
                }))
            }
        }
    }

    /// One row: the columns asked for, and the id.
    fn row(&self, module: &Module, columns: &[String], id: u64, record: &Record) -> Value {
        let mut row = Map::new();
        for name in columns {
            let value = if let Some((lookup, _)) = name.split_once('.') {
                let name = record
                    .fields
                    .get(lookup)
                    .and_then(|value| value.get("name"));
                name.cloned().unwrap_or(Value::Null)
            } else {
                let value = self.value(module, name, id, record);
                match value.get("id").cloned() {
                    Some(id) => json!({ "id": id }),
                    None => value,
                }
            };
            row.insert(name.clone(), value);
        }
        row.insert("id".to_owned(), json!(id.to_string()));
        Value::Object(row)
    }
}

fn test(operator: &str, words: Vec<Lit>) -> Option<Test> {
    let test = match (operator.trim_start_matches("not "), words.as_slice()) {
        ("is null" | "is not null", []) => Test::Null,
        ("=" | "!=" | "in", _) => Test::In(words.into_iter().collect()),
        (">", [bound]) => Test::Greater(bound.clone()),
        (">=", [bound]) => Test::AtLeast(bound.clone()),
        ("<", [bound]) => Test::Less(bound.clone()),
        ("<=", [bound]) => Test::AtMost(bound.clone()),
        ("between", [low, high]) => Test::Between(low.clone(), high.clone()),
        ("like", [Lit::Text(pattern)]) => Test::Like(
            pattern
                .to_lowercase()
                .split('%')
                .map(str::to_owned)
                .collect(),
        ),
        _ => return None,
    };
    Some(test)
}

fn check(query: &Query, limits: &Limits) -> Result<(), Failure> {
    if query.columns.len() > limits.columns {
        return Err(exceeded("select", limits.columns));
    }
    if query.criteria > 25 {
        return Err(exceeded("where", 25));
    }
    if query.order.len() > 10 {
        return Err(exceeded("order by", 10));
    }
    if query.limit > limits.rows {
        return Err(exceeded("limit", limits.rows));
    }
    if query.offset + query.limit > limits.reach {
        return Err(exceeded("offset", limits.reach));
    }
    let names: HashSet<&String> = query.columns.iter().collect();
    if names.len() < query.columns.len() {
        return Err(Failure::new(400, "DUPLICATE_DATA", "duplicate column")
            .with(json!({"clause": "select"})));
    }
    Ok(())
}

fn column(module: &Module, name: &str, clause: &str) -> Result<Column, Failure> {
    Column::of(module, name).ok_or_else(|| {
        invalid(json!({"column_name": name, "module": module.name, "clause": clause}))
    })
}

fn selected(module: &Module, query: &Query) -> Result<Vec<String>, Failure> {
    for name in &query.columns {
        column(module, name, "select")?;
    }
    let relations: HashSet<&str> = query
        .columns
        .iter()
        .filter_map(|name| name.split_once('.').map(|(lookup, _)| lookup))
        .collect();
    if relations.len() > 2 {
        return Err(exceeded("select", 2));
    }
    Ok(query.columns.clone())
}

fn in_order(
    order: &[(Column, bool)],
    (left_id, left): (u64, &Record),
    (right_id, right): (u64, &Record),
) -> Ordering {
    for (column, descends) in order {
        let sign = compare(column.cell(left_id, left), column.cell(right_id, right));
        let sign = if *descends { sign.reverse() } else { sign };
        if sign != Ordering::Equal {
            return sign;
        }
    }
    left_id.cmp(&right_id)
}
