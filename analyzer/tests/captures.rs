//! The detectors on the whole collection of captures: which expected detections are found, where they are quiet, and what
//! must not be said. Prints the tables, and holds that docs/DETECTION-RESULTS.md tells them (`WRITE_RESULTS=1` writes it).
//! Skipped, with a word, where the collection is absent.
//! `CAPTURES` names a part of the collection to look at, with each alert.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]
#![allow(clippy::disallowed_methods, reason = "the collection is read, and a part of it can be named")]

mod captures_support;
mod nfdump_support;
mod softflowd_support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use analyzer::detect::{Detection, Retelling, Thresholds};
use analyzer::{Alert, Severity};
use capturer::Packet;
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use captures_support::Row;
use softflowd_support::{Collector, are_there};

/// Benign files that have an alert of severity low or above, with the reason.
const EXPLAINED: &[(&str, &str)] =
    &[("os/zeek__tcp-fast-open.pcap", "exploit.traversal: the request does ask for ../../../etc/passwd")];

struct Capture {
    file: String,
    category: String,
    expected: Vec<String>,
}

fn folder() -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures")).to_path_buf();
    if folder.join("manifest.csv").exists() {
        return Some(folder);
    }
    println!("skipped: no captures at {}", folder.display());
    None
}

/// The fields of a line with quotes (RFC 4180, without line breaks in fields).
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(letter),
        }
    }
    fields
}

fn manifest(folder: &Path) -> Vec<Capture> {
    let text = std::fs::read_to_string(folder.join("manifest.csv")).unwrap();
    let mut lines = text.lines();
    let names = fields(lines.next().unwrap());
    let place = |name: &str| names.iter().position(|known| known == name).unwrap();
    let (file, category, expected) = (place("file"), place("category"), place("expected_detections"));
    let capture = |line: &str| {
        let fields = fields(line);
        let expected = fields[expected].split(';').map(|word| word.trim().to_owned());
        Capture {
            file: fields[file].clone(),
            category: fields[category].clone(),
            expected: expected.filter(|word| !word.is_empty()).collect(),
        }
    };
    lines.map(capture).filter(|capture| capture.category != "flows").collect()
}

/// What the detectors say of a file, as far as it can be read.
fn alerts(path: &Path, thresholds: &Thresholds) -> Vec<Alert> {
    let mut detection = Detection::new(thresholds, 64 << 20);
    let Ok(mut source) = FileSource::open(path) else { return Vec::new() };
    let mut decoder = Decoder::new(DecodeSettings::default());
    let mut packet = Packet::empty();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            detection.observe(&packet, frame.bytes);
            detection.advance(packet.at);
        }
    }
    detection.finish();
    detection.alerts().to_vec()
}

/// Whether a rule meets an expectation: the same, or its parent or child, the form for small or slow aside.
fn meets(expected: &str, rule: &str) -> bool {
    let plain = |id: &str| {
        let form = ["_small", "_low", "_slow"].into_iter().find_map(|form| id.strip_suffix(form));
        form.unwrap_or(id).to_owned()
    };
    if rule != expected && !rule.contains('.') {
        return false;
    }
    let (expected, rule) = (plain(expected), plain(rule));
    let below = |of: &str, id: &str| id.strip_prefix(of).is_some_and(|rest| rest.starts_with(['.', '_']));
    expected == rule || below(&rule, &expected) || below(&expected, &rule)
}

#[derive(Default)]
struct Tables {
    found: [usize; 2],
    optional: [usize; 2],
    quiet: [usize; 2],
    forbidden: [usize; 2],
    missed: Vec<String>,
    loud: BTreeMap<String, Vec<String>>,
    rows: Vec<Row>,
}

impl Tables {
    fn take(&mut self, capture: &Capture, alerts: &[Alert]) {
        let any = |expected: &str| alerts.iter().any(|alert| meets(expected, alert.rule.id));
        self.rows.push(row(capture, alerts));
        for expected in &capture.expected {
            if expected.starts_with("none") {
                let loud: Vec<&Alert> =
                    alerts.iter().filter(|alert| alert.severity >= Severity::Low).collect();
                count(&mut self.quiet, loud.is_empty());
                if !loud.is_empty() {
                    let tell = |alert: &&Alert| format!("{}: {}", alert.rule.id, alert.summary());
                    self.loud.insert(capture.file.clone(), loud.iter().map(tell).collect());
                }
            } else if let Some(never) = expected.strip_prefix('!') {
                count(&mut self.forbidden, !any(never.split("_by_").next().unwrap()));
            } else if let Some(nice) = expected.strip_suffix("(optional)") {
                count(&mut self.optional, any(nice));
                if !any(nice) {
                    self.missed.push(format!("{} {expected}", capture.file));
                }
            } else {
                count(&mut self.found, any(expected));
                if !any(expected) {
                    self.missed.push(format!("{} {expected}", capture.file));
                }
            }
        }
    }

