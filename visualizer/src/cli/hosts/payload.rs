//! What kind of data the flows of captures carry, a line each, in the columns of the encryption pipeline beside Traffic
//! Analyser.

use std::path::Path;
use std::process::ExitCode;

use analyzer::exchange::Seen;
use analyzer::payload::{FlowPayload, Payloads};
use capturer::Protocol;
use capturer::source::paths;

use super::Arguments;
use crate::cli::exchange::{self, Look};
use crate::cli::offline::Reading;
use crate::cli::output::{self, csv_cell};
use crate::cli::{Common, Failure, complain, timerange};
use crate::settings;

/// The columns.
const HEADING: &str =
    "ip_src,ip_dst,src_port,dst_port,tp_proto,data_proto,data_type,data_len,entropy,reason\n";

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let range = timerange::range((&arguments.from, &arguments.to), &arguments.read)?;
    let reading = || Ok(Reading { range, sieve: None, decode: settings.decode.settings() });
    let look = |_: &Path| Listener(Payloads::default());
    let (files, jobs) = (paths::expand(&arguments.read)?, arguments.analyser.jobs());
    let read = exchange::each(&files, jobs, (&[], &reading), &look)?;
    let code = exchange::tell(&read, false);
    let mut text = HEADING.to_owned();
    for file in &read {
        text.extend(file.value.0.flows().iter().map(line));
        let left_out = file.value.0.left_out();
        if left_out > 0 {
            complain(&format!("{}: {left_out} packets of further flows are in no row", file.path.display()));
        }
    }
    output::write(output::open(arguments.output.as_deref())?, &text)?;
    Ok(code)
}

struct Listener(Payloads);

impl Look for Listener {
    fn see(&mut self, seen: &Seen<'_>) {
        if let Some(packet) = seen.packet {
            self.0.observe(packet, seen.payload());
        }
    }
}

fn line(flow: &FlowPayload) -> String {
    let FlowPayload { source, destination, ports, transport, protocol, length, verdict } = flow;
    let transport = match *transport {
        Protocol::TCP => "tcp".to_owned(),
        Protocol::UDP => "udp".to_owned(),
        Protocol::SCTP => "sctp".to_owned(),
        other => other.0.to_string(),
    };
    let (class, entropy, reason) = (verdict.class.name(), verdict.entropy, csv_cell(verdict.reason));
    let (from, to) = (ports.source, ports.destination);
    format!(
        "{source},{destination},{from},{to},{transport},{protocol},{class},{length},{entropy:.6},{reason}\n"
    )
}
