//! A vCard as the lines that it is made of: what is not changed keeps every byte, its folding and its
//! line ends included.

/// The most octets of a physical line (RFC 6350, section 3.2).
const FOLD: usize = 75;

/// The versions of the format that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edition {
    /// 2.1 and 3.0.
    Three,
    /// 4.0.
    Four,
}

impl Edition {
    /// The word that stands behind `VERSION:`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Three => "3.0",
            Self::Four => "4.0",
        }
    }
}

/// One logical line: as it stands in the text, and unfolded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// With its folds and its line end.
    raw: String,
    /// Without them.
    text: String,
    /// The property's name in capitals, without a group.
    name: String,
    /// How deep it stands; the card's own properties are at 1.
    depth: u32,
}

/// A vCard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Card {
    lines: Vec<Line>,
    /// The line end that new lines get.
    end: &'static str,
    /// The edition that it says it is of.
    pub(super) edition: Edition,
}

/// Why a text is no card that can be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoCard {
    /// It does not begin with `BEGIN:VCARD` or does not end with `END:VCARD`.
    Shape,
    /// There is more than one card in it.
    Several,
}

impl Line {
    /// What stands before the value: group, name and parameters.
    pub(super) fn head(&self) -> &str {
        self.text.get(..self.colon()).unwrap_or_default()
    }

    /// The value, escaped as it stands.
    pub(super) fn value(&self) -> &str {
        self.text.get(self.colon() + 1..).unwrap_or_default()
    }

    /// The line without its folds.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where the colon before the value is; a colon in quotes belongs to a parameter.
    fn colon(&self) -> usize {
        let mut quoted = false;
        self.text
            .bytes()
            .position(|byte| {
                quoted ^= byte == b'"';
                byte == b':' && !quoted
            })
            .unwrap_or(self.text.len())
    }

    fn new(raw: String, text: String, depth: u32) -> Self {
        Self {
            name: named(&text).1.to_ascii_uppercase(),
            raw,
            text,
            depth,
        }
    }

    /// The property's name in capitals, without a group.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The group that it belongs to (`item1`).
    pub(super) fn group(&self) -> Option<&str> {
        named(&self.text).0
    }

    /// Whether it is the value of `BEGIN` and `END` of a card.
    fn frames(&self) -> bool {
        self.value().trim().eq_ignore_ascii_case("VCARD")
    }

    /// The parameters, each with the semicolon before it.
    pub(super) fn params(&self) -> Vec<&str> {
        let head = self.head();
        let mut quoted = false;
        let mut cuts: Vec<usize> = head
            .bytes()
            .enumerate()
            .filter(|(_, byte)| {
                quoted ^= *byte == b'"';
                *byte == b';' && !quoted
            })
            .map(|(at, _)| at)
            .collect();
        cuts.push(head.len());
        cuts.windows(2)
            .filter_map(|pair| head.get(pair[0]..pair[1]))
            .collect()
    }

    /// Whether a parameter of that name is there.
    pub(super) fn has_param(&self, name: &str) -> bool {
        self.params().iter().any(|each| is_param(each, name))
    }

    /// The head without the parameters of these names.
    pub(super) fn head_without(&self, names: &[&str]) -> String {
        let params = self.params();
        let kept: usize = params.iter().map(|each| each.len()).sum();
        let head = self.head();
        let mut text = head[..head.len() - kept].to_owned();
        for param in params {
            if !names.iter().any(|name| is_param(param, name)) {
                text.push_str(param);
            }
        }
        text
    }

    /// The encoding or the character set of the value is another than the card's, or nobody can say
    /// where the value begins: it cannot be read as it stands, and must not be written over.
    pub(super) fn encoded(&self) -> bool {
        let endless = self.colon() == self.text.len();
        endless
            || self.params().iter().any(|param| {
                let param = param.trim_start_matches(';');
                let (name, value) = param.split_once('=').unwrap_or((param, ""));
                match name.trim().to_ascii_uppercase().as_str() {
                    "ENCODING" => !["8BIT", "7BIT"].contains(&value.to_ascii_uppercase().as_str()),
                    "QUOTED-PRINTABLE" | "BASE64" => true,
                    "CHARSET" => !["UTF-8", "UTF8", "US-ASCII"]
                        .contains(&value.trim_matches('"').to_ascii_uppercase().as_str()),
                    _ => false,
                }
            })
    }
}

/// The group, and the property's name. What is no group by the grammar (RFC 6350, section 3.3) is part
/// of a name that nobody knows.
fn named(text: &str) -> (Option<&str>, &str) {
    let head = text.trim_start_matches('\u{feff}');
    let end = head.find([':', ';']).unwrap_or(head.len());
    let full = head[..end].trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match full.split_once('.') {
        Some((group, name)) if !group.is_empty() && group.chars().all(plain) => (Some(group), name),
        Some(_) | None => (None, full),
    }
}

/// Whether a parameter, with the semicolon before it, has that name.
fn is_param(param: &str, name: &str) -> bool {
    let param = param.trim_start_matches(';');
    let own = param.split('=').next().unwrap_or(param).trim();
    own.eq_ignore_ascii_case(name)
}

