//! Killed at every journal point, and before and after every call to a remote.

use crate::bench::{Ended, How};
use crate::story::{Cases, Form, Story};

/// What ends at a point.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// The program: the disk gets what it wrote all the same.
    Program,
    /// The power: what was written since the disk was last waited for is lost.
    Power,
}

/// Ends one run at each of its points, then runs to the end.
async fn at_every_point(story: &Story, ends: Ends) {
    let mut journal = 0;
    let mut most = 0;
    let mut cases = Cases::new(story.name, story.points.len());
    for point in &story.points {
        if !cases.next() {
            continue;
        }
        story.stage.restore(&story.scene);
        let kill = How {
            kill: Some(point.clone()),
            power: ends == Ends::Power,
            ..How::default()
        };
        let (ended, _) = story.stage.run(&kill).await;
        assert!(
            matches!(ended, Ended::Killed),
            "{}: nothing came to the point {point}",
            story.name
        );
        most = most.max(story.finish(&format!("killed at {point}")).await);
        journal += usize::from(
            ["firm", "journalled", "answered", "settled"]
                .iter()
                .any(|name| point.starts_with(name)),
        );
    }
    let enough = if cases.run == story.points.len() {
        6
    } else {
        1
    };
    assert!(journal >= enough, "{:?}", story.points);
    println!(
        "{}: {} contacts, {} at {} points, {journal} of them journal points; in sync after at most {most} more runs",
        story.name,
        story.contacts,
        match ends {
            Ends::Program => "killed",
            Ends::Power => "without power",
        },
        cases.told(),
    );
}

#[tokio::test]
async fn a_first_pass_that_is_killed_at_any_point_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((60, 20), (2_400, 400));
    at_every_point(&Story::first(contacts, overlap).await, Ends::Program).await;
}

#[tokio::test]
async fn a_later_pass_that_is_killed_at_any_point_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((60, 20), (2_400, 400));
    at_every_point(&Story::later(contacts, overlap).await, Ends::Program).await;
}

#[tokio::test]
async fn a_first_pass_whose_machine_loses_power_at_any_point_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((60, 20), (2_400, 400));
    at_every_point(&Story::first(contacts, overlap).await, Ends::Power).await;
}

#[tokio::test]
async fn a_later_pass_whose_machine_loses_power_at_any_point_doubles_and_loses_nobody() {
    let (contacts, overlap) = Form::chosen().pick((60, 20), (2_400, 400));
    at_every_point(&Story::later(contacts, overlap).await, Ends::Power).await;
}
