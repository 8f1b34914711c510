//! What nfdump prints of flows: CSV (`-o csv`, with the column names of 1.6, 1.7 and the short form of later ones) and JSON
//! (`-o json`, a list or an object a line), known by content. Only what stands under a known name is read. Times without a
//! zone are UTC: `TZ=UTC nfdump …` prints them so.
//!
//! What is no record is passed over: the summary at the end, "No matching flows", an empty line. A line that has too few
//! fields or one that cannot be read ends the reading and is named.

mod column;
mod csv;
mod json;

use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use crate::flow::FlowRecord;
use crate::source::SourceError;
use csv::Header;

/// The longest line or object, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Flows out of nfdump's text.
pub struct TextReader<R> {
    path: PathBuf,
    input: R,
    /// Bytes that were read.
    offset: u64,
    line: Vec<u8>,
    form: Form,
}

enum Form {
    Unknown,
    Csv(Header),
    /// Behind the last record.
    Summary,
    Json,
}

impl<R: BufRead> TextReader<R> {
    /// Reads `input`, which messages call `path`.
    pub fn new(path: impl Into<PathBuf>, input: R) -> Self {
        Self { path: path.into(), input, offset: 0, line: Vec::new(), form: Form::Unknown }
    }

    /// The next flow; none at the end.
    ///
    /// # Errors
    /// It cannot be read, or is no text of nfdump's; the offset is that of the line or object.
    pub fn next_flow(&mut self) -> Result<Option<FlowRecord>, SourceError> {
        loop {
            if matches!(self.form, Form::Json) {
                return self.next_object();
            }
            let begins = self.offset;
            if !self.read_line()? {
                return Ok(None);
            }
            let text = String::from_utf8_lossy(&self.line);
            let text = text.trim();
            if text.is_empty() || text.starts_with("No matching flow") {
                continue;
            }
            match &self.form {
                Form::Unknown if text.starts_with(['[', '{']) => {
                    self.form = Form::Json;
                    let object = json::object_within(text);
                    if let Some(object) = object {
                        return self.object(object.as_bytes().to_vec(), begins).map(Some);
                    }
                    if text.starts_with('{') {
                        let rest = text.as_bytes().to_vec();
                        return self.rest_of_object(rest, begins);
                    }
                }
                Form::Unknown => match Header::read(text) {
                    Ok(header) => self.form = Form::Csv(header),
                    Err(found) => {
                        let expected = "nfdump's CSV of records (ts,te,td,sa,…) or its JSON";
                        return Err(self.damaged(begins, expected, found));
                    }
                },
                Form::Csv(_) if text.starts_with("Summary") => self.form = Form::Summary,
                Form::Csv(header) => {
                    let record = header.record(text);
                    return record
                        .map(Some)
                        .map_err(|(expected, found)| self.damaged(begins, expected, found));
                }
                Form::Summary | Form::Json => {}
            }
        }
    }

    /// Reads a line, cut at [`LONGEST`].
    fn read_line(&mut self) -> Result<bool, SourceError> {
        self.line.clear();
        let count = (&mut self.input).take(LONGEST).read_until(b'\n', &mut self.line);
        let count = count.map_err(|cause| self.failed(cause))?;
        self.offset += count as u64;
        Ok(count > 0)
    }

    /// The next object of a list or of lines.
    fn next_object(&mut self) -> Result<Option<FlowRecord>, SourceError> {
        loop {
            let begins = self.offset;
            if !self.read_line()? {
                return Ok(None);
            }
            let Some(at) = self.line.iter().position(|byte| *byte == b'{') else { continue };
            let rest = self.line[at..].to_vec();
            return self.rest_of_object(rest, begins);
        }
    }

    /// Reads on until an object ends.
    fn rest_of_object(&mut self, mut text: Vec<u8>, begins: u64) -> Result<Option<FlowRecord>, SourceError> {
        let mut braces = json::Braces::default();
        let mut seen = 0;
        loop {
            if let Some(end) = braces.end(&text[seen..]) {
                text.truncate(seen + end);
                return self.object(text, begins).map(Some);
            }
            seen = text.len();
            if seen as u64 > LONGEST || !self.read_line()? {
                return Err(self.damaged(
                    begins,
                    "a whole object of nfdump's JSON",
                    format!("{seen} bytes of one"),
                ));
            }
            text.extend_from_slice(&self.line);
        }
    }

    fn object(&self, text: Vec<u8>, begins: u64) -> Result<FlowRecord, SourceError> {
        json::record(&text).map_err(|(expected, found)| self.damaged(begins, expected, found))
    }

    fn failed(&self, cause: io::Error) -> SourceError {
        SourceError::Io { path: self.path.clone(), cause }
    }

    fn damaged(&self, offset: u64, expected: impl Into<String>, found: impl Into<String>) -> SourceError {
        SourceError::Damaged {
            path: self.path.clone(),
            offset,
            unpacked: None,
            expected: expected.into(),
            found: found.into(),
        }
    }
}
