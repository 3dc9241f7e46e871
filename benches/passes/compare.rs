//! The same pass by a straightforward script on Google's own Python client, beside ours, in one run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cases::{Home, ONE_WAY, Row};
use super::child::usage;
use super::service::Sandbox;

/// Records in the CRM; Google is empty at first.
const SIZE: usize = 10_000;
/// How often each pass is run; the median counts.
const TIMES: usize = 3;

/// What was compared, the script's row first.
pub(crate) struct Pair {
    /// The script.
    pub(crate) script: Row,
    /// The program.
    pub(crate) ours: Row,
}

/// A first pass and a pass with nothing to do; none where Python or its packages cannot be had.
pub(crate) fn run() -> Option<Vec<Pair>> {
    let python = python()?;
    let mut first = Vec::new();
    let mut quiet = Vec::new();
    for _ in 0..TIMES {
        let sandbox = Sandbox::start(0, SIZE, 0);
        sandbox.delay();
        first.push(script(&python, &sandbox, "first pass, 10,000"));
        quiet.push(script(&python, &sandbox, "no-op, 10,000"));
    }
    let script_first = middle(first);
    let script_quiet = middle(quiet);
    let mut first = Vec::new();
    let mut quiet = Vec::new();
    for _ in 0..TIMES {
        let sandbox = Sandbox::start(0, SIZE, 0);
        let home = Home::new(&sandbox, ONE_WAY);
        sandbox.delay();
        first.push(home.measured(&sandbox, "first pass, 10,000"));
        home.settle(&sandbox);
        quiet.push(home.measured(&sandbox, "no-op, 10,000"));
    }
    Some(vec![
        Pair {
            script: script_first,
            ours: middle(first),
        },
        Pair {
            script: script_quiet,
            ours: middle(quiet),
        },
    ])
}

fn script(python: &Path, sandbox: &Sandbox, name: &str) -> Row {
    sandbox.forget();
    let root = format!("http://{}", sandbox.address);
    let python = python.display().to_string();
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/script/plain.py");
    let environment = [
        ("HOME".to_owned(), "/".to_owned()),
        ("NO_PROXY".to_owned(), "127.0.0.1".to_owned()),
    ];
    let usage = usage(&[&python, place, &root], &environment);
    assert_eq!(usage.code, 0, "{}", usage.out);
    Row::measured(name, true, usage, sandbox.seen())
}

/// The row in the middle by wall time.
fn middle(mut rows: Vec<Row>) -> Row {
    rows.sort_by_key(|row| row.usage.wall);
    let at = rows.len() / 2;
    rows.swap_remove(at)
}

/// Python with the client, in a virtual environment under `target/`.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let venv = root.join("target/clients-venv");
    let python = venv.join("bin/python");
    let ran = |command: &mut Command| command.status().is_ok_and(|status| status.success());
    if !python.exists() && !ran(Command::new("python3").args(["-m", "venv"]).arg(&venv)) {
        eprintln!("no comparison: `python3 -m venv` does not work here");
        return None;
    }
    let wanted = root.join("tests/clients/requirements.txt");
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ]);
    if !ran(pip.arg(&wanted)) {
        eprintln!(
            "no comparison: the packages of {} cannot be had",
            wanted.display()
        );
        return None;
    }
    Some(python)
}
