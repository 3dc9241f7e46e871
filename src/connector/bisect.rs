//! Batches that a remote takes whole or not at all: halved until the write at fault is alone.

use std::ops::Range;

use futures::future::BoxFuture;

use super::{Error, Written};
use crate::model::{Outcome, Write};

/// What a remote says to a batch as a whole.
#[derive(Debug)]
pub enum Whole {
    /// It took all of it; one outcome for each write, in order.
    Taken(Vec<Outcome>),
    /// It refused all of it because of some write in it, and changed nothing. For a batch of one
    /// this is its outcome.
    Refused(Outcome),
    /// Nothing was changed, and nothing more can be sent.
    Stopped(Error),
    /// Nobody knows whether it was taken, and nothing more can be sent.
    Unknown(Error),
}

/// Sends one part of a batch; what it borrows lives as long as the batch.
pub type Sending<'b> = dyn Fn(&'b [Write]) -> BoxFuture<'b, Whole> + Sync + 'b;

/// Sends a batch, and when it is refused its halves, so that one bad write holds up no other. What
/// was sent without an answer is `Uncertain`, what was not sent after that is `NotTried`.
pub async fn bisect<'b>(batch: &'b [Write], send: &Sending<'b>) -> Written {
    let mut outcomes: Vec<Outcome> = batch.iter().map(|_| Outcome::NotTried).collect();
    // The parts that are still to be sent, the next one last.
    let mut parts: Vec<Range<usize>> = std::iter::once(0..batch.len()).collect();
    while let Some(part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        match send(&batch[part.clone()]).await {
            Whole::Taken(taken) => {
                for (place, outcome) in outcomes[part].iter_mut().zip(taken) {
                    *place = outcome;
                }
            }
            Whole::Refused(outcome) if part.len() == 1 => outcomes[part.start] = outcome,
            Whole::Refused(_) => {
                let middle = part.start + part.len() / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            }
            Whole::Stopped(error) => {
                return Written {
                    outcomes,
                    stop: Some(error),
                };
            }
            Whole::Unknown(error) => {
                for place in &mut outcomes[part] {
                    *place = Outcome::Uncertain {
                        reason: error.reason.clone(),
                    };
                }
                return Written {
                    outcomes,
                    stop: Some(error),
                };
            }
        }
    }
    Written {
        outcomes,
        stop: None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::Mutex;

    use futures::FutureExt as _;

    use super::*;
    use crate::connector::{Kind, http};
    use crate::model::{Change, Meeting, RemoteId, Side, Stored, Why};

    fn write(id: usize) -> Write {
        Write {
            on: Side::Crm,
            link: None,
            twin: RemoteId::from("people/c1"),
            key: None,
            changed_at: None,
            meeting: Meeting::Later,
            twin_listed: true,
            why: Why::Changed,
            change: Change::Group {
                id: RemoteId::from(id.to_string()),
            },
        }
    }

    fn ids(batch: &[Write]) -> Vec<usize> {
        batch
            .iter()
            .map(|write| write.change.id().unwrap().as_str().parse().unwrap())
            .collect()
    }

    fn done(batch: &[Write]) -> Whole {
        Whole::Taken(
            batch
                .iter()
                .map(|_| Outcome::Done(Stored::Nothing))
                .collect(),
        )
    }

    #[tokio::test]
    async fn one_bad_write_holds_up_no_other_and_the_order_stays() {
        let batch: Vec<Write> = (0..9).map(write).collect();
        for bad in [vec![], vec![0], vec![8], vec![3, 4], vec![1, 5, 7]] {
            let sent = Mutex::new(Vec::new());
            let written = bisect(&batch, &|part| {
                let part_ids = ids(part);
                let refused = part_ids.iter().any(|id| bad.contains(id));
                if !refused {
                    sent.lock().unwrap().extend(part_ids);
                }
                let answer = if refused {
                    Whole::Refused(Outcome::Gone)
                } else {
                    done(part)
                };
                async { answer }.boxed()
            })
            .await;
            let gone: Vec<usize> = (0..9)
                .filter(|at| written.outcomes[*at] == Outcome::Gone)
                .collect();
            assert_eq!(gone, bad);
            let taken: Vec<usize> = (0..9).filter(|id| !bad.contains(id)).collect();
            assert_eq!(*sent.lock().unwrap(), taken, "each once, in order");
            assert!(written.stop.is_none());
        }
    }

    #[tokio::test]
    async fn what_nobody_knows_is_not_sent_again_and_the_rest_is_not_tried() {
        let batch: Vec<Write> = (0..4).map(write).collect();
        let trouble = || http::error("x", "write", Kind::Unavailable, "broke");
        let written = bisect(&batch, &|part| {
            let answer = match ids(part).as_slice() {
                [0, 1] => done(part),
                [2] => Whole::Unknown(trouble()),
                _ => Whole::Refused(Outcome::Gone),
            };
            async { answer }.boxed()
        })
        .await;
        let [first, second, third, fourth] = written.outcomes.as_slice() else {
            unreachable!("four outcomes")
        };
        assert_eq!([first, second], [&Outcome::Done(Stored::Nothing); 2]);
        assert!(matches!(third, Outcome::Uncertain { .. }));
        assert_eq!(fourth, &Outcome::NotTried);
        assert!(written.stop.is_some());
        let stopped = bisect(&batch, &|_| {
            let answer = Whole::Stopped(trouble());
            async { answer }.boxed()
        })
        .await;
        assert_eq!(stopped.outcomes, vec![Outcome::NotTried; 4]);
    }
}
