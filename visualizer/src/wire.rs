//! Messages between server and browser, protocol version 1. `fixtures/wire/` holds one of each; tests on both sides
//! read them. The prose is in docs/PROTOCOL.md.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The version in `hello` and `welcome`.
pub const PROTOCOL_VERSION: u32 = 1;

/// The WebSocket subprotocol.
pub const SUBPROTOCOL: &str = "wireglobe.v1";

/// A message of a client may be this long, in bytes.
pub const MAX_MESSAGE: usize = 4096;

/// Messages a client may send in a second, and at once.
pub const MESSAGES_PER_SECOND: (f64, f64) = (5.0, 20.0);

/// Topics a client may have at a time.
pub const MAX_SUBS: usize = 32;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum ClientMessage {
    /// First of all.
    Hello {
        /// The version it speaks.
        v: u32,
        /// The run it was connected to before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<String>,
        /// The last tick it has seen of that run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_seq: Option<u64>,
        /// It takes ticks packed as raw DEFLATE, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        deflate: bool,
    },
    /// Wants a topic.
    Sub(Sub),
    /// No longer wants it.
    Unsub {
        /// The subscription's number.
        id: u8,
    },
    /// Nothing but heartbeats, please.
    Pause,
    /// Go on.
    Resume,
    /// Has worked through a tick.
    Ack {
        /// Its number.
        seq: u64,
    },
    /// The page is seen, or hidden.
    Visible {
        /// Seen.
        visible: bool,
    },
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sub {
    /// The client's own number for it; a second one with the same number takes its place.
    pub id: u8,
    /// The topic.
    pub topic: String,
    /// Only what this lets through; empty for all.
    #[serde(default)]
    pub filter: String,
    /// The part of the past that is meant: its first second since the Unix epoch, and the first one after it. Without it
    /// all since the start, and now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[i64; 2]>,
    /// What keys are ranked by: bytes, packets or flows.
    #[serde(default)]
    pub metric: analyzer::Measure,
    /// How many keys.
    #[serde(default = "fifty")]
    pub k: usize,
    /// At most so often a second.
    #[serde(default = "four")]
    pub max_hz: f64,
    /// The tick its copy is of, when it resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<u64>,
}

const fn fifty() -> usize {
    50
}

const fn four() -> f64 {
    4.0
}

/// The answer to `hello`.
pub fn welcome(epoch: &str, seq: u64, resumed: bool) -> String {
    let (rate, _) = MESSAGES_PER_SECOND;
    json!({
        "type": "welcome", "v": PROTOCOL_VERSION,
        "server": {"name": "wireglobe", "version": env!("CARGO_PKG_VERSION")},
        "epoch": epoch, "seq": seq, "resumed": resumed,
        "limits": {"max_subs": MAX_SUBS, "max_message": MAX_MESSAGE, "messages_per_second": rate, "max_hz": 4},
    })
    .to_string()
}

/// A table or a difference: the client's own fields before the shared body.
pub fn state(sub: u8, topic: &str, snapshot: bool, body: &str) -> String {
    let kind = if snapshot { "snap" } else { "delta" };
    format!(r#"{{"type":"{kind}","sub":{sub},"topic":"{topic}",{body}"#)
}

/// The end of a tick's messages.
pub fn tick(seq: u64, at_ms: i64, lag_ms: u64) -> String {
    // Each client has its own, four times a second.
    format!(r#"{{"at":{at_ms},"lag_ms":{lag_ms},"seq":{seq},"type":"tick"}}"#)
}

/// The rate has changed.
pub fn lag(hz: f64) -> String {
    json!({"type": "lag", "hz": hz}).to_string()
}

/// State was lost; snapshots follow.
pub fn gap(reason: &str) -> String {
    json!({"type": "gap", "reason": reason}).to_string()
}

/// Something the client asked cannot be done; `more` goes beside `code` and `hint`.
pub fn error(code: &str, hint: &str, more: Value) -> String {
    let mut message = json!({"type": "err", "code": code, "hint": hint});
    if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
        message.extend(more);
    }
    message.to_string()
}

/// A planned close follows.
pub fn bye(retry_ms: u64) -> String {
    json!({"type": "bye", "retry_ms": retry_ms}).to_string()
}
