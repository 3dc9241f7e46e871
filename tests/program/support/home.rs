//! A home directory of its own for every test, and the program run in it.

use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::Sandbox;

/// No call of a test may take longer.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A home directory with profiles and a state file.
#[derive(Debug)]
pub(crate) struct Home {
    dir: TempDir,
    root: String,
    /// The environment besides the places.
    pub(crate) env: Vec<(String, String)>,
}

/// What a call of the program came to.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Ran {
    /// The JSON objects on standard output, one a line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}")))
            .collect()
    }

    /// The only JSON object on standard output.
    pub(crate) fn object(&self) -> Value {
        let mut all = self.objects();
        assert_eq!(all.len(), 1, "{self:?}");
        all.remove(0)
    }

    /// The same call, which must have ended with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\nstdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
}

impl Home {
    /// A fresh home with tokens that the sandbox accepts.
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        let env = [
            ("CRMSYNC_GOOGLE_TOKEN", "sandbox-google-token"),
            ("CRMSYNC_CRM_TOKEN", "sandbox-crm-token"),
        ];
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("config")).expect("a directory");
        Self {
            dir,
            root: sandbox.root(),
            env: env.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
        }
    }

    /// The state file.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state").join("state.sqlite3")
    }

    /// The file of a profile.
    pub(crate) fn profile_file(&self, name: &str) -> PathBuf {
        self.dir.path().join("config").join(format!("{name}.toml"))
    }

    /// Sets a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// Writes a profile on the sandbox: group `CRM`, view `All Contacts`, two-way, and what `extra` says
    /// (dotted keys with TOML values; a key called `map` is TOML text for the end of the file).
    pub(crate) fn profile(&self, name: &str, extra: &[(&str, &str)]) {
        let mut keys: Vec<(&str, String)> = vec![
            ("google.account", "\"me@example.com\"".to_owned()),
            ("google.group", "\"CRM\"".to_owned()),
            ("google.endpoint", format!("{:?}", self.root)),
            ("crm.kind", "\"zoho\"".to_owned()),
            ("crm.view", "\"All Contacts\"".to_owned()),
            ("crm.endpoint", format!("{:?}", self.root)),
        ];
        let mut tail = String::new();
        for (key, value) in extra {
            if *key == "map" {
                tail.push_str(value);
                continue;
            }
            keys.retain(|(known, _)| known != key);
            keys.push((key, (*value).to_owned()));
        }
        let lines: Vec<_> = keys
            .into_iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        let mut text = lines.concat();
        text.push_str(&tail);
        std::fs::write(self.profile_file(name), text).expect("a profile");
    }

    /// The whole environment of a call.
    pub(crate) fn arguments(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let mut env = vec![
            ("HOME".to_owned(), path("")),
            ("CRMSYNC_CONFIG_DIR".to_owned(), path("config")),
            (
                "CRMSYNC_STATE".to_owned(),
                self.state().display().to_string(),
            ),
        ];
        env.extend(self.env.clone());
        env
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let began = Instant::now();
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_crmsync"))
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .envs(self.arguments())
            .timeout(TIME_LIMIT)
            .output()
            .expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            took: began.elapsed(),
        };
        assert_ne!(ran.code, -1, "{args:?} did not end by itself: {ran:?}");
        ran
    }

    /// Starts the program, with its output kept for [`Home::end`].
    pub(crate) fn begin(&self, args: &[&str]) -> Child {
        std::process::Command::new(env!("CARGO_BIN_EXE_crmsync"))
            .args(args)
            .env_clear()
            .envs(self.arguments())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    /// What a program that was begun comes to; it must end by itself.
    pub(crate) fn end(mut child: Child) -> Ran {
        let began = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            if began.elapsed() > TIME_LIMIT {
                drop(child.kill());
                panic!("it did not end: {:?}", child.wait_with_output());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output().expect("its output");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            took: began.elapsed(),
        }
    }

    /// Starts the program and leaves it running.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        std::process::Command::new(env!("CARGO_BIN_EXE_crmsync"))
            .args(args)
            .env_clear()
            .envs(self.arguments())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program starts")
    }

    /// `sync --json` with more arguments.
    pub(crate) fn sync(&self, args: &[&str]) -> Ran {
        let mut all = vec!["sync", "--json"];
        all.extend(args);
        self.run(&all)
    }

    /// `sync PROFILE --json`, which must end well; its object.
    #[track_caller]
    pub(crate) fn synced(&self, args: &[&str]) -> Value {
        self.sync(args).exits(0).object()
    }

    /// `status PROFILE --json`; its object.
    #[track_caller]
    pub(crate) fn status(&self, profile: &str) -> Value {
        self.run(&["status", profile, "--json"]).exits(0).object()
    }
}
