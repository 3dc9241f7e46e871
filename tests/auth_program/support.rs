//! A home of its own for every test, the program in it, and a browser that follows addresses.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::admin::Sandbox;

/// No call of a test may take longer.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The sandbox's Google client, with a secret that a search finds.
pub const GOOGLE_SECRET: &str = "MARKED-google-client-secret";
/// The secret of the sandbox's CRM client.
pub const CRM_SECRET: &str = "sandbox-secret";

/// A home directory with profiles.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
    root: String,
    /// The environment besides the places.
    pub env: BTreeMap<String, String>,
}

/// What a call of the program came to.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ran {
    /// The same call, which must have ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\nstdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }

    /// The same call, whose standard error must hold these words.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "no {word:?} in\n{}",
                self.stderr
            );
        }
        self
    }

    /// The same call, whose standard output must hold these words.
    #[track_caller]
    pub fn answers(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stdout.contains(word),
                "no {word:?} in\n{}",
                self.stdout
            );
        }
        self
    }

    /// The only JSON object on standard output.
    #[track_caller]
    pub fn object(&self) -> Value {
        serde_json::from_str(self.stdout.trim()).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// A call of the program that is under way.
pub struct Under {
    child: Child,
    began: Instant,
    lines: Receiver<String>,
    seen: String,
    stdin: Option<ChildStdin>,
}

impl Home {
    /// A fresh home whose profile `sales` is on the sandbox, sign-in pages included.
    pub fn new(sandbox: &Sandbox) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("config")).expect("a directory");
        let secret =
            json!({"client_id": "7-marked.apps.example.com", "client_secret": GOOGLE_SECRET});
        sandbox.google("client", &secret);
        let root = sandbox.root();
        let client = json!({"installed": {
            "client_id": "7-marked.apps.example.com", "client_secret": GOOGLE_SECRET,
            "auth_uri": format!("{root}/o/oauth2/v2/auth"), "token_uri": format!("{root}/token"),
        }});
        std::fs::write(dir.path().join("config/client.json"), client.to_string()).expect("a file");
        let home = Self {
            dir,
            root,
            // No browser of the machine is started by a test.
            env: BTreeMap::from([("BROWSER".to_owned(), "/bin/false".to_owned())]),
        };
        home.profile("sales", &[]);
        home
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a profile; `extra` are dotted keys with TOML values, an empty value leaves a key out.
    pub fn profile(&self, name: &str, extra: &[(&str, &str)]) {
        let root = |path: &str| format!("\"{}{path}\"", self.root);
        let mut keys = BTreeMap::from([
            ("google.group", "\"CRM\"".to_owned()),
            ("google.client_secret", "\"client.json\"".to_owned()),
            ("google.endpoint", root("")),
            ("google.revoke_uri", root("/revoke")),
            ("crm.kind", "\"zoho\"".to_owned()),
            ("crm.view", "\"All Contacts\"".to_owned()),
            ("crm.client_id", "\"1000.SANDBOX\"".to_owned()),
            ("crm.endpoint", root("")),
            ("crm.accounts_endpoint", root("")),
        ]);
        for (key, value) in extra {
            keys.insert(key, (*value).to_owned());
        }
        let text: String = keys
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        let file = self.path().join("config").join(format!("{name}.toml"));
        std::fs::write(file, text).expect("a profile");
    }

    /// The token file of an account, such as `google-sales`.
    pub fn token_file(&self, name: &str) -> PathBuf {
        self.path()
            .join("state/tokens")
            .join(format!("{name}.json"))
    }

    /// What a token file holds.
    #[track_caller]
    pub fn tokens(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.token_file(name)).expect("a token file");
        serde_json::from_str(&text).expect("JSON")
    }

    /// A sign-in of both sides without a browser.
    pub fn sign_in(&self, sandbox: &Sandbox) {
        self.sign_in_google();
        self.sign_in_crm(sandbox);
    }

    /// A sign-in to Google by the printed address.
    pub fn sign_in_google(&self) {
        let mut call = self.start(&["auth", "google", "sales"]);
        let address = call.address();
        follow(&format!("{address}&auto=allow"));
        call.end().exits(0);
    }

    /// A sign-in to the CRM by a self client's code.
    pub fn sign_in_crm(&self, sandbox: &Sandbox) {
        let code = grant_code(sandbox);
        self.run_with(
            &["auth", "crm", "sales", "--grant-code-stdin"],
            &format!("{code}\n{CRM_SECRET}\n"),
        )
        .exits(0);
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crmsync"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("CRMSYNC_CONFIG_DIR", self.path().join("config"))
            .env("CRMSYNC_STATE", self.path().join("state/state.sqlite3"))
            .envs(&self.env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The words of a shell that run the program in this home.
    pub fn shell(&self, args: &str) -> String {
        format!(
            "env -i HOME='{0}' TERM=xterm CRMSYNC_CONFIG_DIR='{0}/config' CRMSYNC_STATE='{0}/state/state.sqlite3' {1} {args}",
            self.path().display(),
            env!("CARGO_BIN_EXE_crmsync"),
        )
    }

    /// Starts the program; what it says can be read while it runs.
    pub fn start(&self, args: &[&str]) -> Under {
        let mut child = self.command(args).spawn().expect("the program starts");
        let (line, lines) = channel();
        let stderr = child.stderr.take().expect("a pipe");
        std::thread::spawn(move || {
            for text in BufReader::new(stderr).lines().map_while(Result::ok) {
                drop(line.send(text));
            }
        });
        Under {
            stdin: child.stdin.take(),
            child,
            began: Instant::now(),
            lines,
            seen: String::new(),
        }
    }

    /// Runs the program to its end without input.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    /// Runs the program to its end with that on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut call = self.start(args);
        call.hand(input);
        call.end()
    }
}

