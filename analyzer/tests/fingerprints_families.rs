//! Families of systems against what headers say, on the rows of `os_truth_vs_p0f.csv`: with all evidence, and with the evidence
//! masked that is itself the truth of a row. Contested rows, whose header the stack contradicts, must come out less sure, with
//! the contradiction named. The tables stand in docs/FINGERPRINTS.md: `FINGERPRINTS=write` writes them, and the test holds that
//! they are today's. Skipped, with a word, where the collection is absent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]
#![allow(clippy::disallowed_methods, reason = "the collection is read, and the tables are written")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use analyzer::fingerprint::{Database, EvidenceKind, Families, Family, Fingerprints, Verdict};
use capturer::Packet;
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

/// A host on one side, and what its headers say.
struct Row {
    file: String,
    address: IpAddr,
    is_client: bool,
    truth: Families,
    p0f: String,
    contested: bool,
}

fn folder() -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures")).to_path_buf();
    if folder.join("oracle/os_truth_vs_p0f.csv").exists() {
        return Some(folder);
    }
    println!("skipped: no captures at {}", folder.display());
    None
}

/// The rows; labels have no commas.
fn rows(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("oracle/os_truth_vs_p0f.csv")).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [file, address, side, truth, _, p0f, contested] = fields.as_slice() else { panic!("{line}") };
        Row {
            file: (*file).to_owned(),
            address: address.parse().unwrap(),
            is_client: *side == "cli",
            truth: if *truth == "iOS/Mac" { Families::APPLE } else { Family::named(truth).unwrap().kin() },
            p0f: (*p0f).to_owned(),
            contested: !contested.is_empty(),
        }
    };
    text.lines().skip(1).map(row).collect()
}

/// The kinds of evidence that told the truth of a host: by the kinds of hints in the oracle.
fn truths(folder: &Path) -> BTreeMap<(String, String), BTreeSet<EvidenceKind>> {
    use EvidenceKind::{ClientHints, Dhcp, NetBios, Server, Smb, Ssdp, Ssh, UserAgent};
    let text = std::fs::read_to_string(folder.join("oracle/os_hints.csv")).unwrap();
    let mut truths: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut fields = line.splitn(4, ',');
        let (Some(file), Some(address), Some(kind)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let kinds: &[EvidenceKind] = match kind {
            "http_ua" => &[UserAgent, ClientHints, Ssdp],
            "http_server" => &[Server, Ssdp],
            "ntlm_ver" | "smb_os" => &[Smb],
            "browser_os" => &[NetBios],
            "dhcp_host" | "dhcp_vendor" => &[Dhcp],
            "ssh_banner" => &[Ssh],
            _ => &[],
        };
        truths.entry((file.to_owned(), address.to_owned())).or_default().extend(kinds);
    }
    truths
}

fn seen(path: &Path) -> Fingerprints {
    let mut fingerprints = Fingerprints::new(Database::own(), 64 << 20);
    let Ok(mut source) = FileSource::open(path) else { return fingerprints };
    let mut decoder = Decoder::new(DecodeSettings::default());
    let mut packet = Packet::empty();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            fingerprints.observe(&packet, frame.bytes, &mut |_| ());
        }
    }
    fingerprints
}

/// How many were right, wrong and unknown.
#[derive(Clone, Copy, Default)]
struct Score {
    right: usize,
    wrong: usize,
    unknown: usize,
}

impl Score {
    fn add(&mut self, right: Option<bool>) {
        match right {
            Some(true) => self.right += 1,
            Some(false) => self.wrong += 1,
            None => self.unknown += 1,
        }
    }

    fn share(self) -> f64 {
        self.right as f64 / (self.right + self.wrong + self.unknown).max(1) as f64
    }

    fn line(self, name: &str) -> String {
        let Self { right, wrong, unknown } = self;
        format!(
            "| {name} | {} | {right} | {wrong} | {unknown} | {:.1} % |\n",
            right + wrong + unknown,
            self.share() * 100.0
        )
    }
}

