//! `wireglobe fingerprints`: one line for each passive observation, with the fields of p0f's log.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::fingerprint::{
    End, Event, EventKind, FingerprintCounts, Fingerprints, Lessons, Subject, Uptime,
};
use analyzer::geo::Needs;
use analyzer::{Facts, LocalNetworks};
use capturer::decode::Skip;
use capturer::source::Source;
use capturer::{Frame, Packet};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::offline::{self, Hand, Reading};
use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure, complain, escape, report};
use crate::settings::{self, Settings};
use crate::sieve::Sieve;
use crate::{geo_files, signatures, sources};

/// `wireglobe fingerprints`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures to read: files, directories, - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "interface")]
    read: Vec<PathBuf>,
    /// Watch this interface instead, until interrupted or as long as --for says
    #[arg(long, value_name = "IF", conflicts_with = "read")]
    interface: Option<String>,
    /// Stop after this long, such as 60s or 5m
    #[arg(long = "for", value_name = "TIME", requires = "interface")]
    length: Option<String>,
    /// Only packets that match
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: String,
    /// Signatures in p0f's format instead of ours [default: the setting fingerprints.p0f_db]
    #[arg(long, value_name = "FILE")]
    p0f_db: Option<PathBuf>,
    /// Print signature lines of what no signature fits, ready to be named
    #[arg(long, conflicts_with = "format")]
    learn: bool,
    /// table, jsonl, json (the same as jsonl), csv, tsv or markdown
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let file = arguments.p0f_db.as_ref().unwrap_or(&settings.fingerprints.p0f_db);
    let database = signatures::load(file)?;
    let later = output::Later::new(arguments.output.as_deref(), arguments.interface.is_some())?;
    let mut source = open(arguments, &settings)?;
    let sieve = sieve(arguments, &settings)?;
    let range = offline::Range { length: report::length(arguments.length.as_deref())?, ..Default::default() };
    let reading = Reading { range, sieve, decode: settings.decode.settings() };
    let mut hand = Observing {
        fingerprints: Fingerprints::new(database, settings.analysis.memory_mb << 20),
        sink: later.open()?,
        format: arguments.format,
        text: String::new(),
        lessons: arguments.learn.then(Lessons::default),
        packet: Packet::empty(),
    };
    if !arguments.learn {
        hand.text = output::header(arguments.format, &FIELDS).unwrap_or_default();
    }
    let outcome = offline::read(&mut *source, reading, &mut hand)?.or_failure()?;
    hand.teach();
    hand.pause()?;
    tell_sampled(&hand.fingerprints.counts());
    Ok(outcome.exit_code())
}

fn sieve(arguments: &Arguments, settings: &Settings) -> Result<Option<Sieve>, Failure> {
    let Some(query) = offline::query(&arguments.filter)? else { return Ok(None) };
    let local = if query.asks_direction() && arguments.interface.is_none() {
        sources::guess(&arguments.read)
    } else {
        LocalNetworks::default()
    };
    let needs: Needs = query.needs();
    let geo = geo_files::load(settings, needs)?;
    let mut sieve = Sieve::new((&arguments.filter, query), Facts { geo, local }, settings)?;
    sieve.read_ahead(&arguments.read, settings.decode.settings());
    Ok(Some(sieve))
}

fn open(arguments: &Arguments, settings: &Settings) -> Result<Box<dyn Source>, Failure> {
    match &arguments.interface {
        Some(name) => Ok(Box::new(sources::interface_alone(name, settings, None)?.0)),
        None => Ok(sources::files(&arguments.read)?),
    }
}

/// Writes what packets show.
struct Observing {
    fingerprints: Fingerprints,
    sink: Box<dyn Write>,
    format: Format,
    /// What was not written yet.
    text: String,
    /// What is learned instead of being told.
    lessons: Option<Lessons>,
    packet: Packet,
}

/// Bytes of lines that are written together.
const TOGETHER: usize = 1 << 16;

impl Observing {
    fn write(&mut self) -> Result<(), Failure> {
        let written = self.sink.write_all(self.text.as_bytes());
        self.text.clear();
        written.map_err(Failure::system("cannot write the result"))
    }

    /// Writes what was learned.
    fn teach(&mut self) {
        let Some(lessons) = &self.lessons else { return };
        self.text += &lessons.to_string();
        if lessons.left_out() > 0 {
            complain(&format!(
                "{} observations are in no line: a header's name doesn't fit the notation, or a section has 10000 lines",
                lessons.left_out()
            ));
        }
    }
}

/// What came too fast to be read.
pub(super) fn tell_sampled(counts: &FingerprintCounts) {
    if counts.sampled_out > 0 {
        complain(&format!(
            "{} of {} SYN and SYN+ACK segments came too fast and were not read (a sample of them was)",
            counts.sampled_out,
            counts.sampled_out + counts.read + counts.cut
        ));
    }
    if counts.words_sampled_out > 0 {
        complain(&format!(
            "{} datagrams with evidence came too fast and were not read (a sample of them was)",
            counts.words_sampled_out
        ));
    }
}

