//! Packets to count: captures or an interface, through a filter.

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use analyzer::{Facts, LocalNetworks};
use capturer::source::Source;

use super::feed::{self, Event, Seen};
use super::options::{Arguments, FILTER};
use crate::cli::offline::{self, Reading};
use crate::cli::{Common, Failure};
use crate::sieve::Sieve;
use crate::{geo_files, settings, sources};

/// Packets of a file that are handed over together.
const OF_FILES: usize = 4096;

/// The same of an interface, where they should show soon.
const OF_INTERFACE: usize = 16;

/// A source that was opened.
pub(super) struct Packets {
    pub(super) names: Vec<String>,
    source: Box<dyn Source>,
    reading: Reading,
    together: usize,
}

impl Packets {
    /// Reads them in a thread; gives the way back for batches.
    pub(super) fn read(self, events: Sender<Event>) -> Result<Sender<Vec<Seen>>, Failure> {
        feed::read_packets(self.source, self.reading, self.together, events)
    }
}

/// Opens what the options name.
pub(super) fn open(arguments: &Arguments, common: &Common) -> Result<Packets, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let text = arguments.scapy_filter.as_deref().unwrap_or(FILTER);
    let query = offline::query(text)?;
    let paths: Vec<PathBuf> = feed::or_stdin(&arguments.input);
    let (source, names, together): (Box<dyn Source>, _, _) = match &arguments.interface {
        Some(name) => {
            let (source, name) = sources::interface_alone(name, &settings, query.as_ref())?;
            (Box::new(source), vec![name], OF_INTERFACE)
        }
        None => {
            let names = paths.iter().map(|path| path.display().to_string()).collect();
            (sources::files(&paths)?, names, OF_FILES)
        }
    };
    let sieve = match query {
        Some(query) => {
            let geo = geo_files::load(&settings, query.needs())?;
            let guessed = query.asks_direction() && arguments.interface.is_none();
            let local = if guessed { sources::guess(&paths) } else { LocalNetworks::default() };
            Some(Sieve::new((text, query), Facts { geo, local }, &settings)?)
        }
        None => None,
    };
    let reading = Reading { sieve, decode: settings.decode.settings(), ..Reading::default() };
    Ok(Packets { names, source, reading, together })
}
