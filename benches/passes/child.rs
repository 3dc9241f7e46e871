//! Child processes and what they used: one grandchild a measurement, so that the peak is its own.

use std::process::{Command, Stdio, exit};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

/// What a process took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    /// From start to end.
    pub(crate) wall: Duration,
    /// On processors, user and system.
    pub(crate) cpu: Duration,
    /// The most memory that was resident, bytes.
    pub(crate) peak: u64,
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
}

/// The other half of [`usage`]: runs the command, prints what it used, and ends.
pub(crate) fn measure(command: &[String]) -> ! {
    let (program, arguments) = command.split_first().expect("a command");
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .spawn()
        .expect("the program starts");
    let status = child.wait().expect("the program ends");
    let wall = begun.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let report = json!({
        "wall": wall.as_micros() as u64,
        "cpu": micros(used.user_time()) + micros(used.system_time()),
        // Linux counts kilobytes, macOS bytes.
        "peak": used.max_rss() * if cfg!(target_os = "macos") { 1 } else { 1024 },
        "code": status.code(),
    });
    println!("\u{1}{report}");
    exit(0);
}

/// Runs a command with this environment only, and says what it used.
pub(crate) fn usage(command: &[&str], environment: &[(String, String)]) -> Usage {
    let own = std::env::current_exe().expect("a path");
    let output = Command::new(own)
        .arg("--measure")
        .args(command)
        .env_clear()
        .envs(environment.iter().cloned())
        .stderr(Stdio::inherit())
        .output()
        .expect("the measurement starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let (out, report) = text.rsplit_once('\u{1}').expect("a report");
    let report: Value = serde_json::from_str(report).expect("JSON");
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    Usage {
        wall: Duration::from_micros(number("wall")),
        cpu: Duration::from_micros(number("cpu")),
        peak: number("peak"),
        code: report["code"].as_i64().unwrap_or(-1) as i32,
        out: out.to_owned(),
    }
}
