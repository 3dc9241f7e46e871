//! Zoho's data centres: names, hosts, consoles (zoho.com/crm/developer/docs/api/v8/multi-dc.html).

use crate::auth::{Error, Kind};

/// Where an organisation's data lie; each has an accounts server and an API console of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataCenter {
    /// United States (`us`).
    Us,
    /// Europe (`eu`).
    Eu,
    /// India (`in`).
    In,
    /// Australia (`au`).
    Au,
    /// Japan (`jp`).
    Jp,
    /// Canada (`ca`).
    Ca,
    /// China (`cn`).
    Cn,
    /// Saudi Arabia (`sa`).
    Sa,
    /// United Kingdom (`uk`).
    Uk,
}

impl DataCenter {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Us,
        Self::Eu,
        Self::In,
        Self::Au,
        Self::Jp,
        Self::Ca,
        Self::Cn,
        Self::Sa,
        Self::Uk,
    ];

    /// The name in profiles.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::In => "in",
            Self::Au => "au",
            Self::Jp => "jp",
            Self::Ca => "ca",
            Self::Cn => "cn",
            Self::Sa => "sa",
            Self::Uk => "uk",
        }
    }

    /// The data centre of that name; a domain ending (`com`, `com.au`, …) is understood too.
    ///
    /// # Errors
    /// `Invalid`, with the names that there are.
    pub fn parse(word: &str) -> Result<Self, Error> {
        let word = word.trim().trim_start_matches('.').to_ascii_lowercase();
        let ending = |dc: Self| dc.accounts_host().split_once("zoho.").map(|(_, rest)| rest);
        Self::ALL
            .iter()
            .copied()
            .find(|dc| dc.word() == word || ending(*dc) == Some(&word))
            .ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|dc| dc.word()).collect();
                Error::new(Kind::Invalid, format!("Zoho has no data center {word:?}"))
                    .hint(format!("use one of {}", names.join(", ")))
            })
    }

    /// The host that signs in and gives tokens.
    #[must_use]
    pub fn accounts_host(self) -> &'static str {
        match self {
            Self::Us => "accounts.zoho.com",
            Self::Eu => "accounts.zoho.eu",
            Self::In => "accounts.zoho.in",
            Self::Au => "accounts.zoho.com.au",
            Self::Jp => "accounts.zoho.jp",
            Self::Ca => "accounts.zohocloud.ca",
            Self::Cn => "accounts.zoho.com.cn",
            Self::Sa => "accounts.zoho.sa",
            Self::Uk => "accounts.zoho.uk",
        }
    }

    /// The host of the API for a ready token, which brings no `api_domain` along; none where Zoho
    /// documents none.
    #[must_use]
    pub fn api_host(self) -> Option<&'static str> {
        match self {
            Self::Us => Some("www.zohoapis.com"),
            Self::Eu => Some("www.zohoapis.eu"),
            Self::In => Some("www.zohoapis.in"),
            Self::Au => Some("www.zohoapis.com.au"),
            Self::Jp => Some("www.zohoapis.jp"),
            Self::Ca => Some("www.zohoapis.ca"),
            Self::Cn => Some("www.zohoapis.com.cn"),
            Self::Sa | Self::Uk => None,
        }
    }

    /// The page where clients and grant codes are made.
    #[must_use]
    pub fn console(self) -> String {
        let host = self.accounts_host();
        format!(
            "https://api-console{}",
            host.strip_prefix("accounts").unwrap_or(host)
        )
    }
}
