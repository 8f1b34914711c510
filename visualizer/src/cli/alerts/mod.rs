//! `wireglobe alerts`: what the detectors say of captures or of an interface.

mod document;
mod evidence;
mod remote;

pub(crate) use document::{alert_json, rules_json};

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use analyzer::detect::{Detection, is_of, rules};
use analyzer::{Alert, Facts, LocalNetworks, Severity};
use capturer::decode::Skip;
use capturer::source::Source;
use capturer::{Frame, Packet, Timestamp};
use clap::Args;

use crate::cli::offline::{self, Hand, Outcome, Reading, TotalsDocument};
use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure, report};
use crate::settings::{self, Settings};
use crate::sieve::Sieve;
use crate::{geo_files, sources};

/// The least time between two looks at what has become too old, in packet time.
const TICK: Duration = Duration::from_millis(250);

/// `wireglobe alerts`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<remote::Command>,
    /// Captures to read: files, directories, - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present_any = ["interface", "rules"])]
    read: Vec<PathBuf>,
    /// Watch this interface instead
    #[arg(long, value_name = "IF", conflicts_with = "read", requires = "length")]
    interface: Option<String>,
    /// Stop after this long, such as 60s or 5m
    #[arg(long = "for", value_name = "TIME", requires = "interface")]
    length: Option<String>,
    /// Only packets that match
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: String,
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

fn severity(name: &str) -> Result<Severity, String> {
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
        return command.run().map(|()| ExitCode::SUCCESS);
    }
    if arguments.rules {
        let text = document::rules(arguments.format);
        output::write(output::open(arguments.output.as_deref())?, &text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings = settings::load(common.settings.as_deref())?.settings;
    let facts = facts(arguments, &settings)?;
    let mut source = open(arguments, &settings)?;
    let query = offline::query(&arguments.filter)?;
    let sieve = query.map(|query| Sieve::new(&arguments.filter, query, facts.clone()));
    let range = offline::Range { length: report::length(arguments.length.as_deref())?, ..Default::default() };
    let reading = Reading { range, sieve, decode: settings.decode.settings() };
    let thresholds = settings.detect.thresholds().map_err(|error| Failure::Usage(error.to_string()))?;
    let detection = Detection::new(&thresholds, settings.analysis.memory_mb << 20);
    let mut hand = Watching::new(detection);
    let outcome = offline::read(&mut *source, reading, &mut hand)?.or_failure()?;
    hand.show();
    hand.detection.finish();
    tell(arguments, &hand.detection, &outcome, (&facts, &settings))
}

/// Writes what was found; gives the exit code.
fn tell(
    arguments: &Arguments,
    detection: &Detection,
    outcome: &Outcome,
    (facts, settings): (&Facts, &Settings),
) -> Result<ExitCode, Failure> {
    let wanted = Wanted { severity: arguments.severity, rules: &arguments.rule };
    let alerts: Vec<&Alert> = detection.alerts().iter().filter(|alert| wanted.has(alert)).collect();
    let lost: u64 = detection.losses().iter().map(|(_, lost)| lost).sum();
    let totals = TotalsDocument::of(&arguments.read, outcome, lost, settings.decode.count.name());
    let text = document::render(arguments.format, &alerts, &totals, &facts.geo);
    output::write(output::open(arguments.output.as_deref())?, &text)?;
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

fn facts(arguments: &Arguments, settings: &Settings) -> Result<Facts, Failure> {
    let needs = analyzer::geo::Needs { country: true, asn: true };
    let local = if arguments.read.is_empty() || arguments.filter.is_empty() {
        LocalNetworks::default()
    } else {
        sources::guess(&arguments.read)
    };
    Ok(Facts { geo: geo_files::load(settings, needs)?, local })
}

fn open(arguments: &Arguments, settings: &Settings) -> Result<Box<dyn Source>, Failure> {
    match &arguments.interface {
        Some(name) => Ok(Box::new(sources::interface(name, settings, None)?.0)),
        None => Ok(sources::files(&arguments.read)?),
    }
}

/// Packets that are shown to the detectors together.
const TOGETHER: usize = 64;

/// Bytes of a frame that the detectors' readers may want.
const READABLE: usize = 2048;

/// Shows packets to the detectors, some at a time with what their readers need of the frames.
struct Watching {
    detection: Detection,
    packets: Vec<Packet>,
    held: usize,
    /// The frames' bytes one after another, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    looked: Timestamp,
}

impl Watching {
    fn new(detection: Detection) -> Self {
        Self {
            detection,
            packets: vec![Packet::empty(); TOGETHER],
            held: 0,
            bytes: Vec::with_capacity(TOGETHER * READABLE),
            ends: Vec::with_capacity(TOGETHER),
            looked: Timestamp::EPOCH,
        }
    }

    fn show(&mut self) {
        let Self { detection, packets, held, bytes, ends, .. } = self;
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let frames = begins.zip(ends.iter()).map(|(begin, &end)| &bytes[begin..end]);
        detection.observe_all(packets[..*held].iter().zip(frames));
        *held = 0;
        bytes.clear();
        ends.clear();
        if let Some(now) = detection.now()
            && now.since(self.looked) >= TICK
        {
            self.looked = now;
            detection.advance(now);
        }
    }
}

impl Hand for Watching {
    #[inline]
    fn slot(&mut self) -> &mut Packet {
        &mut self.packets[self.held]
    }

    #[inline]
    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if skip.is_some() {
            return Ok(());
        }
        self.bytes.extend_from_slice(&frame.bytes[..frame.bytes.len().min(READABLE)]);
        self.ends.push(self.bytes.len());
        self.held += 1;
        if self.held == TOGETHER {
            self.show();
        }
        Ok(())
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.show();
        Ok(())
    }
}
