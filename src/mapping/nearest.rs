//! The nearest valid name to a mistyped one.

/// The name that needs the fewest changes to become `given`, when it is near enough to be meant:
/// letter case does not count, and at most a third of the letters may differ (one in short names).
/// Of equally near names the first.
#[must_use]
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given: Vec<char> = given.to_lowercase().chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let letters: Vec<char> = name.to_lowercase().chars().collect();
        let allowed = (letters.len().max(given.len()) / 3).max(1);
        if letters.len().abs_diff(given.len()) > allowed {
            continue;
        }
        let steps = distance(&given, &letters);
        if steps <= allowed && best.is_none_or(|(fewest, _)| steps < fewest) {
            best = Some((steps, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many letters have to be added, dropped, replaced or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (row, &a) in left.iter().enumerate() {
        let mut current = vec![row + 1; width];
        for (column, &b) in right.iter().enumerate() {
            let mut steps = (above[column] + usize::from(a != b))
                .min(above[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && left[row - 1] == b && a == right[column - 1] {
                steps = steps.min(before[column - 1] + 1);
            }
            current[column + 1] = steps;
        }
        before = above;
        above = current;
    }
    above[width - 1]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const NAMES: [&str; 4] = ["Email", "First_Name", "Last_Name", "Fax"];

    #[test]
    fn a_swapped_letter_is_one_step() {
        assert_eq!(nearest("Emial", NAMES), Some("Email"));
        assert_eq!(nearest("Fxa", NAMES), Some("Fax"));
    }

    #[test]
    fn letter_case_does_not_count() {
        assert_eq!(nearest("FIRST_NAME", NAMES), Some("First_Name"));
    }

    #[test]
    fn something_else_entirely_has_no_nearest() {
        assert_eq!(nearest("Lead_Source", NAMES), None);
        assert_eq!(nearest("", NAMES), None);
    }

    #[test]
    fn the_nearer_of_two_wins_whatever_their_order() {
        assert_eq!(nearest("cat", ["bat", "cats", "cat"]), Some("cat"));
        assert_eq!(nearest("workFx", ["work", "workFax"]), Some("workFax"));
        assert_eq!(nearest("bat", ["cat", "hat"]), Some("cat"));
        // A swap is a step too: what is written the same is nearer.
        assert_eq!(nearest("ba", ["ab", "ba"]), Some("ba"));
    }
}
