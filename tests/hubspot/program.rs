//! The program with HubSpot where HubSpot is peculiar: merged contacts, deletions in every run, static lists, OAuth.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::sim::{CLIENT, Kind, Sim, TOKEN, World, lock, number};
use super::support::{Home, Sandbox, emails, named, person};

struct Both {
    google: Sandbox,
    group: String,
    hubspot: Sim,
    home: Home,
}

impl Both {
    fn start(view: &str, extra: &[(&str, &str)]) -> Self {
        let google = Sandbox::empty();
        let group = google.add_group("CRM");
        let hubspot = Sim::start();
        let home = Home::new(&google);
        let both = Self {
            google,
            group,
            hubspot,
            home,
        };
        both.profile(view, extra);
        both
    }

    fn profile(&self, view: &str, extra: &[(&str, &str)]) {
        let (view, endpoint) = (
            format!("{view:?}"),
            format!("{:?}", self.hubspot.endpoint()),
        );
        let mut keys = vec![
            ("crm.kind", "\"hubspot\""),
            ("crm.view", view.as_str()),
            ("crm.endpoint", endpoint.as_str()),
        ];
        keys.extend(extra);
        self.home.profile("sales", &keys);
    }

    fn with_token(mut self) -> Self {
        self.home.set("CRMSYNC_CRM_TOKEN", TOKEN);
        self
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        lock(&self.hubspot.world)
    }

    /// Someone was added a day ago.
    fn add(&self, given: &str, email: &str) -> String {
        let mut world = self.world();
        let id = world.add(&json!({"firstname": given, "lastname": "Example", "email": email}));
        world.contacts.get_mut(&number(&id)).unwrap().modified -= 86_400_000;
        id
    }

    fn sync(&self) -> Value {
        self.home.synced(&["sales"])
    }

    fn google(&self) -> Vec<String> {
        let all = self.google.google_contacts();
        let mut all: Vec<String> = all.iter().flat_map(emails).collect();
        all.sort();
        all
    }
}

#[test]
fn a_deletion_goes_over_with_the_next_run() {
    let both = Both::start("All contacts", &[("sync.on_delete", "\"delete\"")]).with_token();
    let gone = both.add("Gone", "gone@example.com");
    both.add("Here", "here@example.com");
    both.sync();
    both.world().delete(&gone);
    let report = both.sync();
    assert_eq!(report["google"]["deleted"], json!(1), "{report}");
    assert_eq!(both.google(), ["here@example.com"]);
    let purged = both.add("Purged", "purged@example.com");
    both.sync();
    both.world().purge(&purged);
    let report = both.home.synced(&["sales", "--full"]);
    assert_eq!(
        report["google"]["deleted"],
        json!(0),
        "nothing proves it: {report}"
    );
    assert_eq!(both.google(), ["here@example.com", "purged@example.com"]);
}

