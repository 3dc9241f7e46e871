//! CardDAV, on Radicale: a server that others wrote, behind a gate that counts, loses and holds what goes through it.

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../carddav/server.rs"]
mod server;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::crm::Crm;
use server::{Kind, PASSWORD, Server, USER};

/// What becomes of the next card that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    Lost,
    Held,
}

#[derive(Debug, Default)]
struct Seen {
    mishap: Option<Mishap>,
    held: bool,
    writes: usize,
}

pub(crate) struct Carddav {
    server: Server,
    gate: String,
    seen: Arc<Mutex<Seen>>,
}

impl Carddav {
    pub(crate) fn radicale() -> Self {
        let server = Server::start(Kind::Radicale);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Seen>>::default();
        let (behind, shared) = (server.root.clone(), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (behind, seen) = (behind.clone(), Arc::clone(&shared));
                std::thread::spawn(move || pass(stream.unwrap(), &behind, &seen));
            }
        });
        Self { server, gate, seen }
    }

    /// Changes the lines of a card.
    fn change(&self, id: &str, change: impl Fn(&str) -> String) {
        let card = self.server.card(id).unwrap();
        let lines: Vec<String> = card.lines().map(change).collect();
        self.server.put(id, &format!("{}\r\n", lines.join("\r\n")));
    }

    fn line(&self, id: &str, property: &str) -> Option<String> {
        let card = self.server.card(id)?;
        let line = card
            .lines()
            .find(|line| line.split([':', ';']).next() == Some(property))?;
        Some(line.split_once(':')?.1.to_owned())
    }
}

/// Hands one request on and its answer back; the connection ends with it.
fn pass(mut stream: TcpStream, behind: &str, seen: &Mutex<Seen>) {
    let mut request = Vec::new();
    let mut some = [0; 4096];
    let (head, length) = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(request[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().unwrap())
            });
            break (head, end + 4 + length.unwrap_or(0));
        }
        match stream.read(&mut some) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&some[..read]),
        }
    };
    while request.len() < length {
        match stream.read(&mut some) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&some[..read]),
        }
    }
    let method = head.split(' ').next().unwrap_or_default();
    let changes = ["PUT", "DELETE", "MOVE"].contains(&method);
    let mut forward = TcpStream::connect(behind.trim_start_matches("http://")).unwrap();
    let (first, rest) = head.split_once("\r\n").unwrap();
    let mut sent = format!("{first}\r\nconnection: close\r\n{rest}\r\n\r\n").into_bytes();
    sent.extend_from_slice(&request[head.len() + 4..]);
    forward.write_all(&sent).unwrap();
    let mut answer = Vec::new();
    forward.read_to_end(&mut answer).unwrap();
    let mishap = {
        let mut seen = seen.lock().unwrap();
        seen.writes += usize::from(changes);
        let mishap = if method == "PUT" {
            seen.mishap.take()
        } else {
            None
        };
        seen.held |= mishap == Some(Mishap::Held);
        mishap
    };
    match mishap {
        None => drop(stream.write_all(&answer)),
        Some(Mishap::Lost) => {}
        // Until the other end gives up.
        Some(Mishap::Held) => while stream.read(&mut some).is_ok_and(|read| read > 0) {},
    }
}

impl Crm for Carddav {
    fn kind(&self) -> &'static str {
        "carddav"
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![
            ("crm.endpoint", self.gate.clone()),
            ("crm.user", USER.to_owned()),
        ]
    }

    fn view(&self) -> &'static str {
        "Friends"
    }

    fn secret(&self) -> &'static str {
        PASSWORD
    }

    fn key_field(&self) -> &'static str {
        "EMAIL"
    }

    fn add(&self, given: &str, family: &str, email: &str) -> String {
        let name = format!("{}.vcf", email.to_lowercase().replace('@', "-at-"));
        self.server.put(
            &name,
            &format!(
                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{email}\r\nFN:{given} {family}\r\n\
                 N:{family};{given};;;\r\nEMAIL;TYPE=WORK:{email}\r\nEND:VCARD\r\n"
            ),
        );
        name
    }

    fn rename(&self, id: &str, given: &str) {
        self.change(id, |line| match line.strip_prefix("N:") {
            Some(parts) => {
                let mut parts: Vec<&str> = parts.split(';').collect();
                parts[1] = given;
                format!("N:{}", parts.join(";"))
            }
            None => line.to_owned(),
        });
    }

    fn delete(&self, id: &str) {
        self.server.delete(id);
    }

    fn ids(&self, email: &str) -> Vec<String> {
        let mut names = self.server.names();
        names.retain(|name| {
            let own = self.line(name, "EMAIL");
            own.is_some_and(|own| own.eq_ignore_ascii_case(email))
        });
        names
    }

    fn given(&self, id: &str) -> String {
        let name = self.line(id, "N").unwrap();
        name.split(';').nth(1).unwrap().to_owned()
    }

    fn count(&self) -> usize {
        self.server.names().len()
    }

    fn lose_an_answer(&self) {
        self.seen.lock().unwrap().mishap = Some(Mishap::Lost);
    }

    fn hold_an_answer(&self) {
        self.seen.lock().unwrap().mishap = Some(Mishap::Held);
    }

    fn holds(&self) -> bool {
        self.seen.lock().unwrap().held
    }

    fn deny_creating(&self) -> bool {
        // Radicale's rights stand in a file that it reads when it starts.
        false
    }

    fn writes(&self) -> usize {
        self.seen.lock().unwrap().writes
    }
}
