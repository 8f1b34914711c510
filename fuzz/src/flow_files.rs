//! Files of flows: what nfcapd writes, and nfdump prints. Input: the file.

use capturer::flow::FlowRecord;
use capturer::flow::nfdump::{Reader, TextReader};

/// Flows of an input at most: a block of nothing but tiny records has no more.
const MOST: usize = 1 << 20;

/// nfcapd files of both layouts, however packed: twice the same flows, and the same end.
pub fn nfcapd(input: &[u8]) {
    assert_eq!(binary(input), binary(input));
}

/// CSV and JSON: twice the same flows, and the same end.
pub fn nfdump_text(input: &[u8]) {
    assert_eq!(text(input), text(input));
}

/// The flows, and how it ended.
type Read = (Vec<FlowRecord>, Result<bool, String>);

fn binary(input: &[u8]) -> Read {
    let mut flows = Vec::new();
    let mut reader = match Reader::new("input", input) {
        Ok(reader) => reader,
        Err(error) => return (flows, Err(error.to_string())),
    };
    let end = loop {
        match reader.next_flow() {
            Ok(Some(flow)) if flows.len() < MOST => flows.push(flow),
            Ok(_) => break Ok(reader.is_cut()),
            Err(error) => break Err(error.to_string()),
        }
    };
    (flows, end)
}

fn text(input: &[u8]) -> Read {
    let mut reader = TextReader::new("input", input);
    let mut flows = Vec::new();
    let end = loop {
        match reader.next_flow() {
            Ok(Some(flow)) if flows.len() < MOST => flows.push(flow),
            Ok(_) => break Ok(false),
            Err(error) => break Err(error.to_string()),
        }
    };
    (flows, end)
}
