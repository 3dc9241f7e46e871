//! Losing the profile, the state file or both never makes a duplicate, at full size.

use serde_json::Value;

use crate::support::{Home, Sandbox};

/// On each side; with the overlap, ten thousand people in all.
const EACH: usize = 5_500;
const BOTH: usize = 1_000;

fn sizes(sandbox: &Sandbox) -> (usize, usize) {
    (
        sandbox.google_contacts().len(),
        sandbox.crm_contacts().len(),
    )
}

fn nothing_new(report: &Value, what: &str) {
    for side in ["google", "crm"] {
        for count in ["created", "deleted", "updated"] {
            assert_eq!(report[side][count], 0, "{what}: {side} {count}: {report}");
        }
    }
    assert_eq!(report["outcome"], "in-sync", "{what}: {report}");
}

#[test]
fn losing_the_profile_or_the_state_or_both_creates_nobody_again() {
    let sandbox = Sandbox::start(EACH, BOTH);
    let home = Home::new(&sandbox);
    home.profile("sales", &[]);
    let first = home.synced(&["sales"]);
    assert!(first["google"]["created"].as_u64() > Some(4_000), "{first}");
    assert!(first["crm"]["created"].as_u64() > Some(3_000), "{first}");
    assert_eq!(first["deferred"], 0);
    let linked = first["linked"].clone();
    let full = sizes(&sandbox);

    std::fs::remove_file(home.profile_file("sales")).unwrap();
    home.profile("sales", &[]);
    nothing_new(&home.synced(&["sales"]), "the profile written anew");

    std::fs::remove_file(home.profile_file("sales")).unwrap();
    home.profile("vertrieb", &[]);
    let renamed = home.synced(&["vertrieb"]);
    nothing_new(&renamed, "the profile under another name");
    assert_eq!(renamed["linked"], linked);

    std::fs::remove_file(home.state()).unwrap();
    let lost = home.synced(&["vertrieb"]);
    nothing_new(&lost, "the state file lost");
    assert_eq!(lost["linked"], linked);
    assert_eq!(lost["adopted"], linked);

    std::fs::remove_file(home.state()).unwrap();
    std::fs::remove_file(home.profile_file("vertrieb")).unwrap();
    home.profile("other", &[]);
    let both = home.synced(&["other"]);
    nothing_new(&both, "both lost");
    assert_eq!(both["linked"], linked);
    assert_eq!(sizes(&sandbox), full);
}
