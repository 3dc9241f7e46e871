//! The one way in which links, mirror and dirty marks change: a list of edits, in order.

use std::rc::Rc;

use rusqlite::params;

use super::Tx;
use super::code::side_no;
use super::error::Result;
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
            let mut put = Vec::new();
            for edit in edits {
                match edit {
                    Edit::PutLink(link) => put.push(links::put(conn, scope, pair, link)?),
                    Edit::Rebase { ids, base } => links::rebase(conn, pair, ids, base)?,
                    Edit::RebaseSide { ids, side, base } => {
                        links::rebase_side(conn, pair, ids, *side, base)?;
                    }
                    Edit::SetListed { ids, side, listed } => {
                        links::set_listed(conn, scope, pair, ids, *side, *listed)?;
                    }
                    Edit::SetRest { ids, rest } => links::set_rest(conn, pair, ids, *rest)?,
                    Edit::DropLink(no) => links::remove(conn, pair, *no)?,
                    Edit::PutSeen { side, seen } => {
                        mirror::put(conn, scope, *side, seen, *hearing.on(*side))?;
                    }
                    Edit::DropSeen { side, id } => mirror::forget(conn, scope, *side, id)?,
                    Edit::Touch { side, id } => {
                        conn.prepare_cached(
                            "INSERT INTO dirty (scope, side, id) VALUES (?1, ?2, ?3)
                             ON CONFLICT DO NOTHING",
                        )?
                        .execute(params![
                            scope.0,
                            side_no(*side),
                            id.as_str()
                        ])?;
                    }
                    Edit::Quiet { side, id } => {
                        conn.prepare_cached(
                            "DELETE FROM dirty WHERE scope = ?1 AND side = ?2 AND id = ?3",
                        )?
                        .execute(params![
                            scope.0,
                            side_no(*side),
                            id.as_str()
                        ])?;
                    }
                }
            }
            links::check_single(conn, pair, &put)
        })
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
