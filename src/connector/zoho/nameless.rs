//! Creates without an address whose answer was lost: looked for by when they were created.

use std::sync::atomic::Ordering;

use super::Zoho;
use super::coql::Select;
use super::read::records;
use super::table::ids_of;
use crate::connector::Error;
use crate::model::{Record, Write};

/// Seconds by which the two clocks may differ beyond what the last answer told.
const SLACK: i64 = 60;

impl Zoho {
    /// See [`crate::connector::Sink::look_nameless`].
    pub(super) async fn nameless_since(
        &self,
        open: &[Write],
        since: i64,
    ) -> Result<Vec<Record>, Error> {
        let gear = self.gear()?;
        if open.is_empty() || !gear.open.coql() {
            return Ok(Vec::new());
        }
        let doing = "look for records without an address";
        let from = since + self.skew.load(Ordering::Relaxed) - SLACK;
        let select = Select::new(&gear.columns, &gear.module, None).created(from);
        let rows = match self.all_rows(&gear, doing, select).await {
            Ok(rows) => rows,
            Err(failure) if gear.open.close(&failure, None) => return Ok(Vec::new()),
            Err(failure) => return Err(failure.error),
        };
        let ids = ids_of(&rows);
        let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
        let members = self
            .members_of(&gear, &texts)
            .await
            .map_err(|failure| failure.error)?;
        let mut found =
            records(&gear, &rows, |id| members.contains(id)).map_err(|failure| failure.error)?;
        found.retain(|record| record.key.is_none());
        Ok(found)
    }
}
