//! What both sides must hold once everything has settled, contact by contact: the rules of
//! `docs/sync-model.md` in a few lines, over a model that knows who is whom.

use std::collections::{BTreeMap, BTreeSet};

/// Mapped values by the CRM's field names; blank fields are absent.
pub(crate) type Fields = BTreeMap<&'static str, String>;

/// The fields that the soak edits. The first identifies a contact, the second may not be blank.
pub(crate) const FIELDS: [&str; 7] = [
    "Email",
    "Last_Name",
    "First_Name",
    "Title",
    "Mobile",
    "Mailing_City",
    "Description",
];

/// What `on_delete` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDelete {
    Keep,
    Archive,
    Delete,
}

/// Google or the CRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Google,
    Crm,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Google, Self::Crm];

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Google => Self::Crm,
            Self::Crm => Self::Google,
        }
    }
}

/// The rules of one world.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) on_delete: OnDelete,
    /// Who wins a conflict.
    pub(crate) winner: Side,
    /// Whether a contact whose CRM record left the view leaves the label.
    pub(crate) ungroup: bool,
    /// The lead source of records that come from Google.
    pub(crate) default_lead: Option<&'static str>,
    /// The lead sources that the view shows.
    pub(crate) view: BTreeSet<&'static str>,
}

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) id: String,
    pub(crate) fields: Fields,
    /// Google: whether it has the label.
    pub(crate) labelled: bool,
    /// Google: whether it has the archive label.
    pub(crate) archived: bool,
    /// Google: more addresses, from merges.
    pub(crate) more: Vec<String>,
    /// The CRM: the lead source, which decides whether it is in the view.
    pub(crate) lead: Option<&'static str>,
}

/// What the two records are to one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bond {
    /// Nobody has linked them.
    Never,
    /// Linked.
    Linked(Link),
    /// One was deleted, and the other stays for itself.
    Ended,
    /// Google merged its contact into another one's; the CRM record stays for itself.
    Merged,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The values last agreed on.
    pub(crate) base: Fields,
    /// Whether each was in its list then; one that has left counts as in until it is back.
    listed: (bool, bool),
    /// Whether values flow.
    pub(crate) awake: bool,
    /// Since which round.
    pub(crate) since: usize,
}

/// One contact of the model.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) google: Option<Half>,
    pub(crate) crm: Option<Half>,
    pub(crate) bond: Bond,
    /// Took another one's Google contact in; nothing but edits happens to it any more.
    pub(crate) took_in: bool,
}

impl Person {
    pub(crate) fn half(&self, side: Side) -> Option<&Half> {
        match side {
            Side::Google => self.google.as_ref(),
            Side::Crm => self.crm.as_ref(),
        }
    }

    pub(crate) fn half_mut(&mut self, side: Side) -> &mut Option<Half> {
        match side {
            Side::Google => &mut self.google,
            Side::Crm => &mut self.crm,
        }
    }

    /// Whether nothing is left of it.
    pub(crate) fn is_gone(&self) -> bool {
        self.google.is_none() && self.crm.is_none()
    }

    /// What a settled round makes of it.
    pub(crate) fn settle(&mut self, rules: &Rules, round: usize) {
        match (&self.bond, &self.google, &self.crm) {
            (_, None, None)
            | (Bond::Merged, _, _)
            | (Bond::Ended, None, _)
            | (Bond::Ended, _, None) => {}
            (Bond::Never | Bond::Ended, Some(google), Some(crm)) => {
                if google.labelled || rules.shows(crm) {
                    self.meet(rules, round);
                }
            }
            (Bond::Never, Some(google), None) => {
                if google.labelled {
                    self.create(Side::Crm, rules, round);
                }
            }
            (Bond::Never, None, Some(crm)) => {
                if rules.shows(crm) {
                    self.create(Side::Google, rules, round);
                }
            }
            (Bond::Linked(_), Some(_), Some(_)) => self.go_on(rules),
            (Bond::Linked(link), Some(_), None) => {
                let link = link.clone();
                self.bereaved(Side::Google, &link, rules);
            }
            (Bond::Linked(link), None, Some(_)) => {
                let link = link.clone();
                self.bereaved(Side::Crm, &link, rules);
            }
        }
    }

