//! Radicale and Xandikos as processes on loopback, and another program that works in the same address
//! book.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(60);

/// The name and password of the only user.
pub(crate) const USER: &str = "anna";
pub(crate) const PASSWORD: &str = "not-a-secret";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Radicale,
    Xandikos,
}

impl Kind {
    pub(crate) const BOTH: [Self; 2] = [Self::Radicale, Self::Xandikos];
}

/// A server with one empty address book.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    child: Child,
    dir: TempDir,
    /// Without a slash at its end.
    pub(crate) root: String,
    /// The path of the address book.
    pub(crate) book: &'static str,
}

/// An answer to another program.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The programs of the virtual environment that `tests/carddav/run` makes.
fn program(name: &str) -> PathBuf {
    let venv = std::env::var_os("CRMSYNC_CARDDAV_VENV")
        .expect("CRMSYNC_CARDDAV_VENV is not set: run tests/carddav/run");
    PathBuf::from(venv).join("bin").join(name)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let at = |name: &str| dir.path().join(name);
        let mut command = match kind {
            Kind::Radicale => {
                std::fs::write(at("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
                let config = format!(
                    "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\n\
                     htpasswd_filename = {}\nhtpasswd_encryption = plain\ndelay = 0\n\
                     [storage]\nfilesystem_folder = {}\n[logging]\nlevel = warning\n",
                    at("users").display(),
                    at("data").display()
                );
                std::fs::write(at("config"), config).unwrap();
                let mut command = Command::new(program("python"));
                command
                    .args(["-m", "radicale", "--config"])
                    .arg(at("config"));
                command
            }
            Kind::Xandikos => {
                let mut command = Command::new(program("xandikos"));
                command
                    .args(["serve", "--defaults", "--no-detect-systemd"])
                    .args(["--current-user-principal", "/anna/", "-l", "127.0.0.1"])
                    .args(["-p", &port.to_string()])
                    .arg("--state-dir")
                    .arg(at("state"))
                    .arg("-d")
                    .arg(at("data"));
                command
            }
        };
        std::fs::create_dir(at("data")).unwrap();
        let log = std::fs::File::create(at("log")).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self {
            kind,
            child,
            root: format!("http://127.0.0.1:{port}"),
            book: match kind {
                Kind::Radicale => "/anna/friends/",
                Kind::Xandikos => "/anna/contacts/addressbook/",
            },
            dir,
        };
        server.wait(port);
        if kind == Kind::Radicale {
            let made = server.send(
                "MKCOL",
                server.book,
                &[("content-type", "application/xml")],
                "<mkcol xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><set><prop>\
                 <resourcetype><collection/><C:addressbook/></resourcetype>\
                 <displayname>Friends</displayname></prop></set></mkcol>",
            );
            assert_eq!(made.status, 201, "{}", made.body);
        }
        server
    }

    fn wait(&mut self, port: u16) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.child.try_wait().unwrap();
            let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(
                ended.is_none() && begun.elapsed() < START,
                "{:?} does not listen: {log}",
                self.kind
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A request of somebody else's program.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let sign = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let host = self.root.trim_start_matches("http://");
        // Version 1.0 has no chunks.
        let mut request = format!(
            "{method} {path} HTTP/1.0\r\nhost: {host}\r\nauthorization: Basic {sign}\r\n\
             content-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(START)).unwrap();
        stream
            .write_all(format!("{request}\r\n{body}").as_bytes())
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            body: body.to_owned(),
        }
    }

    /// Stores a card, whatever is there.
    pub(crate) fn put(&self, name: &str, card: &str) {
        let path = format!("{}{name}", self.book);
        let answer = self.send("PUT", &path, &[("content-type", "text/vcard")], card);
        assert!((200..300).contains(&answer.status), "{}", answer.body);
    }

    /// A card as it is stored.
    pub(crate) fn card(&self, name: &str) -> Option<String> {
        let answer = self.send("GET", &format!("{}{name}", self.book), &[], "");
        (answer.status == 200).then_some(answer.body)
    }

    /// Deletes a card.
    pub(crate) fn delete(&self, name: &str) {
        let answer = self.send("DELETE", &format!("{}{name}", self.book), &[], "");
        assert!((200..300).contains(&answer.status), "{}", answer.body);
    }

    /// The names of all cards, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let answer = self.send(
            "PROPFIND",
            self.book,
            &[("depth", "1"), ("content-type", "application/xml")],
            "<propfind xmlns=\"DAV:\"><prop><getetag/></prop></propfind>",
        );
        let mut names: Vec<String> = answer
            .body
            .split(['<', '>'])
            .filter(|part| part.starts_with(self.book) && !part.ends_with('/'))
            .map(|part| part[self.book.len()..].to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
