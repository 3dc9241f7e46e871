//! Links: which records are one contact, and what they last agreed on.

use rusqlite::{CachedStatement, Connection, Params, Row, Statement, params};

use super::code::{base_of, base_text, rest_columns, rest_of, to_count};
use super::error::{Fault, Result};
use super::scopes::{PairId, ScopeId};
use super::{Db, Tx};
use crate::model::{Base, Key, Link, LinkNo, RemoteId, Side, Sides};

type Outcome<T> = std::result::Result<T, Fault>;

/// The columns that [`link_of`] reads, from 0 on; `l` is the link, `s` its row of the scope.
pub(super) const LINK: &str = "l.no, l.google, l.crm, l.key, l.rest, l.rest_side, l.drift, l.base,
    coalesce(s.google, 0), coalesce(s.crm, 0)";

/// A link from the columns of [`LINK`].
pub(super) fn link_of(row: &Row<'_>) -> Outcome<Link> {
    Ok(Link {
        no: Some(LinkNo(row.get(0)?)),
        ids: Sides {
            google: row.get(1)?,
            crm: row.get(2)?,
        },
        base: base_of(row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?)?,
        listed: Sides {
            google: row.get(8)?,
            crm: row.get(9)?,
        },
        rest: rest_of(row.get(4)?, row.get(5)?)?,
        key: row.get::<_, Option<Key>>(3)?,
        drift: row.get(6)?,
    })
}

/// The link of two records; the one that takes part before one that is over, the older first.
const FIND: &str =
    "SELECT rest IN (3, 4), no FROM link WHERE pair = ?1 AND google = ?2 AND crm = ?3";

fn find(query: &mut Statement<'_>, pair: PairId, ids: &Sides<RemoteId>) -> Outcome<Option<LinkNo>> {
    first(
        query,
        params![pair.0, ids.google.as_str(), ids.crm.as_str()],
    )
}

/// The link whose rank, the first column, is the lowest, the older first. There are one or two: a sort
/// in the query would take longer than the query.
fn first(query: &mut Statement<'_>, args: impl Params) -> Outcome<Option<LinkNo>> {
    let mut rows = query.query(args)?;
    let mut best: Option<(i64, i64)> = None;
    while let Some(row) = rows.next()? {
        let found = (row.get(0)?, row.get(1)?);
        best = Some(best.map_or(found, |best| best.min(found)));
    }
    Ok(best.map(|(_, no)| LinkNo(no)))
}

/// As [`find`], for edits that need the link to be there.
fn need(conn: &Connection, pair: PairId, ids: &Sides<RemoteId>) -> Outcome<LinkNo> {
    find(&mut *conn.prepare_cached(FIND)?, pair, ids)?
        .ok_or_else(|| Fault::Rule(format!("{} and {} are not linked", ids.google, ids.crm)))
}

/// Remembers links: the statements that every one of them needs.
pub(super) struct Linking<'c> {
    conn: &'c Connection,
    scope: ScopeId,
    pair: PairId,
    find: CachedStatement<'c>,
    insert: CachedStatement<'c>,
    listed: CachedStatement<'c>,
    others: Sides<CachedStatement<'c>>,
    /// What was put: the numbers and the records.
    put: Vec<(LinkNo, Sides<RemoteId>)>,
}

impl<'c> Linking<'c> {
    pub(super) fn new(conn: &'c Connection, scope: ScopeId, pair: PairId) -> Outcome<Self> {
        Ok(Self {
            conn,
            scope,
            pair,
            find: conn.prepare_cached(FIND)?,
            insert: conn.prepare_cached(
                "INSERT INTO link (no, pair, google, crm, key, rest, rest_side, drift, base)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            listed: conn.prepare_cached(
                "INSERT INTO link_scope (scope, link, google, crm) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET google = excluded.google, crm = excluded.crm",
            )?,
            others: Sides {
                google: conn.prepare_cached(
                    "SELECT 1 FROM link WHERE pair = ?1 AND google = ?2 AND no <> ?3 AND rest < 3",
                )?,
                crm: conn.prepare_cached(
                    "SELECT 1 FROM link WHERE pair = ?1 AND crm = ?2 AND no <> ?3 AND rest < 3",
                )?,
            },
            put: Vec::new(),
        })
    }

