//! Whether newer data or a newer Wireglobe exists. Asked on request (`geo update --check`), or once a day by a running
//! server whose settings say so (`geo.check_updates`); never otherwise, and nothing is fetched or changed by it.
//!
//! The bundled tables are asked for at the registry that they came from, Wireglobe at the registry of crates, each through
//! the one door ([`super::web`]); whoever is asked learns that somebody here runs Wireglobe, and no more. A crate of that
//! name that is not this project's is not ours to speak of. What the user takes updates from is asked for its day wherever
//! it is, since the user named it.

use analyzer::geo::{Source, SourceOrigin, Sources};
use serde_json::{Value, json};

use super::pace::Pace;
use super::web::Web;
use super::{Unavailable, resolver_of};
use crate::geo_update;
use crate::settings::Settings;

/// What there may be a newer one of.
struct Subject {
    what: &'static str,
    /// Below the registry, the document that tells the latest.
    at: (Registry, &'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Registry {
    Npm,
    Crates,
}

const SUBJECTS: [Subject; 4] = [
    Subject { what: "country", at: (Registry::Npm, "/@ip-location-db%2fdbip-country-mmdb/latest") },
    Subject { what: "asn", at: (Registry::Npm, "/@ip-location-db%2fasn/latest") },
    Subject { what: "city", at: (Registry::Npm, "/@ip-location-db%2fdbip-city-mmdb/latest") },
    Subject { what: "wireglobe", at: (Registry::Crates, "/api/v1/crates/wireglobe") },
];

/// What is known of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    what: &'static str,
    /// The day of the data, or the version of the program, that is in use.
    in_use: String,
    /// The same of the latest; or why nobody knows.
    latest: Result<String, String>,
}

impl Finding {
    /// Whether there is a newer one.
    pub(crate) fn is_newer(&self) -> bool {
        self.latest.as_ref().is_ok_and(|latest| parts(latest) > parts(&self.in_use))
    }

    /// Why nobody knows.
    pub(crate) fn error(&self) -> Option<&str> {
        self.latest.as_ref().err().map(String::as_str)
    }

    /// As documents have it.
    pub(crate) fn document(&self) -> Value {
        json!({
            "what": self.what, "in_use": self.in_use, "latest": self.latest.as_ref().ok(), "newer": self.is_newer(),
            "error": self.error(),
        })
    }
}

/// Asks about every bundled table in use, about Wireglobe, and about what `geo.update_from` has.
///
/// # Errors
/// [`Unavailable`] when no name server is known.
pub(crate) fn check(settings: &Settings, sources: &Sources) -> Result<Vec<Finding>, Unavailable> {
    let web = Web::new(resolver_of(&settings.online)?);
    let mut found = ask(&web, sources, |registry| match registry {
        Registry::Npm => "https://registry.npmjs.org".to_owned(),
        Registry::Crates => "https://crates.io".to_owned(),
    });
    let waiting = geo_update::waiting(settings);
    found.extend(waiting.map(|(in_use, latest)| Finding { what: "geo.update_from", in_use, latest }));
    Ok(found)
}

fn ask(web: &Web, sources: &Sources, base: impl Fn(Registry) -> String) -> Vec<Finding> {
    let mut pace = Pace::default();
    let asked = SUBJECTS.iter().filter_map(|subject| Some((subject, in_use(subject.what, sources)?)));
    asked
        .map(|(subject, in_use)| {
            let (registry, path) = subject.at;
            let answer = web.get(&format!("{}{path}", base(registry)), &mut pace);
            let latest = answer.map_err(|error| error.to_string()).and_then(|bytes| read(registry, &bytes));
            Finding { what: subject.what, in_use, latest }
        })
        .collect()
}

/// The day or version in use; a database of the user's own is his to keep fresh.
fn in_use(what: &str, sources: &Sources) -> Option<String> {
    let bundled = |source: &Option<Source>| {
        let bundled = source.as_ref().filter(|source| source.origin == SourceOrigin::Bundled);
        bundled.map(|source| source.date.clone())
    };
    match what {
        "country" => bundled(&sources.country),
        "asn" => bundled(&sources.asn),
        "city" => bundled(&sources.city),
        _ => Some(env!("CARGO_PKG_VERSION").to_owned()),
    }
}

/// The latest day or version in a registry's answer.
fn read(registry: Registry, bytes: &[u8]) -> Result<String, String> {
    let answer: Value = serde_json::from_slice(bytes).map_err(|_| "the answer is not JSON".to_owned())?;
    match registry {
        Registry::Npm => {
            let version = answer["version"].as_str().and_then(day);
            version.ok_or_else(|| {
                "the answer has no version that tells a day, such as 2.3.2026060120".to_owned()
            })
        }
        Registry::Crates if answer["crate"]["repository"] != env!("CARGO_PKG_REPOSITORY") => {
            Err("no release of this project is published there".to_owned())
        }
        Registry::Crates => {
            let version = answer["crate"]["max_stable_version"].as_str();
            let version = version.filter(|version| parts(version).len() == 3 && version.len() < 40);
            version.map(str::to_owned).ok_or_else(|| "the answer has no version such as 1.2.3".to_owned())
        }
    }
}

