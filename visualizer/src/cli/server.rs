//! Questions to a running Wireglobe: its API, over HTTP.

use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::Agent;

use crate::cli::Failure;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the server is if nobody says otherwise.
pub(super) const USUAL: &str = "http://127.0.0.1:8470";

/// Where the server is.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The running Wireglobe
    #[arg(long = "server", value_name = "URL", default_value = USUAL)]
    base: String,
}

impl Server {
    /// The one at an address.
    pub(super) fn at(base: &str) -> Self {
        Self { base: base.to_owned() }
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(path, |agent, url| agent.get(url).call())
    }

    pub(super) fn send(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        self.answer(path, |agent, url| {
            agent.post(url).header("content-type", "application/json").send(body.as_bytes())
        })
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.answer(path, |agent, url| agent.delete(url).call())
    }

    /// The document that comes; what the server refuses is said in its own words.
    fn answer(
        &self,
        path: &str,
        ask: impl FnOnce(&Agent, &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let base = self.base.trim_end_matches('/');
        if !base.starts_with("http://") {
            return Err(Failure::Usage(format!("--server {base}: expected http://ADDRESS:PORT")));
        }
        let config =
            Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
        let failed = |error: &dyn std::fmt::Display| {
            Failure::Unreadable(format!("{base}: {error}; is Wireglobe running there?"))
        };
        let mut response =
            ask(&config.new_agent(), &format!("{base}{path}")).map_err(|error| failed(&error))?;
        let status = response.status();
        let text = response.body_mut().read_to_string().map_err(|error| failed(&error))?;
        let document: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(document);
        }
        let message = document["error"]["message"].as_str().unwrap_or("refused").to_owned();
        let text = format!("{base}: {message}");
        Err(if status.is_server_error() { Failure::Unreadable(text) } else { Failure::Usage(text) })
    }
}

/// A text within a query (RFC 3986).
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
