//! `geo update`: a database from a file or an address is checked whole and then takes its place in the data folder in
//! one step, so that whoever reads sees the old one or the new one. Routing tables are kept as pyasn's text, packed: a
//! dump of 2 GB reads in minutes, its prefixes in a second.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use analyzer::geo::city::CityTable;
use analyzer::geo::database::{Content, Database};
use analyzer::geo::routes::{Routes, pyasn};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::ages;
use crate::geo_fetch;
use crate::geo_files;
use crate::settings::Settings;

/// What was stored.
pub(crate) struct Stored {
    pub(crate) path: PathBuf,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) date: String,
    pub(crate) rows: usize,
    pub(crate) notice: Option<String>,
}

/// Takes a database from a path or a URL into the data folder.
///
/// # Errors
/// A sentence that names the file or address, and what was expected.
pub(crate) fn update(settings: &Settings, from: &str) -> Result<Stored, String> {
    let folder = geo_files::folder(settings);
    let (path, read) = bring(from, &folder, |read| Ok(place(&read.content).to_owned()))?;
    for rival in rivals(place(&read.content)) {
        // One that is not there need not go.
        let _ = fs::remove_file(folder.join(rival));
    }
    let rows = rows(&read.content);
    Ok(Stored { path, kind: read.kind.name(), name: read.name, date: read.date, rows, notice: read.notice })
}

/// Takes a database from a path or a URL into a folder, under the name that `naming` has for what it holds.
///
/// # Errors
/// A sentence that names the file or address, and what was expected.
pub(crate) fn bring(from: &str, folder: &Path, naming: Naming) -> Result<(PathBuf, Database), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if !geo_fetch::is_url(from) {
        return store(Path::new(from), folder, (from, naming));
    }
    let fetched = fetched(folder);
    let result = geo_fetch::fetch(from, &fetched).and_then(|()| store(&fetched, folder, (from, naming)));
    // Whatever happened, nothing half stays; a file that is not there is gone already.
    let _ = fs::remove_file(&fetched);
    result
}

/// The day of what was stored last (empty for nothing), and that of what `geo.update_from` has now; `None` where it is not set.
pub(crate) fn waiting(settings: &Settings) -> Option<(String, Result<String, String>)> {
    let from = &settings.geo.update_from;
    if from.is_empty() {
        return None;
    }
    let folder = geo_files::folder(settings);
    let stored = geo_files::STORED.iter().filter_map(|(name, _)| changed(&folder.join(name)).ok()).max();
    let now = if geo_fetch::is_url(from) { geo_fetch::modified(from) } else { changed(Path::new(from)) };
    Some((stored.unwrap_or_default(), now))
}

/// The day a file was changed.
fn changed(path: &Path) -> Result<String, String> {
    let time = fs::metadata(path).and_then(|facts| facts.modified());
    let time = time.map_err(|error| format!("{}: {error}", path.display()))?;
    let time = time.try_into().map_err(|error: jiff::Error| format!("{}: {error}", path.display()))?;
    Ok(ages::day(time))
}

/// The name in a folder, or why what was brought has no place there.
type Naming = fn(&Database) -> Result<String, String>;

/// Where this process keeps what is not all there yet.
pub(crate) fn fetched(folder: &Path) -> PathBuf {
    folder.join(format!(".fetched-{}", std::process::id()))
}

fn store(file: &Path, folder: &Path, (from, naming): (&str, Naming)) -> Result<(PathBuf, Database), String> {
    let read = geo_files::read_as(file, from)?;
    let name = naming(&read).map_err(|error| format!("{from}: {error}"))?;
    let waiting = folder.join(format!(".{name}-{}", std::process::id()));
    let written = match &read.content {
        Content::Routes(routes) => write_routes(routes, &read, from, &waiting),
        _ => copy(file, &waiting),
    };
    let path = folder.join(name);
    let moved = written.and_then(|()| fs::rename(&waiting, &path));
    if moved.is_err() {
        let _ = fs::remove_file(&waiting);
    }
    moved.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((path, read))
}

