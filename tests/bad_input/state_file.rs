//! State files that are damaged, cut short, locked or not to be written.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::{failed_well, start, whole};

#[test]
fn a_file_that_is_cut_short_or_overwritten_is_refused_and_left_as_it_is() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    let good = std::fs::read(home.state()).unwrap();
    let before = sandbox.dump();
    let mut spoilt = Vec::new();
    for part in [
        1,
        15,
        16,
        50,
        99,
        100,
        512,
        4096,
        good.len() / 3,
        good.len() - 1,
    ] {
        spoilt.push((format!("cut at {part}"), good[..part].to_vec()));
    }
    for page in 0..good.len() / 4096 {
        let mut bytes = good.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        spoilt.push((format!("page {page} overwritten"), bytes));
    }
    let mut refused = 0;
    for (what, bytes) in spoilt {
        std::fs::write(home.state(), &bytes).unwrap();
        let ran = home.sync(&["sales"]);
        // A page that nobody reads may be anything.
        failed_well(&ran, &[0, 7], &what);
        if ran.code == 7 {
            refused += 1;
            assert!(ran.stderr.contains("mv '"), "{what}: {ran:?}");
        }
        if what.starts_with("cut") {
            assert_eq!(ran.code, 7, "{what}");
            assert_eq!(std::fs::read(home.state()).unwrap(), bytes, "{what}");
        }
        assert_eq!(sandbox.dump(), before, "{what}: something was written");
        for side in ["-wal", "-shm"] {
            let beside = format!("{}{side}", home.state().display());
            std::fs::remove_file(beside).ok();
        }
    }
    assert!(refused > 15, "only {refused} were refused");
    // The cure that is told: set it aside; everybody is matched anew.
    let aside = format!("{}.damaged", home.state().display());
    std::fs::rename(home.state(), aside).unwrap();
    let again = home.synced(&["sales"]);
    assert_eq!(again["adopted"], 12, "{again}");
    whole(&sandbox, &home, "matched anew");
}

#[test]
fn a_locked_file_is_told_and_works_when_it_is_let_go() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    let other = rusqlite::Connection::open(home.state()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let before = sandbox.dump();
    let ran = home.sync(&["sales"]).exits(8);
    assert!(ran.stderr.contains("held by another process"), "{ran:?}");
    assert_eq!(sandbox.dump(), before);
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    whole(&sandbox, &home, "let go");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_read() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    sandbox.counts();
    let mode = |mode| std::fs::set_permissions(home.state(), PermissionsExt::from_mode(mode));
    mode(0o400).unwrap();
    let good = std::fs::read(home.state()).unwrap();
    let ran = home.sync(&["sales"]).exits(7);
    assert!(ran.stderr.contains("chmod u+w"), "{ran:?}");
    assert_eq!(sandbox.counts().google_total(), 0);
    assert_eq!(std::fs::read(home.state()).unwrap(), good);
    mode(0o600).unwrap();
    whole(&sandbox, &home, "writable again");
}

/// A directory that cannot be written holds a file that can: the log beside it cannot be made. The
/// superuser may write everywhere, so the program runs as nobody where the test is the superuser.
#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let (sandbox, home) = start();
    home.synced(&["sales"]);
    let dir = home.state().parent().unwrap().to_owned();
    let root = dir.parent().unwrap().to_owned();
    let program = root.join("crmsync");
    std::fs::copy(env!("CARGO_BIN_EXE_crmsync"), &program).unwrap();
    let superuser = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if superuser {
        let given = Command::new("chown")
            .args(["-R", "65534"])
            .arg(&root)
            .status();
        assert!(given.unwrap().success());
    }
    let mode = |mode| std::fs::set_permissions(&dir, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o500);
    let mut call = Command::new(&program);
    call.args(["sync", "sales", "--json"])
        .env_clear()
        .envs(home.arguments())
        .current_dir(&root);
    if superuser {
        call.uid(65534);
    }
    let before = sandbox.dump();
    let output = call.output().unwrap();
    mode(0o700);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        matches!(output.status.code(), Some(1 | 7)),
        "{:?} {stderr}",
        output.status
    );
    assert!(
        stderr.contains("help:") && !stderr.contains("panicked"),
        "{stderr}"
    );
    assert_eq!(sandbox.dump(), before);
}
