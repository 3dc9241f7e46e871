//! The tour's stage: a temporary home, the commands typed in it, and hands on both books.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::Say;
use super::proof::Proof;
use crate::sandbox::zoho;
use crate::sandbox::{MAIN_ACCOUNT, Running, World};

/// The longest that one command may take.
const LIMIT: Duration = Duration::from_secs(120);
/// The most lines of a command's answer that are shown.
const SHOWN: usize = 12;
/// Longer lines are wrapped.
const WIDTH: usize = 110;

/// One contact that is in both books.
pub(super) struct Pair {
    /// Its Google resource name.
    pub(super) google: String,
    /// Its CRM id.
    pub(super) crm: String,
}

/// Where the tour happens.
pub(super) struct Stage<'a> {
    home: TempDir,
    program: PathBuf,
    address: String,
    world: Arc<Mutex<World>>,
    say: Say<'a>,
    broken: usize,
}

impl<'a> Stage<'a> {
    pub(super) fn open(running: &Running, say: Say<'a>) -> anyhow::Result<Self> {
        let home = TempDir::new().context("make a temporary home")?;
        std::fs::create_dir(home.path().join("config"))?;
        Ok(Self {
            home,
            program: std::env::current_exe().context("find this program")?,
            address: format!("http://{}", running.address()),
            world: running.world(),
            say,
            broken: 0,
        })
    }

    pub(super) fn broken(&self) -> usize {
        self.broken
    }

    pub(super) fn say(&mut self, text: &str) -> anyhow::Result<()> {
        (self.say)(text)
    }

    pub(super) fn title(&mut self, text: &str) -> anyhow::Result<()> {
        self.say(&format!("\n== {text}\n"))
    }

    /// Shows a command as it is typed.
    pub(super) fn typed(&mut self, command: &str) -> anyhow::Result<()> {
        self.say(&format!("$ {command}\n"))
    }

    /// States a promise and whether it held.
    pub(super) fn check(&mut self, promise: &str, held: bool) -> anyhow::Result<()> {
        if !held {
            self.broken += 1;
        }
        let mark = if held { "ok    " } else { "BROKEN" };
        self.say(&format!("   {mark} {promise}\n"))
    }

    /// The promise that stands above all others.
    pub(super) fn nobody_doubled(&mut self, before: &Proof, after: &Proof) -> anyhow::Result<()> {
        let (google, crm) = after.records();
        let (doubled, lost) = (after.doubled_since(before), after.lost_since(before));
        self.check(
            &format!("nobody doubled, nobody lost: {google} in Google, {crm} in the CRM, {doubled} doubled, {lost} lost"),
            doubled == 0 && lost == 0,
        )
    }

    pub(super) fn config(&self) -> PathBuf {
        self.home.path().join("config")
    }

    fn profile(&self) -> PathBuf {
        self.config().join("sales.toml")
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state").join("state.sqlite3")
    }

    /// Writes the profile as a newcomer does, by command.
    pub(super) async fn configure(&mut self, rule: &str) -> anyhow::Result<()> {
        let address = self.address.clone();
        let settings = [
            format!("google.account={MAIN_ACCOUNT}"),
            format!("google.endpoint={address}"),
            format!("google.auth_uri={address}/o/oauth2/v2/auth"),
            format!("google.token_uri={address}/token"),
            format!("google.revoke_uri={address}/revoke"),
            format!("crm.endpoint={address}"),
            format!("crm.accounts_endpoint={address}"),
        ];
        let mut words = vec![
            "configure",
            "sales",
            "--direction",
            "two-way",
            "--on-conflict",
            rule,
            "--google-group",
            "CRM",
            "--google-client-secret",
            "client_secret.json",
            "--crm-kind",
            "zoho",
            "--crm-view",
            "All Contacts",
            "--data-center",
            "eu",
            "--client-id",
            zoho::CLIENT_ID,
        ];
        for setting in &settings {
            words.extend(["--set", setting.as_str()]);
        }
        self.run(&words).await.map(drop)
    }

