//! The sign-ins of a profile that is deactivated: revoked at their services, then forgotten.

use super::super::connect;
use super::{Work, is_inactive};
use crate::auth::crm::OAuth;
use crate::auth::{self, Account, Provider, Revoked, Service, TokenKind, Tokens};
use crate::connector;

impl Work<'_> {
    /// Revokes and forgets one side's sign-in. What cannot be revoked now is kept, to be revoked later.
    pub(super) async fn sign_out(&mut self, service: Service) -> anyhow::Result<()> {
        let account = Account {
            service,
            profile: self.name.clone(),
        };
        let word = service.word();
        let tokens = match self.store.load(&account) {
            Ok(Some(tokens)) => tokens,
            Ok(None) => return self.note(&format!("{word}: nobody was signed in")),
            Err(error) => {
                let again = self.again();
                let hint = error.hint.clone().unwrap_or_default();
                self.failed(
                    error.kind.exit_code(),
                    &format!("{word}: the sign-in was neither revoked nor forgotten: {error}"),
                    &format!("{hint}; then {again}"),
                );
                return Ok(());
            }
        };
        let sharing = self.sharing(&account, &tokens);
        if self.args.dry_run {
            let what = if sharing.is_empty() {
                "revoked and forgotten"
            } else {
                "forgotten, not revoked (see below)"
            };
            self.say(&format!("{word}: sign-in {what}"))?;
            return self.aftermath(service, &tokens, &sharing, None);
        }
        let _lock = self.store.lock(&account).await?;
        let outcome = if sharing.is_empty() {
            match auth::revoke(&tokens, service_of(&tokens)).await {
                Ok(outcome) => Some(outcome),
                Err(error) => {
                    let by_hand = by_hand(&tokens);
                    let again = self.again();
                    self.failed(
                        error.kind.exit_code(),
                        &format!(
                            "{word}: the profile is deactivated, but its sign-in is not revoked and its token file is kept: {error}"
                        ),
                        &format!("to finish, {again}; or revoke it by hand {by_hand}"),
                    );
                    return Ok(());
                }
            }
        } else {
            None
        };
        self.store.remove(&account)?;
        let done = match outcome {
            Some(Revoked::Done) => "sign-in revoked and forgotten",
            Some(Revoked::AlreadyInvalid) => "sign-in forgotten; it was no longer valid",
            Some(Revoked::NothingToRevoke) | None => "sign-in forgotten, not revoked",
        };
        self.say(&format!("{word}: {done}"))?;
        self.aftermath(service, &tokens, &sharing, outcome)
    }

    fn again(&self) -> String {
        format!("run `crmsync deactivate {}` again", self.name)
    }

    /// The active profiles that would lose their sign-in with this one: at Google all of the same
    /// user and project, elsewhere those with the very same token.
    fn sharing(&self, account: &Account, tokens: &Tokens) -> Vec<String> {
        self.others(|name| {
            let other = Account {
                service: account.service,
                profile: name.to_owned(),
            };
            let active = !is_inactive(self.paths, name).unwrap_or(false);
            active
                && self
                    .store
                    .load(&other)
                    .ok()
                    .flatten()
                    .is_some_and(|other| dies_with(&other, tokens))
        })
    }

    /// What a person has to know afterwards.
    fn aftermath(
        &self,
        service: Service,
        tokens: &Tokens,
        sharing: &[String],
        outcome: Option<Revoked>,
    ) -> anyhow::Result<()> {
        let word = service.word();
        let mut notes = Vec::new();
        if !sharing.is_empty() {
            notes.push(format!(
                "not revoked, because {} would be signed out too; to revoke it all the same, do it {}",
                sharing.join(", "),
                by_hand(tokens)
            ));
        } else if tokens.kind == TokenKind::ServiceAccount {
            notes.push(
                "a service account cannot be revoked from here: an administrator takes its delegation back in the Admin \
                 console, Security, API controls"
                    .to_owned(),
            );
        } else if tokens.kind == TokenKind::ApiKey {
            notes.push(
                "an API key cannot be revoked from here: delete it in the CRM's settings"
                    .to_owned(),
            );
        } else if tokens.provider == Provider::Google {
            notes.push(format!(
                "revoking at Google signs out every other host and program of the same Google project too; Google's own \
                 list of connected apps can revoke as well, {}",
                by_hand(tokens)
            ));
        }
        if outcome == Some(Revoked::NothingToRevoke)
            && matches!(tokens.kind, TokenKind::User | TokenKind::Imported)
            && tokens.refresh_token.is_some()
        {
            notes.push(format!(
                "no revocation address is known; revoke it by hand {}",
                by_hand(tokens)
            ));
        }
        if tokens.origin.is_some() {
            notes.push(
                "it came as a systemd credential: take LoadCredential= out of the unit and delete that file".to_owned(),
            );
        }
        let variable = match service {
            Service::Google => connect::READY_TOKENS.google,
            Service::Crm => connect::READY_TOKENS.crm,
        };
        if auth::from_environment(variable).is_some() {
            notes.push(format!(
                "{variable} is set; what it holds is not crmsync's to revoke"
            ));
        }
        for note in notes {
            self.note(&format!("{word}: {note}"))?;
        }
        Ok(())
    }
}

/// Where a person revokes by hand.
fn by_hand(tokens: &Tokens) -> &'static str {
    match &tokens.provider {
        Provider::Google => "at https://myaccount.google.com/connections",
        Provider::Crm(_) | Provider::Other => {
            service_of(tokens).map_or("in the CRM's settings", |service| service.by_hand())
        }
    }
}

/// The OAuth service of a CRM that gave these tokens.
fn service_of(tokens: &Tokens) -> Option<&'static dyn OAuth> {
    match &tokens.provider {
        Provider::Crm(word) => connector::oauth(word),
        Provider::Google | Provider::Other => None,
    }
}

/// Whether `other` stops working when `tokens` are revoked.
fn dies_with(other: &Tokens, tokens: &Tokens) -> bool {
    use secrecy::ExposeSecret as _;
    let text = |tokens: &Tokens| {
        tokens
            .refresh_token
            .as_ref()
            .map(|token| token.expose_secret().to_owned())
    };
    let person = |tokens: &Tokens| matches!(tokens.kind, TokenKind::User | TokenKind::Imported);
    if !person(other) || !person(tokens) || other.provider != tokens.provider {
        return false;
    }
    if text(tokens).is_some() && text(tokens) == text(other) {
        return true;
    }
    // Google's client ids begin with the project's number.
    let project = |tokens: &Tokens| {
        let id = tokens.client_id.clone()?;
        Some(
            id.split_once('-')
                .map_or(id.clone(), |(project, _)| project.to_owned()),
        )
    };
    tokens.provider == Provider::Google
        && tokens.account.is_some()
        && tokens.account == other.account
        && project(tokens) == project(other)
}
