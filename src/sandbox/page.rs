//! The page at `/`: the two address books side by side.

use serde_json::{Value, json};

use super::World;
use super::http::{Reply, Request};

/// Rows of one page.
const ROWS: usize = 50;

/// `/` is the page, `/page?n=` the rows that it asks for.
pub(super) fn handle(world: &World, request: &Request) -> Reply {
    if request.path == "/" {
        return Reply::html(200, include_str!("page.html"));
    }
    let page: usize = request
        .param("n")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let offset = page.saturating_mul(ROWS);
    let (google_total, google) = world.google.summary(offset, ROWS);
    let (crm_total, crm) = world.zoho.some_contacts(offset, ROWS);
    let rows: Vec<[String; 4]> = crm.iter().map(crm_row).collect();
    Reply::json(
        200,
        &json!({
            "now": world.clock.now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            "rows": ROWS,
            "requests": world.log.entries().len(),
            "google": {"total": google_total, "contacts": google},
            "crm": {"total": crm_total, "contacts": rows},
        }),
    )
}

fn crm_row(record: &Value) -> [String; 4] {
    let text = |name: &str| {
        let value = record.get(name);
        value.and_then(Value::as_str).unwrap_or("").to_owned()
    };
    let name = [text("First_Name"), text("Last_Name")].join(" ");
    let phone = match text("Mobile") {
        mobile if mobile.is_empty() => text("Phone"),
        mobile => mobile,
    };
    [
        name.trim().to_owned(),
        text("Email"),
        phone,
        text("Lead_Source"),
    ]
}

/// Text made safe for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_harmless() {
        assert_eq!(
            escape("<a href=\"x\">&'"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"
        );
    }
}
