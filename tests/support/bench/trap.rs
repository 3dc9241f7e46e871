//! Ends a run at one exact point, as a kill does: nothing after it happens, and what the state file
//! and its log hold at that instant is all that stays.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use crmsync::connector::{
    Ask, Capabilities, Error, FetchEnd, Found, Meter, PageSender, Sink, Source, Written,
};
use crmsync::mapping::Mapping;
use crmsync::model::{Key, ListInfo, Probe, Record, Refusal, RemoteId, Side, Write};
use crmsync::run::{Event, Monitor};

/// What unwinds a run that is killed.
pub(crate) struct Killed;

/// Counts the points of a run and ends it at one of them.
#[derive(Debug)]
pub(crate) struct Trap {
    at: Option<String>,
    /// Whether the power goes too: only what the disk surely has stays.
    power: bool,
    state: PathBuf,
    met: Mutex<Met>,
}

#[derive(Debug, Default)]
struct Met {
    counts: BTreeMap<String, usize>,
    points: Vec<String>,
    sprung: bool,
}

impl Trap {
    pub(crate) fn new(at: Option<&str>, power: bool, state: PathBuf) -> Self {
        let trap = Self {
            at: at.map(str::to_owned),
            power,
            state,
            met: Mutex::default(),
        };
        if trap.power {
            trap.keep();
        }
        trap
    }

    /// Keeps what the state file and its log hold at this instant.
    fn keep(&self) {
        for (from, to) in remains(&self.state) {
            drop(std::fs::remove_file(&to));
            if from.exists() {
                std::fs::copy(&from, &to)
                    .unwrap_or_else(|error| panic!("{}: {error}", from.display()));
            }
        }
    }

    /// The points met, in order.
    pub(crate) fn points(&self) -> Vec<String> {
        self.met.lock().unwrap().points.clone()
    }

    fn pass(&self, name: &str) {
        {
            let mut met = self.met.lock().unwrap();
            let count = met.counts.entry(name.to_owned()).or_default();
            *count += 1;
            let point = format!("{name} {count}");
            met.points.push(point.clone());
            if self.power && name == "firm" && !met.sprung {
                self.keep();
            }
            if met.sprung || self.at.as_ref() != Some(&point) {
                return;
            }
            met.sprung = true;
        }
        // What a killed process leaves on the disk; closing the database below would tidy it up.
        if !self.power {
            self.keep();
        }
        std::panic::resume_unwind(Box::new(Killed));
    }
}

/// The state file and its log, each with the place where a kill keeps its copy.
pub(crate) fn remains(state: &std::path::Path) -> [(PathBuf, PathBuf); 2] {
    ["", "-wal"].map(|suffix| {
        let file = format!("{}{suffix}", state.display());
        (
            PathBuf::from(&file),
            PathBuf::from(format!("{file}.killed")),
        )
    })
}

impl Monitor for Trap {
    fn event(&self, event: &Event) {
        match event {
            Event::Read { side, .. } => self.pass(&format!("{} page", side.name())),
            Event::Checkpoint(name) => self.pass(name),
            Event::Planned { .. } => self.pass("planned"),
            Event::Wrote { side, .. } => self.pass(&format!("{} settled", side.name())),
        }
    }
}

/// A remote with the trap before and after every call.
pub(crate) struct Tapped {
    pub(crate) inner: Box<dyn Sink>,
    pub(crate) trap: Arc<Trap>,
}

impl Tapped {
    fn pass(&self, what: &str) {
        self.trap.pass(&format!("{} {what}", self.side().name()));
    }
}

#[async_trait]
impl Source for Tapped {
    fn side(&self) -> Side {
        self.inner.side()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn probe(&self, last: Option<&Probe>) -> Result<Probe, Error> {
        self.pass("before probe");
        let result = self.inner.probe(last).await;
        self.pass("after probe");
        result
    }

    async fn lists(&self) -> Result<Vec<ListInfo>, Error> {
        self.inner.lists().await
    }

    fn equip(&self, probe: &Probe, mapping: Arc<Mapping>) -> Result<(), Error> {
        self.inner.equip(probe, mapping)
    }

    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    async fn fetch(&self, ask: &Ask, pages: PageSender) -> Result<FetchEnd, Error> {
        self.pass("before fetch");
        let result = self.inner.fetch(ask, pages).await;
        self.pass("after fetch");
        result
    }

    async fn get(&self, ids: &[RemoteId]) -> Result<Vec<Found>, Error> {
        self.pass("before get");
        let result = self.inner.get(ids).await;
        self.pass("after get");
        result
    }

    async fn find(&self, keys: &[Key]) -> Result<Vec<Record>, Error> {
        self.pass("before find");
        let result = self.inner.find(keys).await;
        self.pass("after find");
        result
    }

    fn vet(&self, write: &Write) -> Result<(), Refusal> {
        self.inner.vet(write)
    }

    fn meter(&self) -> Meter {
        self.inner.meter()
    }
}

#[async_trait]
impl Sink for Tapped {
    fn batches(&self, writes: Vec<Write>) -> Vec<Vec<Write>> {
        self.inner.batches(writes)
    }

    async fn write(&self, batch: &[Write]) -> Written {
        self.pass("before write");
        let written = self.inner.write(batch).await;
        self.pass("after write");
        written
    }

    async fn look_nameless(&self, open: &[Write], since: i64) -> Result<Vec<Record>, Error> {
        self.inner.look_nameless(open, since).await
    }
    async fn look(&self, open: &[Write]) -> Result<Vec<Record>, Error> {
        self.pass("before look");
        let result = self.inner.look(open).await;
        self.pass("after look");
        result
    }
}
