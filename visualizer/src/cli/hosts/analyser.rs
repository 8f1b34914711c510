//! Traffic Analyser's forms: its table of who a device talked with, in 15 or 16 columns, appended to files; and plain lists of
//! the names or the addresses in captures. Where a folder is read, the deepest folder that the list of devices has is the
//! device, and the folders below it are the experiment.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use analyzer::Devices;
use analyzer::exchange::{Seen, Tally};
use analyzer::geo::Needs;
use capturer::source::paths;
use clap::{Args, ValueEnum};

use super::Arguments;
use crate::cli::exchange::{
    self, About, Asking, Columns, Labels, Look, Mappings, Paper, Read, Sheet, Whom, append, take_names,
};
use crate::cli::offline::{Range, Reading};
use crate::cli::output;
use crate::cli::{Common, Failure, complain, timerange};
use crate::geo_files;
use crate::settings::{self, Settings};

/// Addresses of a file that are listed.
const MOST: usize = 1 << 20;

/// A list without figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Plain {
    /// Addresses with the names that the captures tell of them, a line each
    Names,
    /// Addresses, a line each
    Addresses,
}

/// Options of these forms.
#[derive(Debug, Default, Args)]
pub(super) struct Options {
    /// Traffic Analyser's table instead, as CSV: a row for each far end of a device; a file is appended to
    #[arg(long, value_name = "FORM", conflicts_with_all = ["interface", "server", "by", "sort", "filter"])]
    columns: Option<Columns>,
    /// A plain, sorted list instead
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["columns", "interface", "server", "by", "sort", "filter"])]
    only: Option<Plain>,
    /// Only who was sent to and never answered
    #[arg(short = 'y', long, alias = "findDiff", conflicts_with_all = ["server", "only"])]
    pub(super) unanswered: bool,
    /// What kind of data each flow carries instead, as CSV: encrypted, text, media, compressed or unknown, by entropy
    #[arg(long, conflicts_with_all = ["columns", "only", "unanswered", "interface", "server", "by", "sort", "filter"])]
    pub(super) payload: bool,
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    mappings: Mappings,
    #[command(flatten)]
    paper: Paper,
}

impl Options {
    /// Whether one of these forms is asked for.
    pub(super) const fn are_used(&self) -> bool {
        self.columns.is_some() || self.only.is_some()
    }

    /// Files that are read at once.
    pub(super) fn jobs(&self) -> usize {
        self.paper.jobs()
    }
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let options = &arguments.analyser;
    let about = options.whom.look_up(&settings, &arguments.read)?;
    let range = timerange::range((&arguments.from, &arguments.to), &arguments.read)?;
    let mut read = read(arguments, &about, (range, &settings))?;
    let code = exchange::tell(&read, about.needs_hardware());
    match options.only {
        Some(Plain::Addresses) => lines(arguments, addresses(&read))?,
        Some(Plain::Names) => lines(arguments, names(&mut read))?,
        None => table(arguments, &about, (read, &settings))?,
    }
    Ok(code)
}

fn read(
    arguments: &Arguments,
    about: &About,
    (range, settings): (Range, &Settings),
) -> Result<Vec<Read<Listener>>, Failure> {
    let files = paths::expand(&arguments.read)?;
    let options = &arguments.analyser;
    let reading = || Ok(Reading { range, sieve: None, decode: settings.decode.settings() });
    let look = |path: &Path| Listener::new(path, (arguments, about));
    exchange::each(&files, options.paper.jobs(), (&about.addresses, &reading), &look)
}

/// What is kept of a file.
struct Listener {
    devices: Devices,
    tallies: Vec<(String, Tally)>,
    experiment: String,
    addresses: Option<BTreeSet<IpAddr>>,
    left_out: u64,
}

