//! What tells this machine from others: the system's machine id, or a name that the user gives.

use std::fs;

use sha2::{Digest as _, Sha256};

use super::text::push;

/// Names the machine where its id changes by itself.
const VARIABLE: &str = "CRMSYNC_MACHINE_ID";
const FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// A mark of this machine; none when nothing tells it. The id itself stays secret, as systemd asks.
pub(super) fn mark() -> Option<String> {
    let given = std::env::var(VARIABLE).ok();
    let found = || {
        FILES
            .iter()
            .find_map(|file| usable(&fs::read_to_string(file).ok()?))
    };
    let id = given.as_deref().and_then(usable).or_else(found)?;
    let digest = Sha256::digest(format!("crmsync machine {id}").as_bytes());
    let mut mark = String::new();
    for byte in digest.iter().take(8) {
        push(&mut mark, format_args!("{byte:02x}"));
    }
    Some(mark)
}

/// The id in a text. An image that has not been started yet says "uninitialized" or nothing.
fn usable(text: &str) -> Option<String> {
    let id = text.trim();
    (!id.is_empty() && id != "uninitialized").then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::usable;

    #[test]
    fn an_image_that_was_never_started_has_no_id() {
        assert_eq!(usable("\n"), None);
        assert_eq!(usable("uninitialized\n"), None);
        assert_eq!(usable("0123abcd\n").as_deref(), Some("0123abcd"));
    }
}
