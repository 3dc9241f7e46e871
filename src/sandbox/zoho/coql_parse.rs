//! The grammar of COQL, as far as it is documented: select, from, where in pairs, order by, limit, offset.

use serde_json::json;

use super::errors::Failure;

/// A value in a query, as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Text(String),
    Bare(String),
}

/// A condition as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Test {
        column: String,
        operator: &'static str,
        values: Vec<Word>,
    },
    Pair {
        both: Joint,
        left: Box<Self>,
        right: Box<Self>,
    },
}

/// How two conditions are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    And,
    Or,
}

/// A query as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) columns: Vec<String>,
    pub(super) module: String,
    pub(super) view: Option<String>,
    pub(super) condition: Condition,
    /// Column and whether it descends.
    pub(super) order: Vec<(String, bool)>,
    pub(super) limit: usize,
    pub(super) offset: usize,
    pub(super) criteria: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

fn syntax(near: &str) -> Failure {
    Failure::new(
        400,
        "SYNTAX_ERROR",
        "error occurred while parsing the query",
    )
    .with(json!({"near": near}))
}

fn missing(clause: &str) -> Failure {
    Failure::new(400, "SYNTAX_ERROR", "missing clause").with(json!({"clause": clause}))
}

const SIGNS: [&str; 11] = ["!=", "<>", ">=", "<=", "=", ">", "<", "(", ")", ",", "#"];

fn tokens(text: &str) -> Result<Vec<Token>, Failure> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (value, after) = quoted(&rest[1..])?;
            out.push(Token::Text(value));
            rest = after.trim_start();
            continue;
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            out.push(Token::Sign(sign));
            rest = rest[sign.len()..].trim_start();
            continue;
        }
        let end = rest
            .find(|letter: char| !(letter.is_alphanumeric() || "_.:+-$".contains(letter)))
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(syntax(&rest.chars().take(20).collect::<String>()));
        }
        out.push(Token::Word(rest[..end].to_owned()));
        rest = rest[end..].trim_start();
    }
    Ok(out)
}

/// The text up to the closing quote, with `\'` and `\\` undone, and what follows.
fn quoted(text: &str) -> Result<(String, &str), Failure> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\'' => return Ok((value, &text[at + 1..])),
            '\\' => match letters.next() {
                Some((_, next @ ('\'' | '\\'))) => value.push(next),
                Some((_, next)) => value.extend(['\\', next]),
                None => return Err(syntax("\\")),
            },
            letter => value.push(letter),
        }
    }
    Err(syntax("'"))
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    criteria: usize,
}

