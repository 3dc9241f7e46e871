//! Progress bars on a terminal's standard error.

use std::io::IsTerminal as _;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::model::{Side, Sides};
use crate::run::{Event, Monitor};

/// Bars for one run: pages read and contacts written on each side.
pub(super) struct Bars {
    bars: Sides<ProgressBar>,
}

impl Bars {
    /// Bars when standard error is a terminal and they are wanted; none otherwise.
    pub(super) fn wanted(off: bool, profile: &str) -> Option<Self> {
        if off || !std::io::stderr().is_terminal() {
            return None;
        }
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{prefix:.bold} {msg} {pos} records {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bars = Sides::from_fn(|side| {
            let bar = all.add(ProgressBar::new_spinner().with_style(style.clone()));
            bar.set_prefix(format!("{profile}, {side}:"));
            bar.set_message("reading");
            bar
        });
        Some(Self { bars })
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for side in Side::BOTH {
            self.bars.on(side).finish_and_clear();
        }
    }
}

impl Monitor for Bars {
    fn event(&self, event: &Event) {
        match event {
            Event::Read {
                side,
                pages,
                records,
            } => {
                let bar = self.bars.on(*side);
                bar.set_message(format!("reading, page {pages},"));
                bar.set_position(*records);
            }
            Event::Planned { writes } => {
                let style = ProgressStyle::with_template(
                    "{prefix:.bold} {msg} {bar:30} {pos}/{len} {eta} left",
                )
                .unwrap_or_else(|_| ProgressStyle::default_bar());
                for side in Side::BOTH {
                    let bar = self.bars.on(side);
                    bar.set_style(style.clone());
                    bar.set_message("writing");
                    bar.set_length(*writes.on(side));
                    bar.set_position(0);
                }
            }
            Event::Wrote { side, writes } => self.bars.on(*side).inc(*writes),
            Event::Checkpoint(_) => {}
        }
    }
}
