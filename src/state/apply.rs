//! The one way in which links, mirror and dirty marks change: a list of edits, in order.

use rusqlite::params;

use super::Tx;
use super::code::side_no;
use super::error::Result;
use super::scopes::{ScopeId, pair_of};
use super::{links, listing, mirror};
use crate::model::{Edit, Side, Sides};

impl Tx<'_> {
    /// Makes the edits in their order. A record that would be in two links that are not over, and a
    /// link that an edit needs and that is not there, are refused ([`super::Kind::Sql`]).
    pub fn apply(&mut self, scope: ScopeId, edits: &[Edit]) -> Result<()> {
        if edits.is_empty() {
            return Ok(());
        }
        self.doing("remember what was done", |conn| {
            let pair = pair_of(conn, scope)?;
            let hearing = Sides {
                google: listing::current(conn, scope, Side::Google)?,
                crm: listing::current(conn, scope, Side::Crm)?,
            };
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
