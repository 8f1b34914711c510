//! Databases on disk: those that `geo update` stored and those that the settings name, read whole, checked, and put in
//! the place of the bundled tables. What is stored is taken first, so that the settings win.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::SystemTime;

use analyzer::geo::database::{self, Database};
use analyzer::geo::{Geo, Needs};

use crate::cli::Failure;
use crate::settings::Settings;

/// A database file may be this large, in bytes.
const LARGEST: u64 = 2 << 30;

/// Everything.
pub(crate) const ALL: Needs = Needs { country: true, asn: true };

/// What a stored file holds, by its name in the folder: the kinds of tables, joined by hyphens.
pub(crate) const STORED: [(&str, Needs); 9] = [
    ("country-asn-city", ALL),
    ("country-asn", ALL),
    ("country-city", COUNTRY),
    ("asn-city", ALL),
    ("country", COUNTRY),
    ("asn", ASN),
    ("city", COUNTRY),
    ("routes", ASN),
    ("names", ASN),
];

/// Tables of countries and places, and those of systems.
const COUNTRY: Needs = Needs { country: true, asn: false };
const ASN: Needs = Needs { country: false, asn: true };

/// The bundled tables, as far as they are needed, with the stored and the settings' databases over them and the user's
/// own networks over all.
pub(crate) fn load(settings: &Settings, needs: Needs) -> Result<Geo, Failure> {
    let mut geo = Geo::bundled(needs);
    if needs == Needs::default() {
        return Ok(geo);
    }
    for (path, origin) in files(settings, needs) {
        let wrong = |error: String| Failure::Usage(format!("{origin}: {error}"));
        let database = read(&path).map_err(wrong)?;
        geo = geo.with_database(database, &path.display().to_string());
    }
    let geo = geo.with_overrides(&settings.geo.r#override);
    Ok(if settings.geo.city { geo } else { geo.without_city() })
}

/// With cities, unless the settings leave them out.
pub(crate) fn with_cities(settings: &Settings, geo: Geo) -> Geo {
    if settings.geo.city { geo.with_cities() } else { geo }
}

/// The files that are read, in order, and what names them. Of the stored ones the last stored comes last, so that it wins
/// where two hold the same.
fn files(settings: &Settings, needs: Needs) -> Vec<(PathBuf, &'static str)> {
    let folder = folder(settings);
    let wanted = STORED.iter().filter(|(_, holds)| holds.country && needs.country || holds.asn && needs.asn);
    let mut stored: Vec<PathBuf> =
        wanted.map(|(name, _)| folder.join(name)).filter(|path| path.is_file()).collect();
    stored.sort_by_key(|path| std::fs::metadata(path).and_then(|facts| facts.modified()).ok());
    let named = settings.geo.databases.iter().cloned();
    stored
        .into_iter()
        .map(|path| (path, "a database that `geo update` stored; delete it to go on without"))
        .chain(named.map(|path| (path, "geo.databases")))
        .collect()
}

/// Reads and checks a file of any kind.
pub(crate) fn read(path: &Path) -> Result<Database, String> {
    read_as(path, &path.display().to_string())
}

/// The same for a file that came from elsewhere, whose name there tells what is in it.
pub(crate) fn read_as(path: &Path, name: &str) -> Result<Database, String> {
    let unreadable = |error: io::Error| format!("{name}: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if !facts.is_file() {
        return Err(format!("{name}: expected a file"));
    }
    if facts.len() > LARGEST {
        return Err(format!("{name}: {} bytes; at most {LARGEST} are read", facts.len()));
    }
    database::read(BufReader::with_capacity(1 << 16, file), name).map_err(|error| error.to_string())
}

/// Where `geo update` stores.
pub(crate) fn folder(settings: &Settings) -> PathBuf {
    folder_of(&settings.geo.folder, "geo")
}

/// The folder that is named, else `within` our own folder of data.
pub(crate) fn folder_of(named: &Path, within: &str) -> PathBuf {
    if !named.as_os_str().is_empty() {
        return named.to_path_buf();
    }
    OWN.join(within)
}

/// Our own folder of data; decided once, as who is started as root does not stay root. The system's administrator's data is the
/// system's.
static OWN: LazyLock<PathBuf> = LazyLock::new(|| {
    let of = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = of("XDG_DATA_HOME").or_else(|| Some(of("HOME")?.join(".local/share")));
    match own {
        Some(data) if !rustix::process::geteuid().is_root() => data.join("wireglobe"),
        _ => PathBuf::from("/var/lib/wireglobe"),
    }
});

/// What tells whether files have changed: of each, when, how large, and which it is on the disk, since a clock that ticks slowly gives
/// two files that take one place the same time.
pub(crate) type Stamp = Vec<(PathBuf, Option<(SystemTime, u64, u64)>)>;

/// How the files stand now.
pub(crate) fn stamp(settings: &Settings) -> Stamp {
    let of = |path: &Path| {
        let facts = std::fs::metadata(path).ok()?;
        Some((facts.modified().ok()?, facts.len(), facts.ino()))
    };
    files(settings, ALL).into_iter().map(|(path, _)| (path.clone(), of(&path))).collect()
}
