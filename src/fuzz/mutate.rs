//! Where inputs come from: a valid one, changed here and there, byte by byte or as JSON.

use serde_json::{Map, Value, json};

/// An input is never longer.
const LONGEST: usize = 16 << 10;

/// Values that readers stumble over.
const ODD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1e999",
    "1E-999",
    "0.1",
    "65536",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "99999999999999999999999999",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "{}",
    "[]",
    "[[]]",
    "[null]",
    "{\"\":null}",
    "\"2026-02-30\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"-009999-01-01T00:00:00Z\"",
    "\u{feff}",
    "\u{202e}",
    "\u{0}",
    "\u{130}",
    "\u{df}",
    "\u{1f}",
    "e\u{301}",
    "\u{1f468}\u{200d}\u{1f469}",
    "\r\n",
    "\r",
    "\n",
    "\t",
    "'",
    "\"",
    "\\",
    "#",
    "@",
    ".",
    "..",
    "=",
    "+",
    "--",
    "//",
    "/*",
    "[[",
    "]]",
    "{{",
    "}}",
    "xn--",
    "xn--a",
    "%00",
    "%",
];

/// Whether a format is JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Json,
}

/// A small generator (`SplitMix64`), so that every case can be made again by its number.
pub(super) struct Random(u64);

impl Random {
    /// The generator of one case.
    pub(super) fn of(seed: u64, case: u64) -> Self {
        let mut random = Self(seed ^ case.wrapping_mul(0xa076_1d64_78bd_642f));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when there is none.
    fn below(&mut self, end: usize) -> usize {
        let wide = u128::from(self.next()) * (end as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
    fn byte(&mut self) -> u8 {
        self.next() as u8
    }
}

/// What inputs are made of.
pub(super) struct Corpus {
    seeds: Vec<Vec<u8>>,
    trees: Vec<Value>,
    words: Vec<Vec<u8>>,
    keys: Vec<String>,
}

impl Corpus {
    pub(super) fn new(seeds: &[String], words: &[&str], shape: Shape) -> Self {
        let trees: Vec<Value> = match shape {
            Shape::Text => Vec::new(),
            Shape::Json => seeds
                .iter()
                .filter_map(|seed| serde_json::from_str(seed).ok())
                .collect(),
        };
        let mut keys = Vec::new();
        for tree in &trees {
            collect_keys(tree, &mut keys);
        }
        keys.sort();
        keys.dedup();
        Self {
            seeds: seeds.iter().map(|seed| seed.clone().into_bytes()).collect(),
            words: words
                .iter()
                .chain(ODD)
                .map(|word| word.as_bytes().to_vec())
                .collect(),
            trees,
            keys,
        }
    }

    /// Makes the input of a case.
    pub(super) fn input(&self, random: &mut Random, out: &mut Vec<u8>) {
        out.clear();
        if !self.trees.is_empty() && random.below(2) == 0 {
            let mut tree = random.pick(&self.trees).cloned().unwrap_or_default();
            for _ in 0..=random.below(4) {
                self.bend(random, &mut tree, 0);
            }
            out.extend(tree.to_string().into_bytes());
            if random.below(4) != 0 {
                return;
            }
        } else if random.below(16) == 0 {
            for _ in 0..random.below(24) {
                self.insert(random, out);
            }
        } else if let Some(seed) = random.pick(&self.seeds) {
            out.extend_from_slice(seed);
        }
        for _ in 0..=random.below(6) {
            self.change(random, out);
        }
        out.truncate(LONGEST);
    }

    fn insert(&self, random: &mut Random, out: &mut Vec<u8>) {
        let at = random.below(out.len() + 1);
        match random.below(4) {
            0 => out.insert(at, random.byte()),
            1 => out.insert(at, b' ' + random.byte() % 95),
            _ => {
                if let Some(word) = random.pick(&self.words) {
                    out.splice(at..at, word.iter().copied());
                }
            }
        }
    }

    fn change(&self, random: &mut Random, out: &mut Vec<u8>) {
        let at = random.below(out.len());
        let end = (at + 1 + random.below(16)).min(out.len());
        match random.below(10) {
            0 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = random.byte();
                }
            }
            2 => drop(out.drain(at.min(end)..end)),
            3 => out.truncate(at),
            4 => {
                let part: Vec<u8> = out.get(at..end).unwrap_or_default().to_vec();
                let times = 1 + random.below(8);
                for _ in 0..times {
                    out.splice(at..at, part.iter().copied());
                }
            }
            5 => {
                if let (Some(word), true) = (random.pick(&self.words), at <= end) {
                    out.splice(at..end, word.iter().copied());
                }
            }
            6 => {
                if let Some(other) = random.pick(&self.seeds) {
                    let from = random.below(other.len());
                    out.truncate(at);
                    out.extend_from_slice(other.get(from..).unwrap_or_default());
                }
            }
            7 => {
                let opening = random.pick(b"[{(\"'").copied().unwrap_or(b'[');
                let many = 1 << random.below(11);
                out.splice(at..at, std::iter::repeat_n(opening, many));
            }
            8 => {
                if let Some(digit) = out.iter().skip(at).position(u8::is_ascii_digit) {
                    let nine = b'0' + random.byte() % 10;
                    let many = 1 + random.below(24);
                    out.splice(at + digit..=at + digit, std::iter::repeat_n(nine, many));
                }
            }
            _ => self.insert(random, out),
        }
    }

    /// Changes one node somewhere in a tree.
    fn bend(&self, random: &mut Random, node: &mut Value, depth: usize) {
        let here = depth > 12 || random.below(4) == 0;
        match node {
            Value::Array(items) if !items.is_empty() && !here => {
                let at = random.below(items.len());
                self.bend(random, &mut items[at], depth + 1);
            }
            Value::Object(members) if !members.is_empty() && !here => {
                let at = random.below(members.len());
                if let Some((_, child)) = members.iter_mut().nth(at) {
                    self.bend(random, child, depth + 1);
                }
            }
            Value::Array(items) if random.below(2) == 0 => {
                let at = random.below(items.len());
                match (random.below(3), items.get(at).cloned()) {
                    (0, Some(item)) => {
                        items.extend(std::iter::repeat_n(item, 1 + random.below(4)));
                    }
                    (1, Some(_)) => drop(items.remove(at)),
                    _ => items.push(self.value(random)),
                }
            }
            Value::Object(members) if random.below(2) == 0 => self.rename(random, members),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => *node = self.value(random),
        }
    }

    fn rename(&self, random: &mut Random, members: &mut Map<String, Value>) {
        let at = random.below(members.len());
        let Some(key) = members.keys().nth(at).cloned() else {
            return;
        };
        let value = members.remove(&key).unwrap_or_default();
        match random.below(3) {
            0 => {}
            1 => {
                let name = random.pick(&self.keys).cloned().unwrap_or_default();
                members.insert(name, value);
            }
            _ => {
                members.insert(key, json!([value]));
            }
        }
    }

    fn value(&self, random: &mut Random) -> Value {
        match random.below(8) {
            0 => Value::Null,
            1 => json!(random.below(2) == 0),
            2 => json!(random.next()),
            3 => json!(random.next().cast_signed()),
            4 => json!(f64::from_bits(random.next())),
            5 => random.pick(&self.trees).cloned().unwrap_or_default(),
            6 => {
                let deep = random.below(100);
                (0..deep).fold(json!("x"), |inner, _| json!([inner]))
            }
            _ => {
                let mut text = Vec::new();
                for _ in 0..random.below(6) {
                    self.insert(random, &mut text);
                }
                json!(String::from_utf8_lossy(&text))
            }
        }
    }
}

fn collect_keys(tree: &Value, keys: &mut Vec<String>) {
    match tree {
        Value::Object(members) => {
            for (key, value) in members {
                keys.push(key.clone());
                collect_keys(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
