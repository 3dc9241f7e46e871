//! Service accounts with domain-wide delegation: the signed assertion and its refusals.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use rustls::SignatureScheme;
use serde_json::Value;

use crate::sandbox::people::Switches;

use super::SignIns;
use super::grant::Denied;

/// Seconds that an assertion may live, some clock skew included.
const LONGEST_LIFE: i64 = 65 * 60;

/// Padded and unpadded alike, as the real endpoint takes them.
fn decode(part: &str) -> Option<Vec<u8>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&URL_SAFE, lenient).decode(part).ok()
}

/// The PKCS#1 bytes of an RSA public key in PEM, with or without the `SubjectPublicKeyInfo` around them.
pub(super) fn public_key(pem: &str) -> Option<Vec<u8>> {
    const RSA: [u8; 11] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];
    let inner: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let der = GeneralPurpose::new(&STANDARD, lenient).decode(inner).ok()?;
    if pem.contains("BEGIN RSA PUBLIC KEY") {
        return Some(der);
    }
    let at = der.windows(RSA.len()).position(|window| window == RSA)? + RSA.len();
    // A bit string: tag, length of one to three bytes, no unused bits.
    let rest = der.get(at..)?;
    let header = match rest.get(1)? {
        0x81 => 3,
        0x82 => 4,
        _ => 2,
    };
    (rest.first() == Some(&3) && rest.get(header) == Some(&0))
        .then(|| rest.get(header + 1..).map(<[u8]>::to_vec))?
}

fn signature_fits(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == SignatureScheme::RSA_PKCS1_SHA256)
        .flat_map(|(_, all)| all.iter())
        .any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok())
}

/// The `jwt-bearer` grant.
pub(super) fn grant(
    sign_ins: &mut SignIns,
    switches: &Switches,
    assertion: &str,
    now: Timestamp,
) -> Result<Value, Denied> {
    let bad = |text: &str| Denied::new(400, "invalid_grant", text);
    let (content, signature) = assertion
        .rsplit_once('.')
        .ok_or_else(|| bad("Invalid JWT"))?;
    let claims = content
        .split_once('.')
        .and_then(|(_, claims)| decode(claims))
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        .ok_or_else(|| bad("Invalid JWT"))?;
    let signature = decode(signature).ok_or_else(|| bad("Invalid JWT Signature."))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("");
    let issuer = text("iss");
    let Some(account) = sign_ins.service_accounts.get(issuer) else {
        return Err(bad("Invalid grant: account not found"));
    };
    if let Some(key) = &account.key
        && !signature_fits(key, content.as_bytes(), &signature)
    {
        return Err(bad("Invalid JWT Signature."));
    }
    let own = format!("{}/token", sign_ins.base);
    if ![own.as_str(), "https://oauth2.googleapis.com/token"].contains(&text("aud")) {
        return Err(bad("Invalid JWT: Failed audience check."));
    }
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    let (Some(from), Some(until)) = (time("iat"), time("exp")) else {
        return Err(bad("Invalid JWT"));
    };
    let second = now.as_second();
    if until <= second || from > second + 300 || until - from > LONGEST_LIFE {
        return Err(bad(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
        ));
    }
    let scopes: Vec<String> = text("scope")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if scopes.is_empty() {
        return Err(Denied::new(
            400,
            "invalid_scope",
            "Empty or missing scope not allowed.",
        ));
    }
    let subject = text("sub");
    let acting_for = if subject.is_empty() { issuer } else { subject }.to_owned();
    if !subject.is_empty() {
        if !account.scopes.iter().any(|scope| !scope.is_empty())
            || scopes.iter().any(|scope| !account.scopes.contains(scope))
            || account.client_id.is_empty()
        {
            return Err(Denied::new(
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
            ));
        }
        if !sign_ins.accounts.contains(&acting_for) {
            return Err(bad("Invalid email or User ID"));
        }
    }
    Ok(sign_ins.give_access(&acting_for, &scopes, switches.token_ttl_seconds, now))
}