/// `2.3.2026060120` is of 2026-06-01.
fn day(version: &str) -> Option<String> {
    let digits = version.rsplit('.').next().filter(|digits| digits.len() >= 8 && digits.len() <= 12)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.starts_with("20");
    plain.then(|| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..8]))
}

/// A day or a version as numbers, to be compared; empty for what is neither.
fn parts(text: &str) -> Vec<u64> {
    let numbers: Option<Vec<u64>> = text.split(['.', '-']).map(|part| part.parse().ok()).collect();
    numbers.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};

    use analyzer::geo::{Geo, Needs};

    use super::*;
    use crate::online::resolver::Resolver;

    /// Answers each path as `answer` says, until the test is over.
    fn stub(answer: fn(&str) -> (u16, String)) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = vec![0; 4096];
                let length = stream.read(&mut head).unwrap();
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let (status, body) = answer(head.split(' ').nth(1).unwrap());
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        address
    }

    fn findings(answer: fn(&str) -> (u16, String)) -> Vec<Finding> {
        let address = stub(answer);
        let web = Web::with_stub(Resolver::new(Some("127.0.0.1:1")).unwrap(), address);
        let geo = Geo::bundled(Needs::ALL).with_cities();
        ask(&web, &geo.sources(), |_| format!("http://{address}"))
    }

    fn of(found: &[Finding], what: &str) -> (bool, Value) {
        let finding = found.iter().find(|finding| finding.what == what).unwrap();
        (finding.is_newer(), finding.document())
    }

    #[test]
    fn newer_data_and_a_newer_program_are_told_and_what_is_not_ours_is_not() {
        let found = findings(|path| match path {
            "/@ip-location-db%2fdbip-country-mmdb/latest" => {
                (200, r#"{"version": "2.3.2027020120"}"#.to_owned())
            }
            "/@ip-location-db%2fasn/latest" => (200, r#"{"version": "2.3.2026061719"}"#.to_owned()),
            "/@ip-location-db%2fdbip-city-mmdb/latest" => (404, String::new()),
            _ => {
                let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), "99.0.0");
                let answer = json!({"crate": {"repository": repository, "max_stable_version": version}});
                (200, answer.to_string())
            }
        });
        let (newer, country) = of(&found, "country");
        assert!(newer && country["latest"] == "2027-02-01" && country["in_use"] == "2026-06-01", "{country}");
        assert_eq!(of(&found, "asn").1["latest"], "2026-06-17");
        assert!(!of(&found, "asn").0, "the same is not newer");
        assert!(of(&found, "city").1["error"].as_str().unwrap().ends_with("answered with status 404"));
        assert!(of(&found, "wireglobe").0);
    }

    #[test]
    fn hostile_answers_tell_nothing() {
        for answer in [
            r#"{"version": "2.3.<script>alert(1)"}"#,
            r#"{"version": 7, "crate": {"repository": "https://example.net/other", "max_stable_version": "99.0.0"}}"#,
            "<html>",
            "[]",
        ] {
            for registry in [Registry::Npm, Registry::Crates] {
                assert!(read(registry, answer.as_bytes()).is_err(), "{answer}");
            }
        }
        let ours = |version: &str| {
            let repository = env!("CARGO_PKG_REPOSITORY");
            let answer = json!({"crate": {"repository": repository, "max_stable_version": version}});
            read(Registry::Crates, answer.to_string().as_bytes())
        };
        assert!(ours("1.2.3").is_ok() && ours("1.2").is_err() && ours("\u{1b}[2J").is_err());
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        for (latest, in_use, newer) in [
            ("0.10.0", "0.9.9", true),
            ("0.1.0", "0.1.0", false),
            ("0.1.0", "1.0.0", false),
            ("2026-07-01", "2026-06-17", true),
            ("2026-07-01", "", true),
        ] {
            let finding = Finding { what: "x", in_use: in_use.to_owned(), latest: Ok(latest.to_owned()) };
            assert_eq!(finding.is_newer(), newer, "{latest} {in_use}");
        }
    }

    #[test]
    fn a_database_of_ones_own_is_not_asked_about() {
        let geo = Geo::empty();
        let found: Vec<&str> = SUBJECTS
            .iter()
            .filter_map(|subject| in_use(subject.what, &geo.sources()).map(|_| subject.what))
            .collect();
        assert_eq!(found, ["wireglobe"]);
    }
}
