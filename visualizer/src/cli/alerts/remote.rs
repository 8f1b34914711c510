//! What people do about the alerts of a running server, from the command line: the API's questions, nothing more.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use ureq::Agent;

use super::document::listed;
use crate::cli::Failure;
use crate::cli::output::{self, Column, Format, Listing, plain};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the server is.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The running Wireglobe
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8470")]
    server: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The stored alerts of a running Wireglobe, with what was done about them
    List {
        #[command(flatten)]
        server: Server,
        /// Only alerts of this severity or above
        #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = super::severity)]
        severity: analyzer::Severity,
        /// Only alerts of this rule or family; may be given several times
        #[arg(long, value_name = "RULE", value_parser = super::rule)]
        rule: Vec<String>,
        /// Only alerts in this state: new, acknowledged, escalated, closed; may be given several times
        #[arg(long, value_name = "STATE")]
        state: Vec<String>,
        /// How the list is written
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
    /// An alert with its figures, its caveat and what was done about it
    Show(One),
    /// Somebody looks at it
    Acknowledge(Step),
    /// Somebody else has to look at it
    Escalate(Step),
    /// It is done
    Close {
        #[command(flatten)]
        step: Step,
        /// Why: "false positive", resolved, "accepted risk", duplicate or other
        #[arg(long, value_name = "REASON")]
        reason: String,
    },
    /// It is not done after all
    Reopen(Step),
    /// Something to know about it
    Comment(Step),
    /// Hide alerts for which a filter holds, until a time
    Mute {
        #[command(flatten)]
        server: Server,
        /// Such as: alert scan.port and src net 192.0.2.0/24
        filter: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// For how long: 12h, 7d, 2w
        #[arg(long, value_name = "TIME")]
        expires: String,
        /// Only tell what it would hide
        #[arg(long)]
        preview: bool,
    },
    /// The mutes, with how often they were of use
    Mutes {
        #[command(flatten)]
        server: Server,
        /// How the list is written
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
    /// End a mute
    Unmute {
        #[command(flatten)]
        server: Server,
        /// Its number
        id: u32,
    },
}

#[derive(Debug, Args)]
pub(super) struct One {
    #[command(flatten)]
    server: Server,
    /// Its number
    id: u32,
}

#[derive(Debug, Args)]
pub(super) struct Step {
    #[command(flatten)]
    one: One,
    /// A comment
    #[arg(long, short = 'm', value_name = "TEXT")]
    comment: Option<String>,
}

impl Command {
    /// Asks, and prints the answer.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let text = match self {
            Self::List { server, severity, rule, state, format } => {
                let path = format!(
                    "/api/v1/alerts?severity={}&rule={}&state={}",
                    severity.name(),
                    rule.join(","),
                    state.join(",")
                );
                listed(&server.get(&path)?, *format)
            }
            Self::Show(one) => pretty(&one.server.get(&format!("/api/v1/alerts/{}", one.id))?),
            Self::Acknowledge(step) => step.take("acknowledge", None)?,
            Self::Escalate(step) => step.take("escalate", None)?,
            Self::Close { step, reason } => step.take("close", Some(reason))?,
            Self::Reopen(step) => step.take("reopen", None)?,
            Self::Comment(step) => step.take("comment", None)?,
            Self::Mute { server, filter, preview: true, .. } => {
                let document = server.get(&format!("/api/v1/mutes/preview?filter={}", encoded(filter)))?;
                format!(
                    "{} alerts would be hidden\n{}",
                    document["matches"],
                    listed(&document, Format::Table)
                )
            }
            Self::Mute { server, filter, reason, expires, .. } => {
                let body = json!({"filter": filter, "reason": reason, "expires": expires});
                let mute = server.send("/api/v1/mutes", &body)?;
                format!("mute {} until {}\n", mute["mute"]["id"], plain(&mute["mute"]["expires"]))
            }
            Self::Mutes { server, format } => mutes(&server.get("/api/v1/mutes")?, *format),
            Self::Unmute { server, id } => {
                server.delete(&format!("/api/v1/mutes/{id}"))?;
                format!("mute {id} has ended\n")
            }
        };
        output::write(output::open(None)?, &text)
    }
}

impl Step {
    fn take(&self, action: &str, reason: Option<&str>) -> Result<String, Failure> {
        let body = json!({"comment": self.comment, "reason": reason});
        let document = self.one.server.send(&format!("/api/v1/alerts/{}/{action}", self.one.id), &body)?;
        let alert = &document["alert"];
        Ok(format!("{} {} is {}\n", plain(&alert["id"]), plain(&alert["rule"]), plain(&alert["state"])))
    }
}

impl Server {
    fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(path, |agent, url| agent.get(url).call())
    }

    fn send(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        self.answer(path, |agent, url| {
            agent.post(url).header("content-type", "application/json").send(body.as_bytes())
        })
    }

    fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.answer(path, |agent, url| agent.delete(url).call())
    }

    /// The document that comes; what the server refuses is said in its own words.
    fn answer(
        &self,
        path: &str,
        ask: impl FnOnce(&Agent, &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let base = self.server.trim_end_matches('/');
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
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

fn mutes(document: &Value, format: Format) -> String {
    if format == Format::Json {
        return format!("{document}\n");
    }
    const COLUMNS: [(&str, &str, bool); 6] = [
        ("id", "Number", true),
        ("filter", "Filter", false),
        ("reason", "Reason", false),
        ("expires", "Until", false),
        ("hits", "Hits", true),
        ("last_hit", "Last hit", false),
    ];
    let mutes = document["mutes"].as_array().cloned().unwrap_or_default();
    let cells = |mute: &Value| COLUMNS.iter().map(|(field, ..)| mute[*field].clone()).collect();
    let rows: Vec<Vec<Value>> = mutes.iter().map(cells).collect();
    let shown = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let column = |&(field, title, number)| Column { field, title, number };
    Listing { columns: COLUMNS.iter().map(column).collect(), pretty: shown, rows }.render(format)
}
