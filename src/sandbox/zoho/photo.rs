//! A record's photo: read, upload, remove.

use serde_json::json;

use super::ZohoWorld;
use super::batch::refusal;
use super::errors::{Answer, Failure};
use crate::sandbox::http::{Reply, Request};

const MOST_BYTES: usize = 10 * 1024 * 1024;

impl ZohoWorld {
    /// `GET`, `POST` and `DELETE` of `/{module}/{id}/photo`.
    pub(super) fn photo(&mut self, name: &str, id: &str, request: &Request, now: i64) -> Answer {
        let bumps = self.switches.photo_bumps_modified;
        let reading = request.method == "GET";
        let rights = self.readable(name)?.rights;
        if !reading && !rights.edit {
            return Err(Failure::permission(&format!("Crm_Implied_Edit_{name}")));
        }
        let id: u64 = id.parse().map_err(|_| Failure::no_such_id())?;
        let record = self
            .module_mut(name)?
            .records
            .get_mut(&id)
            .filter(|record| !record.hidden)
            .ok_or_else(Failure::no_such_id)?;
        if reading {
            return Ok(match &record.photo {
                None => Reply::empty(204),
                Some(bytes) => Reply {
                    status: 200,
                    headers: Vec::new(),
                    media_type: image_type(bytes),
                    body: bytes.clone(),
                },
            });
        }
        if let Some(code) = &record.refusal {
            return Err(refusal(code).with(json!({"id": id.to_string()})));
        }
        let message = match request.method.as_str() {
            "POST" => {
                let bytes = file_part(request).ok_or_else(|| Failure::missing_param("file"))?;
                if bytes.len() > MOST_BYTES || image_type(bytes).is_none() {
                    return Err(Failure::invalid_param("file"));
                }
                record.photo = Some(bytes.to_vec());
                "photo uploaded successfully"
            }
            "DELETE" => {
                record.photo = None;
                "photo deleted"
            }
            _ => return Err(Failure::method()),
        };
        if bumps {
            record.modified = record.modified.max(now);
        }
        let body =
            json!({"code": "SUCCESS", "details": {}, "message": message, "status": "success"});
        Ok(Reply::json(200, &body))
    }
}

/// The media type of PNG, JPEG, GIF and BMP, by their first bytes.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
    let starts: [(&[u8], &str); 4] = [
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"BM", "image/bmp"),
    ];
    starts
        .into_iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map(|(_, name)| name)
}

/// The bytes of the part named `file` in a multipart form.
fn file_part(request: &Request) -> Option<&[u8]> {
    let (_, boundary) = request.header("content-type")?.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let line = format!("--{boundary}").into_bytes();
    let mut rest = request.body.as_slice();
    loop {
        rest = &rest[find(rest, &line)? + line.len()..];
        let head_end = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..head_end]);
        let part = &rest[head_end + 4..];
        if head.contains("name=\"file\"") {
            let end = find(part, &[b"\r\n", line.as_slice()].concat())?;
            return Some(&part[..end]);
        }
        rest = part;
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
