//! nfdump's CSV of records: a line of names, then a line a record.

use super::column::{Fill, named};
use crate::flow::FlowRecord;

/// What the columns are.
pub(super) struct Header(Vec<(Box<str>, Option<Fill>)>);

/// Columns without which a line is no flow, in either spelling.
const NEEDED: [[&str; 2]; 2] = [["sa", "srcAddr"], ["da", "dstAddr"]];

impl Header {
    /// The columns that a line names; else what it is.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let names: Vec<&str> = line.split(',').map(str::trim).collect();
        if names.contains(&"val") {
            return Err("a table of -s, which tells no addresses (print records: no -s, no -A)".to_owned());
        }
        let has = |spellings: [&str; 2]| spellings.iter().any(|name| names.contains(name));
        if !NEEDED.into_iter().all(has) {
            return Err(format!("`{}`", line.chars().take(60).collect::<String>()));
        }
        // The duration counts in the short form alone, which has no other end.
        let has_end = names.contains(&"te");
        let column = |name: &&str| {
            let fill = named(name).filter(|_| !(has_end && *name == "duration"));
            ((*name).into(), fill)
        };
        Ok(Self(names.iter().map(column).collect()))
    }

    /// The flow of a line; else what was expected and found.
    pub(super) fn record(&self, line: &str) -> Result<FlowRecord, (String, String)> {
        let mut record = FlowRecord::empty();
        let mut fields = line.split(',').map(str::trim);
        for (name, fill) in &self.0 {
            let Some(field) = fields.next() else {
                let found = line.split(',').count();
                return Err((format!("{} fields", self.0.len()), format!("{found}")));
            };
            if let Some(fill) = fill {
                fill(field, &mut record).ok_or_else(|| {
                    (format!("a {name}"), format!("`{}`", field.chars().take(60).collect::<String>()))
                })?;
            }
        }
        Ok(record)
    }
}
