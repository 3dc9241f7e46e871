//! The one way in which links, mirror and dirty marks change: a list of edits, in order.

use std::rc::Rc;

use rusqlite::{CachedStatement, Connection, params};

use super::Tx;
use super::code::side_no;
use super::error::{Fault, Result};
use super::scopes::{PairId, ScopeId, others_of, pair_of};
use super::{links, listing, mirror};
use crate::model::{Edit, Side, Sides};

/// What every change of a scope's records asks for.
#[derive(Clone, Debug)]
pub(super) struct Around {
    scope: ScopeId,
    /// Its pair.
    pub(super) pair: PairId,
    /// The full readings that are under way.
    hearing: Sides<Option<i64>>,
    /// The other scopes of the pair.
    pub(super) others: Rc<[i64]>,
}

impl Tx<'_> {
    /// What surrounds a scope, looked up once a transaction.
    pub(super) fn around(&mut self, scope: ScopeId) -> Result<Around> {
        if let Some(known) = self.around.as_ref().filter(|known| known.scope == scope) {
            return Ok(known.clone());
        }
        let found = self.doing("look up a profile", |conn| {
            let pair = pair_of(conn, scope)?;
            Ok(Around {
                scope,
                pair,
                hearing: Sides {
                    google: listing::current(conn, scope, Side::Google)?,
                    crm: listing::current(conn, scope, Side::Crm)?,
                },
                others: others_of(conn, scope, pair)?.into(),
            })
        })?;
        self.around = Some(found.clone());
        Ok(found)
    }

    /// Makes the edits in their order. A record that would be in two links that are not over, and a
    /// link that an edit needs and that is not there, are refused ([`super::Kind::Sql`]).
    pub fn apply(&mut self, scope: ScopeId, edits: &[Edit]) -> Result<()> {
        if edits.is_empty() {
            return Ok(());
        }
        let Around { pair, hearing, .. } = self.around(scope)?;
        if edits.iter().any(counted) {
            self.uncount(pair)?;
        }
        self.doing("remember what was done", |conn| {
            let mut hand = Hand::new(conn, scope, pair, hearing);
            for edit in edits {
                hand.make(edit)?;
            }
            hand.done()
        })
    }
}

/// Makes edits; what one kind of them needs is got ready once.
struct Hand<'c> {
    conn: &'c Connection,
    scope: ScopeId,
    pair: PairId,
    hearing: Sides<Option<i64>>,
    linking: Option<links::Linking<'c>>,
    putting: Option<mirror::Putting<'c>>,
    touch: Option<CachedStatement<'c>>,
    quiet: Option<CachedStatement<'c>>,
}

impl<'c> Hand<'c> {
    fn new(
        conn: &'c Connection,
        scope: ScopeId,
        pair: PairId,
        hearing: Sides<Option<i64>>,
    ) -> Self {
        Self {
            conn,
            scope,
            pair,
            hearing,
            linking: None,
            putting: None,
            touch: None,
            quiet: None,
        }
    }

    fn make(&mut self, edit: &Edit) -> std::result::Result<(), Fault> {
        let (conn, scope, pair) = (self.conn, self.scope, self.pair);
        match edit {
            Edit::PutLink(link) => {
                let linking = match &mut self.linking {
                    Some(linking) => linking,
                    none => none.insert(links::Linking::new(conn, scope, pair)?),
                };
                linking.put(link)
            }
            Edit::Rebase { ids, base } => links::rebase(conn, pair, ids, base),
            Edit::RebaseSide { ids, side, base } => {
                links::rebase_side(conn, pair, ids, *side, base)
            }
            Edit::SetListed { ids, side, listed } => {
                links::set_listed(conn, scope, pair, ids, *side, *listed)
            }
            Edit::SetRest { ids, rest } => links::set_rest(conn, pair, ids, *rest),
            Edit::DropLink(no) => links::remove(conn, pair, *no),
            Edit::PutSeen { side, seen } => {
                let putting = match &mut self.putting {
                    Some(putting) => putting,
                    none => none.insert(mirror::Putting::new(conn, scope)?),
                };
                putting.put(*side, seen, *self.hearing.on(*side))
            }
            Edit::DropSeen { side, id } => mirror::forget(conn, scope, *side, id),
            Edit::Touch { side, id } => {
                let touch = match &mut self.touch {
                    Some(touch) => touch,
                    none => none.insert(conn.prepare_cached(
                        "INSERT INTO dirty (scope, side, id) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO NOTHING",
                    )?),
                };
                touch.execute(params![scope.0, side_no(*side), id.as_str()])?;
                Ok(())
            }
            Edit::Quiet { side, id } => {
                let quiet = match &mut self.quiet {
                    Some(quiet) => quiet,
                    none => none.insert(conn.prepare_cached(
                        "DELETE FROM dirty WHERE scope = ?1 AND side = ?2 AND id = ?3",
                    )?),
                };
                quiet.execute(params![scope.0, side_no(*side), id.as_str()])?;
                Ok(())
            }
        }
    }

    fn done(self) -> std::result::Result<(), Fault> {
        self.linking.map_or(Ok(()), links::Linking::check_single)
    }
}

/// Whether an edit changes something that is counted.
fn counted(edit: &Edit) -> bool {
    match edit {
        Edit::PutLink(_)
        | Edit::SetListed { .. }
        | Edit::SetRest { .. }
        | Edit::DropLink(_)
        | Edit::PutSeen { .. }
        | Edit::DropSeen { .. } => true,
        Edit::Rebase { .. } | Edit::RebaseSide { .. } | Edit::Touch { .. } | Edit::Quiet { .. } => {
            false
        }
    }
}
