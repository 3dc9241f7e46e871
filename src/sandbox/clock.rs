//! The sandbox's own time: runs like the real one, but can be moved.

use jiff::{SignedDuration, Timestamp};

/// A clock with an offset to the real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    offset: SignedDuration,
}

impl Clock {
    /// The present time of the sandbox.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::now();
        real.checked_add(self.offset).unwrap_or(real)
    }

    /// Moves the clock by that much.
    pub fn advance(&mut self, by: SignedDuration) {
        self.offset = self.offset.saturating_add(by);
    }

    /// Sets the clock to that time; it runs on from there.
    pub fn set(&mut self, to: Timestamp) {
        self.offset = to.duration_since(Timestamp::now());
    }
}

/// A duration such as `90s`, `15m`, `-2h`, `7d`, or a sum such as `1d12h`; none when it is something else.
#[must_use]
pub fn duration(text: &str) -> Option<SignedDuration> {
    let (negative, rest) = match text.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.trim()),
    };
    let mut seconds: i64 = 0;
    let mut digits = String::new();
    for letter in rest.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return None,
        };
        let number: i64 = std::mem::take(&mut digits).parse().ok()?;
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
    }
    if rest.is_empty() || !digits.is_empty() {
        return None;
    }
    Some(SignedDuration::from_secs(if negative {
        -seconds
    } else {
        seconds
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_documented() {
        let seconds = |text| duration(text).map(|length| length.as_secs());
        assert_eq!(seconds("7d"), Some(604_800));
        assert_eq!(seconds("1d12h"), Some(129_600));
        assert_eq!(seconds("-90s"), Some(-90));
        for bad in ["", "7", "d", "7x", "-"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_moved_clock_runs_on() {
        let mut clock = Clock::default();
        clock.advance(SignedDuration::from_hours(24));
        let ahead = clock.now().duration_since(Timestamp::now()).as_secs();
        assert!((86_398..=86_400).contains(&ahead), "{ahead}");
        clock.set(Timestamp::UNIX_EPOCH);
        assert!(clock.now().as_second() < 5);
    }
}