impl Parser {
    fn keyword(&mut self, word: &str) -> bool {
        let here = matches!(self.tokens.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        if here {
            self.tokens.next();
        }
        here
    }

    fn sign(&mut self, sign: &str) -> bool {
        let here = matches!(self.tokens.peek(), Some(Token::Sign(next)) if *next == sign);
        if here {
            self.tokens.next();
        }
        here
    }

    fn wrong(&mut self) -> Failure {
        match self.tokens.peek() {
            Some(Token::Word(word) | Token::Text(word)) => syntax(word),
            Some(Token::Sign(sign)) => syntax(sign),
            None => syntax("end of query"),
        }
    }

    fn word(&mut self) -> Result<String, Failure> {
        if let Some(Token::Word(_)) = self.tokens.peek()
            && let Some(Token::Word(word)) = self.tokens.next()
        {
            return Ok(word);
        }
        Err(self.wrong())
    }

    fn number(&mut self) -> Result<usize, Failure> {
        let word = self.word()?;
        word.parse().map_err(|_| syntax(&word))
    }

    fn value(&mut self) -> Result<Word, Failure> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(Word::Text(text)),
            Some(Token::Word(word)) if !word.eq_ignore_ascii_case("null") => Ok(Word::Bare(word)),
            Some(Token::Word(word)) => Err(syntax(&word)),
            Some(Token::Sign(sign)) => Err(syntax(sign)),
            None => Err(syntax("end of query")),
        }
    }

    /// One criterion, or two joined; more need brackets.
    fn pair(&mut self) -> Result<Condition, Failure> {
        let left = self.operand()?;
        let both = if self.keyword("and") {
            Joint::And
        } else if self.keyword("or") {
            Joint::Or
        } else {
            return Ok(left);
        };
        let right = self.operand()?;
        if self.keyword("and") || self.keyword("or") {
            return Err(syntax("criteria must be grouped in pairs by brackets"));
        }
        Ok(Condition::Pair {
            both,
            left: Box::new(left),
            right: Box::new(right),
        })
    }

    fn operand(&mut self) -> Result<Condition, Failure> {
        if self.sign("(") {
            let inner = self.pair()?;
            if !self.sign(")") {
                return Err(self.wrong());
            }
            return Ok(inner);
        }
        self.criteria += 1;
        let column = self.word()?;
        let mut values = Vec::new();
        let operator = if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("null") {
                return Err(self.wrong());
            }
            if negated { "is not null" } else { "is null" }
        } else {
            let negated = self.keyword("not");
            if self.keyword("in") {
                self.list(&mut values)?;
                if negated { "not in" } else { "in" }
            } else if self.keyword("like") {
                values.push(self.value()?);
                if negated { "not like" } else { "like" }
            } else if self.keyword("between") {
                values.push(self.value()?);
                if !self.keyword("and") {
                    return Err(self.wrong());
                }
                values.push(self.value()?);
                if negated { "not between" } else { "between" }
            } else {
                let sign = ["!=", "<>", ">=", "<=", "=", ">", "<"]
                    .into_iter()
                    .find(|sign| !negated && self.sign(sign));
                let sign = sign.ok_or_else(|| self.wrong())?;
                values.push(self.value()?);
                if sign == "<>" { "!=" } else { sign }
            }
        };
        Ok(Condition::Test {
            column,
            operator,
            values,
        })
    }

    fn list(&mut self, values: &mut Vec<Word>) -> Result<(), Failure> {
        if !self.sign("(") {
            return Err(self.wrong());
        }
        loop {
            values.push(self.value()?);
            if self.sign(")") {
                return Ok(());
            }
            if !self.sign(",") {
                return Err(self.wrong());
            }
        }
    }
}

/// Reads a query.
pub(super) fn parse(text: &str) -> Result<Query, Failure> {
    let text = text.trim().trim_end_matches(';');
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        criteria: 0,
    };
    if !parser.keyword("select") {
        return Err(missing("select"));
    }
    let mut columns = vec![parser.word()?];
    while parser.sign(",") {
        columns.push(parser.word()?);
    }
    if !parser.keyword("from") {
        return Err(missing("from"));
    }
    let module = parser.word()?;
    let view = if parser.sign("#") {
        Some(parser.word()?)
    } else {
        None
    };
    if !parser.keyword("where") {
        return Err(missing("where"));
    }
    let condition = parser.pair()?;
    let mut order = Vec::new();
    if parser.keyword("order") {
        if !parser.keyword("by") {
            return Err(parser.wrong());
        }
        loop {
            let column = parser.word()?;
            let descends = parser.keyword("desc");
            if !descends {
                parser.keyword("asc");
            }
            order.push((column, descends));
            if !parser.sign(",") {
                break;
            }
        }
    }
    let (mut limit, mut offset) = (200, 0);
    if parser.keyword("limit") {
        limit = parser.number()?;
        if parser.sign(",") {
            (offset, limit) = (limit, parser.number()?);
        }
    }
    if parser.keyword("offset") {
        offset = parser.number()?;
    }
    if parser.tokens.peek().is_some() {
        return Err(parser.wrong());
    }
    Ok(Query {
        columns,
        module,
        view,
        condition,
        order,
        limit,
        offset,
        criteria: parser.criteria,
    })
}

/// The limit that a query asks for, 200 when it cannot be read.
pub(super) fn limit_of(text: &str) -> usize {
    parse(text).map_or(200, |query| query.limit)
}