    /// Remembers a link or replaces what is remembered of it. Without a number it replaces the link of
    /// the same two records, if there is one.
    pub(super) fn put(&mut self, link: &Link) -> Outcome<()> {
        let known = match link.no {
            Some(no) => Some(no),
            None => find(&mut self.find, self.pair, &link.ids)?,
        };
        let (rest, rest_side) = rest_columns(link.rest);
        let base = base_text(&link.base)?;
        let values = params![
            known.map(|no| no.0),
            self.pair.0,
            link.ids.google.as_str(),
            link.ids.crm.as_str(),
            link.key.as_ref().map(Key::as_str),
            rest,
            rest_side,
            link.drift,
            base,
        ];
        let no = if let Some(no) = known {
            let changed = self
                .conn
                .prepare_cached(
                    "UPDATE link SET google = ?3, crm = ?4, key = ?5, rest = ?6, rest_side = ?7,
                     drift = ?8, base = ?9 WHERE no = ?1 AND pair = ?2",
                )?
                .execute(values)?;
            if changed == 0 {
                return Err(Fault::Rule(format!("there is no link {}", no.0)));
            }
            no
        } else {
            self.insert.execute(values)?;
            LinkNo(self.conn.last_insert_rowid())
        };
        let Sides { google, crm } = link.listed;
        self.listed
            .execute(params![self.scope.0, no.0, google, crm])?;
        self.put.push((no, link.ids.clone()));
        Ok(())
    }

    /// Refuses when a record of what was put is in two links of the pair that are not over.
    pub(super) fn check_single(mut self) -> Outcome<()> {
        for (no, ids) in std::mem::take(&mut self.put) {
            for side in Side::BOTH {
                let id = ids.on(side).as_str();
                let others = self.others.on_mut(side);
                if others.exists(params![self.pair.0, id, no.0])? && self.lives(no)? {
                    return Err(Fault::Rule(format!("{id} would be linked twice")));
                }
            }
        }
        Ok(())
    }

    /// Whether a link is there and not over.
    fn lives(&self, no: LinkNo) -> rusqlite::Result<bool> {
        self.conn
            .prepare_cached("SELECT 1 FROM link WHERE no = ?1 AND rest < 3")?
            .exists([no.0])
    }
}

/// Moves part of a pair's base.
pub(super) fn rebase(
    conn: &Connection,
    pair: PairId,
    ids: &Sides<RemoteId>,
    moved: &Base,
) -> Outcome<()> {
    change_base(conn, pair, ids, |base| {
        base.extend(moved.iter().map(|(field, sides)| (*field, sides.clone())));
    })
}

/// Moves one side's half of part of a pair's base.
pub(super) fn rebase_side(
    conn: &Connection,
    pair: PairId,
    ids: &Sides<RemoteId>,
    side: Side,
    moved: &Base,
) -> Outcome<()> {
    change_base(conn, pair, ids, |base| {
        for (field, values) in moved {
            let known = base.entry(*field).or_insert_with(|| values.clone());
            known.on_mut(side).clone_from(values.on(side));
        }
    })
}

fn change_base(
    conn: &Connection,
    pair: PairId,
    ids: &Sides<RemoteId>,
    change: impl FnOnce(&mut Base),
) -> Outcome<()> {
    let no = need(conn, pair, ids)?;
    let text: String = conn
        .prepare_cached("SELECT base FROM link WHERE no = ?1")?
        .query_row([no.0], |row| row.get(0))?;
    let mut base = base_of(&text)?;
    change(&mut base);
    conn.prepare_cached("UPDATE link SET base = ?2 WHERE no = ?1")?
        .execute(params![no.0, base_text(&base)?])?;
    Ok(())
}

/// Sets whether a link takes part.
pub(super) fn set_rest(
    conn: &Connection,
    pair: PairId,
    ids: &Sides<RemoteId>,
    rest: crate::model::Rest,
) -> Outcome<()> {
    let no = need(conn, pair, ids)?;
    let (rest, side) = rest_columns(rest);
    conn.prepare_cached("UPDATE link SET rest = ?2, rest_side = ?3 WHERE no = ?1")?
        .execute(params![no.0, rest, side])?;
    Ok(())
}

/// Sets whether a link's record was in its list at the last agreement of the scope.
pub(super) fn set_listed(
    conn: &Connection,
    scope: ScopeId,
    pair: PairId,
    ids: &Sides<RemoteId>,
    side: Side,
    listed: bool,
) -> Outcome<()> {
    let no = need(conn, pair, ids)?;
    let statement = match side {
        Side::Google => {
            "INSERT INTO link_scope (scope, link, google, crm) VALUES (?1, ?2, ?3, 0)
             ON CONFLICT DO UPDATE SET google = excluded.google"
        }
        Side::Crm => {
            "INSERT INTO link_scope (scope, link, google, crm) VALUES (?1, ?2, 0, ?3)
             ON CONFLICT DO UPDATE SET crm = excluded.crm"
        }
    };
    conn.prepare_cached(statement)?
        .execute(params![scope.0, no.0, listed])?;
    Ok(())
}

