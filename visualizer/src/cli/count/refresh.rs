//! `-R` and SIGUSR1: what `geo.update_from` names is fetched into the cache directory, as asncounter has it there: a routing
//! table as `ipasn_DATE.TIME.dat.gz`, whatever form it came in, or the names. Without that setting nothing is fetched.

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use analyzer::geo::database::{Content, Database};

use super::cache::Cache;
use super::feed::Event;
use crate::cli::Failure;
use crate::{geo_update, settings};

/// What to do where no source is set.
const NO_SOURCE: &str = "nothing is fetched that nobody named: set geo.update_from to the file or address of a routing table; or \
                         `wireglobe geo update` makes one, or put one into the cache directory as ipasn_DATE.TIME.dat";

const TABLE: &str = "expected a routing table (pyasn, MRT) or names of systems (JSON)";

/// Fetches once; tells what is in the cache directory now.
pub(super) fn refresh(settings: Option<PathBuf>, cache: &Cache) -> Result<String, Failure> {
    let settings = settings::load(settings.as_deref())?.settings;
    let from = &settings.geo.update_from;
    if from.is_empty() {
        return Err(Failure::Usage(NO_SOURCE.to_owned()));
    }
    let (path, read) = geo_update::bring(from, cache.path(), name).map_err(Failure::Unreadable)?;
    let told = format!("{} from {from}: {}", path.display(), rows(&read));
    match cache.table() {
        Some(last) if is_table(&read) && last != path => {
            Ok(format!("{told}; {} is the last by name and stays in use", last.display()))
        }
        _ => Ok(told),
    }
}

/// Fetches aside, so that counting goes on.
pub(super) struct Refresher {
    settings: Option<PathBuf>,
    events: Sender<Event>,
    under_way: bool,
}

impl Refresher {
    /// What it fetched, or why it did not, comes as an event.
    pub(super) fn new(settings: Option<PathBuf>, events: Sender<Event>) -> Self {
        Self { settings, events, under_way: false }
    }

    /// Begins, unless that was done; says whether it is under way.
    pub(super) fn begin(&mut self, cache: &Cache) -> bool {
        if self.under_way {
            return true;
        }
        let (settings, events, cache) = (self.settings.clone(), self.events.clone(), cache.clone());
        let body = move || {
            let result = refresh(settings, &cache).map_err(|failure| failure.to_string());
            // Nobody counts any more when the process ends.
            let _ = events.send(Event::Refreshed(result));
        };
        let spawned = std::thread::Builder::new().name("refresh".to_owned()).spawn(body);
        self.under_way = spawned.is_ok();
        self.under_way
    }

    /// It has ended.
    pub(super) fn end(&mut self) {
        self.under_way = false;
    }

    /// The process ends: what has come by halves is of no use.
    pub(super) fn give_up(&self, cache: &Cache) {
        if self.under_way {
            let _ = std::fs::remove_file(geo_update::fetched(cache.path()));
        }
    }
}

fn name(read: &Database) -> Result<String, String> {
    match &read.content {
        Content::Routes(_) => Ok(format!("ipasn_{}.dat.gz", moment(&read.date))),
        Content::Names(_) => Ok("asnames.json".to_owned()),
        Content::Tables(_) | Content::Listed(_) => Err(format!("{TABLE}, found {}", read.kind.name())),
    }
}

/// `20260601.0000`: the data's day where it is known, else this moment (UTC).
fn moment(date: &str) -> String {
    if date.is_empty() {
        return jiff::Timestamp::now().strftime("%Y%m%d.%H%M").to_string();
    }
    format!("{}.0000", date.replace('-', ""))
}

fn is_table(read: &Database) -> bool {
    matches!(read.content, Content::Routes(_))
}

fn rows(read: &Database) -> String {
    match &read.content {
        Content::Routes(routes) => format!("{} prefixes", routes.len()),
        Content::Names(names) => format!("{} names", names.len()),
        Content::Tables(_) | Content::Listed(_) => read.kind.name().to_owned(),
    }
}
