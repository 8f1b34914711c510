//! Signatures, labels and uptimes as p0f 3.09b has them, on the whole collection of captures. Compared are the distinct
//! observations of a file: module, address, signature (or unit, or rate) and label. Prints the table that
//! docs/FINGERPRINTS.md explains. Skipped, with a word, where the collection is absent. `CAPTURES` names a part of it, with each difference.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]
#![allow(clippy::disallowed_methods, reason = "the collection is read, and a part of it can be named")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::fingerprint::{Database, Event, EventKind, Fingerprints};
use capturer::Packet;
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

/// Modules with the share of signatures that has to be equal, and the number that is not because p0f is wrong
/// (docs/FINGERPRINTS.md names the faults).
const MODULES: [(&str, f64, usize); 6] = [
    ("syn", 0.995, 8),
    ("syn+ack", 0.995, 0),
    ("mtu", 0.995, 0),
    ("http request", 0.995, 0),
    ("http response", 0.995, 3),
    ("uptime", 0.95, 0),
];

/// Module, address, what was seen.
type Sight = (String, String, String);

fn folder() -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).to_path_buf();
    if folder.join("captures/oracle/p0f_table.csv").exists() && folder.join("seed-data/p0f/p0f.fp").exists() {
        return Some(folder);
    }
    println!("skipped: no captures at {}", folder.display());
    None
}

/// The fields of a line with quotes (RFC 4180, without line breaks in fields).
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted, mut last) = (vec![String::new()], false, ',');
    for letter in line.chars() {
        match letter {
            '"' => {
                if !quoted && last == '"' {
                    fields.last_mut().unwrap().push('"');
                }
                quoted = !quoted;
            }
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(letter),
        }
        last = letter;
    }
    fields
}

/// What p0f saw in each file: signatures, and labels.
fn oracle(folder: &Path) -> BTreeMap<String, (BTreeSet<Sight>, BTreeSet<Sight>)> {
    let text = std::fs::read_to_string(folder.join("captures/oracle/p0f_table.csv")).unwrap();
    let mut files: BTreeMap<String, (BTreeSet<Sight>, BTreeSet<Sight>)> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields = fields(line);
        let [file, module, _, address, _, label, _, _, raw, figure] = fields.as_slice() else {
            panic!("{line}")
        };
        if !MODULES.iter().any(|(name, ..)| name == module) {
            continue;
        }
        let (signatures, labels) = files.entry(file.clone()).or_default();
        let seen = if matches!(module.as_str(), "mtu" | "uptime") { rounded(figure) } else { raw.clone() };
        signatures.insert((module.clone(), canonical(address), seen));
        if module != "uptime" {
            labels.insert((module.clone(), canonical(address), label.clone()));
        }
    }
    files
}

fn canonical(address: &str) -> String {
    address.parse::<std::net::IpAddr>().unwrap().to_string()
}

fn rounded(figure: &str) -> String {
    let digits: String = figure.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    format!("{:.0}", digits.parse::<f64>().unwrap())
}

/// What we see in a file, as far as it can be read.
fn ours(path: &Path, database: &Arc<Database>) -> (BTreeSet<Sight>, BTreeSet<Sight>) {
    let mut seen = (BTreeSet::new(), BTreeSet::new());
    let mut fingerprints = Fingerprints::new(Arc::clone(database), 16 << 20);
    let Ok(mut source) = FileSource::open(path) else { return seen };
    let mut decoder = Decoder::new(DecodeSettings::default());
    let mut packet = Packet::empty();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            fingerprints.observe(&packet, frame.bytes, &mut |event| note(event, &mut seen));
        }
    }
    seen
}

fn note(event: &Event<'_>, (signatures, labels): &mut (BTreeSet<Sight>, BTreeSet<Sight>)) {
    let (module, address) = (event.kind.name().to_owned(), event.address().to_string());
    let (signature, label) = match &event.kind {
        EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight) => {
            (sight.signature().to_string(), sight.found.map(|(_, label)| label.to_string()))
        }
        EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) => {
            (sight.print.to_string(), sight.found.map(|(_, label)| label.to_string()))
        }
        EventKind::Mtu { unit, link } => (unit.to_string(), link.map(ToString::to_string)),
        EventKind::Uptime(uptime) => (format!("{:.0}", (uptime.frequency * 100.0).round() / 100.0), None),
        EventKind::HostChange(_) | EventKind::IpSharing(_) => return,
    };
    labels.insert((module.clone(), address.clone(), label.unwrap_or_else(|| "???".to_owned())));
    signatures.insert((module, address, signature));
}

/// Counts what is there and what is missing.
fn compare(
    (wanted, got): (&BTreeSet<Sight>, &BTreeSet<Sight>),
    (file, what): (&str, &str),
    table: &mut BTreeMap<String, (usize, usize)>,
) {
    for sight in wanted {
        let (good, all) = table.entry(sight.0.clone()).or_default();
        *good += usize::from(got.contains(sight));
        *all += 1;
        if !got.contains(sight) && std::env::var("CAPTURES").is_ok() {
            println!("{file}: {what} {sight:?}");
        }
    }
}

#[test]
fn what_p0f_sees_is_seen() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("seed-data/p0f/p0f.fp")).unwrap();
    let database = Arc::new(Database::read("p0f.fp", &text).unwrap());
    let only = std::env::var("CAPTURES").unwrap_or_default();
    let (mut signatures, mut labels) = (BTreeMap::new(), BTreeMap::new());
    for (file, wanted) in oracle(&folder).into_iter().filter(|(file, _)| file.contains(&only)) {
        let got = ours(&folder.join("captures").join(&file), &database);
        compare((&wanted.0, &got.0), (&file, "signature"), &mut signatures);
        compare((&wanted.1, &got.1), (&file, "label"), &mut labels);
    }
    println!("| module | signatures | equal | labels | equal |\n|---|---|---|---|---|");
    for (module, floor, faults) in MODULES {
        let (good, all) = signatures.get(module).copied().unwrap_or_default();
        let (named, names) = labels.get(module).copied().unwrap_or_default();
        let share = |good: usize, all: usize| if all == 0 { 1.0 } else { good as f64 / all as f64 };
        println!(
            "| {module} | {good} of {all} | {:.2} % | {named} of {names} | {:.2} % |",
            share(good, all) * 100.0,
            share(named, names) * 100.0
        );
        assert!(
            share(good + faults, all) >= floor,
            "{module}: {good} of {all}, where p0f is wrong {faults} times"
        );
        assert!(share(named, names) >= 0.99, "{module}: {named} of {names} labels");
    }
}

#[test]
fn every_signature_of_p0f_is_written_as_it_is_read() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("seed-data/p0f/p0f.fp")).unwrap();
    let database = Database::read("p0f.fp", &text).unwrap();
    let written: BTreeSet<String> = database.tcp_signatures().collect();
    let section = |line: &str| line.starts_with("[tcp:");
    let mut is_tcp = false;
    for line in text.lines() {
        is_tcp = if line.starts_with('[') { section(line) } else { is_tcp };
        if let (true, Some((key, signature))) = (is_tcp, line.split_once('='))
            && key.trim() == "sig"
        {
            assert!(written.contains(signature.trim()), "{signature}");
        }
    }
    println!("{:?} signatures of SYN, SYN+ACK, links, requests, answers", database.counts());
}
