//! The crontab: one marked block, every other line byte for byte as it was.

use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use super::Entry;
use crate::cli::failure::Failure;

/// The line of five fields and a command.
pub(super) fn line(entry: &Entry) -> String {
    let minutes = match (entry.tick, entry.offset) {
        (1, _) => "*".to_owned(),
        (60, offset) => offset.to_string(),
        (tick, 0) => format!("*/{tick}"),
        (tick, offset) => format!("{offset}-59/{tick}"),
    };
    let call: Vec<String> = entry.call().iter().map(|word| quoted(word)).collect();
    format!("{minutes} * * * * {}", call.join(" "))
}

/// A word for `sh` in a crontab, where a bare `%` would end the line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-:@+,=".contains(c);
    let shell = if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    };
    shell.replace('%', r"\%")
}

fn first_line(entry: &Entry) -> String {
    format!(
        "# crmsync begin {} (written by `crmsync configure --install-timer cron`)",
        entry.config.display()
    )
}

fn last_line(entry: &Entry) -> String {
    format!("# crmsync end {}", entry.config.display())
}

fn block(entry: &Entry) -> String {
    format!(
        "{}\n{}\n{}\n",
        first_line(entry),
        line(entry),
        last_line(entry)
    )
}

/// Where the block stands in a crontab, as a byte range; an error when its end is missing.
fn find(entry: &Entry, table: &str) -> anyhow::Result<Option<std::ops::Range<usize>>> {
    let (first, last) = (first_line(entry), last_line(entry));
    let mut start = None;
    let mut at = 0;
    for line in table.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        if bare == first && start.is_none() {
            start = Some(at);
        }
        at += line.len();
        if let (true, Some(start)) = (bare == last, start) {
            return Ok(Some(start..at));
        }
    }
    if start.is_some() {
        return Err(Failure::new(
            7,
            format!("the crontab has the line `{first}` and no line `{last}`"),
            "take out what is left of the block with `crontab -e`",
        )
        .into());
    }
    Ok(None)
}

/// The crontab with the block put in, or put in place of the one that was there.
pub(super) fn with(entry: &Entry, table: &str) -> anyhow::Result<String> {
    let block = block(entry);
    Ok(match find(entry, table)? {
        Some(place) => format!("{}{block}{}", &table[..place.start], &table[place.end..]),
        None if table.is_empty() || table.ends_with('\n') => format!("{table}{block}"),
        None => format!("{table}\n{block}"),
    })
}

/// The crontab without the block; none when it is not in there.
pub(super) fn without(entry: &Entry, table: &str) -> anyhow::Result<Option<String>> {
    Ok(
        find(entry, table)?
            .map(|place| format!("{}{}", &table[..place.start], &table[place.end..])),
    )
}

/// Whether the block is in the user's crontab.
pub(super) fn installed(entry: &Entry) -> anyhow::Result<bool> {
    Ok(match read()? {
        Some(table) => find(entry, &table)?.is_some(),
        None => false,
    })
}

/// Puts the block in.
pub(super) fn install(entry: &Entry) -> anyhow::Result<String> {
    let table = read()?.ok_or_else(|| {
        Failure::new(
            1,
            "there is no `crontab` command on this machine",
            "install cron, or use `--install-timer systemd`",
        )
    })?;
    let changed = with(entry, &table)?;
    if changed == table {
        return Ok("the crontab has the entry already".to_owned());
    }
    write(&changed)?;
    Ok(format!("cron starts crmsync {}", entry.rhythm()))
}

/// Brings the block that is there up to date.
pub(super) fn renew(entry: &Entry) -> anyhow::Result<Option<String>> {
    let table = read()?.unwrap_or_default();
    let changed = with(entry, &table)?;
    if changed == table {
        return Ok(None);
    }
    write(&changed)?;
    Ok(Some(format!("cron starts crmsync {} now", entry.rhythm())))
}

/// Takes the block out.
pub(super) fn remove(entry: &Entry) -> anyhow::Result<Option<String>> {
    let Some(table) = read()? else {
        return Ok(None);
    };
    let Some(rest) = without(entry, &table)? else {
        return Ok(None);
    };
    if rest.is_empty() {
        run(Command::new("crontab").arg("-r"), None)?;
    } else {
        write(&rest)?;
    }
    Ok(Some("crmsync's entry is out of the crontab".to_owned()))
}

/// The user's crontab, empty when there is none; none when there is no cron. Anything that is not
/// understood is an error, so that nothing is ever written over.
fn read() -> anyhow::Result<Option<String>> {
    let output = match Command::new("crontab")
        .arg("-l")
        .env("LC_ALL", "C")
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("run `crontab -l`"),
    };
    if output.status.success() {
        let text = String::from_utf8(output.stdout)
            .context("the crontab is not UTF-8, so crmsync leaves it alone")?;
        return Ok(Some(text));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let none = ["no crontab", "No such file"];
    if output.stdout.is_empty() && none.iter().any(|words| said.contains(words)) {
        return Ok(Some(String::new()));
    }
    bail!("`crontab -l` failed: {}", said.trim())
}

fn write(table: &str) -> anyhow::Result<()> {
    run(Command::new("crontab").arg("-"), Some(table))
}

fn run(command: &mut Command, input: Option<&str>) -> anyhow::Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("run `crontab`")?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        pipe.write_all(input.as_bytes())
            .context("hand the new crontab over")?;
    }
    let output = child.wait_with_output().context("wait for `crontab`")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cron did not take the new crontab: {}", said.trim());
    }
    Ok(())
}
