//! Questions to a running Wireglobe: its API, over HTTP.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::{Agent, RequestBuilder};

use crate::cli::Failure;
use crate::notify::trust;
use crate::online::tls;
use crate::settings::secret;

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
    #[command(flatten)]
    shown: Shown,
}

/// What a server is shown, and what it has to show.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Shown {
    /// A file with the token to show, where one has to log in; only its owner may read it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The certificate to trust (PEM): the server's own, or an authority's [default: the authorities that Mozilla trusts]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Server {
    /// The one at an address.
    pub(super) fn at(base: &str, shown: &Shown) -> Self {
        Self { base: base.to_owned(), shown: shown.clone() }
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(path, |agent, url, token| with(agent.get(url), token).call())
    }

    pub(super) fn send(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        self.answer(path, |agent, url, token| {
            with(agent.post(url), token).header("content-type", "application/json").send(body.as_bytes())
        })
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.answer(path, |agent, url, token| with(agent.delete(url), token).call())
    }

    /// The lines of an answer that comes bit by bit, each a document.
    pub(super) fn lines(&self, path: &str, mut each: impl FnMut(Value)) -> Result<(), Failure> {
        let base = self.base.trim_end_matches('/');
        // It may take long, but it begins soon.
        let (agent, token) = (self.agent(base, None)?, self.token()?);
        let asked = with(agent.get(format!("{base}{path}")), &token).call();
        let mut response = asked.map_err(|error| failed(base, &error))?;
        if !response.status().is_success() {
            return refused(base, &mut response).map(drop);
        }
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            let line = line.map_err(|error| failed(base, &error))?;
            each(serde_json::from_str(&line).map_err(|error| failed(base, &error))?);
        }
        Ok(())
    }

    /// What asks a server at this address; all of the answer comes within `patience`, if any.
    fn agent(&self, base: &str, patience: Option<Duration>) -> Result<Agent, Failure> {
        let encrypted = base.starts_with("https://");
        if !encrypted && !base.starts_with("http://") {
            return Err(Failure::Usage(format!(
                "--server {base}: expected http://ADDRESS:PORT or https://ADDRESS:PORT"
            )));
        }
        let config = Agent::config_builder()
            .timeout_global(patience)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .http_status_as_error(false);
        // A token goes to this server and nowhere else.
        let config = config.max_redirects(0);
        if !encrypted {
            return Ok(config.build().new_agent());
        }
        let roots =
            trust::roots(self.shown.ca_file.as_deref().unwrap_or(Path::new(""))).map_err(Failure::Usage)?;
        let tls = tls::config_with(roots).ok_or_else(|| Failure::Usage(trust::NO_ENCRYPTION.to_owned()))?;
        Ok(config.tls_config(tls).build().new_agent())
    }

    fn token(&self) -> Result<String, Failure> {
        let Some(file) = &self.shown.token_file else { return Ok(String::new()) };
        secret::read(file)
            .map_err(|error| Failure::Usage(format!("--token-file {}: {error}", file.display())))
    }

    /// The document that comes; what the server refuses is said in its own words.
    fn answer(
        &self,
        path: &str,
        ask: impl FnOnce(&Agent, &str, &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let base = self.base.trim_end_matches('/');
        let (agent, token) = (self.agent(base, Some(PATIENCE))?, self.token()?);
        let asked = ask(&agent, &format!("{base}{path}"), &token);
        let mut response = asked.map_err(|error| failed(base, &error))?;
        if !response.status().is_success() {
            return refused(base, &mut response);
        }
        let text = response.body_mut().read_to_string().map_err(|error| failed(base, &error))?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

fn failed(base: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::Unreadable(format!("{base}: {error}; is Wireglobe running there?"))
}

/// What a server refuses is said in its own words.
fn refused(base: &str, response: &mut ureq::http::Response<ureq::Body>) -> Result<Value, Failure> {
    let status = response.status();
    let text = response.body_mut().read_to_string().map_err(|error| failed(base, &error))?;
    let document: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let message = document["error"]["message"].as_str().unwrap_or("refused").to_owned();
    let advice = if status == 401 { "; name a file with a token: --token-file FILE" } else { "" };
    let text = format!("{base}: {message}{advice}");
    Err(if status.is_server_error() { Failure::Unreadable(text) } else { Failure::Usage(text) })
}

/// A question with the token, if there is one.
fn with<Body>(question: RequestBuilder<Body>, token: &str) -> RequestBuilder<Body> {
    if token.is_empty() { question } else { question.header("authorization", format!("Bearer {token}")) }
}

/// A text within a query (RFC 3986).
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
