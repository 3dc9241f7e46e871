//! `map-fields --check`: plans every contact of both lists as if they met for the first time, asks
//! each side whether it would store the outcome, and says what would be lost or refused. Nothing is
//! written and nothing is kept; of the CRM no more than one page is held at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::PATIENCE;
use super::found::{Found, Row, text};
use crate::cli::connect;
use crate::cli::output::Show;
use crate::cli::paths::Paths;
use crate::connector::{Ask, Census, Page, Source};
use crate::model::{
    AnyEmail, Change, Field, Island, Key, Native, Record, Refusal, Rematch, Rules, Side, Sides,
    Value, Write,
};
use crate::plan;
use crate::profile::Profile;
use crate::run::{self, prepare};

/// How many pages may wait to be looked at.
const AHEAD: usize = 2;

struct Bench<'a> {
    sources: Sides<&'a dyn Source>,
    rules: Rules,
    found: Found,
}

pub(super) async fn run(
    paths: &Paths,
    profile: &Profile,
    json: bool,
    show: &Show,
) -> anyhow::Result<u8> {
    let remotes = connect::open(paths, profile, PATIENCE)?;
    let sources = remotes.sinks().map(|sink| sink as &dyn Source);
    let (google, crm) = futures::join!(sources.google.probe(None), sources.crm.probe(None));
    let probes = Sides {
        google: google?,
        crm: crm?,
    };
    prepare::check_account(profile, &probes.google)?;
    let mapped = prepare::resolve(profile, &remotes.defaults, &probes)?;
    prepare::check_key(profile, &mapped)?;
    let numbers: Vec<Field> = (0..).take(mapped.len()).map(Field).collect();
    let mapping = Arc::new(prepare::mapping(profile, &mapped, &numbers));
    let rules = prepare::rules(profile, &mapped, &mapping, sources.crm, Rematch::No);
    run::equip(profile, sources, &probes, &mapping)?;
    let mut bench = Bench {
        sources,
        rules,
        found: Found {
            profile: profile.name.clone(),
            ..Found::default()
        },
    };
    bench.all().await?;
    let found = bench.found;
    if json {
        show.line(&serde_json::to_string(&found)?)?;
    } else {
        show.bytes(text(&found).as_bytes())?;
    }
    let asks_for_someone = |row: &Row| matches!(row.kind, "held" | "refused" | "ambiguous");
    Ok(if found.rows.iter().any(asks_for_someone) {
        3
    } else {
        0
    })
}