    fn print(&self) {
        let line = |name: &str, [yes, all]: [usize; 2]| println!("{name:<28} {yes:>4} of {all}");
        line("expected and found", self.found);
        line("optional and found", self.optional);
        line("quiet where nothing is", self.quiet);
        line("forbidden and not said", self.forbidden);
        self.missed.iter().for_each(|missed| println!("missed  {missed}"));
        for (file, alerts) in &self.loud {
            alerts.iter().for_each(|alert| println!("loud    {file} {alert}"));
        }
    }
}

/// A capture's line of the document.
fn row(capture: &Capture, alerts: &[Alert]) -> Row {
    let any = |expected: &str| alerts.iter().any(|alert| meets(expected, alert.rule.id));
    let holds = |expected: &String| match expected.strip_prefix('!') {
        Some(never) => !any(never.split("_by_").next().unwrap()),
        None => any(expected.strip_suffix("(optional)").unwrap_or(expected)),
    };
    let ids = |least| {
        let loud = alerts.iter().filter(move |alert| alert.severity >= least);
        loud.map(|alert| alert.rule.id.to_owned()).collect()
    };
    Row {
        file: capture.file.clone(),
        category: capture.category.clone(),
        expected: capture.expected.clone(),
        holds: capture.expected.iter().map(holds).collect(),
        rules: ids(Severity::Info),
        loud: ids(Severity::Low),
        reason: EXPLAINED.iter().find(|(file, _)| *file == capture.file).map(|(_, reason)| *reason),
    }
}

fn count([yes, all]: &mut [usize; 2], is: bool) {
    *yes += usize::from(is);
    *all += 1;
}

#[test]
fn expected_detections_are_found_and_the_rest_is_quiet() {
    let Some(folder) = folder() else { return };
    let only = std::env::var("CAPTURES").unwrap_or_default();
    let mut tables = Tables::default();
    for capture in manifest(&folder).iter().filter(|capture| capture.file.contains(&only)) {
        let alerts = alerts(&folder.join(&capture.file), &Thresholds::default());
        if !only.is_empty() {
            println!("{} {:?}", capture.file, capture.expected);
            alerts.iter().take(40).for_each(|alert| {
                println!(
                    "   {:<8} {} {} {:?}",
                    alert.severity.name(),
                    alert.rule.id,
                    alert.summary(),
                    alert.figures
                );
            });
        }
        tables.take(capture, &alerts);
    }
    tables.print();
    if only.is_empty() {
        let explained = |file: &String| EXPLAINED.iter().any(|(known, _)| known == file);
        let odd: Vec<_> = tables.loud.keys().filter(|file| !explained(file)).collect();
        assert!(odd.is_empty(), "alerts where nothing is expected, and no reason given: {odd:?}");
        assert!(tables.quiet[0] * 50 >= tables.quiet[1] * 49, "quiet in less than 98 % of files");
        assert_eq!(tables.forbidden[0], tables.forbidden[1]);
        hold_document(&captures_support::document(&tables.rows, &captures_support::suricata(&folder)));
    }
}

/// All that is counted times `factor`, within the range of each setting; times, shares and weights of words as they are.
fn scaled(factor: f64) -> Thresholds {
    let mut thresholds = Thresholds::default();
    for rule in analyzer::detect::rules() {
        let counted = |unit: &str| {
            !["s", "ratio", "bit", "weight"].iter().any(|word| unit.split(['/', ' ']).next() == Some(word))
        };
        for setting in
            rule.settings.iter().filter(|setting| counted(setting.unit) && !setting.name.starts_with("most"))
        {
            let value = (setting.default * factor).clamp(setting.least, setting.most);
            // What is counted is a whole number; one less is always asked for, and one more.
            let value = if setting.default.fract() > 0.0 { value } else { value.round() };
            thresholds.set(rule.id, setting.name, value).unwrap();
        }
    }
    thresholds
}

/// How near the thresholds are to what they tell apart: nine of ten attacks are still found when all are a fifth higher, and
/// hardly anything else is when all are a fifth lower, or half as high.
#[test]
#[ignore = "a minute; docs/RULES.md has its figures"]
fn thresholds_stand_far_from_either_side() {
    let Some(folder) = folder() else { return };
    let captures = manifest(&folder);
    let of = |factor: f64| {
        let (thresholds, mut tables) = (scaled(factor), Tables::default());
        captures
            .iter()
            .for_each(|capture| tables.take(capture, &alerts(&folder.join(&capture.file), &thresholds)));
        println!(
            "{factor:>4}: found {:?}, quiet {:?}, missed {:?}",
            tables.found, tables.quiet, tables.missed
        );
        (tables.found, tables.quiet)
    };
    let [half, lower, same, higher, double] = [0.5, 0.8, 1.0, 1.2, 2.0].map(of);
    assert_eq!(half.0, same.0, "half as high");
    assert!(lower.1[0] * 100 >= lower.1[1] * 98, "a fifth lower: {lower:?}");
    assert!(half.1[0] * 100 >= half.1[1] * 95, "half as high: {half:?}");
    assert!(higher.0[0] * 10 >= higher.0[1] * 9 && higher.1[0] >= same.1[0], "a fifth higher: {higher:?}");
    assert!(double.0[0] * 4 >= double.0[1] * 3, "twice as high: {double:?}");
}

