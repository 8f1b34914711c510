//! Files of flows for other programs: a line a flow, both ways in it, a file an hour.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use analyzer::history::Metered;
use capturer::Timestamp;
use capturer::flow::FlowRecord;
use serde_json::json;

use crate::settings::FileForm;

/// Names of the columns.
const COLUMNS: &str = "first,last,protocol,source,source_port,destination,destination_port,vlan,tcp_flags,packets,bytes,\
                       reverse_packets,reverse_bytes,flows,end";

/// The file under way.
pub(super) struct Files {
    folder: PathBuf,
    form: FileForm,
    /// Its hour, since the Unix epoch, and the file.
    open: Option<(i64, BufWriter<File>)>,
}

impl Files {
    /// Makes the folder.
    pub(super) fn open(folder: &Path, form: FileForm) -> io::Result<Self> {
        fs::create_dir_all(folder).map_err(|error| {
            io::Error::new(error.kind(), format!("flows.write_to {}: {error}", folder.display()))
        })?;
        Ok(Self { folder: folder.to_path_buf(), form, open: None })
    }

    /// Writes flows; gives how many could not be.
    pub(super) fn write(&mut self, over: &[Metered], at: Timestamp) -> u64 {
        let flows: Vec<FlowRecord> = over.iter().filter_map(Metered::biflow).collect();
        match self.try_write(&flows, at) {
            Ok(()) => 0,
            Err(error) => {
                tracing::error!("flows.write_to {}: {error}", self.folder.display());
                self.open = None;
                flows.len() as u64
            }
        }
    }

    fn try_write(&mut self, flows: &[FlowRecord], at: Timestamp) -> io::Result<()> {
        let form = self.form;
        let file = self.file(at.as_seconds().div_euclid(3600))?;
        for flow in flows {
            match form {
                FileForm::Csv => writeln!(file, "{}", csv(flow))?,
                FileForm::Jsonl => writeln!(file, "{}", jsonl(flow))?,
            }
        }
        // Whoever reads along sees whole lines.
        file.flush()
    }

    /// The hour's file; one that is there already is continued.
    fn file(&mut self, hour: i64) -> io::Result<&mut BufWriter<File>> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != hour) {
            let begin = Timestamp::from_parts(hour * 3600, 0).to_string();
            let stamp: String = begin.chars().take(13).filter(|c| c.is_ascii_digit() || *c == 'T').collect();
            let path = self.folder.join(format!("flows-{stamp}Z.{}", self.form.extension()));
            let mut file = BufWriter::new(OpenOptions::new().append(true).create(true).open(path)?);
            if self.form == FileForm::Csv && file.get_ref().metadata()?.len() == 0 {
                writeln!(file, "{COLUMNS}")?;
            }
            self.open = Some((hour, file));
        }
        match &mut self.open {
            Some((_, file)) => Ok(file),
            None => Err(io::Error::other("no file")),
        }
    }
}

fn csv(flow: &FlowRecord) -> String {
    let FlowRecord { first, last, protocol, source, destination, ports, .. } = flow;
    let vlan = flow.vlan.id().map(|id| id.to_string()).unwrap_or_default();
    format!(
        "{first},{last},{},{source},{},{destination},{},{vlan},{},{},{},{},{},{},{}",
        protocol.0,
        ports.source,
        ports.destination,
        flow.tcp_flags.0,
        flow.packets,
        flow.bytes,
        flow.reverse_packets,
        flow.reverse_bytes,
        flow.flows,
        flow.end.name()
    )
}

fn jsonl(flow: &FlowRecord) -> serde_json::Value {
    json!({
        "first": flow.first.to_string(),
        "last": flow.last.to_string(),
        "protocol": flow.protocol.0,
        "source": flow.source,
        "source_port": flow.ports.source,
        "destination": flow.destination,
        "destination_port": flow.ports.destination,
        "vlan": flow.vlan.id(),
        "tcp_flags": flow.tcp_flags.0,
        "packets": flow.packets,
        "bytes": flow.bytes,
        "reverse_packets": flow.reverse_packets,
        "reverse_bytes": flow.reverse_bytes,
        "flows": flow.flows,
        "end": flow.end.name(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use analyzer::history::{Between, Side, Slice};
    use analyzer::{Direction, State, Volume};
    use capturer::flow::EndReason;
    use capturer::{Mac, Network, Protocol, Vlan};

    fn over() -> Metered {
        let side = |host, port| Side { address: [192, 0, 2, host].into(), port, mac: Mac([0; 6]) };
        let slice = Slice {
            at: 7200,
            between: Between {
                opener: side(1, 40_000),
                answerer: side(2, 443),
                network: Network::Ipv4,
                protocol: Protocol::TCP,
                vlan: Vlan::NONE,
                has_ports: true,
            },
            direction: Direction::Out,
            sent: Volume { packets: 3, bytes: 300 },
            received: Volume { packets: 2, bytes: 2000 },
            begun: 1,
            continues: false,
            led: true,
            state: State::Closed,
            first_ms: 5,
            last_ms: 900,
            flags: [0x13, 0x12],
        };
        Metered { slice, end: EndReason::EndOfFlow }
    }

    #[test]
    fn each_hour_has_a_file_with_a_line_a_flow() {
        let folder = std::env::temp_dir().join(format!("wireglobe-onward-{}", std::process::id()));
        let mut files = Files::open(&folder, FileForm::Csv).unwrap();
        for at in [7200, 7300, 10_800] {
            assert_eq!(files.write(&[over()], Timestamp::from_parts(at, 0)), 0);
        }
        let first = fs::read_to_string(folder.join("flows-19700101T02Z.csv")).unwrap();
        let lines: Vec<&str> = first.lines().collect();
        assert_eq!((lines.len(), lines[0]), (3, COLUMNS));
        assert_eq!(
            lines[1],
            "1970-01-01T02:00:00.005000000Z,1970-01-01T02:00:00.900000000Z,6,192.0.2.1,40000,192.0.2.2,443,,19,3,300,2,2000,1,\
             end of flow"
        );
        assert_eq!(fs::read_to_string(folder.join("flows-19700101T03Z.csv")).unwrap().lines().count(), 2);
        let mut files = Files::open(&folder, FileForm::Jsonl).unwrap();
        files.write(&[over()], Timestamp::from_parts(7200, 0));
        let line: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(folder.join("flows-19700101T02Z.jsonl")).unwrap())
                .unwrap();
        assert_eq!((&line["destination"], &line["reverse_bytes"]), (&json!("192.0.2.2"), &json!(2000)));
        fs::remove_dir_all(folder).unwrap();
    }
}