    /// The first meeting of two filled records: a blank is filled, a difference is a conflict.
    fn meet(&mut self, rules: &Rules, round: usize) {
        let (Some(google), Some(crm)) = (&mut self.google, &mut self.crm) else {
            return;
        };
        for field in FIELDS {
            let (ours, theirs) = match rules.winner {
                Side::Google => (&google.fields, &crm.fields),
                Side::Crm => (&crm.fields, &google.fields),
            };
            if let Some(value) = ours.get(field).or(theirs.get(field)).cloned() {
                google.fields.insert(field, value.clone());
                crm.fields.insert(field, value);
            }
        }
        google.labelled |= rules.shows(crm);
        self.link(rules, round);
    }

    /// The twin is made.
    fn create(&mut self, on: Side, rules: &Rules, round: usize) {
        let Some(own) = self.half(on.other()) else {
            return;
        };
        let twin = Half {
            fields: own.fields.clone(),
            labelled: on == Side::Google,
            lead: match on {
                Side::Google => None,
                Side::Crm => rules.default_lead,
            },
            ..Half::default()
        };
        *self.half_mut(on) = Some(twin);
        self.link(rules, round);
    }

    fn link(&mut self, rules: &Rules, round: usize) {
        let (Some(google), Some(crm)) = (&self.google, &self.crm) else {
            return;
        };
        self.bond = Bond::Linked(Link {
            base: crm.fields.clone(),
            listed: (google.labelled, rules.shows(crm)),
            awake: true,
            since: round,
        });
    }

    /// Both records of a pair are there.
    fn go_on(&mut self, rules: &Rules) {
        let (Bond::Linked(link), Some(google), Some(crm)) =
            (&mut self.bond, &mut self.google, &mut self.crm)
        else {
            return;
        };
        let (labelled, shown) = (google.labelled, rules.shows(crm));
        let left = (link.listed.0 && !labelled, link.listed.1 && !shown);
        link.listed = (labelled || left.0, shown || left.1);
        link.awake = !left.0 && !left.1 && (labelled || shown);
        if left.1 && labelled && rules.ungroup {
            google.labelled = false;
            link.listed.0 = false;
        }
        if !link.awake {
            return;
        }
        for field in FIELDS {
            let base = link.base.get(field);
            let (ours, theirs) = (google.fields.get(field), crm.fields.get(field));
            let value = match (ours != base, theirs != base) {
                (true, true) => match rules.winner {
                    Side::Google => ours,
                    Side::Crm => theirs,
                },
                (true, false) => ours,
                (false, _) => theirs,
            };
            let value = value.cloned();
            for fields in [&mut link.base, &mut google.fields, &mut crm.fields] {
                match &value {
                    Some(value) => fields.insert(field, value.clone()),
                    None => fields.remove(field),
                };
            }
        }
        google.labelled |= shown;
        link.listed.0 |= google.labelled;
    }

    /// One record of a pair was deleted; the survivor stands on `side`.
    fn bereaved(&mut self, side: Side, link: &Link, rules: &Rules) {
        let Some(survivor) = self.half(side) else {
            return;
        };
        let (listed, was) = match side {
            Side::Google => (survivor.labelled, link.listed.0),
            Side::Crm => (rules.shows(survivor), link.listed.1),
        };
        let took_part = link.awake && (listed || !was);
        let edited = survivor.fields != link.base;
        self.bond = Bond::Ended;
        match (rules.on_delete, took_part) {
            (OnDelete::Keep, _) | (_, false) => {}
            (OnDelete::Archive | OnDelete::Delete, true) if edited => {
                // Copied back, the pair goes on: it is as old as before.
                self.create(side.other(), rules, link.since);
            }
            (OnDelete::Archive, true) => {
                if let (Side::Google, Some(google)) = (side, &mut self.google) {
                    google.labelled = false;
                    google.archived = true;
                }
            }
            (OnDelete::Delete, true) => *self.half_mut(side) = None,
        }
    }
}

impl Rules {
    /// Whether the view shows a record.
    pub(crate) fn shows(&self, crm: &Half) -> bool {
        crm.lead.is_some_and(|lead| self.view.contains(lead))
    }
}
