//! Refusals as the CRM words them: a status, a code, a message and details.

use serde_json::{Value, json};

use crate::sandbox::faults::{Fault, FaultKind};
use crate::sandbox::http::Reply;

/// An answer, or the refusal of the whole request.
pub(super) type Answer = Result<Reply, Failure>;

/// A refusal of a request or of one record in it.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Value,
}

impl Failure {
    pub(super) fn new(status: u16, code: &'static str, message: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            details: json!({}),
        }
    }

    /// The same refusal with details.
    pub(super) fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// The error object, as it stands alone or inside `data[]`.
    pub(super) fn object(&self) -> Value {
        json!({"code": self.code, "details": self.details, "message": self.message, "status": "error"})
    }

    /// The refusal as an answer of its own.
    pub(super) fn reply(&self) -> Reply {
        Reply::json(self.status, &self.object())
    }

    pub(super) fn invalid_param(name: &str) -> Self {
        Self::new(400, "INVALID_DATA", "the value given seems to be invalid")
            .with(json!({"param_name": name}))
    }

    pub(super) fn missing_param(name: &str) -> Self {
        Self::new(
            400,
            "REQUIRED_PARAM_MISSING",
            "One of the expected parameter is missing",
        )
        .with(json!({"param_name": name}))
    }

    pub(super) fn ambiguous(first: &str, second: &str) -> Self {
        Self::new(
            400,
            "AMBIGUITY_DURING_PROCESSING",
            "ambiguity while processing the request",
        )
        .with(json!({"ambiguity_due_to": [{"param_name": first}, {"param_name": second}]}))
    }

    pub(super) fn limit(limit: usize, name: &str) -> Self {
        Self::new(400, "LIMIT_EXCEEDED", "limit exceeded")
            .with(json!({"limit": limit, "param_name": name}))
    }

    pub(super) fn module() -> Self {
        Self::new(
            400,
            "INVALID_MODULE",
            "the module name given seems to be invalid",
        )
    }

    pub(super) fn url() -> Self {
        Self::new(
            404,
            "INVALID_URL_PATTERN",
            "Please check if the URL trying to access is a correct one",
        )
    }

    pub(super) fn method() -> Self {
        Self::new(
            400,
            "INVALID_REQUEST_METHOD",
            "The http request method type is not a valid one",
        )
    }

    pub(super) fn scope() -> Self {
        Self::new(
            401,
            "OAUTH_SCOPE_MISMATCH",
            "invalid oauth scope to access this URL",
        )
    }

    pub(super) fn token() -> Self {
        Self::new(401, "INVALID_TOKEN", "invalid oauth token")
    }

    pub(super) fn permission(name: &str) -> Self {
        Self::new(403, "NO_PERMISSION", "permission denied").with(json!({"permissions": [name]}))
    }

    pub(super) fn throttled() -> Self {
        Self::new(
            429,
            "TOO_MANY_REQUESTS",
            "You have made too many requests within a certain time frame",
        )
    }

    pub(super) fn no_such_id() -> Self {
        Self::new(400, "INVALID_DATA", "the id given seems to be invalid")
    }
}

/// The answer of a call that a fault stops before it does anything; none when the fault lets it go on.
pub(super) fn stopped_by(fault: &Fault, call: &str, module: &str) -> Option<Reply> {
    let retry_after = |reply: Reply| match fault.params.get("retry_after") {
        Some(seconds) => reply.with_header("Retry-After", seconds.to_string()),
        None => reply,
    };
    match fault.kind {
        FaultKind::Throttled
        | FaultKind::RateLimitedA
        | FaultKind::RateLimitedB
        | FaultKind::Quota403 => {
            let reply = retry_after(Failure::throttled().reply());
            Some(match fault.params.get("credits_remaining") {
                Some(left) => reply.with_header("X-API-CREDITS-REMAINING", left.to_string()),
                None => reply,
            })
        }
        FaultKind::Unauthorized if fault.flag("authentication_failure") => {
            Some(Failure::new(401, "AUTHENTICATION_FAILURE", "Authentication failed").reply())
        }
        FaultKind::Unauthorized => Some(Failure::token().reply()),
        FaultKind::InsufficientScope => Some(Failure::scope().reply()),
        FaultKind::NoPermission => {
            let right = match call {
                "create" => "Create",
                "update" | "upsert" => "Edit",
                "delete" => "Delete",
                _ => "View",
            };
            Some(Failure::permission(&format!("Crm_Implied_{right}_{module}")).reply())
        }
        FaultKind::Stale => Some(
            Failure::new(
                412,
                "ALREADY_MODIFIED",
                "the record has been modified already",
            )
            .reply(),
        ),
        FaultKind::NotAvailable503 => Some(retry_after(
            Failure::new(503, "SERVICE_UNAVAILABLE", "service unavailable").reply(),
        )),
        FaultKind::Html404 => Some(Reply::html(
            404,
            "<html><head><title>404</title></head><body>Not found</body></html>",
        )),
        FaultKind::Html502 => Some(Reply::html(
            502,
            "<html><head><title>502</title></head><body>Bad gateway</body></html>",
        )),
        FaultKind::InvalidGrant => Some(Reply::json(200, &json!({"error": "invalid_code"}))),
        FaultKind::ServerError => {
            Some(Failure::new(500, "INTERNAL_ERROR", "Internal Server Error").reply())
        }
        FaultKind::ApiDisabled | FaultKind::AccountFull => Some(
            Failure::new(
                403,
                "NOT_ALLOWED",
                "this feature is not available in your edition",
            )
            .reply(),
        ),
        FaultKind::SyncTokenExpired400 | FaultKind::SyncTokenExpired410 => Some(
            Failure::new(400, "EXPIRED_VALUE", "the page token has expired")
                .with(json!({"param_name": "page_token"}))
                .reply(),
        ),
        // Carried out while the work is done, or by the server around it.
        FaultKind::BatchPartial
        | FaultKind::LagListing
        | FaultKind::ListingHole
        | FaultKind::CutListing
        | FaultKind::Slow
        | FaultKind::ErrorAfterCommit
        | FaultKind::DropBefore
        | FaultKind::DropAfter
        | FaultKind::LateCommit
        | FaultKind::TruncateBody
        | FaultKind::HugeBody
        | FaultKind::BadJson
        | FaultKind::DeepJson
        | FaultKind::WrongTypes
        | FaultKind::DuplicateKeys
        | FaultKind::InvalidUtf8 => None,
    }
}
