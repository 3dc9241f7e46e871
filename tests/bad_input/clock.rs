//! Clocks that jump: what is remembered may lie in the future or in another age.

use serde_json::{Value, json};

use crate::support::{Home, named};
use crate::{start, whole};

/// Moves every time that the state file remembers of the profile by so many seconds.
fn shift(home: &Home, seconds: i64) {
    let file = rusqlite::Connection::open(home.state()).unwrap();
    let facts: String = file
        .query_row("SELECT facts FROM scope", [], |row| row.get(0))
        .unwrap();
    let mut facts: Value = serde_json::from_str(&facts).unwrap();
    let mut moved = 0;
    let mut add = |value: &mut Value| {
        if let Some(time) = value.as_i64() {
            *value = json!(time.saturating_add(seconds));
            moved += 1;
        }
    };
    add(&mut facts["last_sync"]);
    add(&mut facts["last_census"]);
    for side in ["google", "crm"] {
        add(&mut facts["last_full"][side]);
        add(&mut facts["probes"][side][0]);
        add(&mut facts["cursors"][side]["taken_at"]);
    }
    assert_eq!(moved, 8, "{facts}");
    let changed = file
        .execute("UPDATE scope SET facts = ?1", [facts.to_string()])
        .unwrap();
    assert_eq!(changed, 1);
    file.execute("UPDATE run SET started = started + ?1", [seconds])
        .unwrap();
}

#[test]
fn whatever_the_clock_said_an_edit_goes_over_and_the_run_is_due() {
    const DAY: i64 = 86_400;
    for (what, seconds) in [
        ("a day ahead", DAY),
        ("ten years ahead", 3650 * DAY),
        ("as far ahead as a number goes", i64::MAX / 2),
        ("ten years back", -3650 * DAY),
        ("before the epoch", -30_000 * DAY),
    ] {
        let (sandbox, home) = start();
        home.synced(&["sales"]);
        shift(&home, seconds);
        let id = named(&sandbox.crm_contacts(), "n03@example.com")["id"].clone();
        sandbox.edit_crm(id.as_str().unwrap(), &json!({"Title": "Baker"}));
        let ran = home.sync(&["sales", "--due"]).exits(0);
        assert_eq!(ran.objects().len(), 1, "{what}: it was not due: {ran:?}");
        assert_eq!(ran.object()["outcome"], "changed", "{what}: {ran:?}");
        let twin = named(&sandbox.google_contacts(), "n03@example.com").clone();
        assert_eq!(twin["organizations"][0]["title"], "Baker", "{what}");
        whole(&sandbox, &home, what);
        let status = home.status("sales");
        assert!(status["next_due"].is_string(), "{what}: {status}");
        assert_eq!(home.run(&["status"]).exits(0).code, 0);
        // Now it is not due.
        assert_eq!(home.sync(&["sales", "--due"]).exits(0).stdout, "", "{what}");
    }
}

#[test]
fn a_remote_whose_clock_jumps_loses_no_edit() {
    for jump in ["2001-01-01T00:00:00Z", "2037-01-01T00:00:00Z"] {
        let (sandbox, home) = start();
        home.synced(&["sales"]);
        sandbox.admin("POST", "clock", &json!({ "set": jump }));
        let id = named(&sandbox.crm_contacts(), "n03@example.com")["id"].clone();
        sandbox.edit_crm(id.as_str().unwrap(), &json!({"Title": "Baker"}));
        for _ in 0..3 {
            home.sync(&["sales", "--full"]).exits(0);
        }
        let twin = named(&sandbox.google_contacts(), "n03@example.com").clone();
        assert_eq!(twin["organizations"][0]["title"], "Baker", "{jump}");
        whole(&sandbox, &home, jump);
    }
}
