//! The schedule: crontab and systemd, installed, fitted, taken out again.

use std::process::Command;

use crate::support::{Home, Sandbox};

fn profile(home: &Home, name: &str, more: &[&str]) -> crate::support::Said {
    let mut args = vec![
        "configure",
        name,
        "--google-group",
        "CRM",
        "--crm-view",
        "All",
    ];
    args.extend(more);
    home.call(&args)
}

#[test]
fn the_crontab_is_unchanged_when_installed_twice_and_other_lines_stay() {
    let home = Home::new();
    let mine = "MAILTO=me@example.com\n# mine\n0 3 * * *\tbackup --all % x\n\n";
    std::fs::write(home.path("crontab"), mine).unwrap();
    profile(&home, "sales", &["--install-timer", "cron"]).expect(0);
    let once = home.read("crontab").unwrap();
    assert!(once.starts_with(mine), "{once}");
    assert_eq!(once.matches("sync --all --due").count(), 1);
    profile(&home, "sales", &["--install-timer", "cron"]).expect(0);
    assert_eq!(home.read("crontab").unwrap(), once);
    assert_eq!(home.read("crontab.log").unwrap().lines().count(), 1);
}

#[test]
fn one_entry_serves_every_profile_and_follows_their_frequencies() {
    let home = Home::new();
    profile(
        &home,
        "sales",
        &["--frequency", "1h", "--install-timer", "cron"],
    )
    .expect(0);
    let minutes = |home: &Home| {
        let table = home.read("crontab").unwrap();
        let line = table.lines().find(|line| !line.starts_with('#')).unwrap();
        line.split(' ').next().unwrap().to_owned()
    };
    assert!(minutes(&home).parse::<u8>().unwrap() < 60);
    let said = profile(&home, "leads", &["--frequency", "15m"]).expect(0);
    assert!(minutes(&home).ends_with("/15"), "{}", minutes(&home));
    assert!(said.out.contains("every 15 minutes"), "{}", said.out);
    assert_eq!(home.read("crontab").unwrap().matches("--due").count(), 1);
    profile(&home, "leads", &["--frequency", "2h"]).expect(0);
    assert!(minutes(&home).parse::<u8>().unwrap() < 60);
}

#[test]
fn the_units_pass_systemds_own_check() {
    let home = Home::new();
    profile(
        &home,
        "sales",
        &["--frequency", "15m", "--install-timer", "systemd"],
    )
    .expect(0);
    let folder = home.path(".config/systemd/user");
    let (service, timer) = (folder.join("crmsync.service"), folder.join("crmsync.timer"));
    let log = home.read("systemctl.log").unwrap();
    assert_eq!(
        log,
        "--user daemon-reload\n--user enable --now crmsync.timer\n"
    );
    let units = [&service, &timer].map(|path| std::fs::read_to_string(path).unwrap());
    for unit in &units {
        well_formed(unit);
    }
    // Where systemd is installed, it has the last word; its keys are checked above anyway.
    if let Ok(output) = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--user"])
        .args([&service, &timer])
        .env("XDG_RUNTIME_DIR", home.path(""))
        .output()
    {
        let said = String::from_utf8_lossy(&output.stderr);
        let ours: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("crmsync"))
            .collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
    if let Ok(output) = Command::new("systemd-analyze")
        .args(["calendar", "*:00/15"])
        .output()
    {
        assert!(output.status.success());
    }
}

/// Sections with keys that systemd knows, each `Key=value`.
fn well_formed(unit: &str) {
    const KEYS: &[(&str, &[&str])] = &[
        ("[Unit]", &["Description", "Wants", "After"]),
        (
            "[Service]",
            &["Type", "ExecStart", "SuccessExitStatus", "UMask"],
        ),
        (
            "[Timer]",
            &[
                "OnCalendar",
                "Persistent",
                "RandomizedDelaySec",
                "FixedRandomDelay",
                "AccuracySec",
            ],
        ),
        ("[Install]", &["WantedBy"]),
    ];
    let mut known: &[&str] = &[];
    for line in unit
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if line.starts_with('[') {
            known = KEYS.iter().find(|(section, _)| *section == line).unwrap().1;
        } else {
            let (key, value) = line.split_once('=').unwrap();
            assert!(known.contains(&key), "{line}");
            assert!(!value.trim().is_empty(), "{line}");
        }
    }
}

