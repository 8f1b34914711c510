//! Traffic Analyser's table: a row for each partner of a device, in the columns of the version that its paper used (15) or of
//! its last (16, with the time of the first packet). Rows are sorted and appended; the heading is written to new files only.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::path::Path;

use analyzer::exchange::{Exchanged, Partner, Tally};
use analyzer::geo::Category;
use analyzer::names::registered;
use clap::{Args, ValueEnum};

use super::{Labels, files};
use crate::cli::Failure;
use crate::cli::output::csv_cell;

/// Which columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Columns {
    /// Traffic Analyser's 15, a row for each far end of a device: device … organisation
    Analyser,
    /// The 16 of its last version: ts, device … organization
    AnalyserHead,
}

const SEED: [&str; 15] = [
    "device",
    "ip",
    "host",
    "host_full",
    "traffic_snd",
    "traffic_rcv",
    "packet_snd",
    "packet_rcv",
    "country",
    "party",
    "lab",
    "experiment",
    "network",
    "input_file",
    "organisation",
];

impl Columns {
    /// The heading, with its line end.
    pub(in crate::cli) fn heading(self) -> String {
        match self {
            Self::Analyser => SEED.join(",") + "\n",
            Self::AnalyserHead => format!("ts,{},organization\n", SEED[..14].join(",")),
        }
    }
}

/// What stands in every row because somebody said so.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Paper {
    /// The lab, for the table
    #[arg(short = 'b', long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(in crate::cli) lab: String,
    /// The experiment, for the table [default: the folder of the file, where a folder is read]
    #[arg(short = 'e', long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(in crate::cli) experiment: String,
    /// The network, for the table
    #[arg(short = 'w', long, value_name = "NAME", default_value = "", hide_default_value = true)]
    network: String,
    /// Files that are read at once [default: as many as there are processors]; no number is the network for the table
    #[arg(short = 'n', long, value_name = "N")]
    jobs: Option<String>,
}

impl Paper {
    /// Traffic Analyser's first version has the network at `-n`, its last the number of processes.
    pub(in crate::cli) fn jobs(&self) -> usize {
        files::jobs(self.jobs.as_deref().and_then(|jobs| jobs.parse().ok()))
    }

    fn network(&self) -> &str {
        let named = self.jobs.as_deref().filter(|jobs| jobs.parse::<usize>().is_err());
        named.filter(|_| self.network.is_empty()).unwrap_or(&self.network)
    }
}

/// A table of one device in one file.
pub(in crate::cli) struct Sheet<'a> {
    pub(in crate::cli) device: &'a str,
    pub(in crate::cli) file: &'a str,
    /// The folder that the file lies in, where a folder was named.
    pub(in crate::cli) experiment: &'a str,
    pub(in crate::cli) tally: &'a Tally,
}

impl Sheet<'_> {
    /// Its rows, each with its line end, in no order; `unanswered`: only who was sent to and never answered.
    pub(in crate::cli) fn rows(
        &self,
        columns: Columns,
        (paper, labels): (&Paper, &Labels<'_>),
        unanswered: bool,
    ) -> Vec<String> {
        let wanted = |exchanged: &Exchanged| !unanswered || exchanged.is_unanswered();
        let partners = self.tally.partners().filter(|(_, exchanged)| wanted(exchanged));
        partners.map(|row| self.row(columns, (paper, labels), row)).collect()
    }

    fn row(
        &self,
        columns: Columns,
        (paper, labels): (&Paper, &Labels<'_>),
        (partner, exchanged): (Partner, &Exchanged),
    ) -> String {
        let title = partner.title(labels.devices);
        let name = partner.address().and_then(|address| labels.name(address));
        let domain = name.map(|name| registered(name).unwrap_or(name));
        let public = partner.address().filter(|address| Category::of(*address) == Category::Global);
        let country = public.and_then(|address: IpAddr| labels.country(address));
        let organisation = public.and_then(|address| labels.organisation(address));
        let mut cells = Vec::with_capacity(16);
        if columns == Columns::AnalyserHead {
            cells.push(self.tally.first().map(seconds).unwrap_or_default());
        }
        cells.extend([self.device, &title, domain.unwrap_or(&title), name.unwrap_or(&title)].map(csv_cell));
        let Exchanged { bytes_sent, bytes_received, packets_sent, packets_received } = exchanged;
        cells.extend([bytes_sent, bytes_received, packets_sent, packets_received].map(u64::to_string));
        cells.push(csv_cell(country.as_deref().unwrap_or("XX")));
        cells.push("0".to_owned());
        let experiment =
            Some(&*paper.experiment).filter(|named| !named.is_empty()).unwrap_or(self.experiment);
        cells.extend([&paper.lab, experiment, paper.network()].map(csv_cell));
        cells.extend([self.file, organisation.as_deref().unwrap_or("N/A")].map(csv_cell));
        cells.join(",") + "\n"
    }
}

/// Seconds since the epoch.
fn seconds(at: capturer::Timestamp) -> String {
    format!("{}.{:09}", at.as_seconds(), at.subsecond_nanos())
}

/// Appends rows to a file; a new or empty one gets the heading first.
///
/// # Errors
/// When the file can't be written.
pub(in crate::cli) fn append(path: &Path, columns: Columns, rows: &[String]) -> Result<(), Failure> {
    let cannot = || Failure::system(format!("cannot write {}", path.display()));
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(cannot())?;
    let is_new = file.metadata().is_ok_and(|facts| facts.len() == 0);
    let text = if is_new { columns.heading() } else { String::new() } + &rows.concat();
    file.write_all(text.as_bytes()).map_err(cannot())
}
