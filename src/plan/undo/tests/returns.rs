//! Records that come back: into which pair, beside which twin, and when not.

use super::edges::{ended, under};
use super::*;
use crate::model::LinkNo;

#[test]
fn a_record_comes_back_into_the_pair_that_it_left() {
    let mut gone = deleted(Some("old"));
    gone.link = None;
    // By then the record had another name; two other pairs are over as well.
    let links = [
        ended("g8", "c9", 1, Side::Google),
        ended("g7", "c1", 2, Side::Crm),
        ended("g6", "c1", 4, Side::Google),
    ];
    let now = island(&[], &[record("c1", Some("old"))], &links);
    let plan = under(&rules(), &past(&[gone]), &now);
    let [write] = &plan.writes[..] else {
        panic!("{plan:?}");
    };
    assert_eq!(write.link, Some(LinkNo(4)));
    let Change::Create {
        twin_holds, unread, ..
    } = &write.change
    else {
        panic!("{write:?}");
    };
    assert!(twin_holds.is_empty() && unread.is_empty());
}

#[test]
fn a_record_comes_back_beside_a_twin_that_says_something_else() {
    let mut twin = record("c1", Some("third"));
    twin.unread = vec![EMAIL];
    let now = |links: &[Link]| island(&[], std::slice::from_ref(&twin), links);
    let back = |links: &[Link]| {
        let plan = under(&rules(), &past(&[deleted(Some("old"))]), &now(links));
        match plan.writes.into_iter().next().map(|write| write.change) {
            Some(Change::Create {
                twin_holds, unread, ..
            }) => (twin_holds, unread),
            other => panic!("{other:?}"),
        }
    };
    let (twin_holds, unread) = back(&[]);
    assert_eq!(
        twin_holds,
        BTreeMap::from([(PHONE, Some(Value::plain("third")))])
    );
    assert_eq!(unread, [EMAIL]);
    // What the pair had agreed on counts where there was one.
    let (twin_holds, unread) = back(&[ended("g1", "c1", 7, Side::Google)]);
    assert!(twin_holds.is_empty() && unread.is_empty(), "{twin_holds:?}");
}

#[test]
fn a_twin_that_found_another_record_gets_no_second_one() {
    let mut again = link(both("old"));
    again.ids.google = "g9".into();
    let now = island(&[], &[record("c1", Some("old"))], &[again]);
    assert_eq!(
        planned(&past(&[deleted(Some("old"))]), &now),
        "problem Ambiguous - google [g9] crm [c1]\n"
    );
    let plan = under(&rules(), &past(&[deleted(Some("old"))]), &now);
    assert!(plan.problems[0].hint.contains("--contact"));
}

#[test]
fn only_who_has_the_address_stands_in_the_way() {
    let mut stranger = record("g9", Some("old"));
    stranger.key = Some("someone@example.com".into());
    let gone = past(&[deleted(Some("old"))]);
    let words = planned(&gone, &island(std::slice::from_ref(&stranger), &[], &[]));
    assert!(words.starts_with("create google for c1"), "{words}");
    // Its twin has found the other record since, in a pair of its own.
    let mut again = link(both("old"));
    (again.no, again.ids.google) = (Some(LinkNo(5)), "g9".into());
    let now = island(
        &[record("g9", Some("old"))],
        &[record("c1", Some("old"))],
        &[again],
    );
    assert_eq!(planned(&gone, &now), "");
}

#[test]
fn what_the_mapping_no_longer_names_of_a_removed_record_is_told() {
    let mut unmapped = rules();
    unmapped.fields.remove(&PHONE);
    let plan = under(
        &unmapped,
        &past(&[deleted(Some("old"))]),
        &island(&[], &[], &[]),
    );
    assert_eq!(plan.writes.len(), 1);
    assert!(
        plan.problems[0]
            .reason
            .contains("`phone.work` is not mapped")
    );
}
