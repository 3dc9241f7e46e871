//! How a pair was matched and whether it takes part, in words.

use std::collections::BTreeMap;

use super::journal::{Names, WriteRow};
use crate::model::{Link, Record, RemoteId, Rest, Side, Sides};
use crate::state::{JournalRow, Settled};

/// How the two records were found to be one: what the journal and the records themselves tell.
pub(super) fn matched(
    link: &Link,
    seen: &Sides<Option<Record>>,
    writes: &BTreeMap<i64, JournalRow>,
) -> String {
    for row in writes.values() {
        let landed = row.outcome.as_ref().is_some_and(Settled::landed);
        let write = WriteRow::of(row, &Names::new());
        let own = link.ids.on(row.write.on).as_str();
        let twin = link.ids.on(row.write.on.other());
        if landed
            && write.op == "create"
            && write.id.as_deref() == Some(own)
            && *twin == row.write.twin
        {
            return format!(
                "run {} created the record in {} from the other one",
                row.run.0, row.write.on
            );
        }
    }
    let (Some(google), Some(crm)) = (&seen.google, &seen.crm) else {
        return "both were there before; how they met is not told by what is left".to_owned();
    };
    let stamped = |one: &Record, other: &RemoteId| one.stamp.as_ref() == Some(other);
    if google.key.is_some() && google.key == crm.key {
        "both were there before and have the same address".to_owned()
    } else if stamped(google, &link.ids.crm) || stamped(crm, &link.ids.google) {
        "by the id that crmsync left on the record when it created it".to_owned()
    } else if crm
        .key
        .as_ref()
        .is_some_and(|key| google.emails.contains(key))
    {
        "by another e-mail address of the Google contact".to_owned()
    } else {
        "linked before; the addresses have changed since".to_owned()
    }
}

/// Whether a pair takes part: word, sentence, cure.
pub(super) fn standing(
    rest: Rest,
    listed: &Sides<Option<bool>>,
) -> (&'static str, String, Option<String>) {
    let list = |side: Side| match side {
        Side::Google => "label",
        Side::Crm => "list view",
    };
    match rest {
        Rest::Awake if listed.google == Some(true) || listed.crm == Some(true) => {
            ("linked", "linked, takes part".to_owned(), None)
        }
        Rest::Awake => (
            "linked",
            "linked, but neither record was in its list when last seen".to_owned(),
            Some("put one of them into the label or the list view".to_owned()),
        ),
        Rest::Left(side) => (
            "left",
            format!(
                "rests: the record in {side} left the {}; both records stay",
                list(side)
            ),
            Some(format!(
                "put it back into the {}; the next sync wakes the link",
                list(side)
            )),
        ),
        Rest::Vanished(side) => (
            "vanished",
            format!(
                "rests: the record in {side} cannot be seen, and nothing proves that it was deleted"
            ),
            Some(format!(
                "make it visible to the signed-in user in {side}; or delete the other record by hand as well"
            )),
        ),
        Rest::Ended(side) => (
            "ended",
            format!(
                "over: the record in {side} was deleted; the other one stays and is not copied back"
            ),
            Some(format!(
                "to have it on both sides again, add a contact with this address in {side}"
            )),
        ),
        Rest::Merged => (
            "merged",
            "rests: its Google contact was merged into another one, whose link goes on".to_owned(),
            Some("merge or delete the CRM record that is too many".to_owned()),
        ),
    }
}
