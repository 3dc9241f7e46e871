//! The refusals of the People API, in Google's shape.
#![expect(
    clippy::unnecessary_box_returns,
    reason = "a refusal travels boxed, so that `Answer` stays small"
)]

use serde_json::{Value, json};

use crate::sandbox::http::Reply;

use super::schema::Misfit;

/// A refusal: HTTP status, canonical status, sentence, and what else the body carries.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) status: &'static str,
    pub(crate) message: String,
    pub(crate) details: Vec<Value>,
    /// The legacy `errors[].reason`, where it is known.
    pub(crate) reason: Option<&'static str>,
    pub(crate) headers: Vec<(String, String)>,
}

/// A result whose failure is an answer of the API.
pub(crate) type Answer<T> = Result<T, Box<Refusal>>;

impl Refusal {
    pub(crate) fn new(code: u16, status: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            code,
            status,
            message: message.into(),
            details: Vec::new(),
            reason: None,
            headers: Vec::new(),
        })
    }

    /// 400 `INVALID_ARGUMENT`.
    pub(crate) fn invalid(message: impl Into<String>) -> Box<Self> {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    /// 400 `FAILED_PRECONDITION`.
    pub(crate) fn precondition(message: impl Into<String>) -> Box<Self> {
        let mut refusal = Self::new(400, "FAILED_PRECONDITION", message);
        refusal.reason = Some("failedPrecondition");
        refusal
    }

    /// 400 for a body or query that does not fit the request message.
    pub(crate) fn misfits(found: &[Misfit]) -> Box<Self> {
        let text: Vec<_> = found.iter().map(|misfit| misfit.text.as_str()).collect();
        let mut refusal = Self::invalid(text.join("\n"));
        let violations: Vec<_> = found
            .iter()
            .map(|misfit| {
                if misfit.field.is_empty() {
                    json!({"description": misfit.text})
                } else {
                    json!({"field": misfit.field, "description": misfit.text})
                }
            })
            .collect();
        refusal.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": violations,
        }));
        refusal
    }

    /// 404 for a person or group that is not there.
    pub(crate) fn not_found() -> Box<Self> {
        let mut refusal = Self::new(404, "NOT_FOUND", "Requested entity was not found.");
        refusal.reason = Some("notFound");
        refusal
    }

    /// 401: no token, or one that is unknown or expired.
    pub(crate) fn unauthenticated() -> Box<Self> {
        let mut refusal = Self::new(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        );
        refusal.reason = Some("authError");
        refusal.headers.push((
            "www-authenticate".to_owned(),
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"".to_owned(),
        ));
        refusal
    }

    /// 403: the token lacks the scope.
    pub(crate) fn insufficient_scope(wanted: &str) -> Box<Self> {
        let mut refusal = Self::new(
            403,
            "PERMISSION_DENIED",
            "Request had insufficient authentication scopes.",
        );
        refusal.reason = Some("insufficientPermissions");
        refusal.details.push(error_info(
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "googleapis.com",
            &json!({"service": "people.googleapis.com"}),
        ));
        refusal.headers.push((
            "www-authenticate".to_owned(),
            format!(
                "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\", scope=\"{wanted}\""
            ),
        ));
        refusal
    }

    /// 403: the API is off in the project.
    pub(crate) fn api_disabled() -> Box<Self> {
        let mut refusal = Self::new(
            403,
            "PERMISSION_DENIED",
            "People API has not been used in project 100000000000 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/people.googleapis.com/overview?project=100000000000 then retry.",
        );
        refusal.reason = Some("accessNotConfigured");
        refusal.details.push(error_info(
            "SERVICE_DISABLED",
            "googleapis.com",
            &json!({"service": "people.googleapis.com", "consumer": "projects/100000000000"}),
        ));
        refusal
    }

    /// 429 of a minute's quota.
    pub(crate) fn rate_limited_a(limit: &str) -> Box<Self> {
        let what = if limit.contains("Write") {
            "Critical write requests (Contact and Profile Writes)"
        } else {
            "Critical read requests (Contact and Profile Reads)"
        };
        let mut refusal = Self::new(
            429,
            "RESOURCE_EXHAUSTED",
            format!(
                "Quota exceeded for quota metric '{what}' and limit '{what} per minute per user' of service 'people.googleapis.com' for consumer 'project_number:100000000000'."
            ),
        );
        refusal.reason = Some("rateLimitExceeded");
        refusal.details.push(error_info(
            "RATE_LIMIT_EXCEEDED",
            "googleapis.com",
            &json!({"service": "people.googleapis.com", "quota_limit": limit,
                "consumer": "projects/100000000000", "quota_location": "global"}),
        ));
        refusal
    }

    /// 403 of a quota, as other Google APIs answer.
    pub(crate) fn quota_403() -> Box<Self> {
        let mut refusal = Self::new(403, "PERMISSION_DENIED", "User Rate Limit Exceeded");
        refusal.reason = Some("userRateLimitExceeded");
        refusal
    }

    /// 400: the etag is not the contact's any more.
    pub(crate) fn stale() -> Box<Self> {
        Self::precondition(
            "Request person.etag is different than the current person.etag. Clear local cache and get the latest person.",
        )
    }

    /// 429 of the back end, without `ErrorInfo`.
    pub(crate) fn rate_limited_b() -> Box<Self> {
        let mut refusal = Self::new(
            429,
            "RESOURCE_EXHAUSTED",
            "Resource has been exhausted (e.g. check quota).",
        );
        refusal.reason = Some("rateLimitExceeded");
        refusal.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"subject": "user", "description": "FBS quota limit exceeded"}],
        }));
        refusal
    }

    /// 503.
    pub(crate) fn unavailable() -> Box<Self> {
        let mut refusal = Self::new(503, "UNAVAILABLE", "The service is currently unavailable.");
        refusal.reason = Some("backendError");
        refusal
    }

    /// 500.
    pub(crate) fn internal() -> Box<Self> {
        let mut refusal = Self::new(500, "INTERNAL", "Internal error encountered.");
        refusal.reason = Some("backendError");
        refusal
    }

    /// The sync token ran out; status 400 or 410.
    pub(crate) fn sync_token_expired(code: u16) -> Box<Self> {
        let mut refusal = Self::new(
            code,
            "INVALID_ARGUMENT",
            "Sync token is expired. Clear local cache and retry call without the sync token.",
        );
        refusal.details.push(error_info(
            "EXPIRED_SYNC_TOKEN",
            "people.googleapis.com",
            &json!({}),
        ));
        refusal
    }

    /// The account holds as many contacts as it may. The HTTP code is not known; see the switch `overflow_status`.
    pub(crate) fn account_full(code: u16) -> Box<Self> {
        let status = if code == 429 {
            "RESOURCE_EXHAUSTED"
        } else {
            "FAILED_PRECONDITION"
        };
        Self::new(
            code,
            status,
            "Contact person count exceeds the limit: MY_CONTACTS_OVERFLOW_COUNT.",
        )
    }

    /// The `google.rpc.Status` of this refusal, as it stands inside a batch answer.
    pub(crate) fn as_status(&self) -> Value {
        json!({"code": self.rpc_code(), "message": self.message})
    }

    fn rpc_code(&self) -> u16 {
        match self.status {
            "INVALID_ARGUMENT" => 3,
            "NOT_FOUND" => 5,
            "ALREADY_EXISTS" => 6,
            "PERMISSION_DENIED" => 7,
            "RESOURCE_EXHAUSTED" => 8,
            "FAILED_PRECONDITION" => 9,
            "INTERNAL" => 13,
            "UNAVAILABLE" => 14,
            "UNAUTHENTICATED" => 16,
            _ => 2,
        }
    }

    /// The answer to send.
    pub(crate) fn into_reply(self) -> Reply {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(reason) = self.reason {
            error["errors"] =
                json!([{"message": self.message, "domain": "global", "reason": reason}]);
        }
        error["status"] = json!(self.status);
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details);
        }
        let mut reply = Reply::json(self.code, &json!({ "error": error }));
        reply.headers.extend(self.headers);
        reply
    }
}

fn error_info(reason: &str, domain: &str, metadata: &Value) -> Value {
    let mut info = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
    });
    if metadata
        .as_object()
        .is_some_and(|entries| !entries.is_empty())
    {
        info["metadata"] = metadata.clone();
    }
    info
}

/// The page that Google's front end answers for a path that it does not know.
pub(crate) fn html_not_found(path: &str) -> Reply {
    Reply::html(
        404,
        format!(
            "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Error 404 (Not Found)!!1</title>\n<p><b>404.</b> <ins>That's an error.</ins>\n<p>The requested URL <code>{}</code> was not found on this server. <ins>That's all we know.</ins>\n",
            crate::sandbox::page::escape(path)
        ),
    )
}