fn is_right(row: &Row, verdict: Option<&Verdict>) -> Option<bool> {
    Some(row.truth.has(verdict?.family?))
}

/// All scores: p0f's, ours with everything, ours masked; clients first.
#[derive(Default)]
struct Scores {
    p0f: [Score; 2],
    all: [Score; 2],
    masked: [Score; 2],
}

impl Scores {
    fn tables(&self) -> String {
        let head = "| | hosts | right | wrong | unknown | right |\n|---|---|---|---|---|---|\n";
        let both = |scores: [Score; 2], name: &str| {
            scores[0].line(&format!("clients, {name}")) + &scores[1].line(&format!("servers, {name}"))
        };
        format!(
            "{head}{}{}\n{head}{}{}",
            both(self.all, "all evidence"),
            both(self.p0f, "p0f"),
            both(self.masked, "their truth masked"),
            both(self.p0f, "p0f")
        )
    }
}

#[test]
fn families_are_what_headers_say() {
    let Some(folder) = folder() else { return };
    let (rows, truths) = (rows(&folder), truths(&folder));
    let files: BTreeSet<&String> = rows.iter().map(|row| &row.file).collect();
    let (mut scores, mut contested) = (Scores::default(), Vec::new());
    for file in files {
        let fingerprints = seen(&folder.join(file));
        for row in rows.iter().filter(|row| row.file == *file) {
            let kinds = truths.get(&(row.file.clone(), row.address.to_string()));
            let kinds: Vec<_> = kinds.into_iter().flatten().copied().collect();
            let verdict = fingerprints.verdict(row.address);
            let masked = fingerprints.verdict_without(row.address, &kinds);
            show(row, verdict.as_ref(), masked.as_ref());
            if row.contested {
                contested.push((row.address, verdict.unwrap()));
                continue;
            }
            let side = usize::from(!row.is_client);
            let p0f = Some(row.p0f.as_str()).filter(|verdict| *verdict != "unknown");
            scores.p0f[side].add(p0f.map(|verdict| verdict == "right"));
            scores.all[side].add(is_right(row, verdict.as_ref()));
            scores.masked[side].add(is_right(row, masked.as_ref()));
        }
    }
    println!("{}", scores.tables());
    check_document(&scores.tables());
    assert!(scores.all[0].share() >= 0.97 && scores.all[1].share() >= 0.90);
    assert!(scores.masked[0].share() >= 0.93 && scores.masked[1].right > scores.p0f[1].right);
    check_contested(&contested);
}

/// With `FINGERPRINTS=show`, each row.
fn show(row: &Row, verdict: Option<&Verdict>, masked: Option<&Verdict>) {
    if std::env::var("FINGERPRINTS").is_ok_and(|value| value == "show") {
        let (all, masked_right) = (is_right(row, verdict), is_right(row, masked));
        println!(
            "{} {} {} {} {} {all:?} {masked_right:?}",
            row.file, row.address, row.is_client, row.truth, row.contested
        );
        if all != Some(true) || masked_right != Some(true) || row.contested {
            println!("    {verdict:?}\n");
        }
    }
}

/// Rows whose header the stack contradicts are less sure than nearly all others, and say why.
fn check_contested(contested: &[(IpAddr, Verdict)]) {
    for (address, verdict) in contested {
        assert!(!verdict.contradictions.is_empty() && verdict.confidence < 85, "{address}: {verdict:?}");
    }
}

const BEGIN: &str = "<!-- families: written by the test fingerprints_families -->\n";
const END: &str = "<!-- end of families -->";

/// The document tells today's figures, or is written.
fn check_document(tables: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/FINGERPRINTS.md"));
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (told, after) = rest.split_once(END).unwrap();
    if std::env::var("FINGERPRINTS").is_ok_and(|value| value == "write") {
        std::fs::write(path, format!("{before}{BEGIN}\n{tables}\n{END}{after}")).unwrap();
    } else {
        assert_eq!(
            told.trim(),
            tables.trim(),
            "write it anew: FINGERPRINTS=write cargo test -p analyzer --test fingerprints_families"
        );
    }
}
