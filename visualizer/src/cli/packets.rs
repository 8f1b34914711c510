//! `wireglobe packets`: list, count or save packets.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::aggregate::protocol_name;
use analyzer::names::{Learner, Names};
use analyzer::query::Query;
use analyzer::{Facts, LocalNetworks};
use capturer::decode::Skip;
use capturer::{Frame, Network, Packet, Transport};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::capture_file::CaptureFile;
use crate::cli::offline::{self, Hand, Outcome, Reading};
use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure};
use crate::settings::{self, Settings};
use crate::sieve::Sieve;
use crate::{geo_files, sources};

/// `wireglobe packets`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures to read: files, directories, - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// Only packets that match
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: String,
    /// Print only how many there are
    #[arg(long, conflicts_with = "follow")]
    count: bool,
    /// Save them as a capture file: pcapng if the name ends so, else pcap with nanoseconds
    #[arg(long, value_name = "OUT.pcap")]
    write: Option<PathBuf>,
    /// Wait at the end of the files for what is still being written to them, as tail -F does
    #[arg(long)]
    follow: bool,
    /// table, jsonl, json (the same as jsonl), csv, tsv or markdown
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write the list to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let query = offline::query(&arguments.filter)?;
    let mut source = sources::files_with(&arguments.read, arguments.follow)?;
    let sieve = query.map(|query| sieve(query, arguments, &settings)).transpose()?;
    let mut sinks = Sinks::open(arguments)?;
    let reading = Reading { sieve, decode: settings.decode.settings(), ..Reading::default() };
    let outcome = offline::read(&mut *source, reading, &mut sinks)?.or_failure()?;
    sinks.finish(&outcome)?;
    Ok(outcome.exit_code())
}

/// A filter with the tables that it asks: a command that needs no geography doesn't load it.
fn sieve(query: Query, arguments: &Arguments, settings: &Settings) -> Result<Sieve, Failure> {
    let local =
        if query.asks_direction() { sources::guess(&arguments.read) } else { LocalNetworks::default() };
    let geo = geo_files::load(settings, query.needs())?;
    let mut sieve = Sieve::new((&arguments.filter, query), Facts { geo, local }, settings)?;
    if !arguments.follow {
        sieve.read_ahead(&arguments.read, settings.decode.settings());
    }
    Ok(sieve)
}

/// Where the packets go.
struct Sinks {
    list: Option<Box<dyn Write>>,
    capture: Option<CaptureFile>,
    format: Format,
    count: Option<Box<dyn Write>>,
    began: bool,
    packet: Packet,
    /// Learned from the packets that were listed.
    names: Names,
    learner: Learner,
}

/// Bytes of names.
const NAMES: usize = 16 << 20;

impl Sinks {
    fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let capture = arguments.write.as_deref().map(|path| {
            CaptureFile::create(path).map_err(Failure::system(format!("cannot write {}", path.display())))
        });
        let listed = !arguments.count && arguments.write.is_none();
        Ok(Self {
            list: listed.then(|| output::open(arguments.output.as_deref())).transpose()?,
            capture: capture.transpose()?,
            format: arguments.format,
            count: arguments.count.then(|| output::open(arguments.output.as_deref())).transpose()?,
            began: false,
            packet: Packet::empty(),
            names: Names::new(if listed { NAMES } else { 0 }),
            learner: Learner::default(),
        })
    }

    fn finish(self, outcome: &Outcome) -> Result<(), Failure> {
        if let Some(capture) = self.capture {
            capture.finish().map_err(Failure::system("cannot write the capture"))?;
        }
        if let Some(mut list) = self.list {
            list.flush().map_err(Failure::system("cannot write the result"))?;
        }
        match self.count {
            Some(sink) => {
                let passed = outcome.ledger.packets + outcome.ledger.skipped.total();
                output::write(sink, &format!("{passed}\n"))
            }
            None => Ok(()),
        }
    }
}

