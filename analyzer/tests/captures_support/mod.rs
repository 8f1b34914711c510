//! docs/DETECTION-RESULTS.md: the tables of `captures.rs` for readers, with what Suricata and the Emerging Threats rules say
//! of the same files beside them. A test holds that it tells today's figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// What is known of a capture.
pub struct Row {
    pub file: String,
    pub category: String,
    /// As the manifest has it: `scan.port.udp`, `…(optional)`, `!…`, `none`.
    pub expected: Vec<String>,
    /// Whether each of them holds.
    pub holds: Vec<bool>,
    /// Rules that spoke, and those of severity low or above.
    pub rules: BTreeSet<String>,
    pub loud: BTreeSet<String>,
    /// Why it is loud, where nothing was expected.
    pub reason: Option<&'static str>,
}

/// How many signatures of Emerging Threats match a capture, by file. Its decoder's and stream engine's alerts are left out.
pub fn suricata(folder: &Path) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(folder.join("oracle/suricata_alerts.csv")).unwrap_or_default();
    let mut signatures = BTreeMap::new();
    for line in text.lines().filter(|line| line.ends_with(",ET")) {
        let file = line.split(',').next().unwrap_or_default();
        *signatures.entry(file.to_owned()).or_default() += 1;
    }
    signatures
}

/// The document.
pub fn document(rows: &[Row], suricata: &BTreeMap<String, usize>) -> String {
    let mut text = HEAD.to_owned();
    let of = |row: &Row| suricata.get(&row.file).copied().unwrap_or_default();
    let attacks: Vec<&Row> = rows.iter().filter(|row| !is_quiet(row)).collect();
    let quiet: Vec<&Row> = rows.iter().filter(|row| is_quiet(row)).collect();
    summary(&mut text, (&attacks, &quiet), of);
    text += "\n## Attacks\n\nOptional ones are nice to have; `!` must not be said.\n\n\
             | Capture | Expected | Found | Rules that spoke | ET signatures |\n|---|---|---|---|---:|\n";
    for row in attacks {
        let found: Vec<&str> = row.holds.iter().map(|holds| if *holds { "yes" } else { "no" }).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.file,
            row.expected.join("<br>"),
            found.join("<br>"),
            list(&row.rules),
            of(row)
        );
    }
    text += "\n## Loud where nothing is expected\n\n| Capture | Alerts | Why |\n|---|---|---|\n";
    for row in quiet.iter().filter(|row| !row.loud.is_empty()) {
        let _ =
            writeln!(text, "| {} | {} | {} |", row.file, list(&row.loud), row.reason.unwrap_or("no reason"));
    }
    text
}

/// The figures of both, side by side.
fn summary(text: &mut String, (attacks, quiet): (&[&Row], &[&Row]), of: impl Fn(&Row) -> usize) {
    let wanted: Vec<&&Row> =
        attacks.iter().filter(|row| row.expected.iter().any(|word| is_wanted(word))).collect();
    let all_found =
        |row: &&&Row| row.expected.iter().zip(&row.holds).all(|(word, holds)| *holds || !is_wanted(word));
    let found = wanted.iter().filter(|row| all_found(row)).count();
    let named = wanted.iter().filter(|row| of(row) > 0).count();
    let _ = writeln!(
        text,
        "| Attacks with an expected detection ({}) | {found} found | {named} with some alert |",
        wanted.len()
    );
    let categories: BTreeSet<&str> = quiet.iter().map(|row| row.category.as_str()).collect();
    for category in categories {
        let here: Vec<&&Row> = quiet.iter().filter(|row| row.category == category).collect();
        let loud = here.iter().filter(|row| !row.loud.is_empty()).count();
        let others = here.iter().filter(|row| of(row) > 0).count();
        let _ =
            writeln!(text, "| Nothing expected: {category} ({}) | {loud} loud | {others} loud |", here.len());
    }
}

fn is_wanted(expected: &str) -> bool {
    !expected.starts_with('!') && !expected.ends_with("(optional)")
}

fn is_quiet(row: &Row) -> bool {
    row.expected.iter().all(|expected| expected.starts_with("none"))
}

fn list(rules: &BTreeSet<String>) -> String {
    if rules.is_empty() {
        return "–".to_owned();
    }
    rules.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(", ")
}

const HEAD: &str = "# Detection, on captures

Written by `WRITE_RESULTS=1 cargo test -p analyzer --test captures`; the test fails when these are not today's figures. It reads a
collection of public captures that lies beside the repository, and is skipped without it. The same thresholds hold for all of
them, and no rule knows a file. Suricata is 8.0.6 with the Emerging Threats rules, on the same files; its side counts any alert
of a signature, whatever it is about, and leaves out those of its decoder and stream engine.

| Captures | Wireglobe | Suricata + ET |
|---|---|---|
";
