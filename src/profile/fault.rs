//! What is wrong with a profile, and where: faults with their place, and how they are shown.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Why there is no profile. All of them are exit 7.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No file of this name.
    #[error("there is no profile `{name}` ({} does not exist){}", path.display(), listed(known))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Where it would be.
        path: PathBuf,
        /// The profiles that are there, sorted.
        known: Vec<String>,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// A name that cannot be a file's name.
    #[error("`{0}` is neither a profile's name nor a path that ends in .toml")]
    BadName(String),
    /// The file cannot be read.
    #[error("cannot read the profile {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that it must not.
    #[error("{0}")]
    Invalid(Invalid),
}

fn listed(known: &[String]) -> String {
    if known.is_empty() {
        "; there are no profiles yet".to_owned()
    } else {
        format!("; there are: {}", known.join(", "))
    }
}

impl ProfileError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown {
                name,
                nearest: Some(nearest),
                ..
            } => format!("did you mean `{nearest}`? `crmsync configure {name}` writes a new one"),
            Self::Unknown { name, .. } => format!("`crmsync configure {name}` writes it"),
            Self::BadName(_) => {
                "a name has letters, digits, `-`, `_` and `.`; a path ends in .toml".to_owned()
            }
            Self::Unreadable { path, .. } => {
                format!("check the permissions of {}", path.display())
            }
            Self::Invalid(invalid) => format!("edit {}", invalid.path.display()),
        }
    }
}

/// Everything that is wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, in the file's order; never empty.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, finding) in self.findings.iter().enumerate() {
            if at > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(&finding.shown)?;
        }
        Ok(())
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, as one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// All of it as a person reads it: file, line, column, the line itself and a caret.
    pub shown: String,
}

/// A fault before its place is worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Another place that belongs to it, with what it is.
    pub(super) beside: Option<(Range<usize>, &'static str)>,
    /// Whether the value at the span must never be shown.
    pub(super) secret: bool,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: None,
            beside: None,
            secret: false,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn beside(mut self, span: Range<usize>, what: &'static str) -> Self {
        self.beside = Some((span, what));
        self
    }
}

/// Turns faults into findings, in the file's order. `text` is what may be shown (secrets masked).
pub(super) fn findings(path: &Path, text: &str, mut faults: Vec<Fault>) -> Invalid {
    faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
    faults.dedup();
    Invalid {
        path: path.to_owned(),
        findings: faults.iter().map(|fault| find(path, text, fault)).collect(),
    }
}

fn find(path: &Path, text: &str, fault: &Fault) -> Finding {
    let span = fitted(text, &fault.span);
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    Finding {
        line,
        column,
        message: fault.message.clone(),
        help: fault.help.clone(),
        shown: shown(path, text, fault),
    }
}

/// The fault with its line and a caret, without colour.
pub(super) fn shown(path: &Path, text: &str, fault: &Fault) -> String {
    let mut snippet = Snippet::source(text)
        .path(path.display().to_string())
        .annotation(AnnotationKind::Primary.span(fitted(text, &fault.span)));
    if let Some((span, what)) = &fault.beside {
        snippet = snippet.annotation(
            AnnotationKind::Context
                .span(fitted(text, span))
                .label(*what),
        );
    }
    let mut group = Level::ERROR
        .primary_title(fault.message.as_str())
        .element(snippet);
    if let Some(help) = &fault.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::plain().render(&[group])
}

/// The span cut to the text, on character borders, and to its first line: a caret under twenty
/// lines points at nothing.
fn fitted(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = on_border(text, span.start);
    let end = on_border(text, span.end).max(start);
    let first_line = text[start..end].find(['\n', '\r']);
    start..first_line.map_or(end, |length| start + length)
}

fn on_border(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The text with every byte of the spans replaced by `*`, line ends excepted, so that every other
/// span stays where it is.
pub(super) fn masked(text: &str, spans: &[Range<usize>]) -> String {
    text.char_indices()
        .flat_map(|(at, c)| {
            let hidden = c != '\n' && c != '\r' && spans.iter().any(|span| span.contains(&at));
            let (shown, times) = if hidden { ('*', c.len_utf8()) } else { (c, 1) };
            std::iter::repeat_n(shown, times)
        })
        .collect()
}
