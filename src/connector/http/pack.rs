//! Request bodies, compressed where the server takes that.
//!
//! A server says so in `Accept-Encoding` of an answer (RFC 7694). Google's front end is known to take
//! it: its Java client compresses every request body unless told otherwise
//! (`AbstractGoogleClientRequest`). A server that answers 400 or 415 to the first compressed body gets
//! no other; 415 is answered by sending it again as it is, and so is 400 where that does no harm.

use std::io::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::ACCEPT_ENCODING;

use super::Answer;

/// Bodies below this many bytes fit into one packet and are sent as they are.
const WORTH_IT: usize = 1_024;

/// Whether a server is known to take compressed request bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// It is.
    Known,
    /// Once it says so.
    #[default]
    WhenTold,
}

/// A request body, in both forms when it may go compressed.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    plain: Vec<u8>,
    packed: Option<Vec<u8>>,
}

impl From<Vec<u8>> for Payload {
    fn from(plain: Vec<u8>) -> Self {
        Self {
            plain,
            packed: None,
        }
    }
}

/// What is known of a server.
#[derive(Debug)]
pub(super) struct Packer(AtomicU8);

const SILENT: u8 = 0;
const WILLING: u8 = 1;
const PROVEN: u8 = 2;
const REFUSED: u8 = 3;

impl Packer {
    pub(super) fn new(packing: Packing) -> Self {
        Self(AtomicU8::new(match packing {
            Packing::Known => WILLING,
            Packing::WhenTold => SILENT,
        }))
    }

    fn open(&self) -> bool {
        matches!(self.0.load(Ordering::Relaxed), WILLING | PROVEN)
    }

    /// Gets a body ready, compressed too when the server may take it.
    pub(super) fn pack(&self, plain: Vec<u8>) -> Payload {
        let mut packed = None;
        if plain.len() >= WORTH_IT && self.open() {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            if encoder.write_all(&plain).is_ok() {
                packed = encoder.finish().ok();
            }
        }
        Payload { plain, packed }
    }

    /// The bytes to send, and whether they are compressed.
    pub(super) fn choose<'p>(&self, payload: &'p Payload) -> (&'p [u8], bool) {
        match &payload.packed {
            Some(packed) if self.open() => (packed, true),
            Some(_) | None => (&payload.plain, false),
        }
    }

    /// Learns from an answer; says whether the server may have refused the form of the body.
    pub(super) fn learn(&self, answer: &Answer, packed: bool) -> bool {
        let state = self.0.load(Ordering::Relaxed);
        if packed {
            let refused = answer.status == 415 || (answer.status == 400 && state != PROVEN);
            if refused {
                self.0.store(REFUSED, Ordering::Relaxed);
            } else if answer.status < 300 {
                self.0.store(PROVEN, Ordering::Relaxed);
            }
            return refused;
        }
        let told = || {
            let values = answer.headers.get_all(ACCEPT_ENCODING);
            values.iter().any(|value| {
                value
                    .to_str()
                    .is_ok_and(|text| text.split(',').any(|word| word.trim() == "gzip"))
            })
        };
        if state == SILENT && told() {
            self.0.store(WILLING, Ordering::Relaxed);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, told: Option<&'static str>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(told) = told {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(told));
        }
        Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    #[test]
    fn bodies_are_compressed_once_the_server_says_so_and_only_large_ones() {
        let packer = Packer::new(Packing::WhenTold);
        let large = vec![b'a'; 5_000];
        assert!(!packer.choose(&packer.pack(large.clone())).1);
        assert!(!packer.learn(&answer(200, Some("br")), false));
        assert!(!packer.choose(&packer.pack(large.clone())).1);
        assert!(!packer.learn(&answer(200, Some("br, gzip")), false));
        let payload = packer.pack(large);
        let (bytes, packed) = packer.choose(&payload);
        assert!(packed && bytes.len() < 200, "{}", bytes.len());
        assert!(!packer.choose(&packer.pack(vec![b'a'; 100])).1);
    }

    #[test]
    fn a_server_that_refuses_the_first_compressed_body_gets_plain_ones() {
        let packer = Packer::new(Packing::Known);
        let payload = packer.pack(vec![b'a'; 5_000]);
        assert!(packer.choose(&payload).1);
        assert!(packer.learn(&answer(400, None), true));
        assert!(!packer.choose(&payload).1);
        assert!(!packer.learn(&answer(400, Some("gzip")), false));
        assert!(!packer.choose(&payload).1, "it stays refused");
    }

    #[test]
    fn a_bad_request_after_a_good_one_is_about_its_content() {
        let packer = Packer::new(Packing::Known);
        let payload = packer.pack(vec![b'a'; 5_000]);
        assert!(!packer.learn(&answer(200, None), true));
        assert!(!packer.learn(&answer(400, None), true));
        assert!(packer.choose(&payload).1);
        assert!(packer.learn(&answer(415, None), true));
    }
}