impl Under {
    /// Waits for a line on standard error that starts so.
    #[track_caller]
    pub fn line(&mut self, start: &str) -> String {
        loop {
            let line = self
                .lines
                .recv_timeout(TIME_LIMIT)
                .unwrap_or_else(|_| panic!("no line {start:?} after\n{}", self.seen));
            self.seen.push_str(&line);
            self.seen.push('\n');
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// The address that a person is to open.
    #[track_caller]
    pub fn address(&mut self) -> String {
        self.line("http://127.0.0.1:")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its standard input and closes it.
    pub fn hand(&mut self, input: &str) {
        if let Some(mut stdin) = self.stdin.take() {
            // A call that refuses its arguments reads nothing.
            drop(stdin.write_all(input.as_bytes()));
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ran {
        drop(self.stdin.take());
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            if self.began.elapsed() > TIME_LIMIT {
                drop(self.child.kill());
                panic!("it did not end by itself:\n{}", self.seen);
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().expect("a pipe");
        pipe.read_to_string(&mut stdout).expect("UTF-8");
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        Ran {
            code: status.code().unwrap_or(-1),
            stdout,
            stderr: self.seen,
            took: self.began.elapsed(),
        }
    }
}

/// One answer of a server.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// Fetches an address as a browser does, without following it.
#[track_caller]
pub fn fetch(address: &str) -> Page {
    let rest = address.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("it listens");
    stream
        .set_read_timeout(Some(TIME_LIMIT))
        .expect("a socket option");
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    Page {
        status: head[9..12].parse().expect("a status"),
        location: header("location"),
        body: body.to_owned(),
    }
}

/// Follows an address to where the sign-in page sends the browser; the page there.
#[track_caller]
pub fn follow(address: &str) -> Page {
    fetch(&redirect(address))
}

/// Where the sign-in page sends the browser.
#[track_caller]
pub fn redirect(address: &str) -> String {
    let page = fetch(address);
    page.location.clone().unwrap_or_else(|| panic!("{page:?}"))
}

/// A self client's code with every scope that a two-way profile needs.
pub fn grant_code(sandbox: &Sandbox) -> String {
    let scopes = "ZohoCRM.modules.contacts.READ,ZohoCRM.modules.contacts.CREATE,ZohoCRM.modules.contacts.UPDATE,\
                  ZohoCRM.coql.READ,ZohoCRM.settings.custom_views.READ,ZohoCRM.settings.fields.READ,\
                  ZohoCRM.settings.modules.READ,ZohoCRM.settings.profiles.READ,ZohoCRM.users.READ,ZohoCRM.org.READ";
    let made = sandbox.crm("grant_code", &json!({ "scopes": scopes }));
    made["code"].as_str().expect("a code").to_owned()
}