/// Forgets a link; one that is not there is no fault.
pub(super) fn remove(conn: &Connection, pair: PairId, no: LinkNo) -> Outcome<()> {
    conn.prepare_cached(
        "DELETE FROM link_scope WHERE link = (SELECT no FROM link WHERE no = ?1 AND pair = ?2)",
    )?
    .execute([no.0, pair.0])?;
    conn.prepare_cached("DELETE FROM link WHERE no = ?1 AND pair = ?2")?
        .execute([no.0, pair.0])?;
    Ok(())
}

impl Db {
    /// The link of a record: the one that takes part before one that is over, the older first.
    pub fn linked(&self, pair: PairId, side: Side, id: &RemoteId) -> Result<Option<LinkNo>> {
        self.doing("look for a link", |conn| {
            let statement = match side {
                Side::Google => {
                    "SELECT (rest <> 0) + (rest IN (3, 4)), no FROM link
                     WHERE pair = ?1 AND google = ?2"
                }
                Side::Crm => {
                    "SELECT (rest <> 0) + (rest IN (3, 4)), no FROM link
                     WHERE pair = ?1 AND crm = ?2"
                }
            };
            first(
                &mut *conn.prepare_cached(statement)?,
                params![pair.0, id.as_str()],
            )
        })
    }

    /// The link of a record, as [`Db::linked`] finds it, with the scope's memberships.
    pub fn link_of(
        &self,
        pair: PairId,
        scope: ScopeId,
        side: Side,
        id: &RemoteId,
    ) -> Result<Option<Link>> {
        let Some(no) = self.linked(pair, side, id)? else {
            return Ok(None);
        };
        self.doing("read a link", |conn| {
            let mut query = conn.prepare_cached(&format!(
                "SELECT {LINK} FROM link l
                 LEFT JOIN link_scope s ON s.scope = ?2 AND s.link = l.no WHERE l.no = ?1"
            ))?;
            let mut rows = query.query(params![no.0, scope.0])?;
            rows.next()?.map(link_of).transpose()
        })
    }

    /// Every link of a contact, oldest first: those whose key it is, and those of a record that any
    /// profile on the pair has seen with this address. `listed` is of any profile.
    pub fn contact(&self, pair: PairId, key: &Key) -> Result<Vec<Link>> {
        self.doing("look for a contact", |conn| {
            let mut query = conn.prepare_cached(&format!(
                "WITH holder AS (
                    SELECT m.side, m.id FROM scope c JOIN addr a ON a.scope = c.no AND a.key = ?2
                    JOIN mirror m ON m.no = a.rec WHERE c.pair = ?1),
                 found AS (
                    SELECT no FROM link WHERE pair = ?1 AND key = ?2
                    UNION SELECT l.no FROM holder h JOIN link l ON l.pair = ?1 AND l.google = h.id
                          WHERE h.side = 0
                    UNION SELECT l.no FROM holder h JOIN link l ON l.pair = ?1 AND l.crm = h.id
                          WHERE h.side = 1)
                 SELECT {LINK} FROM found JOIN link l ON l.no = found.no
                 LEFT JOIN (SELECT link, max(google) AS google, max(crm) AS crm FROM link_scope
                            WHERE link IN (SELECT no FROM found) GROUP BY link) s ON s.link = l.no
                 ORDER BY l.no"
            ))?;
            let mut rows = query.query(params![pair.0, key.as_str()])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(link_of(row)?);
            }
            Ok(all)
        })
    }
}

impl Tx<'_> {
    /// Forgets every link of a pair (`deactivate --forget-links`); gives their number.
    pub fn drop_pair_links(&mut self, pair: PairId) -> Result<u64> {
        self.uncount(pair)?;
        self.doing("forget the links", |conn| {
            conn.prepare_cached(
                "DELETE FROM link_scope WHERE link IN (SELECT no FROM link WHERE pair = ?1)",
            )?
            .execute([pair.0])?;
            let gone = conn
                .prepare_cached("DELETE FROM link WHERE pair = ?1")?
                .execute([pair.0])?;
            Ok(to_count(i64::try_from(gone).unwrap_or(i64::MAX)))
        })
    }
}