impl Bench<'_> {
    async fn all(&mut self) -> anyhow::Result<()> {
        let google = self.google().await?;
        let mut by_address: HashMap<Key, Vec<usize>> = HashMap::new();
        for (at, record) in google.iter().enumerate() {
            let any = self.rules.any_email == AnyEmail::Matches;
            let others = record.emails.iter().filter(|_| any);
            for key in record.key.iter().chain(others) {
                by_address.entry(key.clone()).or_default().push(at);
            }
        }
        let met = self.crm(&google, &by_address).await?;
        for (at, record) in google.into_iter().enumerate() {
            if record.listed && !met.contains(&at) {
                self.meet(Sides {
                    google: vec![record],
                    crm: Vec::new(),
                });
            }
        }
        Ok(())
    }

    /// Google's whole account; it is capped at 25,000 contacts, and only mapped fields are kept.
    async fn google(&mut self) -> anyhow::Result<Vec<Record>> {
        let mut all: BTreeMap<_, Record> = BTreeMap::new();
        read(self.sources.google, |page| match page {
            Page::Restart => all.clear(),
            Page::Records(records) => {
                for mut record in records {
                    record.native = Native::default();
                    all.insert(record.id.clone(), record);
                }
            }
            Page::Deleted(_) | Page::Renamed { .. } | Page::Census(_) => {}
        })
        .await?;
        self.found.google = all.len() as u64;
        Ok(all.into_values().collect())
    }

    /// The CRM's list, page by page; gives the Google contacts that it met.
    async fn crm(
        &mut self,
        google: &[Record],
        by_address: &HashMap<Key, Vec<usize>>,
    ) -> anyhow::Result<BTreeSet<usize>> {
        let mut met = BTreeSet::new();
        let mut heard = BTreeSet::new();
        let mut keys: HashMap<Key, String> = HashMap::new();
        let crm = self.sources.crm;
        let mut restarted = false;
        read(crm, |page| match page {
            Page::Restart => restarted = true,
            Page::Records(records) => {
                for record in records.into_iter().filter(|record| record.listed) {
                    if !heard.insert(record.id.clone()) {
                        continue;
                    }
                    self.found.crm += 1;
                    if let Some(key) = &record.key
                        && let Some(other) = keys.insert(key.clone(), record.id.to_string())
                    {
                        self.twice(key, &other, record.id.as_str());
                        continue;
                    }
                    let twins: BTreeSet<usize> = record
                        .key
                        .iter()
                        .filter_map(|key| by_address.get(key))
                        .flatten()
                        .copied()
                        .collect();
                    met.extend(&twins);
                    self.meet(Sides {
                        google: twins.iter().map(|at| google[*at].clone()).collect(),
                        crm: vec![record],
                    });
                }
            }
            Page::Deleted(_) | Page::Renamed { .. } | Page::Census(_) => {}
        })
        .await?;
        if restarted {
            tracing::debug!("the CRM started its listing anew");
        }
        Ok(met)
    }

    fn twice(&mut self, key: &Key, one: &str, other: &str) {
        self.found.rows.push(Row {
            kind: "ambiguous",
            email: Some(key.to_string()),
            field: None,
            side: Some(Side::Crm),
            from: None,
            to: None,
            reason: format!("the records {one} and {other} of the CRM share this address"),
            hint: Some("merge them, or correct one address".to_owned()),
        });
    }

    /// Plans records that belong together, and asks the sides about the writes.
    fn meet(&mut self, records: Sides<Vec<Record>>) {
        for side in Side::BOTH {
            for record in records.on(side) {
                self.unread(side, record);
            }
        }
        let island = Island {
            records: records.map(|side| {
                side.into_iter()
                    .map(|record| (record.id.clone(), record))
                    .collect()
            }),
            links: Vec::new(),
        };
        let plan = plan::plan(&island, &self.rules);
        for conflict in plan.conflicts {
            let email = conflict.key.as_ref().map(ToString::to_string);
            let spelled =
                |value: &Option<Value>| value.as_ref().map(|value| value.text.to_string());
            let field = self.name(conflict.field);
            let row = match conflict.winner {
                Some(winner) => {
                    let loser = winner.other();
                    // A side that is never written loses nothing.
                    let Some(rule) = self.rules.fields.get(&conflict.field) else {
                        continue;
                    };
                    if !*rule.writable.on(loser) {
                        continue;
                    }
                    Row {
                        kind: "overwritten",
                        email,
                        field,
                        side: Some(loser),
                        from: spelled(conflict.values.on(loser)),
                        to: spelled(conflict.values.on(winner)),
                        reason: format!("the value in {loser} gives way to the one in {winner}"),
                        hint: Some(
                            "`on_conflict`, or `wins` of the pair, decides who wins".to_owned(),
                        ),
                    }
                }
                None => Row {
                    kind: "held",
                    email,
                    field,
                    side: None,
                    from: spelled(&conflict.values.google),
                    to: spelled(&conflict.values.crm),
                    reason: "both sides have a value, and neither is touched".to_owned(),
                    hint: Some("make them equal, or set `on_conflict`".to_owned()),
                },
            };
            self.found.rows.push(row);
        }
        for problem in plan.problems {
            let kind = format!("{:?}", problem.kind).to_lowercase();
            if kind == "held" {
                continue;
            }
            self.found.rows.push(Row {
                kind: if kind == "ambiguous" {
                    "ambiguous"
                } else {
                    "refused"
                },
                email: problem.key.as_ref().map(ToString::to_string),
                field: problem.field,
                side: None,
                from: None,
                to: None,
                reason: problem.reason,
                hint: Some(problem.hint),
            });
        }
        for write in plan.writes {
            match &write.change {
                Change::Create { .. } => *self.found.creates.on_mut(write.on) += 1,
                Change::Update { .. } => *self.found.updates.on_mut(write.on) += 1,
                Change::Delete { .. }
                | Change::Group { .. }
                | Change::Ungroup { .. }
                | Change::Archive { .. }
                | Change::Unarchive { .. } => continue,
            }
            self.vet(write);
        }
    }

    /// Asks about a write until nothing is refused any more, taking out each field that was.
    fn vet(&mut self, mut write: Write) {
        while let Err(refusal) = self.sources.on(write.on).vet(&write) {
            let Refusal {
                field,
                reason,
                hint,
            } = refusal;
            self.found.rows.push(Row {
                kind: "refused",
                email: write.key.as_ref().map(ToString::to_string),
                field: field.and_then(|field| self.name(field)),
                side: Some(write.on),
                from: None,
                to: None,
                reason,
                hint: Some(hint),
            });
            let taken = field.is_some_and(|field| match &mut write.change {
                Change::Create { fields, .. } => fields.remove(&field).is_some(),
                Change::Update { patch, .. } => patch.remove(&field).is_some(),
                Change::Delete { .. }
                | Change::Group { .. }
                | Change::Ungroup { .. }
                | Change::Archive { .. }
                | Change::Unarchive { .. } => false,
            });
            if !taken {
                return;
            }
        }
    }

    /// Values that stay where they are, since the other side could not hold them as they are.
    fn unread(&mut self, side: Side, record: &Record) {
        if !record.listed {
            return;
        }
        for field in &record.unread {
            let row = Row {
                kind: "unread",
                email: record.key.as_ref().map(ToString::to_string),
                field: self.name(*field),
                side: Some(side),
                from: None,
                to: None,
                reason: format!("{side} does not tell this value in full; it is left alone"),
                hint: None,
            };
            self.found.rows.push(row);
        }
    }

    fn name(&self, field: Field) -> Option<String> {
        self.rules.fields.get(&field).map(|rule| rule.name.clone())
    }
}

/// Reads one side in full, page by page.
async fn read(source: &dyn Source, mut take: impl FnMut(Page)) -> anyhow::Result<()> {
    let ask = Ask {
        since: None,
        census: Census::No,
        now: Timestamp::now().as_second(),
    };
    let (sender, mut pages) = mpsc::channel(AHEAD);
    let (end, ()) = futures::join!(source.fetch(&ask, sender), async {
        while let Some(page) = pages.recv().await {
            take(page);
        }
    });
    end.map_err(|error| -> anyhow::Error { error.into() })?;
    Ok(())
}
