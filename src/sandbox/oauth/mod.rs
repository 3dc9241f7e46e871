//! Google's sign-in as the sandbox plays it: accounts, clients, codes and tokens.

mod consent;
mod grant;
mod jwt;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde_json::{Value, json};

pub(crate) use consent::consent;
pub(crate) use grant::{revoke, token};

/// Reads and writes contacts.
pub(crate) const CONTACTS: &str = "https://www.googleapis.com/auth/contacts";
/// Reads contacts.
pub(crate) const CONTACTS_READONLY: &str = "https://www.googleapis.com/auth/contacts.readonly";
/// Tells the e-mail address of the account.
pub(crate) const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
/// The account that the admin calls and the seed work on.
pub const MAIN_ACCOUNT: &str = "me@example.com";
/// A client that the sandbox knows from the start.
pub const CLIENT_ID: &str = "sandbox.apps.example.com";
/// Its secret.
pub const CLIENT_SECRET: &str = "sandbox-google-secret";
/// An access token that is always valid, with every scope.
pub const FIXED_TOKEN: &str = "sandbox-google-token";
/// An access token that is always valid and only reads.
pub const FIXED_READONLY_TOKEN: &str = "sandbox-google-readonly-token";

/// Refresh tokens of one account and client; the oldest ends when there is one more.
const REFRESH_TOKENS: usize = 100;

#[derive(Clone, Debug)]
struct Code {
    account: String,
    client: String,
    redirect: String,
    challenge: Option<(String, String)>,
    scopes: Vec<String>,
    born: Timestamp,
}

#[derive(Clone, Debug)]
struct Access {
    account: String,
    scopes: Vec<String>,
    expires: Timestamp,
}

#[derive(Clone, Debug)]
struct Refresh {
    account: String,
    client: String,
    scopes: Vec<String>,
    born: Timestamp,
    used: Timestamp,
    order: u64,
}

#[derive(Clone, Debug)]
struct ServiceAccount {
    client_id: String,
    scopes: Vec<String>,
    /// DER of the RSA public key; without one every signature passes.
    key: Option<Vec<u8>>,
}

/// Who may act, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct SignIns {
    accounts: Vec<String>,
    clients: BTreeMap<String, String>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    service_accounts: BTreeMap<String, ServiceAccount>,
    /// Our own address, without a slash at the end.
    base: String,
    chance: StdRng,
    counter: u64,
}

/// Who a request acts for.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The account's e-mail address.
    pub(crate) account: String,
    /// What was granted.
    pub(crate) scopes: Vec<String>,
}

impl Caller {
    /// Whether one of these scopes was granted.
    pub(crate) fn has(&self, wanted: &[&str]) -> bool {
        self.scopes
            .iter()
            .any(|scope| wanted.contains(&scope.as_str()))
    }

    /// Whether the account's e-mail address may be told.
    pub(crate) fn tells_email(&self) -> bool {
        self.has(&[EMAIL, "email"])
    }
}

