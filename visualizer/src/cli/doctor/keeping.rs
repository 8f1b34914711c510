//! Whether databases can be read and are not too old, and whether there is room for what is kept.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use analyzer::geo::Source;

use super::Finding;
use crate::settings::{Kind, Settings};
use crate::{ages, crash, geo_files, sandbox};

/// Countries and systems move on: after half a year a few in a hundred are wrong.
const OLD_DAYS: i64 = 180;

/// Databases: whether all can be read, and how old they are.
pub(super) fn databases(settings: &Settings) -> Vec<Finding> {
    let check = "databases";
    let geo = match geo_files::load(settings, geo_files::ALL) {
        Ok(geo) => geo,
        Err(error) => {
            let mend = "replace the file, or take it out of geo.databases";
            return vec![Finding::problem(check, error.to_string(), mend)];
        }
    };
    let sources = geo.sources();
    let now = jiff::Timestamp::now();
    let of = |what: &str, source: &Option<Source>| {
        let Some(source) = source else {
            return Finding::warning(check, format!("none knows {what}"), "name one in geo.databases");
        };
        match ages::days(source, now) {
            Some(days) if days > OLD_DAYS => Finding::warning(
                check,
                format!("{what}: {}, {days} days old", source.name),
                "wireglobe geo update --from FILE|URL takes a newer one (docs/GEO.md)",
            ),
            Some(days) => Finding::ok(check, format!("{what}: {}, {days} days old", source.name)),
            None => Finding::ok(check, format!("{what}: {}, of unknown age", source.name)),
        }
    };
    vec![of("countries", &sources.country), of("systems", &sources.asn)]
}

/// Each folder that would be written: whether it can be, and whether there is room for what the settings allow it.
pub(super) fn disk(settings: &Settings) -> Vec<Finding> {
    let folders = sandbox::kept(settings, kind(settings));
    if folders.is_empty() {
        return vec![Finding::ok("disk", "these settings keep nothing")];
    }
    let wanted = ((settings.alerts.max_mb + settings.history.disk_mb) as u64) << 20;
    folders.iter().map(|folder| room(folder, wanted)).collect()
}

/// As far as it matters for what is kept.
fn kind(settings: &Settings) -> &'static str {
    if settings.source.kind == Kind::Demo { "demo" } else { "interface" }
}

/// Whether Wireglobe has crashed.
pub(super) fn crashes(settings: &Settings) -> Vec<Finding> {
    let check = "crashes";
    let reports = crash::folder(settings, kind(settings)).map(|folder| crash::reports(&folder));
    let reports = reports.unwrap_or_default();
    let Some(newest) = reports.last() else { return vec![Finding::ok(check, "no report of any")] };
    vec![Finding::warning(
        check,
        format!("{} reports, the newest: {}", reports.len(), newest.display()),
        "send it to who mends Wireglobe (it holds nothing that was seen), and delete it",
    )]
}

fn room(folder: &Path, wanted: u64) -> Finding {
    let check = "disk";
    let name = folder.display();
    let there = existing(folder);
    if let Err(error) = writable(&there) {
        return Finding::problem(
            check,
            format!("{name}: {} can't be written: {error}", there.display()),
            "name another folder (alerts.folder, history.folder), or have its owner changed to the user who runs Wireglobe",
        );
    }
    let free = match rustix::fs::statvfs(&there) {
        Ok(facts) => facts.f_bavail.saturating_mul(facts.f_frsize),
        Err(error) => return Finding::warning(check, format!("{name}: {error}"), "look with: df"),
    };
    let (free_mb, wanted_mb) = (free >> 20, wanted >> 20);
    if free < wanted {
        return Finding::warning(
            check,
            format!("{name}: {free_mb} MiB are free; the settings allow it {wanted_mb} MiB"),
            "make room, or lower history.disk_mb and alerts.max_mb",
        );
    }
    Finding::ok(check, format!("{name}: {free_mb} MiB are free, {wanted_mb} MiB may be taken"))
}

/// The folder, or the nearest above it that is there.
fn existing(folder: &Path) -> PathBuf {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let found = whole.ancestors().find(|path| path.exists()).map(Path::to_path_buf);
    found.unwrap_or_else(|| PathBuf::from("/"))
}

/// Tries it, with a file that is gone at once.
fn writable(folder: &Path) -> io::Result<()> {
    let file = folder.join(format!(".wireglobe-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&file)?;
    fs::remove_file(&file)
}
