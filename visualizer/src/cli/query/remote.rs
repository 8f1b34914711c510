//! Questions to a running Wireglobe.

use serde_json::Value;

use super::question::Question;
use crate::cli::Failure;
use crate::cli::server::{Server, Shown, encoded};

/// The answer of the server's history.
pub(super) fn ask(base: &str, shown: &Shown, question: &Question) -> Result<Value, Failure> {
    let parameters: Vec<String> =
        question.parameters().iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    Server::at(base, shown).get(&format!("/api/v1/query?{}", parameters.join("&")))
}
