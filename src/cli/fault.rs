//! A fault in the program itself ends it as any other failure does: in words, with exit code 1, and without
//! what was being worked on, which may be a contact's.

use std::panic::Location;

use super::failure;

/// Every panic ends the program from here on. What was not settled yet is as after a kill: the journal has it.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|info| {
        tracing::trace!("{info}");
        let place = info.location().map(Location::to_string).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        failure::say(
            &format!("a fault in crmsync {version} itself, at {place}"),
            Some(
                "run the same command again, it goes on where this one stopped; if it comes back, report this \
                 place and what the command says with `--redact -vv`",
            ),
            None,
        );
        std::process::exit(1);
    }));
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use std::process::Command;

    /// Runs itself as a child with this set.
    const CHILD: &str = "CRMSYNC_TEST_FAULT";

    #[test]
    fn a_fault_ends_the_program_in_words_and_without_a_value() {
        if std::env::var_os(CHILD).is_some() {
            super::install();
            let thread = std::thread::spawn(|| panic!("no place for ada@example.com"));
            drop(thread.join());
            panic!("the program goes on");
        }
        let name = "cli::fault::tests::a_fault_ends_the_program_in_words_and_without_a_value";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8(child.stderr).unwrap();
        assert_eq!(child.status.code(), Some(1), "{text}");
        assert!(text.contains("error: a fault in crmsync"), "{text}");
        assert!(text.contains("fault.rs:"), "{text}");
        assert!(!text.contains("ada@"), "{text}");
    }
}
