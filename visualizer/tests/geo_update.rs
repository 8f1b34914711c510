//! `geo update` with databases of every kind of content: what was stored last is used from then on, together with what it does
//! not hold.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../../analyzer/tests/geo_support/mod.rs"]
mod geo_support;

use std::path::PathBuf;
use std::process::Output;

use common::{TempFile, json, run, stderr};
use geo_support::{File, Value, write};

/// A data folder of its own.
struct Folder(TempFile);

impl Folder {
    fn new() -> Self {
        let settings = TempFile::new("settings.toml", b"");
        let text = format!("[geo]\nfolder = \"{}\"\n", settings.0.with_file_name("stored").display());
        std::fs::write(&settings.0, text).unwrap();
        Self(settings)
    }

    fn geo(&self, arguments: &[&str]) -> Output {
        run(&[&["geo"], arguments, &["--settings", self.0.path(), "--format", "json"]].concat())
    }

    fn update(&self, name: &str, bytes: &[u8]) -> Output {
        let file = TempFile::new(name, bytes);
        self.geo(&["update", "--from", file.path()])
    }

    /// City, country and system of 8.8.8.8.
    fn found(&self) -> [String; 3] {
        let found = json(&self.geo(&["lookup", "8.8.8.8"]));
        ["city", "country", "asn"].map(|field| found[field].to_string())
    }

    fn stored(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.0.0.with_file_name("stored")).unwrap();
        let mut names: Vec<PathBuf> = entries.map(|entry| entry.unwrap().file_name().into()).collect();
        names.sort();
        names
    }
}

fn city_mmdb() -> Vec<u8> {
    let record = Value::Map(vec![
        ("country_code", Value::Text("NL")),
        ("city", Value::Text("Enschede")),
        ("state1", Value::Text("Overijssel")),
        ("latitude", Value::Double(52.2)),
        ("longitude", Value::Double(6.9)),
    ]);
    let rows = vec![(0x0808_0000_u128, 16, record)];
    write(&File { database_type: "Test-City", ip_version: 4, record_size: 28, rows })
}

const CITY_CSV: &str = "8.8.0.0,8.8.255.255,EU,DE,Lower Saxony,Nordhorn,52.43,7.07\n";

#[test]
fn cities_come_from_a_database_or_a_list_and_the_last_stored_is_used() {
    let folder = Folder::new();
    let bundled = folder.found();
    let stored = json(&folder.update("city.mmdb", &city_mmdb()));
    assert_eq!((&stored["kind"], &stored["rows"]), (&"MaxMind DB".into(), &1.into()), "{stored}");
    let system = bundled[2].clone();
    assert_eq!(folder.found(), ["\"Enschede\"".into(), "\"NL\"".into(), system.clone()]);
    let stored = json(&folder.update("dbip-city-lite-2026-06.csv", CITY_CSV.as_bytes()));
    assert_eq!(stored["kind"], "cities (CSV)", "{stored}");
    assert_eq!(folder.found(), ["\"Nordhorn\"".into(), "\"DE\"".into(), system]);
    assert_eq!(folder.stored(), [PathBuf::from("country-city")]);
    let wrong = folder.update("city.csv", b"8.8.0.0,8.8.255.255,EU,DE,Lower Saxony,Nordhorn,north,7.07\nx\n");
    assert_eq!(wrong.status.code(), Some(3), "{wrong:?}");
    assert!(
        stderr(&wrong).contains("city.csv: record 1: expected first and last address"),
        "{}",
        stderr(&wrong)
    );
    assert_eq!(folder.found()[0], "\"Nordhorn\"", "a wrong list changes nothing");
}

#[test]
fn the_table_of_databases_tells_licence_credits_and_notice_of_each() {
    let folder = Folder::new();
    let bundled = String::from_utf8(run(&["geo", "info", "--settings", folder.0.path()]).stdout).unwrap();
    assert_eq!(bundled.matches("CC BY 4.0").count(), 3, "{bundled}");
    assert_eq!(bundled.matches("IP Geolocation by DB-IP (https://db-ip.com/)").count(), 1, "{bundled}");
    assert_eq!(
        bundled.matches("DB-IP Lite, ip-location-db ASN, DB-IP City Lite: Compacted").count(),
        1,
        "{bundled}"
    );
    let overlapping = b"8.8.8.0,8.8.8.255,64501,\"A\"\n8.8.8.128,8.8.8.255,64502,\"B\"\n";
    assert!(folder.update("asn.csv", overlapping).status.success());
    let own = String::from_utf8(run(&["geo", "info", "--settings", folder.0.path()]).stdout).unwrap();
    assert!(own.contains(": 1 ranges overlap others; the later start holds\n"), "{own}");
    assert!(own.contains("\nDB-IP Lite, DB-IP City Lite: Compacted"), "{own}");
}

#[test]
fn a_database_of_systems_stays_beside_one_of_cities() {
    let folder = Folder::new();
    assert!(folder.update("asn.csv", b"8.8.8.0,8.8.8.255,64501,\"Example\"\n").status.success());
    assert!(folder.update("city.mmdb", &city_mmdb()).status.success());
    assert_eq!(folder.found(), ["\"Enschede\"", "\"NL\"", "64501"].map(str::to_owned));
    let country = Value::Map(vec![("country_code", Value::Text("BE"))]);
    let rows = vec![(0x0808_0000_u128, 16, country)];
    let bytes = write(&File { database_type: "Test", ip_version: 4, record_size: 28, rows });
    assert!(folder.update("country.mmdb", &bytes).status.success());
    assert_eq!(
        folder.found(),
        ["null", "\"BE\"", "64501"].map(str::to_owned),
        "the city lies in another country"
    );
    assert_eq!(folder.stored(), ["asn", "country", "country-city"].map(PathBuf::from));
    assert!(folder.update("city.csv", CITY_CSV.as_bytes()).status.success());
    assert_eq!(folder.stored(), ["asn", "country-city"].map(PathBuf::from), "what it makes useless goes");
    assert_eq!(folder.found(), ["\"Nordhorn\"", "\"DE\"", "64501"].map(str::to_owned));
}