    pub(super) fn remove_profile(&mut self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.profile())?)
    }

    pub(super) fn remove_state(&mut self) -> anyhow::Result<()> {
        let file = self.state();
        std::fs::remove_file(&file)?;
        for suffix in ["-wal", "-shm"] {
            let mut name = file.clone().into_os_string();
            name.push(suffix);
            if let Err(error) = std::fs::remove_file(PathBuf::from(name))
                && error.kind() != std::io::ErrorKind::NotFound
            {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// This program in the tour's home, with pipes.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .env_clear()
            .env("HOME", self.home.path())
            .env("CRMSYNC_CONFIG_DIR", self.config())
            .env("CRMSYNC_STATE", self.state())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command, shows it with its answer, and returns what it printed. It has to end well.
    pub(super) async fn run(&mut self, words: &[&str]) -> anyhow::Result<String> {
        let (code, answer) = self.call(words).await?;
        if ![0, 3].contains(&code) {
            self.check(&format!("the command ends well (exit {code})"), false)?;
        }
        Ok(answer)
    }

    /// Runs a command, shows it with its answer, and returns its exit code and what it printed.
    pub(super) async fn call(&mut self, words: &[&str]) -> anyhow::Result<(i32, String)> {
        let typed = typed_words(words);
        self.typed(&format!("crmsync {typed}"))?;
        let output = self.command(words).output();
        let output = tokio::time::timeout(LIMIT, output)
            .await
            .with_context(|| format!("`crmsync {typed}` took more than {LIMIT:?}"))??;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        self.show(&answer)?;
        self.show(&String::from_utf8_lossy(&output.stderr))?;
        Ok((output.status.code().unwrap_or(-1), answer))
    }

    /// Runs a command with `--json` and reads its answer.
    pub(super) async fn json(&mut self, words: &[&str]) -> anyhow::Result<Value> {
        let mut all = words.to_vec();
        all.push("--json");
        let answer = self.run(&all).await?;
        serde_json::from_str(&answer).context("read the command's JSON")
    }

    pub(super) fn show(&mut self, text: &str) -> anyhow::Result<()> {
        let lines: Vec<_> = text.lines().collect();
        for line in lines.iter().take(SHOWN) {
            let letters: Vec<char> = line.chars().collect();
            for (at, part) in letters.chunks(WIDTH).take(SHOWN / 2).enumerate() {
                let part: String = part.iter().collect();
                let last = at + 1 == SHOWN / 2 && letters.len() > WIDTH * (SHOWN / 2);
                let more = if last { " …" } else { "" };
                self.say(&format!("   {part}{more}\n"))?;
            }
        }
        if lines.len() > SHOWN {
            self.say(&format!("   … {} more lines\n", lines.len() - SHOWN))?;
        }
        Ok(())
    }

    pub(super) fn with<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        f(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every contact of both books, in a fixed order.
    pub(super) fn books(&self) -> (Vec<Value>, Vec<Value>) {
        let (google, crm) = self.with(|world| (world.google.dump(), world.zoho.dump()));
        let contacts = |dump: &Value| dump["contacts"].as_array().cloned().unwrap_or_default();
        (contacts(&google), contacts(&crm))
    }

    /// The first contacts that are in both books once.
    pub(super) fn pairs(&self, most: usize) -> Vec<Pair> {
        let (google, crm) = self.books();
        let mut by_address = BTreeMap::<String, String>::new();
        for record in &crm {
            if let (Some(address), Some(id)) = (record["Email"].as_str(), record["id"].as_str()) {
                by_address.insert(address.to_lowercase(), id.to_owned());
            }
        }
        let mut pairs = Vec::new();
        for person in &google {
            let addresses = person["emailAddresses"].as_array();
            let work = addresses
                .into_iter()
                .flatten()
                .find(|address| address["type"] == "work");
            let crm = work
                .and_then(|work| work["value"].as_str())
                .and_then(|address| by_address.get(&address.to_lowercase()));
            if let (Some(crm), Some(name)) = (crm, person["resourceName"].as_str()) {
                pairs.push(Pair {
                    google: name.to_owned(),
                    crm: crm.clone(),
                });
            }
            if pairs.len() == most {
                break;
            }
        }
        pairs
    }

    pub(super) fn edit_crm(&mut self, id: &str, fields: &Value) -> anyhow::Result<()> {
        self.typed(&format!("# in the CRM, {id}: {fields}"))?;
        let fields = object(fields)?;
        let done = self.with(|world| {
            let now = world.clock.now();
            world.zoho.edit_contact(id, fields, now)
        });
        anyhow::ensure!(done, "the CRM has no contact {id}");
        Ok(())
    }

    pub(super) fn add_crm(&mut self, fields: &Value) -> anyhow::Result<()> {
        self.typed(&format!("# in the CRM, new: {fields}"))?;
        let fields = object(fields)?;
        self.with(|world| {
            let now = world.clock.now();
            world.zoho.add_contact(fields, now)
        });
        Ok(())
    }

    /// Changes the job title of a Google contact and nothing else of its organisation.
    pub(super) fn set_google_title(&mut self, name: &str, title: &str) -> anyhow::Result<()> {
        self.typed(&format!("# in Google, {name}: title {title:?}"))?;
        let (google, _) = self.books();
        let mut organizations = google
            .iter()
            .find(|person| person["resourceName"] == name)
            .and_then(|person| person["organizations"].as_array().cloned())
            .unwrap_or_default();
        if organizations.is_empty() {
            organizations.push(json!({"type": "work"}));
        }
        for organization in &mut organizations {
            if let Some(fields) = organization.as_object_mut() {
                fields.retain(|field, _| matches!(field.as_str(), "name" | "department" | "type"));
                fields.insert("title".into(), json!(title));
            }
        }
        let fields = json!({"organizations": organizations});
        self.with(|world| {
            let now = world.clock.now();
            world.google.edit_contact(name, &fields, now).map(drop)
        })
        .map_err(anyhow::Error::msg)
    }

    /// A Google contact as text.
    pub(super) fn google_text(&self, name: &str) -> String {
        let (google, _) = self.books();
        google
            .iter()
            .find(|person| person["resourceName"] == name)
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// One field of a CRM record.
    pub(super) fn crm_field(&self, id: &str, field: &str) -> String {
        let (_, crm) = self.books();
        crm.iter()
            .find(|record| record["id"] == id)
            .and_then(|record| record[field].as_str())
            .unwrap_or_default()
            .to_owned()
    }
}

/// Words as a shell would need them.
fn typed_words(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| {
        if word.contains(' ') {
            format!("\"{word}\"")
        } else {
            (*word).to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn object(fields: &Value) -> anyhow::Result<Map<String, Value>> {
    fields.as_object().cloned().context("fields are an object")
}
