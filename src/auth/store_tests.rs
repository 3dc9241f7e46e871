//! The token files and the sources over them: modes, locks, renewals, credentials.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::error::Kind;
use super::testing::{Server, client};
use super::{
    Account, Fixed, Provider, Store, Stored, TokenKind, TokenSource, Tokens, from_environment,
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn ended(server: &Server) -> Tokens {
    let client = client();
    Tokens {
        access_token: Some(SecretString::from("old-access")),
        expires_at: Some(Timestamp::now() + SignedDuration::from_secs(30)),
        refresh_token: Some(SecretString::from("refresh-secret")),
        client_id: Some(client.id),
        client_secret: Some(client.secret),
        token_uri: Some(server.address("/token")),
        ..Tokens::new(Provider::Google, TokenKind::User)
    }
}

/// A token server that numbers its access tokens and takes its time.
pub(super) async fn numbering() -> Server {
    let count = AtomicU32::new(0);
    Server::start(Duration::from_millis(150), move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        (
            200,
            format!(
                "{{\"access_token\":\"new-{n}\",\"expires_in\":3599,\"token_type\":\"Bearer\"}}"
            ),
        )
    })
    .await
}

pub(super) fn text(token: &SecretString) -> &str {
    token.expose_secret()
}

#[tokio::test]
async fn files_are_private_whole_and_read_back() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("state/tokens");
    let server = Server::always(200, "{}").await;
    let store = Store::at(&dir).unwrap();
    let account = Account::google("sales");
    assert!(store.load(&account).unwrap().is_none());
    assert!(!dir.exists(), "looking makes nothing");
    for _ in 0..2 {
        store.save(&account, &ended(&server)).unwrap();
    }
    let file = dir.join("google-sales.json");
    assert_eq!((mode(&dir), mode(&file)), (0o700, 0o600));
    assert_eq!(
        fs::read_dir(&dir).unwrap().count(),
        1,
        "nothing is left aside"
    );
    let back = store.load(&account).unwrap().unwrap();
    assert_eq!(text(back.refresh_token.as_ref().unwrap()), "refresh-secret");
    assert!(!format!("{back:?}").contains("refresh-secret"));
    assert!(!format!("{back:?}").contains("made-up-secret"));
    assert!(store.load(&Account::crm("sales")).unwrap().is_none());
    store.remove(&account).unwrap();
    store.remove(&account).unwrap();
    assert!(store.load(&account).unwrap().is_none());
}

#[tokio::test]
async fn what_others_can_read_is_refused_with_the_cure() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("tokens");
    let server = Server::always(200, "{}").await;
    let store = Store::at(&dir).unwrap();
    let account = Account::crm("sales");
    store.save(&account, &ended(&server)).unwrap();
    let file = dir.join("crm-sales.json");
    for open in [0o644, 0o640, 0o604, 0o620] {
        set_mode(&file, open);
        let error = store.load(&account).unwrap_err();
        assert_eq!(
            (error.kind, error.kind.exit_code()),
            (Kind::Insecure, 5),
            "{open:o}"
        );
        assert_eq!(
            error.hint.unwrap(),
            format!("run: chmod 600 '{}'", file.display())
        );
    }
    set_mode(&file, 0o600);
    assert!(store.load(&account).unwrap().is_some());
    set_mode(&dir, 0o755);
    let error = Store::at(&dir).unwrap_err();
    assert_eq!(error.kind, Kind::Insecure);
    assert_eq!(
        error.hint.unwrap(),
        format!("run: chmod 700 '{}'", dir.display())
    );
    assert_eq!(
        store.save(&account, &ended(&server)).unwrap_err().kind,
        Kind::Insecure
    );
}

