//! Talking with a person at a terminal: questions, secrets, and the lines around a sign-in. Without
//! a terminal nothing here asks.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use async_trait::async_trait;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret as _, SecretString};

use super::failure::Failure;
use crate::auth::Prompter;

/// The most that is read from standard input, in bytes; a client file has about 500.
const LONGEST: u64 = 64 * 1024;

/// Whether someone is there to be asked: a terminal on both ends.
pub(super) fn someone() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Shows a line to the person, on standard error: standard output is for answers.
pub(super) fn tell(text: &str) {
    // Nobody is left to tell when standard error is gone.
    let text = format!("{}\n", super::redact::text(text));
    drop(io::stderr().write_all(text.as_bytes()));
}

/// What a `--…-stdin` flag hands over: all of standard input, or at a terminal one line that is not
/// shown while it is typed.
///
/// # Errors
/// Exit 2 when nothing comes.
pub(super) fn handed_over(what: &str, flag: &str) -> anyhow::Result<SecretString> {
    let text = if io::stdin().is_terminal() {
        secret(what)?
    } else {
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(LONGEST)
            .read_to_string(&mut text)
            .map_err(|error| {
                Failure::usage(
                    format!("cannot read the {what} from standard input: {error}"),
                    format!("hand it over as text: crmsync auth … {flag} < FILE"),
                )
            })?;
        SecretString::from(text)
    };
    let trimmed = text.expose_secret().trim();
    if trimmed.is_empty() {
        return Err(Failure::usage(
            format!("no {what} came over standard input"),
            format!("hand it over with {flag} < FILE, or through a pipe"),
        )
        .into());
    }
    Ok(SecretString::from(trimmed))
}

/// Asks for a secret, which is not shown while it is typed. Only where [`someone`] is there.
///
/// # Errors
/// Exit 6 when the person gives up.
pub(super) fn secret(what: &str) -> anyhow::Result<SecretString> {
    let _unseen = Unseen::begin();
    let text = cliclack::password(what).interact().map_err(gave_up)?;
    Ok(SecretString::from(text))
}

/// Keeps the terminal from showing what is typed, and Ctrl-C a key like others, until it is dropped.
/// A question reads key by key; between two keys the terminal itself would show what is pasted, or
/// end the program and leave the screen as it is.
struct Unseen {
    before: Option<Termios>,
}

impl Unseen {
    fn begin() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut unseen = before.clone();
            unseen
                .local_modes
                .remove(LocalModes::ECHO | LocalModes::ISIG);
            set(&unseen);
        }
        Self { before }
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            set(before);
        }
    }
}

fn set(modes: &Termios) {
    if tcsetattr(io::stdin(), OptionalActions::Now, modes).is_err() {
        tracing::debug!("the terminal keeps its modes");
    }
}

/// Lets the person choose one of several ways, each with a line that explains it.
///
/// # Errors
/// Exit 6 when the person gives up.
pub(super) fn choose<T: Clone + Eq>(question: &str, ways: &[(T, &str, &str)]) -> anyhow::Result<T> {
    let _unseen = Unseen::begin();
    cliclack::select(question)
        .items(ways)
        .interact()
        .map_err(gave_up)
}

fn gave_up(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::Interrupted {
        Failure::interrupted().into()
    } else {
        error.into()
    }
}

/// The person at a sign-in.
pub(super) struct Person;

#[async_trait]
impl Prompter for Person {
    fn open(&self, url: &str) -> Result<(), String> {
        webbrowser::open(url).map_err(|error| error.to_string())
    }

    fn say(&self, text: &str) {
        tell(text);
    }

    async fn pasted(&self) -> Option<String> {
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
            read.ok().filter(|bytes| *bytes > 0).map(|_| line)
        });
        read.await.ok().flatten()
    }
}