impl Hand for Sinks {
    fn slot(&mut self) -> &mut Packet {
        &mut self.packet
    }

    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if let Some(capture) = &mut self.capture {
            capture.write(frame).map_err(Failure::system("cannot write the capture"))?;
        }
        let Some(list) = &mut self.list else { return Ok(()) };
        let head = if std::mem::replace(&mut self.began, true) {
            None
        } else {
            output::header(self.format, &FIELDS)
        };
        let Self { packet, names, learner, .. } = self;
        if skip.is_none() {
            learner.learn(packet, frame.bytes, |learned| names.take(&learned));
        }
        let line =
            skip.map_or_else(|| line(self.format, packet, names), |skip| bare(self.format, frame, skip));
        let text = head.unwrap_or_default() + &line;
        list.write_all(text.as_bytes()).map_err(Failure::system("cannot write the result"))
    }

    fn pause(&mut self) -> Result<(), Failure> {
        if let Some(capture) = &mut self.capture {
            capture.flush().map_err(Failure::system("cannot write the capture"))?;
        }
        match &mut self.list {
            Some(list) => list.flush().map_err(Failure::system("cannot write the result")),
            None => Ok(()),
        }
    }
}

const FIELDS: [&str; 14] = [
    "frame", "time", "length", "caplen", "src", "dst", "protocol", "src_port", "dst_port", "flags", "vlan",
    "ttl", "src_name", "dst_name",
];

/// A packet as one JSON object, its ends with the best names that `name` knows; the API gives the same.
pub(crate) fn packet_json(packet: &Packet, name: impl Fn(IpAddr) -> Option<String>) -> Value {
    let ports = packet.ports();
    json!({
        "frame": packet.number, "time": packet.at.to_string(), "length": packet.wire_len,
        "caplen": packet.captured_len, "src": packet.source.to_string(), "dst": packet.destination.to_string(),
        "protocol": protocol(packet), "src_port": ports.map(|ports| ports.source),
        "dst_port": ports.map(|ports| ports.destination), "flags": packet.tcp().map(|tcp| tcp.flags.to_string()),
        "vlan": packet.vlan.id(), "ttl": packet.is_ip().then_some(packet.ttl),
        "fragment_offset": packet.fragment.is_fragment().then_some(packet.fragment.offset()),
        "payload": packet.payload_len, "src_name": name(packet.source), "dst_name": name(packet.destination),
    })
}

fn protocol(packet: &Packet) -> String {
    protocol_name((packet.network != Network::Arp).then_some(packet.protocol))
}

fn line(format: Format, packet: &Packet, names: &Names) -> String {
    let name = |address| names.best(address).map(|known| known.name.to_string());
    output::line(format, &FIELDS, &packet_json(packet, name), || sentence(packet, name))
}

/// A frame that carries no packet one can count: what is known of it.
fn bare(format: Format, frame: &Frame<'_>, skip: Skip) -> String {
    let object = json!({
        "frame": frame.number, "time": frame.at.to_string(), "length": frame.wire_len,
        "caplen": frame.bytes.len(), "skipped": skip.reason.name(),
    });
    output::line(format, &FIELDS, &object, || {
        let at = super::report::local_time(frame.at);
        format!("{:>7} {at} not counted: {} {} B", frame.number, skip.reason.name(), frame.wire_len)
    })
}

/// One packet in one line for people.
fn sentence(packet: &Packet, name: impl Fn(IpAddr) -> Option<String>) -> String {
    let end = |address: IpAddr, port: Option<u16>| {
        let text = port
            .map_or_else(|| address.to_string(), |port| std::net::SocketAddr::new(address, port).to_string());
        name(address).map_or_else(|| text.clone(), |name| format!("{text} ({name})"))
    };
    let ports = packet.ports();
    let detail = match &packet.transport {
        Transport::Tcp(tcp) => format!(" [{}]", tcp.flags),
        Transport::Icmp(icmp) => format!(" type {} code {}", icmp.kind, icmp.code),
        Transport::Arp(arp) if arp.operation == 1 => " who-has".to_owned(),
        Transport::Arp(arp) if arp.operation == 2 => format!(" is-at {}", arp.sender),
        Transport::Fragment | Transport::FragmentOf(_) => {
            format!(" fragment at {}", packet.fragment.offset())
        }
        Transport::Cut => " cut".to_owned(),
        Transport::Udp(_) | Transport::Sctp(_) | Transport::Arp(_) | Transport::Other => String::new(),
    };
    format!(
        "{:>7} {} {} {} > {}{detail} {} B",
        packet.number,
        super::report::local_time(packet.at),
        protocol(packet),
        end(packet.source, ports.map(|ports| ports.source)),
        end(packet.destination, ports.map(|ports| ports.destination)),
        packet.wire_len,
    )
}