#[test]
fn a_broken_file_is_told_without_its_values_and_odd_names_name_no_file() {
    let home = tempfile::tempdir().unwrap();
    set_mode(home.path(), 0o700);
    let store = Store::at(home.path()).unwrap();
    let file = home.path().join("google-a.json");
    for broken in ["", "{", "{\"provider\":\"hush-hush\"}", "\"hush-hush\""] {
        fs::write(&file, broken).unwrap();
        set_mode(&file, 0o600);
        let error = store.load(&Account::google("a")).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
    for name in ["", "../x", "a/b", ".hidden", "a\n"] {
        assert_eq!(
            store.load(&Account::google(name)).unwrap_err().kind,
            Kind::Invalid,
            "{name:?}"
        );
    }
}

#[tokio::test]
async fn many_who_need_a_token_make_one_renewal() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("tokens");
    let server = numbering().await;
    let account = Account::google("sales");
    Store::at(&dir)
        .unwrap()
        .save(&account, &ended(&server))
        .unwrap();
    // Each has its own handle on the lock, as another process would.
    let open = || Stored::open(Store::at(&dir).unwrap(), account.clone()).unwrap();
    let (one, two, three) = (open(), open(), open());
    let (a, b, c, d) = tokio::join!(one.token(), one.token(), two.token(), three.token());
    for token in [a, b, c, d] {
        assert_eq!(text(&token.unwrap()), "new-1");
    }
    assert_eq!(server.seen().len(), 1);
    // The next process uses what was stored, and asks nobody.
    assert_eq!(text(&open().token().await.unwrap()), "new-1");
    // A refused token is renewed once, by whoever comes first.
    let refused = SecretString::from("new-1");
    let (a, b) = tokio::join!(one.renew(&refused), two.renew(&refused));
    assert_eq!((text(&a.unwrap()), text(&b.unwrap())), ("new-2", "new-2"));
    assert_eq!(server.seen().len(), 2);
    assert_eq!(server.seen()[1].form["refresh_token"], "refresh-secret");
}

#[tokio::test]
async fn a_lock_is_waited_for_and_given_back() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(&home.path().join("tokens")).unwrap();
    let account = Account::google("sales");
    let held = store.lock(&account).await.unwrap();
    let brief = Duration::from_millis(100);
    assert!(
        tokio::time::timeout(brief, store.lock(&account))
            .await
            .is_err()
    );
    assert!(store.lock(&Account::crm("sales")).await.is_ok());
    drop(held);
    assert!(store.lock(&account).await.is_ok());
}

#[tokio::test]
async fn no_sign_in_and_a_refused_key_name_the_command() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(&home.path().join("tokens")).unwrap();
    let account = Account::crm("sales");
    let error = Stored::open(store.clone(), account.clone()).unwrap_err();
    assert_eq!(error.kind, Kind::SignInNeeded);
    assert_eq!(error.hint.unwrap(), "run `crmsync auth crm sales`");
    store
        .save(&account, &Tokens::api_key(SecretString::from("key")))
        .unwrap();
    let source = Stored::open(store, account).unwrap();
    assert_eq!(text(&source.token().await.unwrap()), "key");
    let error = source.renew(&SecretString::from("key")).await.unwrap_err();
    assert_eq!(error.kind, Kind::SignInNeeded);
    assert!(error.hint.unwrap().contains("--api-key-stdin"));
}

#[tokio::test]
async fn a_ready_token_is_handed_out_and_never_renewed() {
    assert!(from_environment("PATH").is_some());
    assert!(from_environment("CRMSYNC_NO_SUCH_VARIABLE").is_none());
    let fixed = Fixed::new(SecretString::from("ready"), "CRMSYNC_CRM_TOKEN");
    assert_eq!(text(&fixed.token().await.unwrap()), "ready");
    assert!(!format!("{fixed:?}").contains("ready"));
    let error = fixed.renew(&SecretString::from("ready")).await.unwrap_err();
    assert_eq!(error.kind, Kind::SignInNeeded);
    assert!(error.message.contains("CRMSYNC_CRM_TOKEN"));
}

