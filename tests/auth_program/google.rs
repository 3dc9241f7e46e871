//! `auth google`: the ways that end well.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::admin::Sandbox;
use crate::support::{GOOGLE_SECRET, Home, follow, redirect};

const CONTACTS: &str = "https://www.googleapis.com/auth/contacts";

#[test]
fn a_browser_is_opened_and_signs_in_and_the_tokens_are_kept_to_their_owner() {
    let sandbox = Sandbox::empty();
    let mut home = Home::new(&sandbox);
    let browser = home.path().join("browser.sh");
    let script = format!(
        "#!/bin/sh\nprintf '%s' \"$1\" > '{0}/opening' && mv '{0}/opening' '{0}/opened'\n",
        home.path().display()
    );
    std::fs::write(&browser, script).unwrap();
    std::fs::set_permissions(&browser, PermissionsExt::from_mode(0o755)).unwrap();
    home.env
        .insert("BROWSER".to_owned(), browser.display().to_string());
    home.env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());

    let mut call = home.start(&["auth", "google", "sales"]);
    let printed = call.address();
    let opened = home.path().join("opened");
    while !opened.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let opened = std::fs::read_to_string(opened).unwrap();
    assert_eq!(opened, printed);
    let asked: std::collections::BTreeMap<_, _> = url::Url::parse(&opened)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["response_type"], "code");
    assert!(asked["code_challenge"].len() == 43 && asked["state"].len() > 20);
    assert!(asked["redirect_uri"].starts_with("http://127.0.0.1:"));

    let page = follow(&format!("{opened}&auto=allow"));
    assert!(page.body.contains("Signed in"), "{page:?}");
    let ran = call.end().exits(0);
    assert_eq!(ran.stdout, "sales: signed in to Google as me@example.com\n");
    assert!(
        ran.stderr.contains("next: crmsync auth crm sales"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("\"Testing\"") && ran.stderr.contains("docs/google-setup.md"));

    let file = home.token_file("google-sales");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let dir = file.parent().unwrap();
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let tokens = home.tokens("google-sales");
    assert_eq!(tokens["account"], "me@example.com");
    assert!(tokens["refresh_token"].is_string() && tokens["access_token"].is_string());
}

#[test]
fn a_profile_that_never_writes_to_google_asks_to_read_only() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[("sync.direction", "\"google-to-crm\"")]);
    let mut call = home.start(&["auth", "google"]);
    let address = call.address();
    assert!(address.contains("contacts.readonly"), "{address}");
    follow(&format!("{address}&auto=allow"));
    call.end().exits(0);
    let scopes = home.tokens("google-sales")["scopes"].to_string();
    assert!(scopes.contains("contacts.readonly") && !scopes.contains(&format!("{CONTACTS}\"")));
}

#[test]
fn without_a_browser_the_redirect_is_handed_over_and_ssh_is_explained() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let mut call = home.start(&["auth", "google", "--no-browser", "--redirect-stdin"]);
    let tunnel = call.line("To let the browser");
    let address = call.address();
    let landed = redirect(&format!("{address}&auto=allow"));
    let port = url::Url::parse(&landed).unwrap().port().unwrap();
    assert!(
        tunnel.contains(&format!("ssh -L {port}:127.0.0.1:{port}")),
        "{tunnel}"
    );
    call.hand(&format!("{landed}\n"));
    call.end().exits(0).answers(&["me@example.com"]);
}

#[test]
fn a_redirect_that_comes_through_a_tunnel_needs_no_pasting() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    let mut call = home.start(&["auth", "google", "--redirect-stdin"]);
    let address = call.address();
    assert!(
        follow(&format!("{address}&auto=allow"))
            .body
            .contains("Signed in")
    );
    // Its standard input stays open all the while.
    let began = std::time::Instant::now();
    while !home.token_file("google-sales").exists() {
        assert!(began.elapsed().as_secs() < 10);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    call.end().exits(0);
}

#[test]
fn the_client_is_handed_over_when_the_profile_names_none() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("sales", &[("google.client_secret", "")]);
    home.run(&["auth", "google"]).exits(2).says(&[
        "names no OAuth client",
        "--client-secret-stdin",
        "--google-client-secret",
    ]);
    let client = std::fs::read_to_string(home.path().join("config/client.json")).unwrap();
    let mut call = home.start(&["auth", "google", "--client-secret-stdin"]);
    call.hand(&client);
    let address = call.address();
    follow(&format!("{address}&auto=allow"));
    call.end().exits(0);
    assert_eq!(home.tokens("google-sales")["client_secret"], GOOGLE_SECRET);
}

#[test]
fn a_sign_in_is_brought_along_as_a_file_or_as_a_token() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.sign_in_google();
    let tokens = home.tokens("google-sales");
    let token = tokens["refresh_token"].as_str().unwrap();
    let text = json!({
        "type": "authorized_user", "client_id": tokens["client_id"],
        "client_secret": GOOGLE_SECRET, "refresh_token": token,
    });
    home.profile(
        "other",
        &[
            ("google.client_secret", ""),
            ("google.token_uri", &format!("\"{}/token\"", sandbox.root())),
        ],
    );
    let file = home.path().join("token.json");
    std::fs::write(&file, text.to_string()).unwrap();
    home.run(&["auth", "google", "other", "--import", "token.json"])
        .exits(0);
    assert_eq!(home.tokens("google-other")["kind"], "imported");
    home.profile("third", &[]);
    home.run_with(
        &["auth", "google", "third", "--refresh-token-stdin"],
        &format!("{token}\n"),
    )
    .exits(0);
    assert_eq!(home.tokens("google-third")["refresh_token"], token);
    home.run(&["auth", "google", "third", "--refresh-token-stdin"])
        .exits(2)
        .says(&["no refresh token came"]);
    home.run_with(
        &["auth", "google", "third", "--refresh-token-stdin"],
        "1//made-up",
    )
    .exits(5)
    .says(&["crmsync auth google third"]);
}

#[test]
fn the_profile_may_be_left_out_only_where_there_is_one() {
    let sandbox = Sandbox::empty();
    let home = Home::new(&sandbox);
    home.profile("support", &[]);
    for side in ["google", "crm"] {
        home.run(&["auth", side])
            .exits(2)
            .says(&["which profile?", "sales, support"]);
    }
    home.run(&["auth", "google", "slaes"])
        .exits(7)
        .says(&["sales"]);
    for name in ["sales", "support"] {
        std::fs::remove_file(home.path().join(format!("config/{name}.toml"))).unwrap();
    }
    for args in [["auth", "google"], ["auth", "crm"], ["auth", "status"]] {
        home.run(&args).exits(7).says(&["crmsync configure NAME"]);
    }
}