impl Listener {
    fn new(path: &Path, (arguments, about): (&Arguments, &About)) -> Self {
        let folders = folders(path, &arguments.read);
        let found = (0..folders.len()).rev().find_map(|at| Some((at, about.about_folder(&folders[at])?)));
        let (experiment, about) = match found {
            Some((at, named)) => (folders[at + 1..].join("/"), named),
            None => (folders.last().cloned().unwrap_or_default(), about.clone()),
        };
        let listed = arguments.analyser.only.is_some();
        let subjects = if listed { Vec::new() } else { about.subjects() };
        Self {
            tallies: subjects.into_iter().map(|(name, subject)| (name, Tally::new(subject))).collect(),
            devices: about.devices,
            experiment,
            addresses: listed.then(BTreeSet::new),
            left_out: 0,
        }
    }
}

impl Look for Listener {
    fn see(&mut self, seen: &Seen<'_>) {
        self.tallies.iter_mut().for_each(|(_, tally)| tally.observe(seen, &self.devices));
        let (Some(known), Some((source, destination))) = (&mut self.addresses, seen.addresses()) else {
            return;
        };
        for address in [source, destination] {
            if known.len() < MOST {
                known.insert(address);
            } else {
                self.left_out += u64::from(!known.contains(&address));
            }
        }
    }
}

/// The folders between one of those that were named and the file.
fn folders(path: &Path, named: &[PathBuf]) -> Vec<String> {
    let below = named.iter().filter(|named| *named != path).find_map(|named| path.strip_prefix(named).ok());
    let normal = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    let parent = below.and_then(Path::parent);
    parent.into_iter().flat_map(Path::components).filter_map(normal).collect()
}

/// All rows of all files in order.
fn table(
    arguments: &Arguments,
    about: &About,
    (mut read, settings): (Vec<Read<Listener>>, &Settings),
) -> Result<(), Failure> {
    let options = &arguments.analyser;
    let columns = options.columns.unwrap_or(Columns::Analyser);
    let geo = geo_files::load(settings, Needs::ALL)?;
    let names = take_names(&mut read);
    let tallies = || read.iter().flat_map(|file| &file.value.tallies);
    let far = tallies().flat_map(|(_, tally)| tally.partners()).filter_map(|(partner, _)| partner.address());
    let known = (&about.devices, &geo, options.mappings.read()?);
    let labels = Labels::new(known, names, (&options.asking, settings), far)?;
    let mut rows = Vec::new();
    for file in &read {
        let name = file.path.display().to_string();
        for (device, tally) in &file.value.tallies {
            let sheet = Sheet { device, file: &name, experiment: &file.value.experiment, tally };
            rows.extend(sheet.rows(columns, (&options.paper, &labels), options.unanswered));
            if tally.left_out() > 0 {
                complain(&format!("{name}: {} frames of further hosts are in no row", tally.left_out()));
            }
        }
    }
    rows.sort_unstable();
    match &arguments.output {
        Some(path) => append(path, columns, &rows),
        None => output::write(output::open(None)?, &(columns.heading() + &rows.concat())),
    }
}

fn lines(arguments: &Arguments, lines: BTreeSet<String>) -> Result<(), Failure> {
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    output::write(output::open(arguments.output.as_deref())?, &text)
}

fn addresses(read: &[Read<Listener>]) -> BTreeSet<String> {
    for file in read.iter().filter(|file| file.value.left_out > 0) {
        complain(&format!(
            "{}: {} packets have addresses beyond the list",
            file.path.display(),
            file.value.left_out
        ));
    }
    let all = read.iter().filter_map(|file| file.value.addresses.as_ref()).flatten();
    all.map(IpAddr::to_string).collect()
}

fn names(read: &mut [Read<Listener>]) -> BTreeSet<String> {
    let all = take_names(read);
    let told = all.iter().flat_map(|names| names.iter());
    let line = |address: IpAddr, name: &str| format!("{address}\t{}", output::escape(name));
    told.flat_map(|(address, names)| names.iter().map(move |known| line(address, &known.name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_between_the_named_one_and_the_file_are_told() {
        let named = [PathBuf::from("/data"), PathBuf::from("x.pcap")];
        assert_eq!(folders(Path::new("/data/camera/power/1.pcap"), &named), ["camera", "power"]);
        assert!(folders(Path::new("x.pcap"), &named).is_empty());
    }
}
