//! `--redact`: addresses, names and every other value of a contact leave the program as hashes, so
//! that its output can go into a bug report.
//!
//! One value always has the same hash on one installation, so that whoever reads the report can tell
//! who is whom. A random salt beside the state file goes into it, so that nobody else can find out a
//! value by hashing guesses. Identifiers of records stay.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Global;
use super::paths::Paths;
use crate::mapping::canon;

/// The domain of redacted addresses; it exists nowhere (RFC 2606).
const DOMAIN: &str = "redacted.invalid";

static REDACTOR: OnceLock<Redactor> = OnceLock::new();

/// Turns values into hashes.
#[derive(Debug)]
struct Redactor {
    salt: Vec<u8>,
    /// The user's home directory, whose name often is the user's.
    home: Option<String>,
}

/// Switches redaction on for the rest of the program, if it is asked for. Where the salt cannot be
/// kept, one for this call is used; the reason why hashes then differ from call to call is returned.
pub(super) fn start(global: &Global) -> Option<String> {
    if !global.redact {
        return None;
    }
    let dir = Paths::find(global)
        .ok()
        .and_then(|paths| paths.state.parent().map(Path::to_owned))
        .unwrap_or_default();
    let (salt, trouble) = match kept_salt(&dir) {
        Ok(salt) => (salt, None),
        Err(fault) => {
            let why = format!(
                "hashes are good for this call only: {}: {fault}",
                dir.display()
            );
            (rand::random::<[u8; 32]>().to_vec(), Some(why))
        }
    };
    let home = std::env::var("HOME").ok();
    let home = home
        .map(|home| home.trim_end_matches('/').to_owned())
        .filter(|home| !home.is_empty());
    REDACTOR.set(Redactor { salt, home }).ok();
    trouble
}

/// The salt of this installation, made when there is none.
fn kept_salt(dir: &Path) -> std::io::Result<Vec<u8>> {
    let path = dir.join("redact.salt");
    match std::fs::read(&path) {
        Ok(salt) if salt.len() >= 32 => return Ok(salt),
        Ok(_) => {}
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
        Err(fault) => return Err(fault),
    }
    if !dir.exists() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)?;
    }
    // Mode 0600 and put in place in one step; a salt that another call made meanwhile is kept.
    let mut aside = tempfile::NamedTempFile::new_in(dir)?;
    aside.write_all(&rand::random::<[u8; 32]>())?;
    aside.as_file().sync_all()?;
    match aside.persist_noclobber(&path) {
        Ok(_) => {}
        Err(fault) if fault.error.kind() == std::io::ErrorKind::AlreadyExists => {
            let short = std::fs::read(&path)?.len() < 32;
            if short {
                fault.file.persist(&path).map_err(|fault| fault.error)?;
            }
        }
        Err(fault) => return Err(fault.error),
    }
    std::fs::read(path)
}

/// A text as it may leave the program: without addresses and without the home directory's name.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    match REDACTOR.get() {
        Some(redactor) => Cow::Owned(redactor.text(text)),
        None => Cow::Borrowed(text),
    }
}

/// An answer as it may leave the program: JSON member by member, anything else as [`text`].
pub(super) fn answer(answer: &str) -> Cow<'_, str> {
    let Some(redactor) = REDACTOR.get() else {
        return Cow::Borrowed(answer);
    };
    match serde_json::from_str::<Value>(answer) {
        Ok(mut tree @ Value::Object(_)) => {
            redactor.tree(&mut tree, "");
            Cow::Owned(tree.to_string())
        }
        Ok(_) | Err(_) => Cow::Owned(redactor.text(answer)),
    }
}

/// A sentence of a report as it may leave the program: what stands in quotes is a value.
pub(super) fn sentence(text: &str) -> Cow<'_, str> {
    match REDACTOR.get() {
        Some(redactor) => Cow::Owned(redactor.sentence(text)),
        None => Cow::Borrowed(text),
    }
}

/// A value of a contact as it may leave the program.
pub(super) fn value(value: &str) -> Cow<'_, str> {
    match REDACTOR.get() {
        Some(redactor) => Cow::Owned(redactor.value(value)),
        None => Cow::Borrowed(value),
    }
}

