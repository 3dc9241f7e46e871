//! Secrets: they never stand in a profile, and when one does it is not shown in the error.

use std::ops::Range;

/// What the error says.
pub(super) const MESSAGE: &str = "tokens and secrets never stand in a profile";

/// Names of secrets, and parts of such names, without case and punctuation.
const WHOLE: [&str; 4] = ["secret", "token", "grantcode", "authorization"];
const PARTS: [&str; 8] = [
    "refreshtoken",
    "accesstoken",
    "authtoken",
    "apikey",
    "apitoken",
    "password",
    "passphrase",
    "privatekey",
];

/// Whether a key can only mean a secret. `client_secret` is none: it names a file.
pub(super) fn names_secret(key: &str) -> bool {
    let plain: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    WHOLE.contains(&plain.as_str()) || PARTS.iter().any(|part| plain.contains(part))
}

/// Whether a text looks like a secret whatever its key: a key file's content, Google's client
/// secrets and tokens, tokens of CRMs, keys in PEM form.
pub(super) fn looks_secret(text: &str) -> bool {
    let text = text.trim();
    let inline_json = text.starts_with('{') && text.contains('"');
    let google = ["GOCSPX-", "ya29.", "1//0"]
        .iter()
        .any(|start| text.starts_with(start));
    let mut dotted = text.split('.');
    let dotted = dotted.next() == Some("1000")
        && dotted.clone().count() == 2
        && dotted.all(|part| part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    inline_json || google || dotted || text.contains("-----BEGIN")
}

/// Where secrets stand in a text that may not even be TOML: everything behind the `=` of a line
/// whose key can only mean a secret or whose value looks like one.
pub(super) fn on_lines(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((key, value)) = line.split_once('=') {
            let leaf = key.rsplit(['.', '{', ',']).next().unwrap_or(key);
            let bare = leaf.trim().trim_matches(['"', '\'', '#', ' ']);
            let bare_value = value.trim().trim_matches(['"', '\'']);
            if names_secret(bare) || looks_secret(bare_value) {
                spans.push(start + key.len() + 1..start + line.len());
            }
        }
        start += line.len();
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_any_spelling() {
        for key in [
            "refresh_token",
            "RefreshToken",
            "api-key",
            "password",
            "smtp_password",
            "private_key",
            "token",
            "access_token",
            "secret",
        ] {
            assert!(names_secret(key), "{key}");
        }
        for key in ["client_secret", "token_uri", "client_id", "region", "group"] {
            assert!(!names_secret(key), "{key}");
        }
    }

    #[test]
    fn texts_that_look_like_secrets_are_seen() {
        let token = format!("1000.{0}.{0}", "0123456789abcdef0123456789abcdef");
        for text in [
            "{\"installed\": {}}",
            "GOCSPX-abc",
            "ya29.a0",
            "1//0abc",
            &token,
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert!(looks_secret(text), "{text}");
        }
        for text in [
            "client_secret.json",
            "1000.ABCDEF",
            "{name}",
            "1/2",
            "All Contacts",
        ] {
            assert!(!looks_secret(text), "{text}");
        }
    }

    #[test]
    fn broken_toml_still_has_its_secrets_found() {
        let text = "[crm\nrefresh_token = 'abc\nview = x\n";
        assert_eq!(
            on_lines(text)
                .iter()
                .map(|span| &text[span.clone()])
                .collect::<Vec<_>>(),
            [" 'abc\n"]
        );
    }
}