#[tokio::test]
async fn a_credential_goes_first_and_is_renewed_beside_the_store() {
    let home = tempfile::tempdir().unwrap();
    let (dir, given) = (home.path().join("tokens"), home.path().join("credentials"));
    let server = numbering().await;
    let account = Account::google("sales");
    fs::create_dir(&given).unwrap();
    let mine = Tokens {
        account: Some("mine@example.com".to_owned()),
        ..ended(&server)
    };
    Store::at(&dir).unwrap().save(&account, &mine).unwrap();
    let credential = serde_json::to_string(&ended(&server)).unwrap();
    let file = given.join("google");
    fs::write(&file, &credential).unwrap();
    set_mode(&file, 0o440);
    let store = || {
        Store::at(&dir)
            .unwrap()
            .with_credentials(Some(given.clone()))
    };
    let open = || Stored::open(store(), account.clone()).unwrap();
    let source = open();
    assert_eq!(source.account(), None);
    assert_eq!(text(&source.token().await.unwrap()), "new-1");
    assert_eq!(
        text(&open().token().await.unwrap()),
        "new-1",
        "kept between processes"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), credential);
    let own = Store::at(&dir).unwrap().load(&account).unwrap().unwrap();
    assert_eq!(own.account.as_deref(), Some("mine@example.com"));
    assert_eq!(text(own.access_token.as_ref().unwrap()), "old-access");
    // One for the profile goes before one for all, and another credential is another sign-in.
    let profile = given.join("google-sales");
    let other = Tokens {
        account: Some("other@example.com".to_owned()),
        ..ended(&server)
    };
    fs::write(&profile, serde_json::to_string(&other).unwrap()).unwrap();
    set_mode(&profile, 0o400);
    assert_eq!(open().account().as_deref(), Some("other@example.com"));
    assert_eq!(text(&open().token().await.unwrap()), "new-2");
    set_mode(&profile, 0o444);
    assert_eq!(store().load(&account).unwrap_err().kind, Kind::Insecure);
}

#[tokio::test]
async fn a_credential_without_a_store_is_renewed_in_memory() {
    let home = tempfile::tempdir().unwrap();
    // The directory cannot be made: its parent is a file.
    let blocked = home.path().join("file");
    fs::write(&blocked, "").unwrap();
    let server = numbering().await;
    let file = home.path().join("google-sales");
    let user = "{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"s\",\"refresh_token\":\"R\"}";
    fs::write(&file, user).unwrap();
    set_mode(&file, 0o400);
    let store = Store {
        dir: blocked.join("tokens"),
        credentials: Some(home.path().to_owned()),
    };
    let parsed = store.load(&Account::google("sales")).unwrap().unwrap();
    assert_eq!(parsed.kind, TokenKind::Imported);
    // Pointed at the test's server, since such a JSON names none.
    let ours = Tokens {
        token_uri: Some(server.address("/token")),
        origin: None,
        ..parsed
    };
    set_mode(&file, 0o600);
    fs::write(&file, serde_json::to_string(&ours).unwrap()).unwrap();
    let source = Stored::open(store, Account::google("sales")).unwrap();
    assert_eq!(text(&source.token().await.unwrap()), "new-1");
    assert_eq!(text(&source.token().await.unwrap()), "new-1");
    assert_eq!(
        text(&source.renew(&SecretString::from("new-1")).await.unwrap()),
        "new-2"
    );
    // Someone else's refusal of the old one is answered with the newer one at hand.
    assert_eq!(
        text(&source.renew(&SecretString::from("new-1")).await.unwrap()),
        "new-2"
    );
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn two_processes_wait_for_one_another() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("tokens");
    let server = Arc::new(numbering().await);
    let account = Account::google("sales");
    let store = Store::at(&dir).unwrap();
    store.save(&account, &ended(&server)).unwrap();
    let source = Stored::open(store.clone(), account.clone()).unwrap();
    let held = store.lock(&account).await.unwrap();
    let waiting = tokio::spawn(async move { source.token().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(server.seen().is_empty(), "it waits for the lock");
    let fresh = Tokens {
        access_token: Some(SecretString::from("by-another")),
        expires_at: Some(Timestamp::now() + SignedDuration::from_hours(1)),
        ..ended(&server)
    };
    store.save(&account, &fresh).unwrap();
    drop(held);
    assert_eq!(text(&waiting.await.unwrap().unwrap()), "by-another");
    assert!(server.seen().is_empty());
}
