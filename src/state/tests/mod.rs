//! Tests of the state file, and what they share.
#![expect(clippy::unwrap_used, reason = "tests")]

mod counts;
mod edges;
mod edits;
mod history;
mod islands;
mod prune;
mod reading;
mod undoing;
mod watch;

use super::*;
use crate::model::{Edit, Field, Key, Link, Record, RemoteId, Rest, Seen, Side, Sides, Value};

struct World {
    dir: tempfile::TempDir,
    state: State,
    scope: ScopeId,
    pair: PairId,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut state = State::open(&dir.path().join("state.sqlite3")).unwrap();
        let (scope, pair) = state.write(|tx| tx.scope("sales", PAIR)).unwrap();
        Self {
            dir,
            state,
            scope,
            pair,
        }
    }

    fn apply(&mut self, edits: &[Edit]) {
        let scope = self.scope;
        self.state.write(|tx| tx.apply(scope, edits)).unwrap();
    }

    fn refuse(&mut self, edits: &[Edit]) -> Kind {
        let scope = self.scope;
        self.state
            .write(|tx| tx.apply(scope, edits))
            .unwrap_err()
            .kind
    }

    fn link(&self, google: &str, crm: &str) -> Link {
        let no = self.state.linked(self.pair, Side::Google, &google.into());
        let island = self
            .state
            .island_of(self.scope, Side::Crm, &crm.into())
            .unwrap();
        let no = no.unwrap();
        island.links.into_iter().find(|l| l.no == no).unwrap()
    }
}

const PAIR: &str = "me@example.com|acme/org/Contacts";

fn ids(names: &[&str]) -> Vec<RemoteId> {
    names.iter().map(|&name| name.into()).collect()
}

fn pair(google: &str, crm: &str) -> Sides<RemoteId> {
    Sides {
        google: google.into(),
        crm: crm.into(),
    }
}

fn linked(google: &str, crm: &str) -> Link {
    Link {
        no: None,
        ids: pair(google, crm),
        base: crate::model::Base::new(),
        listed: Sides {
            google: true,
            crm: true,
        },
        rest: Rest::Awake,
        key: None,
        drift: 0,
    }
}

fn record(id: &str, key: Option<&str>) -> Record {
    let mut record = Record::bare(id.into(), "v1".into());
    record.key = key.map(Key::from);
    record.listed = true;
    record.fields.insert(
        Field(1),
        Value::with_canon("Ann@Example.com", "ann@example.com"),
    );
    record
}

fn put(side: Side, record: Record) -> Edit {
    Edit::PutSeen {
        side,
        seen: Seen {
            record,
            replaced: Vec::new(),
            unlisted_since: None,
        },
    }
}

fn touch(side: Side, id: &str) -> Edit {
    Edit::Touch {
        side,
        id: id.into(),
    }
}