#[test]
fn a_merge_loses_nobody_and_doubles_nobody() {
    let extra = [("sync.on_delete", "\"delete\"")];
    let both = Both::start("All contacts", &extra).with_token();
    let kept = both.add("Kept", "kept@example.com");
    let merged = both.add("Merged", "merged@example.com");
    // Known to HubSpot alone: without an address it takes no part.
    let alone = both.world().add(&json!({"firstname": "Alone"}));
    let other = both.add("Other", "other@example.com");
    both.sync();
    assert_eq!(both.google().len(), 3);
    both.world().merge(&kept, &merged);
    // The linked one becomes the one that was not.
    both.world().merge(&alone, &other);
    let report = both.sync();
    for side in ["google", "crm"] {
        assert_eq!(report[side]["created"], json!(0), "{report}");
        assert_eq!(report[side]["deleted"], json!(0), "{report}");
    }
    // The pair of the merged one has no record of its own any more: it rests, and that is told once.
    let notices = report["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 1, "{report}");
    assert_eq!(notices[0]["kind"], json!("vanished"));
    assert_eq!(notices[0]["email"], json!("merged@example.com"));
    assert_eq!(
        both.google(),
        [
            "kept@example.com",
            "merged@example.com",
            "other@example.com"
        ]
    );
    // The pair of the other goes on under the new identifier.
    both.world().edit(&alone, &json!({"firstname": "Edited"}));
    assert_eq!(both.sync()["notices"], json!([]));
    let all = both.google.google_contacts();
    assert_eq!(
        named(&all, "other@example.com")["names"][0]["givenName"],
        json!("Edited")
    );
    // An edit of the contact whose pair rests goes nowhere and makes nobody.
    let id = named(&all, "merged@example.com")["resourceName"].clone();
    let names = json!({"names": [{"givenName": "Anew", "familyName": "Example"}]});
    both.google.edit_google(id.as_str().unwrap(), &names);
    for args in [&["sales"][..], &["sales", "--full"]] {
        let report = both.home.synced(args);
        assert_eq!(report["crm"]["created"], json!(0), "{report}");
        assert_eq!(report["google"]["deleted"], json!(0), "{report}");
    }
    assert_eq!(both.google().len(), 3);
    assert_eq!(both.world().count(), 2);
    assert_eq!(both.world().property(&kept, "firstname"), "Kept");
}

#[test]
fn who_joins_a_static_list_comes_over_and_who_comes_from_google_joins_it() {
    let both = Both::start("Newsletter", &[]).with_token();
    let list = both.world().add_list("Newsletter", Kind::Manual);
    let (first, second) = (
        both.add("First", "first@example.com"),
        both.add("Second", "second@example.com"),
    );
    both.world().join(&list, &first);
    both.sync();
    assert_eq!(both.google(), ["first@example.com"]);
    both.world().join(&list, &second);
    let new = both
        .google
        .add_google(&person("New", "Comer", "new@example.com"));
    both.google.members(&both.group, &[&new], &[]);
    let report = both.sync();
    assert_eq!(report["google"]["created"], json!(1), "{report}");
    assert_eq!(report["crm"]["created"], json!(1), "{report}");
    assert_eq!(
        both.google(),
        ["first@example.com", "new@example.com", "second@example.com"]
    );
    assert_eq!(both.world().lists[&number(&list)].members.len(), 3);
    assert_eq!(both.sync()["outcome"], json!("in-sync"));
}

/// Fetches an address and tells where it sends on, or what it shows.
fn fetch(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let host = host.replace("localhost", "127.0.0.1");
    let mut stream = TcpStream::connect(&host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let location = answer
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or(&answer).to_owned()
}

#[test]
fn it_is_signed_in_to_by_oauth_too() {
    let mut both = Both::start("All contacts", &[]);
    let pages = format!("{:?}", both.hubspot.endpoint());
    let client = format!("{:?}", CLIENT.0);
    both.profile(
        "All contacts",
        &[("crm.app_endpoint", &pages), ("crm.client_id", &client)],
    );
    both.home
        .env
        .retain(|(name, _)| name != "CRMSYNC_CRM_TOKEN");
    both.add("First", "first@example.com");
    both.home.sync(&["sales"]).exits(5);
    let mut child = Command::new(env!("CARGO_BIN_EXE_crmsync"))
        .args([
            "auth",
            "crm",
            "sales",
            "--client-secret-stdin",
            "--wait",
            "60",
        ])
        .env_clear()
        .envs(both.home.arguments())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(CLIENT.1.as_bytes())
        .unwrap();
    let said = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let address = said
        .into_iter()
        .find(|line| line.starts_with("http://"))
        .unwrap();
    assert!(address.contains("crm.objects.contacts.write"), "{address}");
    let back = fetch(&address);
    assert!(back.starts_with("http://localhost:480"), "{back}");
    assert!(fetch(&back).contains("Signed in"));
    assert!(child.wait().unwrap().success());
    assert_eq!(both.sync()["google"]["created"], json!(1));
    // The access token ends; the refresh token makes another.
    both.world().oauth.access.clear();
    both.add("Second", "second@example.com");
    both.home.synced(&["sales", "--full"]);
    assert_eq!(both.google().len(), 2);
    both.home.run(&["deactivate", "sales"]).exits(0);
    assert!(both.world().oauth.refresh.is_empty(), "revoked");
}
