//! The program on other CRMs than Zoho: the same promises for each kind, with the real commands against its server or
//! simulator. A kind joins with a file that says what a person does there ([`crm::Crm`]), and one line below.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod carddav;
mod crm;
mod espocrm;
#[path = "../sim/host.rs"]
mod host;
mod hubspot;
mod odoo;
mod promises;
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the tests of the program"
)]
#[path = "../program/support/mod.rs"]
mod support;

/// Every promise, for one kind.
macro_rules! keeps_the_promises {
    ($(#[$attribute:meta])* $name:ident, $crm:expr) => {
        mod $name {
            use crate::promises;

            $(#[$attribute])*
            #[test]
            fn nobody_is_doubled_after_a_lost_profile_and_a_lost_state() {
                promises::nobody_is_doubled($crm);
            }
            $(#[$attribute])*
            #[test]
            fn a_create_whose_answer_was_lost_is_found() {
                promises::a_lost_answer_is_found($crm);
            }
            $(#[$attribute])*
            #[test]
            fn a_run_that_is_killed_while_it_creates_doubles_nobody() {
                promises::a_kill_doubles_nobody($crm);
            }
            $(#[$attribute])*
            #[test]
            fn edits_go_both_ways_and_an_undo_puts_them_back() {
                promises::edits_and_undo($crm);
            }
            $(#[$attribute])*
            #[test]
            fn a_dry_run_writes_nothing() {
                promises::a_dry_run_writes_nothing($crm);
            }
            $(#[$attribute])*
            #[test]
            fn deletions_go_over_both_ways() {
                promises::deletions($crm);
            }
            $(#[$attribute])*
            #[test]
            fn a_missing_right_is_named_before_anything_is_written() {
                promises::a_missing_right($crm);
            }
            $(#[$attribute])*
            #[test]
            fn it_is_set_up_with_the_commands() {
                promises::set_up($crm);
            }
        }
    };
}

keeps_the_promises!(espo, crate::espocrm::Espo::start());
keeps_the_promises!(with_hubspot, crate::hubspot::HubSpot::start());
keeps_the_promises!(odoo_18, crate::odoo::Odoo::start(18));
keeps_the_promises!(odoo_19, crate::odoo::Odoo::start(19));
keeps_the_promises!(
    #[ignore = "needs Radicale: tests/carddav/run"]
    carddav_radicale,
    crate::carddav::Carddav::radicale()
);
