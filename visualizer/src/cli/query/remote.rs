//! Questions to a running Wireglobe.

use serde_json::Value;

use super::question::Question;
use crate::cli::Failure;
use crate::cli::progress::Progress;
use crate::cli::server::{Server, Shown, encoded};

/// The answer of the server's history. It says how far it is meanwhile, so that a long question is not taken for a dead server;
/// who goes away ends the question.
pub(super) fn ask(
    base: &str,
    shown: &Shown,
    question: &Question,
    progress: &mut Progress,
) -> Result<Value, Failure> {
    let parameters: Vec<String> =
        question.parameters().iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let path = format!("/api/v1/query?stream=true&{}", parameters.join("&"));
    let mut answer = None;
    Server::at(base, shown).lines(&path, |line| match (line["done"].as_u64(), line["of"].as_u64()) {
        (Some(done), Some(of)) => progress.tell(|| format!("{done} of {of} parts of the range read")),
        _ => answer = Some(line),
    })?;
    let document = answer.ok_or_else(|| Failure::Unreadable(format!("{base}: the answer broke off")))?;
    match document["error"]["message"].as_str() {
        Some(message) => Err(Failure::Unreadable(format!("{base}: {message}"))),
        None => Ok(document),
    }
}
