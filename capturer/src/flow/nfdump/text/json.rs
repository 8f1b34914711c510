//! nfdump's JSON of records: objects in a list over many lines, or one a line.

use serde_json::{Map, Value};

use super::column::named;
use crate::flow::FlowRecord;

/// Finds where an object ends, text by text.
#[derive(Default)]
pub(super) struct Braces {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

impl Braces {
    /// The place behind the brace that ends the object, if it is in `text`.
    pub(super) fn end(&mut self, text: &[u8]) -> Option<usize> {
        for (at, byte) in text.iter().enumerate() {
            match (self.in_text, byte) {
                (true, _) if self.is_escaped => self.is_escaped = false,
                (true, b'\\') => self.is_escaped = true,
                (true, b'"') => self.in_text = false,
                (true, _) => {}
                (false, b'"') => self.in_text = true,
                (false, b'{') => self.depth += 1,
                (false, b'}') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                (false, _) => {}
            }
        }
        None
    }
}

/// A whole object within a line.
pub(super) fn object_within(line: &str) -> Option<&str> {
    let from = line.find('{')?;
    let end = Braces::default().end(&line.as_bytes()[from..])?;
    line.get(from..from + end)
}

/// The flow of an object; else what was expected and found.
pub(super) fn record(text: &[u8]) -> Result<FlowRecord, (String, String)> {
    let object: Map<String, Value> = serde_json::from_slice(text)
        .map_err(|error| ("an object of nfdump's JSON".to_owned(), error.to_string()))?;
    let mut record = FlowRecord::empty();
    let mut has_addresses = false;
    for (name, value) in &object {
        let Some(fill) = named(name).filter(|_| name != "duration" || !object.contains_key("last")) else {
            continue;
        };
        let field = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        fill(field.trim(), &mut record).ok_or_else(|| {
            (format!("a {name}"), format!("`{}`", field.chars().take(60).collect::<String>()))
        })?;
        has_addresses |= matches!(name.as_str(), "src4_addr" | "src6_addr" | "srcAddr");
    }
    if has_addresses { Ok(record) } else { Err(("src4_addr or src6_addr".to_owned(), "neither".to_owned())) }
}