/// The name in the folder, by what a database holds; see [`geo_files::STORED`].
fn place(content: &Content) -> &'static str {
    match content {
        Content::Tables(tables) => match (&tables.country, &tables.asn, &tables.city) {
            (Some(_), Some(_), Some(_)) => "country-asn-city",
            (Some(_), Some(_), None) => "country-asn",
            (Some(_), None, Some(_)) => "country-city",
            (None, Some(_), Some(_)) => "asn-city",
            (None, Some(_), None) => "asn",
            (None, None, Some(_)) => "city",
            (Some(_), None, None) | (None, None, None) => "country",
        },
        Content::Listed(_) => "asn",
        Content::Routes(_) => "routes",
        Content::Names(_) => "names",
    }
}

/// What a new file makes useless: all those that hold nothing else.
fn rivals(name: &str) -> impl Iterator<Item = &'static str> {
    let within = move |other: &&str| other.split('-').all(|kind| name.split('-').any(|held| held == kind));
    geo_files::STORED.iter().map(|(other, _)| *other).filter(within).filter(move |other| *other != name)
}

fn rows(content: &Content) -> usize {
    match content {
        Content::Tables(tables) => {
            let country = tables.country.as_ref().map_or(0, |table| table.v4.len() + table.v6.len());
            let asn = tables.asn.as_ref().map_or(0, |table| table.v4.len() + table.v6.len());
            country.max(asn).max(tables.city.as_ref().map_or(0, CityTable::len))
        }
        Content::Listed(listed) => listed.table.v4.len() + listed.table.v6.len(),
        Content::Routes(routes) => routes.len(),
        Content::Names(names) => names.len(),
    }
}

fn write_routes(routes: &Routes, read: &Database, from: &str, to: &Path) -> io::Result<()> {
    let source = from.rsplit('/').next().unwrap_or(from);
    let comment = format!("source: {source}\ndate: {}", read.date);
    let mut out = GzEncoder::new(BufWriter::new(File::create(to)?), Compression::fast());
    pyasn::write(routes, &comment, &mut out)?;
    let file = out.finish()?.into_inner()?;
    file.sync_all()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut out = File::create(to)?;
    io::copy(&mut File::open(from)?, &mut out)?;
    out.flush()?;
    out.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str) -> Settings {
        let folder = std::env::temp_dir().join(format!("wireglobe-geo-{name}-{}", std::process::id()));
        let mut settings = Settings::default();
        settings.geo.folder = folder;
        settings
    }

    #[test]
    fn what_was_updated_is_used_from_then_on_and_a_wrong_file_changes_nothing() {
        let settings = settings("update");
        fs::create_dir_all(&settings.geo.folder).unwrap();
        let file = settings.geo.folder.join("rib_20260601.dat");
        fs::write(&file, "8.8.8.0/24\t64500\n8.8.8.0/24\t64501\n").unwrap();
        let stored = update(&settings, file.to_str().unwrap()).unwrap();
        assert_eq!(
            (stored.rows, stored.date.as_str(), stored.path.file_name().unwrap()),
            (1, "2026-06-01", "routes".as_ref())
        );
        let geo = geo_files::load(&settings, geo_files::ALL).unwrap();
        assert_eq!(geo.route("8.8.8.8".parse().unwrap()).unwrap().origins.len(), 2);
        assert_eq!(
            geo.provenance("8.8.8.8".parse().unwrap()).asn.as_deref(),
            Some("rib_20260601.dat 2026-06")
        );
        fs::write(&file, "8.8.8.0/24\t64500\nnonsense").unwrap();
        let Err(error) = update(&settings, file.to_str().unwrap()) else { panic!("a wrong file was taken") };
        assert!(error.contains("record 2") && error.contains("rib_20260601.dat"), "{error}");
        let geo = geo_files::load(&settings, geo_files::ALL).unwrap();
        assert_eq!(geo.route("8.8.8.8".parse().unwrap()).unwrap().origins.len(), 2, "the old one stays");
        let left: Vec<_> =
            fs::read_dir(&settings.geo.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        fs::remove_dir_all(&settings.geo.folder).unwrap();
    }
}