impl Hand for Observing {
    fn slot(&mut self) -> &mut Packet {
        &mut self.packet
    }

    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if skip.is_some() {
            return Ok(());
        }
        let Self { fingerprints, text, format, packet, lessons, .. } = self;
        fingerprints.observe(packet, frame.bytes, &mut |event| match lessons {
            Some(lessons) => lessons.note(event),
            None => *text += &output::line(*format, &FIELDS, &event_json(event), || sentence(event)),
        });
        if self.text.len() >= TOGETHER { self.write() } else { Ok(()) }
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.write()?;
        self.sink.flush().map_err(Failure::system("cannot write the result"))
    }
}

const FIELDS: [&str; 15] = [
    "time",
    "module",
    "client",
    "server",
    "subject",
    "label",
    "distance",
    "params",
    "raw_sig",
    "link",
    "mtu",
    "minutes",
    "frequency",
    "reason",
    "frame",
];

/// An observation as one JSON object.
fn event_json(event: &Event<'_>) -> Value {
    let mut object = json!({
        "time": event.at.to_string(), "module": event.kind.name(), "client": end(event.client),
        "server": end(event.server), "subject": subject(event.subject), "label": null, "distance": null,
        "params": "none", "raw_sig": null, "frame": event.frame,
    });
    let mut set = |key: &str, value: Value| object[key] = value;
    match &event.kind {
        EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight) => {
            set("label", json!(sight.found.map(|(_, label)| label.to_string())));
            set("line", json!(sight.found.map(|(found, _)| found.line)));
            set("distance", json!(sight.distance));
            set("params", json!(sight.params().to_string()));
            set("raw_sig", json!(sight.signature().to_string()));
        }
        EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) => {
            set("label", json!(sight.found.map(|(_, label)| label.to_string())));
            set("line", json!(sight.found.map(|(found, _)| found.line)));
            set("params", json!(sight.params().to_string()));
            set("raw_sig", json!(sight.print.to_string()));
            set(
                "language",
                json!(
                    sight.print.language().map(|letters| letters.map(char::from).iter().collect::<String>())
                ),
            );
        }
        EventKind::Mtu { unit, link } => {
            let name = link.map(ToString::to_string);
            set("label", json!(name));
            set("link", json!(name));
            set("mtu", json!(unit));
        }
        EventKind::Uptime(uptime) => {
            set("label", json!(uptime_text(uptime)));
            set("minutes", json!(uptime.minutes));
            set("modulo_days", json!(uptime.modulo_days));
            set("frequency", json!((uptime.frequency * 100.0).round() / 100.0));
        }
        EventKind::HostChange(reasons) | EventKind::IpSharing(reasons) => {
            set("reason", json!(reasons.to_string()));
        }
    }
    object
}

fn end((address, port): End) -> String {
    format!("{address}/{port}")
}

const fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Client => "cli",
        Subject::Server => "srv",
    }
}

/// As p0f writes it.
fn uptime_text(uptime: &Uptime) -> String {
    let Uptime { minutes, modulo_days, .. } = uptime;
    let (days, hours) = (minutes / 60 / 24, minutes / 60 % 24);
    format!("{days} days {hours} hrs {} min (modulo {modulo_days} days)", minutes % 60)
}

/// An observation in one line for people.
fn sentence(event: &Event<'_>) -> String {
    let at = report::local_time(event.at);
    let (subject, other) = match event.subject {
        Subject::Client => (event.client, format!("to {}", end(event.server))),
        Subject::Server => (event.server, format!("from {}", end(event.client))),
    };
    let told = match &event.kind {
        EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight) => {
            let label = sight.found.map_or_else(|| "unknown".to_owned(), |(_, label)| label.to_string());
            format!("{label}, {} hops, {} {}", sight.distance, sight.params(), sight.signature())
        }
        EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) => {
            let label = sight.found.map_or_else(|| "unknown".to_owned(), |(_, label)| label.to_string());
            format!("{label}, {} {}", sight.params(), sight.print)
        }
        EventKind::Mtu { unit, link } => {
            let label = link.map_or_else(|| "unknown".to_owned(), ToString::to_string);
            format!("{label}, {unit} bytes")
        }
        EventKind::Uptime(uptime) => format!("{}, {:.2} Hz", uptime_text(uptime), uptime.frequency),
        EventKind::HostChange(reasons) | EventKind::IpSharing(reasons) => reasons.to_string(),
    };
    escape(&format!("{at} {:13} {} {other}: {told}", event.kind.name(), end(subject)))
}
