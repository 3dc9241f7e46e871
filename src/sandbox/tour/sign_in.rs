//! Signing in on the tour: the commands, and the browser that a person would use beside them.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::stage::Stage;
use crate::sandbox::zoho;

/// The longest that a sign-in may take.
const LIMIT: Duration = Duration::from_secs(30);
/// What a two-way profile asks of a self client.
const SCOPES: &str = "ZohoCRM.modules.contacts.READ,ZohoCRM.modules.contacts.CREATE,ZohoCRM.modules.contacts.UPDATE,ZohoCRM.coql.READ,ZohoCRM.settings.custom_views.READ,ZohoCRM.settings.fields.READ,ZohoCRM.settings.modules.READ,ZohoCRM.settings.profiles.READ,ZohoCRM.users.READ,ZohoCRM.org.READ";

impl Stage<'_> {
    /// Puts Google's client file beside the profile, as downloaded from the console.
    pub(super) fn download_client(&mut self) -> anyhow::Result<()> {
        let file = self
            .with(|world| {
                let now = world.clock.now();
                world.google.admin("client_secret.json", &Value::Null, now)
            })
            .map_err(anyhow::Error::msg)?;
        self.typed(
            "# client_secret.json, downloaded from Google's console, lies beside the profile",
        )?;
        Ok(std::fs::write(
            self.config().join("client_secret.json"),
            file.to_string(),
        )?)
    }

    /// Signs in to the CRM with a self client's code.
    pub(super) async fn sign_in_crm(&mut self) -> anyhow::Result<bool> {
        let made = self
            .with(|world| {
                let now = world.clock.now();
                world
                    .zoho
                    .admin("grant_code", &json!({"scopes": SCOPES}), now)
            })
            .map_err(anyhow::Error::msg)?;
        let code = made["code"].as_str().context("a grant code")?;
        let words = ["auth", "crm", "sales", "--grant-code-stdin"];
        self.typed("crmsync auth crm sales --grant-code-stdin < code-and-secret.txt")?;
        let mut child = self.command(&words).stdin(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("a standard input")?;
        let secret = zoho::CLIENT_SECRET;
        input
            .write_all(format!("{code}\n{secret}\n").as_bytes())
            .await?;
        drop(input);
        let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await??;
        self.show(&String::from_utf8_lossy(&output.stdout))?;
        self.show(&String::from_utf8_lossy(&output.stderr))?;
        Ok(output.status.success())
    }

    /// Signs in to Google: opens the address that the command prints, allows, and hands the
    /// redirect over.
    pub(super) async fn sign_in_google(&mut self) -> anyhow::Result<bool> {
        let words = ["auth", "google", "sales", "--redirect-stdin"];
        self.typed("crmsync auth google sales --redirect-stdin")?;
        let mut child = self.command(&words).stdin(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("a standard input")?;
        let mut lines = BufReader::new(child.stderr.take().context("a standard error")?).lines();
        let mut said = Vec::new();
        let signing = async {
            while let Some(line) = lines.next_line().await? {
                let found = line
                    .find("http://127.0.0.1")
                    .map(|at| line[at..].to_owned());
                said.push(line.clone());
                if let Some(address) = found.filter(|address| address.contains("/o/oauth2/")) {
                    let address = address.split_whitespace().next().unwrap_or_default();
                    let landed = redirect(&format!("{address}&auto=allow")).await?;
                    input.write_all(format!("{landed}\n").as_bytes()).await?;
                    break;
                }
            }
            while let Some(line) = lines.next_line().await? {
                said.push(line);
            }
            anyhow::Ok(child.wait_with_output().await?)
        };
        let output = tokio::time::timeout(LIMIT, signing)
            .await
            .context("the sign-in took too long")??;
        self.typed("# in the browser: allow; the redirect's address is handed over")?;
        self.show(&said.join("\n"))?;
        self.show(&String::from_utf8_lossy(&output.stdout))?;
        Ok(output.status.success())
    }
}

/// Where a page on loopback sends a browser.
async fn redirect(address: &str) -> anyhow::Result<String> {
    let rest = address.strip_prefix("http://").context("a plain address")?;
    let (host, path) = rest.split_once('/').context("a path")?;
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    answer
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("location")
                .then(|| value.trim().to_owned())
        })
        .context("the consent page gave no redirect")
}
