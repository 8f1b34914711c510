//! A POST over HTTP or HTTPS to the address that the settings name, and nowhere else: a redirect is not followed, no proxy is asked, the
//! answer is read as far as it fits in a sentence. The address is a secret: whoever knows it can speak there.

use std::io::Read;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, Uri};

use super::super::desk::Again;
use super::super::notice::Notice;
use super::super::{Context, trust};
use super::shape::body;
use super::{Channel, Failed, scrubbed};
use crate::cli::escape;
use crate::online::tls;
use crate::settings::notify::{self, Shape};

/// Until an answer is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read for its first words.
const MOST_BYTES: u64 = 4096;

/// Letters of an answer that are told.
const WORDS: usize = 160;

/// The channel.
pub(super) struct Webhook {
    agent: Agent,
    url: String,
    host: String,
    authorization: String,
    shape: Shape,
}

impl Webhook {
    pub(super) fn new(settings: &notify::Webhook) -> Result<Self, String> {
        let url = settings.url.resolve().map_err(|error| format!("webhook.url: {error}"))?;
        let wrong = || "webhook.url: expected https://HOST/… or http://HOST/…".to_owned();
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let is_https = uri.scheme_str() == Some("https");
        if authority.as_str().contains('@') || !(is_https || uri.scheme_str() == Some("http")) {
            return Err(wrong());
        }
        let authorization =
            settings.authorization.resolve().map_err(|error| format!("webhook.authorization: {error}"))?;
        if authorization.chars().any(char::is_control) {
            return Err("webhook.authorization: expected one line".to_owned());
        }
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .https_only(is_https)
            .proxy(None)
            .user_agent(concat!("wireglobe/", env!("CARGO_PKG_VERSION")));
        let roots = trust::roots(&settings.ca_file).map_err(|error| format!("webhook.{error}"))?;
        let config = match tls::config_with(roots) {
            Some(tls) => config.tls_config(tls),
            None if is_https => return Err(trust::NO_ENCRYPTION.to_owned()),
            None => config,
        };
        let host = authority.host().to_owned();
        Ok(Self { agent: config.build().new_agent(), url, host, authorization, shape: settings.shape })
    }

    fn post(&self, body: &str) -> Result<Response<ureq::Body>, ureq::Error> {
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let request = match &*self.authorization {
            "" => request,
            value => request.header("authorization", value),
        };
        request.send(body.as_bytes())
    }

    fn safe(&self, text: &str) -> String {
        let path =
            self.url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
        let token = self.authorization.split_once(' ').map_or(&*self.authorization, |(_, token)| token);
        scrubbed(text, &[&self.url, path.unwrap_or_default(), &self.authorization, token])
    }
}

impl Channel for Webhook {
    fn kind(&self) -> &'static str {
        match self.shape {
            Shape::Json => "webhook",
            Shape::Slack => "slack",
            Shape::Mattermost => "mattermost",
            Shape::Discord => "discord",
        }
    }

    fn target(&self) -> String {
        self.host.clone()
    }

    fn send(&mut self, notice: &Notice, context: &Context) -> Result<String, Failed> {
        let body = body(self.shape, notice, context).to_string();
        let failed = |error: ureq::Error| Failed::later(self.safe(&format!("{}: {error}", self.host)));
        let mut response = self.post(&body).map_err(failed)?;
        let status = response.status();
        let said = format!("{} answered {status}", self.host);
        if status.is_success() {
            return Ok(said);
        }
        if status.is_redirection() {
            return Err(Failed::never(format!(
                "{said}; a redirect is not followed: set the address it leads to"
            )));
        }
        let again = again(&response);
        let words = first_words(&mut response);
        let text = if words.is_empty() { said } else { format!("{said}: {words}") };
        Err(Failed { text: self.safe(&text), again })
    }
}

/// Whether it is worth another try: when the server is to blame, or asks for patience (RFC 9110 §10.2.3, RFC 6585 §4).
fn again(response: &Response<ureq::Body>) -> Again {
    let status = response.status();
    let wait =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    match wait {
        Some(seconds) => Again::After(Duration::from_secs(seconds)),
        None if status.is_server_error() || [408, 425, 429].contains(&status.as_u16()) => Again::Later,
        None => Again::Never,
    }
}

/// What an answer says, on one line.
fn first_words(response: &mut Response<ureq::Body>) -> String {
    let mut bytes = Vec::new();
    // Words are welcome; without them there is the status.
    let _ = response.body_mut().as_reader().take(MOST_BYTES).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    super::super::words::shorten(&escape(&line), WORDS)
}
