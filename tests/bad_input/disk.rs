//! A full disk, at every size at which it can be full.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{failed_well, start, through_shell, whole};

/// No file grows past so many blocks of the shell's; the signal that comes with it is ignored, as
/// cron and systemd have no reason to do but a full disk sends none either.
fn cramped(blocks: u64) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")
}

/// The state file as it is, without the program.
#[track_caller]
fn sound(state: &Path, what: &str) {
    if !state.exists() || state.metadata().unwrap().len() == 0 {
        return;
    }
    let file = rusqlite::Connection::open(state).unwrap();
    let verdict: String = file
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok", "{what}");
}

#[test]
fn a_file_that_cannot_grow_ends_the_run_and_the_next_with_room_goes_on() {
    let (sandbox, home) = start();
    let (mut failures, mut blocks) = (0, 0);
    loop {
        let what = format!("{blocks} blocks");
        let ran = through_shell(&home, &cramped(blocks), &["sync", "sales", "--json"]);
        failed_well(&ran, &[0, 1], &what);
        sound(&home.state(), &what);
        if ran.code == 0 {
            break;
        }
        assert_eq!(ran.object()["error"]["code"], 1, "{what}: {ran:?}");
        assert!(ran.stderr.contains("room on the disk"), "{what}: {ran:?}");
        failures += 1;
        blocks += 24;
        assert!(blocks < 24_000, "it never fits: {ran:?}");
    }
    assert!(failures > 5, "only {failures} sizes were too small");
    whole(&sandbox, &home, "with room again");
}

/// A file system of its own, until the test ends.
struct Mount(PathBuf);

impl Mount {
    /// None without the right to mount.
    fn new(at: &Path, kib: u64) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={kib}k,mode=700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|it| it.status.success())
            .then(|| Self(at.to_owned()))
    }

    fn grow(&self, kib: u64) {
        let size = format!("remount,size={kib}k");
        let grown = Command::new("mount")
            .args(["-o", &size])
            .arg(&self.0)
            .status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().ok();
    }
}

/// Needs the right to mount; where there is none, the test above stands alone.
#[test]
fn a_disk_without_room_ends_the_run_with_a_word_about_room() {
    let (sandbox, home) = start();
    let Some(disk) = Mount::new(home.state().parent().unwrap(), 16) else {
        return;
    };
    let mut failures = 0;
    for kib in (16..).step_by(16) {
        let what = format!("{kib} KiB");
        disk.grow(kib);
        let ran = home.sync(&["sales"]);
        failed_well(&ran, &[0, 1], &what);
        if ran.code == 0 {
            break;
        }
        failures += 1;
        assert!(ran.stderr.contains("room on the disk"), "{what}: {ran:?}");
        assert!(kib < 16_000, "it never fits: {ran:?}");
        if kib > 64 {
            sound(&home.state(), &what);
        }
    }
    assert!(failures > 3, "only {failures} sizes were too small");
    disk.grow(16_000);
    whole(&sandbox, &home, "with room again");
}