impl SignIns {
    /// Two accounts, one client, no tokens.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            accounts: vec![MAIN_ACCOUNT.to_owned(), "second@example.com".to_owned()],
            clients: BTreeMap::from([(CLIENT_ID.to_owned(), CLIENT_SECRET.to_owned())]),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            service_accounts: BTreeMap::new(),
            base: String::new(),
            chance: StdRng::seed_from_u64(seed ^ 0x0A07),
            counter: 0,
        }
    }

    /// Tells our own address.
    pub(crate) fn set_base(&mut self, base: String) {
        self.base = base;
    }

    fn random(&mut self, prefix: &str, bytes: usize) -> String {
        let mut raw = vec![0; bytes];
        self.chance.fill_bytes(&mut raw);
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(raw))
    }

    /// Who the bearer of an access token is; none when it is unknown or expired.
    pub(crate) fn caller(&self, authorization: Option<&str>, now: Timestamp) -> Option<Caller> {
        let (kind, token) = authorization?.split_once(' ')?;
        if !kind.eq_ignore_ascii_case("bearer") {
            return None;
        }
        self.bearer(token.trim(), now)
    }

    fn bearer(&self, token: &str, now: Timestamp) -> Option<Caller> {
        let fixed = |scopes: &[&str]| Caller {
            account: MAIN_ACCOUNT.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        match token {
            FIXED_TOKEN => return Some(fixed(&[CONTACTS, EMAIL, "openid"])),
            FIXED_READONLY_TOKEN => return Some(fixed(&[CONTACTS_READONLY])),
            _ => {}
        }
        let access = self
            .access
            .get(token)
            .filter(|access| now < access.expires)?;
        Some(Caller {
            account: access.account.clone(),
            scopes: access.scopes.clone(),
        })
    }

    fn give_access(
        &mut self,
        account: &str,
        scopes: &[String],
        seconds: i64,
        now: Timestamp,
    ) -> Value {
        let token = self.random("ya29.a0", 96);
        let expires = now
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX);
        let access = Access {
            account: account.to_owned(),
            scopes: scopes.to_vec(),
            expires,
        };
        self.access.insert(token.clone(), access);
        json!({
            "access_token": token,
            "expires_in": (seconds - 1).max(0),
            "scope": scopes.join(" "),
            "token_type": "Bearer",
        })
    }

    fn give_refresh(
        &mut self,
        account: &str,
        client: &str,
        scopes: &[String],
        now: Timestamp,
    ) -> String {
        self.counter += 1;
        let refresh = Refresh {
            account: account.to_owned(),
            client: client.to_owned(),
            scopes: scopes.to_vec(),
            born: now,
            used: now,
            order: self.counter,
        };
        let mut held: Vec<(u64, String)> = self
            .refresh
            .iter()
            .filter(|(_, other)| other.account == account && other.client == client)
            .map(|(token, other)| (other.order, token.clone()))
            .collect();
        held.sort();
        let surplus = (held.len() + 1).saturating_sub(REFRESH_TOKENS);
        for (_, token) in held.into_iter().take(surplus) {
            self.refresh.remove(&token);
        }
        let token = self.random("1//0s", 64);
        self.refresh.insert(token.clone(), refresh);
        token
    }

    /// The numeric id of an account.
    pub(crate) fn subject(account: &str) -> String {
        let sum = account.bytes().fold(7_u64, |sum, byte| {
            sum.wrapping_mul(1_000_003).wrapping_add(u64::from(byte))
        });
        format!("1{sum:020}")
    }

    /// What `userinfo` tells.
    pub(crate) fn user_info(caller: &Caller) -> Value {
        let mut info = json!({"sub": Self::subject(&caller.account)});
        if caller.tells_email() {
            info["email"] = json!(caller.account);
            info["email_verified"] = json!(true);
        }
        info
    }

    /// The file that Google's console would offer for download.
    pub(crate) fn client_file(&self) -> Value {
        json!({"installed": {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "project_id": "sandbox",
            "auth_uri": format!("{}/o/oauth2/v2/auth", self.base),
            "token_uri": format!("{}/token", self.base),
            "redirect_uris": ["http://localhost"],
        }})
    }

    /// Admin operations on sign-ins; none when the name is not one of them.
    pub(crate) fn admin(&mut self, op: &str, body: &Value) -> Option<Result<Value, String>> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("");
        Some(match op {
            "account" => {
                self.accounts.push(text("email").to_owned());
                Ok(json!({"accounts": self.accounts}))
            }
            "client" => {
                self.clients.insert(
                    text("client_id").to_owned(),
                    text("client_secret").to_owned(),
                );
                Ok(json!({"clients": self.clients.keys().collect::<Vec<_>>()}))
            }
            "delete_client" => {
                self.clients.remove(text("client_id"));
                Ok(json!({"clients": self.clients.keys().collect::<Vec<_>>()}))
            }
            "service_account" => self.add_service_account(body),
            "expire_access_tokens" => {
                let count = self.access.len();
                self.access.clear();
                Ok(json!({"expired": count}))
            }
            "revoke_refresh_tokens" => {
                let count = self.refresh.len();
                self.refresh.clear();
                self.access.clear();
                Ok(json!({"revoked": count}))
            }
            _ => return None,
        })
    }

    fn add_service_account(&mut self, body: &Value) -> Result<Value, String> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let email = text("client_email").ok_or("client_email is wanted")?;
        let key = match text("public_key") {
            None => None,
            Some(pem) => Some(jwt::public_key(pem).ok_or("public_key is not an RSA key in PEM")?),
        };
        let scopes = text("scopes").unwrap_or(CONTACTS);
        let account = ServiceAccount {
            client_id: text("client_id")
                .unwrap_or("100000000000000000001")
                .to_owned(),
            scopes: scopes
                .split([' ', ','])
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
            key,
        };
        self.service_accounts.insert(email.to_owned(), account);
        Ok(json!({"service_account": email}))
    }
}
