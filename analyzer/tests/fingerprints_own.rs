//! Our own signatures on the whole collection of captures: each line that says it was seen somewhere is, and none answers
//! another family than what the host's headers tell. And what is learned of each capture fits it. Skipped, with a word, where the collection is absent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]
#![allow(clippy::disallowed_methods, reason = "the collection is read")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::fingerprint::{Database, Event, EventKind, Fingerprints, Lessons, Subject};
use capturer::Packet;
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

const SIGNATURES: &str = include_str!("../src/fingerprint/signatures.fp");

/// Clients whose header is what lies: a browser of a Mac behind a stack of Linux.
const LIARS: [(&str, &str); 2] = [
    ("attack/cve__log4j-attack.pcap", "203.0.113.217"),
    ("os/PcapPlusPlus__http-packets2.pcap", "172.16.133.132"),
];

fn captures() -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures")).to_path_buf();
    if folder.join("oracle/os_truth_vs_p0f.csv").exists() {
        return Some(folder);
    }
    println!("skipped: no captures at {}", folder.display());
    None
}

/// All captures below a folder, by their path within it.
fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for kind in ["attack", "benign", "os", "malformed", "linktypes"] {
        for entry in std::fs::read_dir(folder.join(kind)).unwrap() {
            all.push(format!("{kind}/{}", entry.unwrap().file_name().to_string_lossy()));
        }
    }
    all
}

fn observe(path: &Path, tell: &mut dyn FnMut(&Event<'_>)) {
    observe_by(&Database::own(), path, tell);
}

fn observe_by(database: &Arc<Database>, path: &Path, tell: &mut dyn FnMut(&Event<'_>)) {
    let mut fingerprints = Fingerprints::new(Arc::clone(database), 16 << 20);
    let Ok(mut source) = FileSource::open(path) else { return };
    let mut decoder = Decoder::new(DecodeSettings::default());
    let mut packet = Packet::empty();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            fingerprints.observe(&packet, frame.bytes, tell);
        }
    }
}

/// The line an observation comes from.
fn line(event: &Event<'_>) -> Option<u32> {
    let unit_line = |unit: u32| {
        let wanted = format!("sig   = {unit}");
        (1..).zip(SIGNATURES.lines()).find(|(_, line)| *line == wanted).map(|(line, _)| line)
    };
    match &event.kind {
        EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight) => sight.found.map(|(found, _)| found.line),
        EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) => {
            sight.found.map(|(found, _)| found.line)
        }
        EventKind::Mtu { unit, .. } => unit_line(*unit),
        _ => None,
    }
}

#[test]
fn what_lines_say_was_seen_is_seen_there() {
    let Some(folder) = captures() else { return };
    let mut seen: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for file in files(&folder) {
        observe(&folder.join(&file), &mut |event| {
            if let Some(line) = line(event) {
                seen.entry(line).or_default().insert(file.clone());
            }
        });
    }
    let nobody = BTreeSet::new();
    let (mut claims, mut wrong) = (0, Vec::new());
    for (number, text) in (1..).zip(SIGNATURES.lines()) {
        let Some((_, places)) = text.split_once("Seen in ").filter(|_| text.starts_with("; ")) else {
            continue;
        };
        let known = seen.get(&(number + 1)).unwrap_or(&nobody);
        for place in places.trim_end_matches('.').split(", ") {
            claims += 1;
            let there = known.iter().any(|file| file.contains(&format!("/{place}.")));
            if !there {
                wrong.push(format!("line {}: not in {place}, but in {known:?}", number + 1));
            }
        }
    }
    println!("{claims} places named, {} lines seen", seen.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The family that a label names, if it names a system.
fn family(label: &str) -> Option<&'static str> {
    let words = [
        ("windows", "Windows"),
        ("mac os", "iOS/Mac"),
        ("linux", "Linux"),
        ("bsd", "BSD"),
        ("solaris", "Solaris"),
    ];
    let label = label.to_lowercase();
    words.iter().find(|(word, _)| label.starts_with(word)).map(|(_, family)| *family)
}

/// What headers tell: file, address and end to the family, contested rows left out.
fn truth(folder: &Path) -> BTreeMap<(String, String, bool), String> {
    let text = std::fs::read_to_string(folder.join("oracle/os_truth_vs_p0f.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| row.last() != Some(&"yes"))
        .map(|row| {
            let family = if row[3] == "Android" { "Linux" } else { row[3] };
            ((row[0].to_owned(), row[1].to_owned(), row[2] == "cli"), family.to_owned())
        })
        .collect()
}

#[test]
fn no_line_answers_another_family() {
    let Some(folder) = captures() else { return };
    let truth = truth(&folder);
    let (mut right, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    for file in files(&folder) {
        observe(&folder.join(&file), &mut |event| {
            let (EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight)) = &event.kind else { return };
            let key = (file.clone(), event.address().to_string(), event.subject == Subject::Client);
            let (Some(truth), Some((found, label))) = (truth.get(&key), sight.found) else { return };
            let lies = LIARS.contains(&(key.0.as_str(), key.1.as_str()));
            let Some(family) = family(&label.to_string()).filter(|_| !lies) else { return };
            let row = format!("{key:?}: {truth}, not {label} (line {})", found.line);
            if family == truth {
                right.insert(key)
            } else {
                wrong.insert(row)
            };
        });
    }
    println!("{} of {} hosts whose headers tell a family have it from their stack", right.len(), truth.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right.len() >= 55, "{}", right.len());
}

/// Whether an observation has a label; `None` if it is of a kind that has none.
fn is_known(event: &Event<'_>) -> Option<bool> {
    match &event.kind {
        EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight) => Some(sight.found.is_some()),
        EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) => Some(sight.found.is_some()),
        EventKind::Mtu { link, .. } => Some(link.is_some()),
        _ => None,
    }
}

#[test]
fn what_was_learned_of_a_capture_knows_all_of_it() {
    let Some(folder) = captures() else { return };
    let nothing = Arc::new(Database::default());
    let (mut lines, mut sights) = (0, 0);
    for file in files(&folder) {
        let mut lessons = Lessons::default();
        observe_by(&nothing, &folder.join(&file), &mut |event| lessons.note(event));
        let learned = Arc::new(Database::read(&file, &lessons.to_string()).unwrap());
        let (mut unknown, mut known) = (0, 0);
        observe_by(&learned, &folder.join(&file), &mut |event| match is_known(event) {
            Some(true) => known += 1,
            Some(false) => unknown += 1,
            None => {}
        });
        assert!(
            unknown <= lessons.left_out(),
            "{file}: {unknown} of {known} unknown, {} left out",
            lessons.left_out()
        );
        (lines, sights) = (lines + lessons.count(), sights + known);
    }
    println!("{sights} observations are known by {lines} lines that were learned of them");
}
