//! What a connector is: one suite that every connector passes, against a server that a person
//! changes at the same time.
#![cfg(feature = "sandbox")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod contract;
#[path = "sim/host.rs"]
mod host;

use contract::suite;

suite!(a_crm_in_memory, contract::memory::Subject::crm());
suite!(
    a_crm_that_takes_all_or_nothing,
    contract::memory::Subject::whole()
);
suite!(
    a_crm_without_a_feed_of_deletions,
    contract::memory::Subject::silent()
);
suite!(an_address_book_in_memory, contract::memory::Subject::book());
suite!(a_google_in_memory, contract::memory::Subject::google());
suite!(the_example, contract::example::Subject::new());
suite!(google_contacts, contract::google::Subject::new().await);
suite!(zoho_crm, contract::zoho::Subject::new().await);
suite!(espocrm_target_list, contract::espocrm::Subject::targets());
suite!(espocrm_all_contacts, contract::espocrm::Subject::everyone());
suite!(odoo_18_tag, contract::odoo::Subject::tag(18));
suite!(odoo_19_tag, contract::odoo::Subject::tag(19));
suite!(odoo_18_saved_filter, contract::odoo::Subject::filter(18));
suite!(odoo_19_saved_filter, contract::odoo::Subject::filter(19));
suite!(hubspot_static_list, contract::hubspot::Subject::fixed());
suite!(hubspot_dynamic_list, contract::hubspot::Subject::dynamic());
suite!(hubspot_all_contacts, contract::hubspot::Subject::everyone());
suite!(
    #[ignore = "needs Radicale: tests/carddav/run"]
    carddav_radicale,
    contract::carddav::Subject::radicale()
);
suite!(
    #[ignore = "needs Xandikos: tests/carddav/run"]
    carddav_xandikos,
    contract::carddav::Subject::xandikos()
);

/// The suite against a real server, when it is asked for.
mod live {
    use crate::contract::live::{CARDDAV, ESPOCRM, HUBSPOT, ODOO, run};

    #[tokio::test]
    #[ignore = "needs a server: CRMSYNC_TEST_ESPOCRM_URL and CRMSYNC_TEST_ESPOCRM_KEY"]
    async fn espocrm() {
        run(ESPOCRM).await;
    }

    #[tokio::test]
    #[ignore = "needs a server: CRMSYNC_TEST_ODOO_URL, CRMSYNC_TEST_ODOO_DATABASE, CRMSYNC_TEST_ODOO_USER and CRMSYNC_TEST_ODOO_KEY"]
    async fn odoo() {
        run(ODOO).await;
    }

    #[tokio::test]
    #[ignore = "needs an account: CRMSYNC_TEST_HUBSPOT_URL and CRMSYNC_TEST_HUBSPOT_KEY"]
    async fn hubspot() {
        run(HUBSPOT).await;
    }

    #[tokio::test]
    #[ignore = "needs a server: CRMSYNC_TEST_CARDDAV_URL, CRMSYNC_TEST_CARDDAV_USER and CRMSYNC_TEST_CARDDAV_KEY"]
    async fn carddav() {
        run(CARDDAV).await;
    }
}

/// The suite itself can fail, promise by promise.
#[tokio::test]
async fn every_promise_can_be_broken() {
    contract::liar::every_promise_can_be_broken().await;
}

#[tokio::test]
#[ignore = "needs Radicale and Xandikos: tests/carddav/run"]
async fn carddav_as_if_live() {
    contract::carddav::as_if_live().await;
}

/// What is run against real servers, run against simulated ones: the person is a connector too, and
/// nothing is left behind.
#[tokio::test]
async fn the_suite_against_a_live_server_works_and_leaves_nothing() {
    contract::espocrm::as_if_live().await;
    contract::odoo::as_if_live().await;
    contract::hubspot::as_if_live().await;
}