/// What flow records can show.
const SHOWN_BY_RECORDS: [&str; 4] = ["scan.port", "scan.host", "flood", "brute.ssh"];

/// What they do not show, with the reason.
const BY_PACKETS_ALONE: &[(&str, &str)] = &[
    ("scan.host.arp", "ARP is no flow"),
    ("flood.dhcp", "which client asks stands in the payload"),
    ("brute.ssh", "that port 902 is SSH says only its banner"),
    ("attack/zeek__nmap-vsn.pcap", "seven hosts are a scan only with the ARP sweep before them"),
];

/// What the detectors say of what softflowd tells nfcapd of a capture; `None` of one that softflowd can not read.
fn alerts_of_records(path: &Path) -> Option<Vec<Alert>> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let mut collector = Collector::start(&format!("detect-{name}"));
    let taken = collector.take(path);
    collector.end();
    taken?;
    let (mut retelling, mut detection) =
        (Retelling::recorded(), Detection::new(&Thresholds::default(), 64 << 20));
    let folder = std::fs::read_dir(&collector.folder).unwrap();
    let files: BTreeSet<_> = folder.map(|entry| entry.unwrap().path()).collect();
    for file in files {
        if file.file_name().unwrap().to_string_lossy().starts_with("nfcapd.") {
            for record in nfdump_support::records(&file) {
                retelling.take(&record);
                retelling.make_room(&mut detection);
            }
        }
    }
    retelling.finish(&mut detection);
    Some(detection.alerts().to_vec())
}

#[test]
fn flow_records_of_the_same_traffic_show_scans_and_floods_and_are_as_quiet() {
    let Some(folder) = folder().filter(|_| are_there(&["softflowd", "nfcapd"])) else {
        println!("skipped: needs softflowd and nfcapd, too");
        return;
    };
    let only = std::env::var("CAPTURES").unwrap_or_default();
    let (mut found, mut quiet) = ([0; 2], [0; 2]);
    for capture in manifest(&folder).iter().filter(|capture| capture.file.contains(&only)) {
        let path = folder.join(&capture.file);
        let shown = |id: &&String| {
            let of = |family: &&str| id.starts_with(family);
            let apart = |(what, _): &(&str, &str)| *what == id.as_str() || *what == capture.file;
            SHOWN_BY_RECORDS.iter().any(of)
                && !id.ends_with("(optional)")
                && !BY_PACKETS_ALONE.iter().any(apart)
        };
        let expected: Vec<&String> = capture.expected.iter().filter(shown).collect();
        let is_benign = capture.expected.iter().any(|id| id.starts_with("none"));
        if !["attack", "benign"].contains(&capture.category.as_str()) || (expected.is_empty() && !is_benign) {
            continue;
        }
        let Some(alerts) = alerts_of_records(&path) else { continue };
        let ids: Vec<&str> = alerts.iter().map(|alert| alert.rule.id).collect();
        println!("{} {expected:?}: {ids:?}", capture.file);
        if !only.is_empty() {
            alerts.iter().take(40).for_each(|alert| {
                println!("   {:<8} {} {:?}", alert.severity.name(), alert.summary(), alert.figures);
            });
        }
        for id in expected {
            count(&mut found, ids.iter().any(|rule| meets(id, rule)));
        }
        if is_benign {
            count(&mut quiet, alerts.iter().all(|alert| alert.severity < Severity::Low));
        }
    }
    println!("found {found:?}, quiet {quiet:?}");
    if only.is_empty() {
        assert!(found[1] >= 10 && found[0] == found[1], "found {found:?}");
        // An ICMP error says which connection it refuses in its payload, so a network that is cut off asks in vain.
        assert!(quiet[0] * 50 >= quiet[1] * 49, "quiet {quiet:?}");
    }
}

/// The document is today's, or is written anew.
fn hold_document(today: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/DETECTION-RESULTS.md");
    if std::env::var_os("WRITE_RESULTS").is_some() {
        std::fs::write(path, today).unwrap();
    }
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let differs = before.lines().zip(today.lines()).find(|(was, is)| was != is);
    assert!(before == today, "WRITE_RESULTS=1 writes docs/DETECTION-RESULTS.md anew: {differs:?}");
}
