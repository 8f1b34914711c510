//! Databases that the settings name: read whole, validated, put in the place of the bundled tables.

use std::path::Path;

use analyzer::geo::{Geo, Needs};

use crate::cli::Failure;
use crate::settings::Settings;

/// A database file may be this large, in bytes.
const LARGEST: u64 = 1 << 30;

/// Everything.
pub(crate) const ALL: Needs = Needs { country: true, asn: true };

/// The bundled tables, as far as they are needed, with the settings' databases over them.
pub(crate) fn load(settings: &Settings, needs: Needs) -> Result<Geo, Failure> {
    let mut geo = Geo::bundled(needs);
    if needs == Needs::default() {
        return Ok(geo);
    }
    for path in &settings.geo.databases {
        geo = geo
            .with_mmdb(read(path)?, &path.display().to_string())
            .map_err(|error| Failure::Usage(format!("geo.databases: {error}")))?;
    }
    Ok(geo)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |cause: String| Failure::Usage(format!("geo.databases: {}: {cause}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > LARGEST {
        return Err(unreadable(format!("{size} bytes; at most {LARGEST} are read")));
    }
    std::fs::read(path).map_err(|error| unreadable(error.to_string()))
}
