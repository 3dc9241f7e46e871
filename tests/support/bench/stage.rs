//! One sandbox and one profile; runs of the program's library in this process, each with fresh
//! connectors and the state file opened anew, as a new process would.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crmsync::connector::google::{Google, GoogleSettings};
use crmsync::connector::http::{Http, HttpSettings, Patience, Signing, TokenSource};
use crmsync::connector::zoho::{Zoho, ZohoSettings, default_mapping};
use crmsync::connector::{Error, Extent, Sink, kinds};
use crmsync::model::{Bulk, Sides};
use crmsync::profile::Profile;
use crmsync::run::{self, Asked, Job, Report, Stop};
use crmsync::sandbox::{Options, Running, World, serve};
use crmsync::state::{RunNo, State};
use futures::FutureExt as _;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

use super::trap::{Killed, Tapped, Trap, remains};

/// How a run goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    /// The point at which it is killed.
    pub(crate) kill: Option<String>,
    /// Whether the power goes at that point too.
    pub(crate) power: bool,
    /// Reads both sides in full.
    pub(crate) full: bool,
    /// Another limit than the profile's.
    pub(crate) limit: Option<u64>,
    /// Who may ask it to stop.
    pub(crate) stop: Stop,
    /// Undoes that run instead of syncing.
    pub(crate) undo: Option<i64>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By itself.
    Report(Box<Report>),
    /// At the point where it was to be killed.
    Killed,
}

impl Ended {
    /// The report of a run that nobody killed.
    #[track_caller]
    pub(crate) fn report(self) -> Report {
        match self {
            Self::Report(report) => *report,
            Self::Killed => panic!("the run was killed"),
        }
    }
}

/// A sandbox, a profile and a state file.
pub(crate) struct Stage {
    running: Running,
    dir: TempDir,
}

/// A folder in memory where there is one: a kill leaves what was written, whether or not it has
/// reached a disk.
fn memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// A world and a state to go back to.
pub(crate) struct Scene {
    world: World,
    state: Option<Vec<u8>>,
}