/// The logical lines: each as it stands in the text, and without its folds.
fn unfolded(text: &str) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut soft = false;
    for physical in text.split_inclusive('\n') {
        let content = physical.trim_end_matches(['\r', '\n']);
        match lines.last_mut() {
            Some((raw, text)) if soft || content.starts_with([' ', '\t']) => {
                raw.push_str(physical);
                text.push_str(content.strip_prefix([' ', '\t']).unwrap_or(content));
            }
            Some(_) | None => lines.push((physical.to_owned(), content.to_owned())),
        }
        // A soft line break of a quoted-printable value (vCard 2.1).
        let whole = lines.last().filter(|_| content.ends_with('='));
        soft = whole.is_some_and(|(_, text)| quoted_printable(text));
    }
    lines
}

impl Card {
    /// Takes a text apart.
    pub(super) fn parse(text: &str) -> Result<Self, NoCard> {
        let mut lines: Vec<Line> = Vec::new();
        let mut depth = 0_u32;
        let mut cards = 0_u32;
        for (raw, text) in unfolded(text) {
            let mut line = Line::new(raw, text, depth);
            match line.name() {
                "BEGIN" if line.frames() => {
                    depth += 1;
                    cards += u32::from(depth == 1);
                    line.depth = depth;
                }
                "END" if line.frames() => depth = depth.checked_sub(1).ok_or(NoCard::Shape)?,
                _ => {}
            }
            lines.push(line);
        }
        if cards > 1 {
            return Err(NoCard::Several);
        }
        if cards == 0 || depth != 0 {
            return Err(NoCard::Shape);
        }
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut card = Self {
            lines,
            end,
            edition: Edition::Three,
        };
        let four = card
            .all("VERSION")
            .any(|(_, line)| line.value().trim() == "4.0");
        if four {
            card.edition = Edition::Four;
        }
        Ok(card)
    }

    /// A card with nothing but its frame.
    pub(super) fn new(edition: Edition) -> Self {
        let mut card = Self {
            lines: Vec::new(),
            end: "\r\n",
            edition,
        };
        for text in [
            "BEGIN:VCARD",
            &format!("VERSION:{}", edition.name()),
            "END:VCARD",
        ] {
            let line = card.line(text.to_owned());
            card.lines.push(line);
        }
        card
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        self.lines.iter().map(|line| line.raw.as_str()).collect()
    }

    /// The card's own lines with their places.
    pub(super) fn own(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.depth == 1 && !line.text.is_empty())
    }

    /// The lines of a property, by its name in capitals.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = (usize, &Line)> {
        self.own().filter(move |(_, line)| line.name() == name)
    }

    /// The line at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Line> {
        self.lines.get(place)
    }

    /// Puts another line at a place.
    pub(super) fn replace(&mut self, place: usize, text: String) {
        let line = self.line(text);
        if let Some(old) = self.lines.get_mut(place) {
            *old = line;
        }
    }

    /// Adds a line before the end of the card.
    pub(super) fn add(&mut self, text: String) {
        let line = self.line(text);
        let last = self
            .lines
            .iter()
            .rposition(|line| line.name() == "END" && line.frames());
        self.lines.insert(last.unwrap_or(self.lines.len()), line);
    }

    /// Takes a line out, and the label of its group when nothing else is in the group.
    pub(super) fn remove(&mut self, place: usize) {
        if place >= self.lines.len() {
            return;
        }
        let line = self.lines.remove(place);
        let Some(group) = line.group() else { return };
        let same = |line: &Line| {
            line.depth == 1
                && line
                    .group()
                    .is_some_and(|own| own.eq_ignore_ascii_case(group))
        };
        let alone = self
            .lines
            .iter()
            .filter(|line| same(line))
            .all(|line| line.name() == "X-ABLABEL");
        if alone {
            self.lines.retain(|line| !same(line));
        }
    }

    /// A new logical line, folded.
    fn line(&self, text: String) -> Line {
        let mut raw = String::with_capacity(text.len() + 8);
        let mut length = 0;
        for letter in text.chars() {
            if length + letter.len_utf8() > FOLD {
                raw.push_str(self.end);
                raw.push(' ');
                length = 1;
            }
            raw.push(letter);
            length += letter.len_utf8();
        }
        raw.push_str(self.end);
        Line::new(raw, text, 1)
    }
}

fn quoted_printable(text: &str) -> bool {
    let line = Line::new(String::new(), text.to_owned(), 0);
    line.params().iter().any(|param| {
        let param = param.to_ascii_uppercase();
        param == ";QUOTED-PRINTABLE" || param == ";ENCODING=QUOTED-PRINTABLE"
    })
}

/// A text as a value or as one component of it; line ends become `\n`.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ',' | ';' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '\n' | '\r' => escaped.push_str("\\n"),
            letter if letter.is_control() && letter != '\t' => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A value or a component as the text that it stands for.
pub(super) fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            letter => text.push(letter),
        }
    }
    text
}

/// The components of a structured value as they stand, cut at the semicolons.
pub(super) fn components(value: &str) -> Vec<&str> {
    let mut escaped = false;
    value
        .split(|letter| {
            let cut = letter == ';' && !escaped;
            escaped = letter == '\\' && !escaped;
            cut
        })
        .collect()
}
