//! The options of `wireglobe count`: asncounter's letters and names, besides those of Wireglobe's other commands.

use std::net::IpAddr;
use std::path::PathBuf;

use analyzer::geo::Asn;
use clap::Args;

use super::text::Side;
use super::{output, text};
use crate::cli::Failure;

/// The filter of packets when none is given: asncounter's, with IPv6.
pub(super) const FILTER: &str = "(ip or ip6) and not src host 0.0.0.0 and not src net 192.168.0.0/24";

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum InputFormat {
    /// An address a line
    Line,
    /// An address and an amount a line
    Tuple,
    /// What tcpdump -n prints
    Tcpdump,
    /// Captures: pcap, pcapng, packed or not
    #[value(alias = "scapy")]
    Pcap,
}

/// `wireglobe count`
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Addresses to count instead of an input
    #[arg(value_name = "ADDRESS", conflicts_with_all = ["input", "interface"])]
    pub(super) addresses: Vec<String>,
    /// Where the routing table (ipasn_*) and the names (asnames.json) are [default: $XDG_CACHE_HOME/pyasn, ~/.cache/pyasn]
    #[arg(short = 'C', long, value_name = "DIR")]
    pub(super) cache_directory: Option<PathBuf>,
    /// No table of prefixes
    #[arg(long)]
    pub(super) no_prefixes: bool,
    /// No table of systems, and no names
    #[arg(long)]
    pub(super) no_asn: bool,
    /// No names of systems
    #[arg(long)]
    pub(super) no_resolve_asn: bool,
    /// Rows a table; with 0 only the totals
    #[arg(short, long, value_name = "N", default_value_t = 10, allow_negative_numbers = true)]
    pub(super) top: i64,
    /// Input to read, - for standard input; may be given several times
    #[arg(short, long, value_name = "FILE", alias = "read")]
    pub(super) input: Vec<PathBuf>,
    /// What the input is
    #[arg(short = 'I', long, value_name = "FORMAT", default_value = "line")]
    input_format: InputFormat,
    /// Which end of a packet counts [default: src]
    #[arg(long, value_name = "END")]
    side: Option<Side>,
    /// Only packets that match [default: (ip or ip6) and not src host 0.0.0.0 and not src net 192.168.0.0/24]
    #[arg(long, value_name = "EXPR", alias = "filter")]
    pub(super) scapy_filter: Option<String>,
    /// Count the packets of an interface; without a name the first one that is up
    #[arg(long, value_name = "IF", num_args = 0..=1, default_missing_value = "", conflicts_with = "input")]
    pub(super) interface: Option<String>,
    /// Write the final report to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// How reports are written
    #[arg(short = 'O', long, value_name = "FORMAT", default_value = "tsv", alias = "format")]
    pub(super) output_format: output::Format,
    /// Serve metrics for Prometheus on this port [when bare: 8999]; reports take their form
    #[arg(short, long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8999")]
    pub(super) port: Option<u16>,
    /// The address that the port is opened on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", requires = "port")]
    pub(super) listen: IpAddr,
    /// Go on serving metrics after the input has ended
    #[arg(long, requires = "port")]
    pub(super) keep: bool,
    /// Only so many series a family of metrics, the highest
    #[arg(long, value_name = "N")]
    pub(super) series: Option<usize>,
    /// Bytes on the wire as well, for packets
    #[arg(long)]
    pub(super) bytes: bool,
    /// Fetch a newer routing table, and end
    #[arg(short = 'R', long)]
    pub(super) refresh: bool,
    /// Print the prefixes of a system, aggregated, and end
    #[arg(long, value_name = "ASN")]
    pub(super) dump_prefixes: Option<String>,
    /// asncounter's console; tells what to use instead
    #[arg(long)]
    pub(super) repl: bool,
    /// asncounter's console on a socket; tells what to use instead
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "")]
    pub(super) manhole: Option<String>,
    /// Tell of every look-up
    #[arg(long)]
    pub(super) debug: bool,
}

impl Arguments {
    /// What the input is; an interface has packets.
    pub(super) fn format(&self) -> InputFormat {
        if self.interface.is_some() { InputFormat::Pcap } else { self.input_format }
    }

    /// What the lines of text are; packets have none.
    pub(super) fn text_format(&self) -> Option<text::Format> {
        match self.format() {
            InputFormat::Line => Some(text::Format::Line),
            InputFormat::Tuple => Some(text::Format::Tuple),
            InputFormat::Tcpdump => Some(text::Format::Tcpdump),
            InputFormat::Pcap => None,
        }
    }

    /// Which end counts.
    pub(super) fn side(&self) -> Side {
        self.side.unwrap_or_default()
    }

    /// What the parser can't see.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let (format, packets) = (self.format(), self.format() == InputFormat::Pcap);
        if let Some(address) = self.addresses.first().filter(|_| format != InputFormat::Line) {
            return Err(Failure::Usage(format!(
                "{address}: addresses on the command line go with --input-format line only"
            )));
        }
        if self.side.is_some() && matches!(format, InputFormat::Line | InputFormat::Tuple) {
            return Err(Failure::Usage(
                "--side: an address has no other end; it goes with tcpdump and pcap".to_owned(),
            ));
        }
        for (given, option) in [(self.scapy_filter.is_some(), "--filter"), (self.bytes, "--bytes")] {
            if given && !packets {
                return Err(Failure::Usage(format!(
                    "{option}: goes with packets only: --input-format pcap or --interface"
                )));
            }
        }
        Ok(())
    }
}

/// `64496`, `AS64496` or `asn64496`, in capitals or not.
pub(super) fn asn(text: &str) -> Result<Asn, Failure> {
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.strip_prefix("asn").or_else(|| lower.strip_prefix("as")).unwrap_or(&lower);
    number.parse().map(Asn).map_err(|_| {
        Failure::Usage(format!(
            "--dump-prefixes {text}: expected the number of a system, such as 64496 or AS64496"
        ))
    })
}