struct Ready(&'static str);

#[async_trait]
impl TokenSource for Ready {
    async fn token(&self) -> Result<SecretString, Error> {
        Ok(self.0.into())
    }
    async fn renew(&self, _: &SecretString) -> Result<SecretString, Error> {
        Ok(self.0.into())
    }
    fn api_domain(&self) -> Option<String> {
        None
    }
}

impl Stage {
    /// A sandbox with `contacts` on each side, `overlap` of them the same people.
    pub(crate) async fn new(contacts: usize, overlap: usize, seed: u64) -> Self {
        let options = Options {
            contacts,
            overlap,
            seed,
            ..Options::default()
        };
        let stage = Self {
            running: serve(options).await.unwrap(),
            dir: memory(),
        };
        std::fs::create_dir(stage.config()).unwrap();
        stage
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn root(&self) -> String {
        format!("http://{}", self.running.address())
    }

    /// Where the sandbox listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The program itself, about to sync in a process of its own; its output goes nowhere.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crmsync"));
        command
            .args(["sync", "sales"])
            .env_clear()
            .env("HOME", self.dir.path())
            .env("CRMSYNC_CONFIG_DIR", self.config())
            .env("CRMSYNC_STATE", self.state())
            .env("CRMSYNC_GOOGLE_TOKEN", "sandbox-google-token")
            .env("CRMSYNC_CRM_TOKEN", "sandbox-crm-token")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// The folder of the profile.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("config")
    }

    /// The state file.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state").join("state.sqlite3")
    }

    /// Writes the profile; `sync` is what stands in its first table, one key a line.
    pub(crate) fn profile(&self, sync: &str, view: &str, root: &str) {
        let text = format!(
            "[sync]\n{sync}\n[google]\naccount = \"me@example.com\"\ngroup = \"CRM\"\nendpoint = {root:?}\n\
             [crm]\nkind = \"zoho\"\nview = {view:?}\nendpoint = {root:?}\n"
        );
        std::fs::write(self.config().join("sales.toml"), text).unwrap();
    }

    /// Does something with the world behind the sandbox.
    pub(crate) fn world<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        let world: Arc<Mutex<World>> = self.running.world();
        let mut world = world.lock().unwrap();
        f(&mut world)
    }

    /// Everything on both sides.
    pub(crate) fn dump(&self) -> (Value, Value) {
        self.world(|world| (world.google.dump(), world.zoho.dump()))
    }

    /// The requests to Google and to the CRM since the stage was last put back.
    pub(crate) fn requests(&self) -> [(&'static str, usize); 2] {
        ["google", "zoho"].map(|service| {
            let all = self.world(|world| {
                let log = world.log.entries().iter();
                log.filter(|entry| entry.service == service).count()
            });
            (service, all)
        })
    }

    /// What can be gone back to. No run may be under way.
    pub(crate) fn scene(&self) -> Scene {
        let state = self.state();
        if state.exists() {
            // Opening and closing takes the log into the file.
            drop(State::open(&state).unwrap());
        }
        Scene {
            world: self.world(|world| world.clone()),
            state: std::fs::read(&state).ok(),
        }
    }

    /// Goes back.
    pub(crate) fn restore(&self, scene: &Scene) {
        self.world(|world| {
            *world = scene.world.clone();
            world.log.clear();
        });
        let state = self.state();
        drop(std::fs::remove_dir_all(state.parent().unwrap()));
        if let Some(bytes) = &scene.state {
            // The program makes the folder and the file with the access rights it wants.
            drop(State::open(&state).unwrap());
            for suffix in ["-wal", "-shm"] {
                drop(std::fs::remove_file(format!("{}{suffix}", state.display())));
            }
            std::fs::write(&state, bytes).unwrap();
        }
    }

    /// One run, and the points that it met.
    pub(crate) async fn run(&self, how: &How) -> (Ended, Vec<String>) {
        let profile = Profile::load(kinds(), &self.config(), "sales").unwrap();
        let state_file = self.state();
        let trap = Arc::new(Trap::new(
            how.kill.as_deref(),
            how.power,
            state_file.clone(),
        ));
        let tapped = self.remotes(&profile, &trap);
        let defaults = default_mapping(profile.crm.module());
        let job = Job {
            profile: &profile,
            defaults: &defaults,
            options: self.options(how),
            monitor: &*trap,
            stop: how.stop.clone(),
        };
        let mut state = State::open(&state_file).unwrap();
        let sinks = Sides {
            google: &tapped.google as &dyn Sink,
            crm: &tapped.crm as &dyn Sink,
        };
        let pass = async {
            match how.undo {
                None => run::sync(&job, &mut state, sinks).await,
                Some(no) => {
                    let run = state.run(RunNo(no)).unwrap().unwrap();
                    let contact = None;
                    run::undo(&job, &mut state, sinks, &Asked { run, contact }).await
                }
            }
        };
        let ended = AssertUnwindSafe(pass).catch_unwind().await;
        drop(state);
        let ended = match ended {
            Ok(report) => Ended::Report(Box::new(report)),
            Err(panic) if panic.is::<Killed>() => {
                for (file, kept) in remains(&state_file) {
                    drop(std::fs::remove_file(&file));
                    if kept.exists() {
                        std::fs::rename(kept, file).unwrap();
                    }
                }
                Ended::Killed
            }
            Err(panic) => std::panic::resume_unwind(panic),
        };
        drop(tapped);
        // What the server had begun is over before the next run starts.
        tokio::time::sleep(Duration::from_millis(2)).await;
        (ended, trap.points())
    }

    fn options(&self, how: &How) -> run::Options {
        let now = self.world(|world| world.clock.now());
        run::Options {
            extent: if how.full {
                Extent::Full
            } else {
                Extent::Delta
            },
            limit: how.limit,
            bulk: Bulk::Braked,
            now: now.as_second(),
            started: now.to_string(),
            begun: std::time::Instant::now(),
            // Nothing goes on in this process after a run was killed.
            settling: Duration::ZERO,
            state_file: self.state(),
            machine: None,
        }
    }

    /// Puts back what a run wrote.
    pub(crate) async fn undo(&self, run: i64) -> Report {
        let how = How {
            undo: Some(run),
            ..How::default()
        };
        self.run(&how).await.0.report()
    }

    fn remotes(&self, profile: &Profile, trap: &Arc<Trap>) -> Sides<Tapped> {
        let patience = Patience::new(Duration::from_secs(300));
        let client = |remote, scheme, token| {
            let signing = Signing::Scheme(scheme);
            let mut settings = HttpSettings::new(remote, signing, Arc::new(Ready(token)));
            settings.patience = patience.clone();
            settings.wait_scale = 0.0;
            Http::new(settings).unwrap()
        };
        let google = GoogleSettings {
            endpoint: self.root(),
            account: profile.google.account.clone(),
            ..GoogleSettings::new(&profile.google.group)
        };
        let lanes = profile.crm.own.count("lanes");
        let crm = ZohoSettings {
            endpoint: Some(self.root()),
            module: profile.crm.module().to_owned(),
            view: profile.crm.view.clone(),
            defaults: profile.crm.defaults.clone(),
            lanes: lanes.map_or(1, |lanes| usize::try_from(lanes).unwrap()),
            ..ZohoSettings::default()
        };
        let tap = |inner: Box<dyn Sink>| Tapped {
            inner,
            trap: Arc::clone(trap),
        };
        Sides {
            google: tap(Box::new(Google::new(
                google,
                client("Google", "Bearer", "sandbox-google-token"),
            ))),
            crm: tap(Box::new(Zoho::new(
                crm,
                client("Zoho CRM", "Zoho-oauthtoken", "sandbox-crm-token"),
            ))),
        }
    }
}
