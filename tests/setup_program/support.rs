//! A home directory with a fake cron and a fake systemd, the sandbox, and calls of the program.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_crmsync");

/// What a call printed and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.out, self.err
        );
        self
    }
}

/// A home of its own.
pub(crate) struct Home {
    dir: TempDir,
    pub(crate) signed_in: bool,
}

const CRONTAB: &str = r#"#!/bin/sh
case "$1" in
  -l) [ -f "$HOME/crontab" ] || { echo "no crontab for me" >&2; exit 1; }; cat "$HOME/crontab";;
  -r) rm "$HOME/crontab";;
  -) cat > "$HOME/crontab"; echo write >> "$HOME/crontab.log";;
  *) exit 2;;
esac
"#;
const SYSTEMCTL: &str = "#!/bin/sh\necho \"$@\" >> \"$HOME/systemctl.log\"\n";

impl Home {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let home = Self {
            dir,
            signed_in: false,
        };
        std::fs::create_dir(home.path("bin")).unwrap();
        for (name, text) in [("crontab", CRONTAB), ("systemctl", SYSTEMCTL)] {
            let path = home.path("bin").join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        home
    }

    /// The same with ready tokens for the sandbox.
    pub(crate) fn signed_in() -> Self {
        Self {
            signed_in: true,
            ..Self::new()
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn profile(&self, name: &str) -> PathBuf {
        self.path(".config/crmsync").join(format!("{name}.toml"))
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name)).ok()
    }

    /// A profile of the sandbox.
    pub(crate) fn with_profile(&self, sandbox: &Sandbox, name: &str, more: &[&str]) {
        let address = &sandbox.address;
        let endpoints = [
            format!("google.endpoint={address}"),
            format!("crm.endpoint={address}"),
            "google.account=me@example.com".to_owned(),
        ];
        let mut args = vec!["configure", name, "--crm-view", "All Contacts"];
        if !more.contains(&"--google-group") {
            args.extend(["--google-group", "CRM"]);
        }
        for each in &endpoints {
            args.extend(["--set", each.as_str()]);
        }
        args.extend(more);
        self.call(&args).expect(0);
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("TERM", "xterm")
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.path("bin").display()),
            );
        if self.signed_in {
            command
                .env("CRMSYNC_GOOGLE_TOKEN", "sandbox-google-token")
                .env("CRMSYNC_CRM_TOKEN", "sandbox-crm-token");
        }
        command
    }

    /// A call without a terminal.
    pub(crate) fn call(&self, args: &[&str]) -> Said {
        let output = self
            .command()
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The simulated services, as a process of their own.
pub(crate) struct Sandbox {
    child: Child,
    pub(crate) address: String,
}

impl Sandbox {
    pub(crate) fn start(contacts: u32, overlap: u32) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["sandbox", "--port", "0"])
            .args(["--contacts", &contacts.to_string()])
            .args(["--overlap", &overlap.to_string()])
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(address.starts_with("http://"), "{line}");
        Self { child, address }
    }

    /// An operation on the simulated services.
    pub(crate) fn admin(&self, path: &str, body: &Value) -> Value {
        let host = self.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let body = body.to_string();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    pub(crate) fn crm(&self, op: &str, body: &Value) -> Value {
        self.admin(&format!("/admin/crm/{op}"), body)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes a profile by hand.
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
