//! Ticks, crontab blocks and units.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn entry(tick: u64, offset: u64) -> Entry {
    Entry {
        program: "/usr/bin/crmsync".into(),
        config: "/home/me/.config/crmsync".into(),
        state: "/home/me/.local/state/crmsync/state.sqlite3".into(),
        name: "crmsync".to_owned(),
        tick,
        offset,
    }
}

fn minutes(all: &[u64]) -> Vec<Duration> {
    all.iter()
        .map(|each| Duration::from_secs(each * 60))
        .collect()
}

#[test]
fn the_tick_meets_every_frequency_and_is_no_longer_than_an_hour() {
    for (frequencies, expected) in [
        (vec![5], 5),
        (vec![7], 1),
        (vec![15, 60], 15),
        (vec![45], 15),
        (vec![90], 30),
        (vec![60], 60),
        (vec![24 * 60], 60),
        (vec![30 * 24 * 60, 10], 10),
    ] {
        assert_eq!(
            tick(&minutes(&frequencies)),
            Some(expected),
            "{frequencies:?}"
        );
    }
    assert_eq!(tick(&[]), None);
}

#[test]
fn cron_lines_start_at_the_offset() {
    let start = |tick, offset| {
        let line = entry(tick, offset).cron_line();
        line.split(" /usr").next().unwrap().to_owned()
    };
    assert_eq!(start(60, 7), "7 * * * *");
    assert_eq!(start(15, 0), "*/15 * * * *");
    assert_eq!(start(15, 4), "4-59/15 * * * *");
    assert_eq!(start(1, 0), "* * * * *");
}

#[test]
fn a_path_with_special_letters_survives_cron_and_systemd() {
    let mut entry = entry(60, 0);
    entry.config = "/home/o'neil/100% mine/$x".into();
    assert!(
        entry
            .cron_line()
            .contains(r"'/home/o'\''neil/100\% mine/$x'"),
        "{}",
        entry.cron_line()
    );
    let [(_, service), _] = entry.units(Whose::User);
    assert!(
        service.contains("\"/home/o'neil/100%% mine/$$x\""),
        "{service}"
    );
}

#[test]
fn a_crontab_is_the_same_after_two_installs_and_a_removal() {
    let (entry, other) = (entry(15, 4), entry(30, 2));
    for table in [
        "",
        "MAILTO=me@example.com\n# mine\n\n0 3 * * * backup\n",
        "\n\n",
    ] {
        let once = cron::with(&entry, table).unwrap();
        assert!(once.starts_with(table));
        assert_eq!(cron::with(&entry, &once).unwrap(), once);
        let after = format!("{once}5 5 * * * later\n");
        let renewed = cron::with(&other, &after).unwrap();
        assert!(renewed.contains("2-59/30 * * * *") && !renewed.contains("4-59/15"));
        assert_eq!(
            cron::without(&entry, &renewed).unwrap().unwrap(),
            format!("{table}5 5 * * * later\n")
        );
        assert_eq!(cron::without(&entry, &once).unwrap().unwrap(), table);
        assert_eq!(cron::without(&entry, table).unwrap(), None);
    }
}

#[test]
fn another_folders_block_is_left_alone() {
    let (mine, mut theirs) = (entry(15, 4), entry(60, 1));
    theirs.config = "/srv/crmsync".into();
    let both = cron::with(&theirs, &cron::with(&mine, "").unwrap()).unwrap();
    let left = cron::without(&mine, &both).unwrap().unwrap();
    assert_eq!(left, cron::with(&theirs, "").unwrap());
}

#[test]
fn a_block_without_an_end_is_not_guessed_at() {
    let entry = entry(15, 4);
    let table = cron::with(&entry, "").unwrap();
    let torn = table.lines().take(2).collect::<Vec<_>>().join("\n");
    assert!(cron::with(&entry, &torn).is_err());
    assert!(cron::without(&entry, &torn).is_err());
}

#[test]
fn the_timer_makes_up_for_missed_times_and_starts_apart() {
    let [_, (name, timer)] = entry(15, 4).units(Whose::User);
    assert_eq!(name, "crmsync.timer");
    for line in [
        "OnCalendar=*:00/15",
        "Persistent=true",
        "RandomizedDelaySec=300",
        "WantedBy=timers.target",
    ] {
        assert!(timer.lines().any(|each| each == line), "{line} in {timer}");
    }
    let [(_, service), (_, timer)] = entry(60, 0).units(Whose::Machine);
    assert!(timer.contains("OnCalendar=*:00\n"));
    assert!(service.contains("After=network-online.target\n"));
    assert!(service.contains(
        "ExecStart=/usr/bin/crmsync --config-dir /home/me/.config/crmsync --state /home/me/.local/state/crmsync/state.sqlite3 sync --all --due\n"
    ));
}
