//! The report in its formats. All ask the same [`View`].

mod json;
mod prometheus;
mod tsv;

use analyzer::geo::Asn;

use super::database::{Database, Names};
use super::tally::Tally;

/// How the report comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Two tables and the totals, tab-separated.
    #[default]
    Tsv,
    /// One document.
    Json,
    /// The text format that Prometheus reads.
    Prometheus,
    /// Nothing.
    Null,
}

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Rows a table.
    pub(super) top: usize,
    /// Series a family of metrics.
    pub(super) series: usize,
    /// The table of systems.
    pub(super) asns: bool,
    /// The table of prefixes.
    pub(super) prefixes: bool,
    /// Bytes on the wire, where the input knows them.
    pub(super) bytes: bool,
}

/// Everything a report is made of.
pub(super) struct View<'a> {
    pub(super) tally: &'a Tally,
    pub(super) database: &'a Database,
    pub(super) names: &'a Names,
    pub(super) shown: Shown,
    /// Names of the inputs.
    pub(super) inputs: &'a [String],
    /// Whether they were packets, so that bytes are known.
    pub(super) packets: bool,
}

impl View<'_> {
    /// The report as text.
    pub(super) fn render(&self, format: Format) -> String {
        match format {
            Format::Tsv => tsv::render(self),
            Format::Json => json::render(self),
            Format::Prometheus => prometheus::render(self),
            Format::Null => String::new(),
        }
    }

    fn name(&self, asn: Option<Asn>) -> &str {
        self.names.of(self.database, asn)
    }
}

/// A system's number, or `None`.
fn number(asn: Option<Asn>) -> String {
    asn.map_or_else(|| "None".to_owned(), |asn| asn.0.to_string())
}
