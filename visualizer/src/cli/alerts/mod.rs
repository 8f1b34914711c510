//! `wireglobe alerts`: what the detectors say of captures or of an interface.

mod document;
mod evidence;
mod flows;
mod remote;
mod search;
mod shown;
mod test_notify;

pub(crate) use document::{alert_json, rules_json};
pub(crate) use search::Search;

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::detect::{Detection, is_of, rules};
use analyzer::geo::Needs;
use analyzer::{Alert, Severity};
use clap::Args;

use crate::cli::document::TotalsDocument;
use crate::cli::offline::{Outcome, Range};
use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure, report, timerange};
use crate::geo_files;
use crate::settings::{self, Settings};

/// `wireglobe alerts`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<remote::Command>,
    /// Captures to read: files, directories, - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present_any = ["interface", "rules"])]
    read: Vec<PathBuf>,
    /// Of captures hear the flow exports inside (NetFlow, IPFIX, sFlow, on any port) instead of the packets; nfcapd files
    /// are known by content
    #[arg(long, conflicts_with_all = ["interface", "evidence"])]
    flows: bool,
    /// Watch this interface instead
    #[arg(long, value_name = "IF", conflicts_with = "read", requires = "length")]
    interface: Option<String>,
    /// Stop after this long, such as 60s or 5m
    #[arg(long = "for", value_name = "TIME", requires = "interface")]
    length: Option<String>,
    /// Only packets that match
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: String,
    /// Only packets from this time on: RFC 3339, or -15m before the last packet
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "interface")]
    from: Option<String>,
    /// Only packets up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "interface")]
    to: Option<String>,
    /// Only alerts of this severity or above
    #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = severity)]
    severity: Severity,
    /// Only alerts of this rule, or of a family such as scan or scan.port; may be given several times
    #[arg(long, value_name = "RULE", value_parser = rule)]
    rule: Vec<String>,
    /// Exit with 1 if there is an alert of this severity or above
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    fail_on: Option<Severity>,
    /// Write the packets of each alert to a capture of its own in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "interface")]
    evidence: Option<PathBuf>,
    /// List the rules with what they see, their settings and what fools them
    #[arg(long, conflicts_with_all = ["read", "interface"])]
    rules: bool,
    /// How the list is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A severity by its name, for options.
pub(crate) fn severity(name: &str) -> Result<Severity, String> {
    Severity::named(name).ok_or_else(|| {
        let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
        format!("expected {}", names.join(", "))
    })
}

fn rule(wanted: &str) -> Result<String, String> {
    if rules().any(|rule| is_of(rule.id, wanted)) {
        return Ok(wanted.to_owned());
    }
    Err("there is no such rule or family; `wireglobe alerts --rules` lists them".to_owned())
}

/// Which alerts are wanted.
pub(crate) struct Wanted<'a> {
    /// Of this severity or above.
    pub(crate) severity: Severity,
    /// Of these rules and families; none: of all.
    pub(crate) rules: &'a [String],
}

impl Wanted<'_> {
    /// Whether an alert is.
    pub(crate) fn has(&self, alert: &Alert) -> bool {
        let named = self.rules.is_empty() || self.rules.iter().any(|wanted| is_of(alert.rule.id, wanted));
        named && alert.severity >= self.severity
    }
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    if let Some(command) = &arguments.command {
        return command.run(common);
    }
    let settings = settings::load(common.settings.as_deref())?.settings;
    if arguments.rules {
        let text = document::rules(&settings.detect, arguments.format)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        output::write(output::open(arguments.output.as_deref())?, &text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let range = Range {
        length: report::length(arguments.length.as_deref())?,
        ..timerange::range((&arguments.from, &arguments.to), &arguments.read)?
    };
    let (interface, filter) = (arguments.interface.as_deref(), arguments.filter.as_str());
    let later = output::Later::new(arguments.output.as_deref(), interface.is_some())?;
    let search = Search { read: &arguments.read, interface, filter, range };
    let (detection, outcome) =
        if arguments.flows { flows::hear(search, &settings)? } else { search.run(&settings)? };
    tell(arguments, (&detection, &outcome), &settings, later)
}

/// Writes what was found; gives the exit code.
fn tell(
    arguments: &Arguments,
    (detection, outcome): (&Detection, &Outcome),
    settings: &Settings,
    later: output::Later<'_>,
) -> Result<ExitCode, Failure> {
    let wanted = Wanted { severity: arguments.severity, rules: &arguments.rule };
    let alerts: Vec<&Alert> = detection.alerts().iter().filter(|alert| wanted.has(alert)).collect();
    let lost: u64 = detection.losses().iter().map(|(_, lost)| lost).sum();
    let totals = TotalsDocument::of(&arguments.read, outcome, lost, settings.decode.count.name());
    let places = !alerts.is_empty() && matches!(arguments.format, Format::Json | Format::Jsonl);
    let geo = geo_files::load(settings, Needs { country: places, asn: places })?;
    let text = document::render(arguments.format, &alerts, &totals, &geo);
    output::write(later.open()?, &text)?;
    if let Some(folder) = &arguments.evidence {
        evidence::write(folder, &alerts, &arguments.read)?;
    }
    let code = outcome.exit_code();
    let found = |least: Severity| alerts.iter().any(|alert| alert.severity >= least);
    Ok(if code == ExitCode::SUCCESS && arguments.fail_on.is_some_and(found) {
        ExitCode::from(1)
    } else {
        code
    })
}
