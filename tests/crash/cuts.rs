//! The network cut before and after every request of a run, one at a time; half-answers, and errors
//! after the work was done.

use crmsync::sandbox::{FaultKind, FaultRule};

use crate::bench::How;
use crate::story::{Cases, Form, Story};

pub(crate) const KINDS: [FaultKind; 5] = [
    FaultKind::DropBefore,
    FaultKind::DropAfter,
    FaultKind::TruncateBody,
    FaultKind::ErrorAfterCommit,
    FaultKind::ServerError,
];

/// Spoils one request of one run, every request in turn, then runs to the end.
async fn at_every_request(story: &Story) {
    let all: usize = story.requests.iter().map(|(_, requests)| requests).sum();
    let mut cases = Cases::new(story.name, all * KINDS.len());
    let mut most = 0;
    for (service, requests) in story.requests {
        assert!(requests >= 3, "{service}: {requests} requests");
        for request in 0..requests {
            for kind in KINDS {
                if !cases.next() {
                    continue;
                }
                story.stage.restore(&story.scene);
                let skip = u32::try_from(request).unwrap();
                let rule = FaultRule::new(service, "*", kind).after(skip).times(1);
                story.stage.world(|world| world.faults.add(rule));
                let what = format!("{kind:?} at request {request} to {service}");
                drop(story.stage.run(&How::default()).await);
                let left = story.stage.world(|world| world.faults.list().len());
                assert_eq!(left, 0, "{}: {what} never happened", story.name);
                most = most.max(story.finish(&what).await);
            }
        }
    }
    let [(_, google), (_, crm)] = story.requests;
    println!(
        "{}: {} contacts, {google} requests to Google and {crm} to the CRM, {} cuts ({} kinds each); in sync after at most {most} more runs",
        story.name,
        story.contacts,
        cases.told(),
        KINDS.len(),
    );
}

#[tokio::test]
async fn a_first_pass_that_is_cut_off_at_any_request_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((60, 20), (2_400, 400));
    at_every_request(&Story::first(contacts, overlap).await).await;
}

#[tokio::test]
async fn a_later_pass_that_is_cut_off_at_any_request_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((60, 20), (2_400, 400));
    at_every_request(&Story::later(contacts, overlap).await).await;
}