#[test]
fn the_other_sort_of_entry_is_replaced() {
    let home = Home::new();
    profile(&home, "sales", &["--install-timer", "cron"]).expect(0);
    home.call(&["configure", "sales", "--install-timer", "systemd"])
        .expect(0);
    assert_eq!(home.read("crontab"), None, "the crontab was ours alone");
    assert!(home.path(".config/systemd/user/crmsync.timer").exists());
    home.call(&["configure", "sales", "--install-timer", "cron"])
        .expect(0);
    assert!(!home.path(".config/systemd/user/crmsync.timer").exists());
    assert!(!home.path(".config/systemd/user/crmsync.service").exists());
    assert!(
        home.read("systemctl.log")
            .unwrap()
            .contains("--user disable --now crmsync.timer")
    );
}

#[test]
fn a_profile_outside_the_folder_is_not_scheduled() {
    let home = Home::new();
    let path = home.path("elsewhere.toml");
    let path = path.to_str().unwrap();
    let said = profile(&home, path, &["--install-timer", "cron"]).expect(2);
    assert!(said.err.contains("--config-dir"), "{}", said.err);
    assert_eq!(home.read("crontab"), None);
    assert!(!home.path("elsewhere.toml").exists());
}

#[test]
fn a_crontab_that_cannot_be_read_is_never_written_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let fake = home.path("bin/crontab");
    std::fs::write(&fake, "#!/bin/sh\n[ \"$1\" = - ] && touch \"$HOME/written\"\necho 'you are not allowed' >&2; exit 1\n").unwrap();
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = profile(&home, "sales", &["--install-timer", "cron"]).expect(1);
    assert!(said.err.contains("you are not allowed"), "{}", said.err);
    assert!(!home.path("written").exists());
}

#[test]
fn a_deactivated_profile_is_woken_without_duplicates() {
    let sandbox = Sandbox::start(10, 5);
    let home = Home::signed_in();
    home.with_profile(&sandbox, "sales", &["--google-group", "myContacts"]);
    home.call(&["sync", "sales"]).expect(0);
    home.call(&["deactivate", "sales", "--keep-tokens"])
        .expect(0);
    home.call(&["sync", "sales"]).expect(7);
    let said = home.call(&["configure", "sales"]).expect(0);
    assert!(
        said.out.contains("crmsync configure sales --activate"),
        "{}",
        said.out
    );
    home.call(&["configure", "sales", "--activate"]).expect(0);
    let report = home.call(&["sync", "sales", "--json"]).expect(0);
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["google"]["created"], 0, "{report}");
    assert_eq!(report["crm"]["created"], 0, "{report}");
}

#[test]
fn deactivating_fits_the_schedule_and_the_last_one_takes_it_out() {
    let home = Home::new();
    let mine = "0 3 * * * backup\n";
    std::fs::write(home.path("crontab"), mine).unwrap();
    profile(&home, "sales", &["--frequency", "1h"]).expect(0);
    profile(
        &home,
        "leads",
        &["--frequency", "15m", "--install-timer", "cron"],
    )
    .expect(0);
    assert!(home.read("crontab").unwrap().contains("/15 * * * *"));
    let said = home.call(&["deactivate", "leads"]).expect(0);
    assert!(
        said.out.contains("cron starts crmsync every hour now"),
        "{}",
        said.out
    );
    assert!(!home.read("crontab").unwrap().contains("/15"));
    let said = home.call(&["deactivate", "sales"]).expect(0);
    assert!(said.out.contains("out of the crontab"), "{}", said.out);
    assert_eq!(home.read("crontab").unwrap(), mine);
    let said = home
        .call(&["configure", "sales", "--install-timer", "cron"])
        .expect(7);
    assert!(said.err.contains("--activate"), "{}", said.err);
    home.call(&[
        "configure",
        "sales",
        "--activate",
        "--install-timer",
        "systemd",
    ])
    .expect(0);
    assert!(home.path(".config/systemd/user/crmsync.timer").exists());
    home.call(&["deactivate", "sales"]).expect(0);
    assert!(!home.path(".config/systemd/user/crmsync.timer").exists());
    assert_eq!(home.read("crontab").unwrap(), mine);
}
