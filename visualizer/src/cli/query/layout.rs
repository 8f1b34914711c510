//! Where a collector puts its files: FlowGraph's four settings. Each interval of the range has one file a source; what is
//! missing or empty is a gap.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::files::FlowFile;
use super::question::{Question, seconds};
use crate::cli::Failure;

/// The most files of a question.
const MOST_FILES: i64 = 1_000_000;

/// Where files are, and when they begin.
#[derive(Debug, Args)]
pub(super) struct Layout {
    /// A collector's base folder: reads SOURCE/NAME in it for each interval of --from to --to
    #[arg(long, value_name = "DIR", requires_all = ["from", "to"])]
    flow_dir: Option<PathBuf>,
    /// The folders of the sources within it, separated by commas; without, files are in the base folder
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "flow_dir")]
    flow_sources: Vec<String>,
    /// How files are named, by strftime(3)
    #[arg(long, value_name = "FORMAT", default_value = "%Y/%m/%d/nfcapd.%Y%m%d%H%M", requires = "flow_dir")]
    flow_name: String,
    /// How much time a file holds
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = seconds)]
    flow_interval: i64,
    /// Names of files tell local time [default: UTC]
    #[arg(long)]
    flow_local_time: bool,
}

impl Layout {
    /// Whether no folder is named.
    pub(super) const fn is_none(&self) -> bool {
        self.flow_dir.is_none()
    }

    /// Seconds that a file holds.
    pub(super) const fn window(&self) -> i64 {
        self.flow_interval
    }

    /// In which zone names tell time.
    pub(super) fn zone(&self) -> TimeZone {
        if self.flow_local_time { TimeZone::system() } else { TimeZone::UTC }
    }

    /// The file of each interval and source, whether it is there or not.
    pub(super) fn files(&self, question: &Question) -> Result<Vec<FlowFile>, Failure> {
        let last =
            || Err("with --flow-dir, --from and --to are moments such as 2026-11-21T14:03:00Z".to_owned());
        let plan = question.plan(last).map_err(Failure::Usage)?;
        let (Some(base), Some(from), Some(to)) = (&self.flow_dir, plan.from, plan.to) else {
            return Err(Failure::Usage("--flow-dir needs --from and --to".to_owned()));
        };
        let from = if plan.previous { from - (to - from) - self.flow_interval } else { from };
        let (first, last) = (from.div_euclid(self.flow_interval), to.div_euclid(self.flow_interval));
        if last - first >= MOST_FILES {
            let count = last - first + 1;
            return Err(Failure::Usage(format!(
                "the range has {count} files a source, more than {MOST_FILES}"
            )));
        }
        let mut files = Vec::new();
        for at in (first..=last).map(|at| at * self.flow_interval) {
            let name = self.name(at)?;
            let folders = self.flow_sources.iter().map(|source| base.join(source));
            let folders: Vec<PathBuf> =
                if self.flow_sources.is_empty() { vec![base.clone()] } else { folders.collect() };
            files.extend(folders.into_iter().map(|folder| FlowFile {
                at: Some(at),
                path: folder.join(&name),
                is_expected: true,
            }));
        }
        Ok(files)
    }

    fn name(&self, at: i64) -> Result<String, Failure> {
        let wrong = |error: jiff::Error| Failure::Usage(format!("--flow-name {}: {error}", self.flow_name));
        let time = jiff::Timestamp::from_second(at).map_err(wrong)?.to_zoned(self.zone());
        jiff::fmt::strtime::format(&self.flow_name, &time).map_err(wrong)
    }
}