impl Redactor {
    fn hash(&self, what: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(&self.salt);
        digest.update(what.as_bytes());
        let bytes = digest.finalize();
        bytes
            .iter()
            .take(4)
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    fn address(&self, address: &str) -> String {
        let key =
            canon::email(address).map_or_else(|| address.to_lowercase(), |key| key.to_string());
        format!("x-{}@{DOMAIN}", self.hash(&key))
    }

    fn value(&self, value: &str) -> String {
        match canon::email(value) {
            _ if value.trim().is_empty() || is_redacted(value) => value.to_owned(),
            Some(_) => self.address(value),
            None => format!("[redacted-{}]", self.hash(&canon::text(value))),
        }
    }

    fn text(&self, text: &str) -> String {
        let text = match &self.home {
            Some(home) => Cow::Owned(text.replace(home.as_str(), "~")),
            None => Cow::Borrowed(text),
        };
        let mut out = String::with_capacity(text.len());
        let mut rest: &str = &text;
        while let Some(at) = rest.find('@') {
            let start = local_start(rest, at);
            let end = domain_end(rest, at + 1);
            if start == at || end == at + 1 || is_redacted(&rest[start..end]) {
                let next = end.max(at + 1);
                out.push_str(&rest[..next]);
                rest = &rest[next..];
                continue;
            }
            out.push_str(&rest[..start]);
            out.push_str(&self.address(&rest[start..end]));
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    fn sentence(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, quoted)) = rest.split_once('"') {
            let mut escaped = false;
            let end = quoted.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            // An open quote hides all that follows.
            let end = end.unwrap_or(quoted.len());
            out.push_str(before);
            out.push_str(&format!("\"{}\"", self.value(&quoted[..end])));
            rest = quoted.get(end + 1..).unwrap_or_default();
        }
        out.push_str(rest);
        self.text(&out)
    }

    /// Redacts what a report, a status or a plan says, by the names of its members.
    fn tree(&self, tree: &mut Value, name: &str) {
        match tree {
            Value::String(text) => {
                *text = match name {
                    "from" | "to" => self.value(text),
                    "reason" | "note" | "text" => self.sentence(text),
                    _ => self.text(text),
                };
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.tree(item, name)),
            Value::Object(members) => {
                let values = matches!(name, "values" | "base") || members.contains_key("winner");
                for (member, value) in members.iter_mut() {
                    if let Value::String(text) = value
                        && values
                        && matches!(member.as_str(), "google" | "crm")
                    {
                        *text = self.value(text);
                    } else {
                        self.tree(value, member);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn is_redacted(text: &str) -> bool {
    text.ends_with(DOMAIN) || (text.starts_with("[redacted-") && text.ends_with(']'))
}

/// Where the local part before the `@` begins.
fn local_start(text: &str, at: usize) -> usize {
    let fits = |c: char| c.is_alphanumeric() || !c.is_ascii() || ".!#$%&'*+/=?^_{|}~-".contains(c);
    let mut start = at;
    for (index, letter) in text[..at].char_indices().rev() {
        if !fits(letter) {
            break;
        }
        start = index;
    }
    // What stands before a letter or digit is punctuation of the sentence.
    let own = text[start..at].find(|c: char| c.is_alphanumeric() || !c.is_ascii());
    own.map_or(at, |skip| start + skip)
}

/// Where the domain behind the `@` ends.
fn domain_end(text: &str, from: usize) -> usize {
    let fits = |c: char| c.is_alphanumeric() || !c.is_ascii() || ".-".contains(c);
    let rest = &text[from..];
    let end = rest.find(|c: char| !fits(c)).unwrap_or(rest.len());
    from + rest[..end].trim_end_matches(['.', '-']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor {
            salt: vec![7; 32],
            home: Some("/home/ada".to_owned()),
        }
    }

    #[test]
    fn addresses_go_and_the_sentence_stays() {
        let one = redactor();
        let hash = one.address("ada@example.com");
        assert!(hash.starts_with("x-") && hash.ends_with("@redacted.invalid"));
        for (text, expected) in [
            (
                "signed in as ada@example.com.",
                format!("signed in as {hash}."),
            ),
            ("(Ada@Example.COM, x)", format!("({hash}, x)")),
            ("\"ada@example.com\"", format!("\"{hash}\"")),
            ("'ada@example.com'", format!("'{hash}'")),
            ("a @ b, @c and d@", "a @ b, @c and d@".to_owned()),
            ("/home/ada/x.toml", "~/x.toml".to_owned()),
        ] {
            assert_eq!(one.text(text), expected);
            assert_eq!(one.text(&expected), expected, "once more changes nothing");
        }
        assert!(
            !one.text("j\u{f6}rg.o'neil+x@b\u{fc}cher.example.org")
                .contains("neil")
        );
    }

    #[test]
    fn what_a_sentence_quotes_is_a_value() {
        let one = redactor();
        let told = one.sentence("`phone` is \"+49 \\\"30\" here, \"x");
        assert!(told.starts_with("`phone` is \"[redacted-"), "{told}");
        assert!(!told.contains("+49") && !told.contains('x'), "{told}");
        assert_eq!(one.sentence(&told), told);
    }

    #[test]
    fn values_go_by_the_names_of_their_members_and_identifiers_stay() {
        let one = redactor();
        let mut tree = serde_json::json!({
            "conflicts": [{"email": "ada@example.com", "field": "phone.mobile", "crm": "+49 30 1", "google": null, "winner": "crm"}],
            "problems": [{"google": ["people/c1"], "crm": ["5"], "reason": "x"}],
            "plan": [{"fields": {"name.given": {"from": "Ada", "to": "Grace"}}}],
            "links": [{"ids": {"google": "people/c1", "crm": "5"}, "fields": [
                {"values": {"google": "Ada", "crm": "Ada"}, "base": {"google": "Grace", "crm": null}}]}],
        });
        one.tree(&mut tree, "");
        let text = tree.to_string();
        for gone in ["ada@", "+49", "Ada", "Grace"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        for kept in ["people/c1", "\"5\"", "phone.mobile", "name.given"] {
            assert!(text.contains(kept), "{kept} not in {text}");
        }
        assert_eq!(text.matches(&one.value("Ada")).count(), 3);
    }
}
