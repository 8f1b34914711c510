//! What people do about the alerts of a running server, from the command line: the API's questions, nothing more.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::document::listed;
use super::{shown, test_notify};
use crate::alerts::{REASONS, State};
use crate::cli::failure::complain;
use crate::cli::output::{self, Column, Format, Listing, plain};
use crate::cli::server::{Server, encoded};
use crate::cli::{Common, Failure, output::count};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the stored alerts of a running Wireglobe, with what was done about them
    List(List),
    /// Show an alert: its figures, what could fool it, and what was done about it
    Show {
        #[command(flatten)]
        server: Server,
        /// Its number
        id: u32,
        /// As text, or as the document of the API
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
        format: String,
    },
    /// Acknowledge alerts: somebody looks at them
    Acknowledge(Step),
    /// Escalate alerts: somebody else has to look at them
    Escalate(Step),
    /// Close alerts, with a reason: they are done
    Close {
        #[command(flatten)]
        step: Step,
        /// Why
        #[arg(long, value_name = "REASON", value_parser = REASONS)]
        reason: String,
    },
    /// Reopen alerts: they are not done after all
    Reopen(Step),
    /// Comment on alerts: something to know about them
    Comment(Step),
    /// Hide alerts for which a filter holds, until a time
    Mute {
        #[command(flatten)]
        server: Server,
        /// Which alerts, such as: alert scan.port and src net 192.0.2.0/24
        filter: String,
        /// Why they are expected
        #[arg(long, value_name = "TEXT", required_unless_present = "preview")]
        reason: Option<String>,
        /// For how long: 12h, 7d, 2w; at most a year
        #[arg(long, value_name = "TIME", required_unless_present = "preview")]
        expires: Option<String>,
        /// Only tell which of the newest alerts it would hide
        #[arg(long)]
        preview: bool,
    },
    /// List the mutes, with how often they were of use
    Mutes {
        #[command(flatten)]
        server: Server,
        /// How the list is written
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
    /// Send a test over the channels of the settings' [[notify]], and tell how it went
    TestNotify(test_notify::Arguments),
    /// End a mute: what it hid is shown again
    Unmute {
        #[command(flatten)]
        server: Server,
        /// Its number
        id: u32,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    server: Server,
    /// Only alerts of this severity or above
    #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = super::severity)]
    severity: analyzer::Severity,
    /// Only alerts of this rule, or of a family such as scan; may be given several times
    #[arg(long, value_name = "RULE", value_parser = super::rule)]
    rule: Vec<String>,
    /// Only alerts in this state; may be given several times
    #[arg(long, value_name = "STATE", value_parser = State::ALL.map(State::name))]
    state: Vec<String>,
    /// At most so many, the latest: 1 to 2000
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// Only those before the place that the list before this one named
    #[arg(long, value_name = "PLACE", default_value = "", hide_default_value = true)]
    before: String,
    /// How the list is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
pub(super) struct Step {
    #[command(flatten)]
    server: Server,
    /// Their numbers; it is done with all of them or with none
    #[arg(required = true, value_name = "ID")]
    ids: Vec<u32>,
    /// A comment
    #[arg(long, short = 'm', value_name = "TEXT")]
    comment: Option<String>,
}

impl Command {
    /// Asks, and prints the answer.
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, Failure> {
        let text = match self {
            Self::TestNotify(arguments) => return test_notify::run(arguments, common),
            Self::List(list) => list.ask()?,
            Self::Show { server, id, format } => {
                let document = server.get(&format!("/api/v1/alerts/{id}"))?;
                if format == "json" { format!("{document}\n") } else { shown::text(&document) }
            }
            Self::Acknowledge(step) => step.take("acknowledge", None)?,
            Self::Escalate(step) => step.take("escalate", None)?,
            Self::Close { step, reason } => step.take("close", Some(reason))?,
            Self::Reopen(step) => step.take("reopen", None)?,
            Self::Comment(step) => step.say()?,
            Self::Mute { server, filter, preview: true, .. } => preview(server, filter)?,
            Self::Mute { server, filter, reason, expires, .. } => {
                let body = json!({"filter": filter, "reason": reason, "expires": expires});
                let mute = server.send("/api/v1/mutes", &body)?;
                format!("Mute {} holds until {}.\n", mute["mute"]["id"], moment(&mute["mute"]["expires"]))
            }
            Self::Mutes { server, format } => mutes(&server.get("/api/v1/mutes")?, *format),
            Self::Unmute { server, id } => {
                server.delete(&format!("/api/v1/mutes/{id}"))?;
                format!("Mute {id} has ended.\n")
            }
        };
        output::write(output::open(None)?, &text)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn ask(&self) -> Result<String, Failure> {
        let document = self.server.get(&format!(
            "/api/v1/alerts?severity={}&rule={}&state={}&limit={}&before={}",
            self.severity.name(),
            self.rule.join(","),
            self.state.join(","),
            self.limit,
            encoded(&self.before),
        ))?;
        if let Some(older) = document["older"].as_str() {
            complain(&format!("there may be older ones: --before {older} lists them"));
        }
        Ok(listed(&document, self.format))
    }
}

impl Step {
    fn take(&self, action: &str, reason: Option<&str>) -> Result<String, Failure> {
        let ids: Vec<String> = self.ids.iter().map(u32::to_string).collect();
        let body = json!({"ids": ids, "comment": self.comment, "reason": reason});
        let document = self.server.send(&format!("/api/v1/alerts/{action}"), &body)?;
        let told = |alert: &Value| {
            let [id, rule, state] = ["id", "rule", "state"].map(|field| plain(&alert[field]));
            format!("Alert {id} ({rule}) is {state}.\n")
        };
        Ok(document["alerts"].as_array().into_iter().flatten().map(told).collect())
    }

    fn say(&self) -> Result<String, Failure> {
        if self.comment.is_none() {
            return Err(Failure::Usage("a comment needs words: -m TEXT".to_owned()));
        }
        self.take("comment", None)
    }
}

fn preview(server: &Server, filter: &str) -> Result<String, Failure> {
    let document = server.get(&format!("/api/v1/mutes/preview?filter={}", encoded(filter)))?;
    let of = count(document["of"].as_u64().unwrap_or_default());
    Ok(match document["matches"].as_u64().unwrap_or_default() {
        0 => format!("It would hide none of the newest {of} alerts.\n"),
        n => format!(
            "It would hide {} of the newest {of} alerts:\n{}",
            count(n),
            listed(&document, Format::Table)
        ),
    })
}

/// A time of a document, to the second.
pub(super) fn moment(value: &Value) -> String {
    let text = plain(value);
    let second = text.parse::<jiff::Timestamp>().map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    second.unwrap_or(text)
}

fn mutes(document: &Value, format: Format) -> String {
    const COLUMNS: [(&str, &str, bool); 6] = [
        ("id", "Number", true),
        ("filter", "Filter", false),
        ("reason", "Reason", false),
        ("expires", "Until", false),
        ("hits", "Hits", true),
        ("last_hit", "Last hit", false),
    ];
    let mutes = document["mutes"].as_array().cloned().unwrap_or_default();
    match format {
        Format::Json => return format!("{document}\n"),
        Format::Table if mutes.is_empty() => return "No mutes.\n".to_owned(),
        _ => {}
    }
    let cells = |mute: &Value| COLUMNS.iter().map(|(field, ..)| mute[*field].clone()).collect();
    let rows: Vec<Vec<Value>> = mutes.iter().map(cells).collect();
    let shown = mutes.iter().map(|mute| COLUMNS.iter().map(|(field, ..)| pretty(mute, field)).collect());
    let column = |&(field, title, number)| Column { field, title, number };
    Listing { columns: COLUMNS.iter().map(column).collect(), pretty: shown.collect(), rows }.render(format)
}

fn pretty(mute: &Value, field: &str) -> String {
    match field {
        "expires" if mute["expired"] == true => "expired".to_owned(),
        "expires" | "last_hit" if mute[field].is_string() => moment(&mute[field]),
        _ => plain(&mute[field]),
    }
}
