//! `cargo xtask rules`: writes the list of rules of docs/RULES.md from the registry, so that the words a user reads and
//! those an alert shows are the same. A test holds that the document is up to date.

use std::fmt::Write as _;
use std::path::PathBuf;

use analyzer::detect::{Rule, Setting, hears_records, rules};
use anyhow::{Context, Result};

/// The list lies between these lines; what is outside of them is written by hand.
const BEGIN: &str = "<!-- rules: written by `cargo xtask rules` -->\n";
const END: &str = "<!-- end of rules -->\n";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The document
    #[arg(long, default_value = "docs/RULES.md")]
    document: PathBuf,
}

/// Writes the list anew.
pub fn run(arguments: &Arguments) -> Result<()> {
    let path = &arguments.document;
    let before = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    std::fs::write(path, with_rules(&before)?).with_context(|| path.display().to_string())
}

/// The document with the list of today.
fn with_rules(document: &str) -> Result<String> {
    let (before, rest) = document.split_once(BEGIN).with_context(|| format!("no line `{}`", BEGIN.trim()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("no line `{}`", END.trim()))?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", list()))
}

fn list() -> String {
    let mut all: Vec<&Rule> = rules().collect();
    all.sort_by_key(|rule| rule.id);
    let mut text = String::new();
    let mut family = "";
    for rule in all {
        let of = rule.id.split('.').next().unwrap_or_default();
        if of != family {
            family = of;
            let _ = writeln!(text, "## {family}\n");
        }
        text.push_str(&told(rule));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A rule in words.
fn told(rule: &Rule) -> String {
    let severity = if rule.severity == rule.most {
        rule.severity.name().to_owned()
    } else {
        format!("{} to {}", rule.severity.name(), rule.most.name())
    };
    let technique = if rule.technique.is_empty() { String::new() } else { format!(" · {}", rule.technique) };
    let mut text = format!("### `{}`\n\n{} · {severity}{technique}\n\n", rule.id, rule.title);
    let _ = writeln!(text, "- Sees: {}.", sentence(rule.sees));
    let _ = writeln!(text, "- Fooled by: {}", rule.caveat);
    let _ = writeln!(text, "- From: {}.", sentence(rule.sources));
    if !rule.settings.is_empty() {
        let settings: Vec<String> = rule.settings.iter().map(setting).collect();
        let _ = writeln!(text, "- Settings: {}.", settings.join("; "));
    }
    if hears_records(rule) {
        text.push_str("- Hears flow records, too.\n");
    }
    text + "\n"
}

fn sentence(words: &str) -> &str {
    words.trim_end_matches('.')
}

fn setting(setting: &Setting) -> String {
    let Setting { name, unit, default, least, most } = setting;
    format!("`{name}` = {default} {unit} ({least} to {most})")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_document_tells_the_rules_of_today() {
        let document = include_str!("../../docs/RULES.md");
        let today = with_rules(document).unwrap();
        let differs = document.lines().zip(today.lines()).find(|(was, is)| was != is);
        assert!(document == today, "run `cargo xtask rules`: {differs:?}");
    }
    #[test]
    fn each_rule_is_attacked_by_a_scenario() -> Result<()> {
        let mut expected = Vec::new();
        for folder in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios"))? {
            let folder = folder?.path();
            let Ok(words) = fs::read_to_string(folder.join("expect")) else { continue };
            expected.extend(words.lines().filter_map(|line| line.strip_prefix("alert ")).map(str::to_owned));
            let attack = fs::metadata(folder.join("attack")).with_context(|| folder.display().to_string())?;
            assert!(attack.permissions().mode() & 0o111 != 0, "{}/attack can't be run", folder.display());
        }
        for rule in rules() {
            let is_there = expected.iter().any(|line| line.split(' ').next() == Some(rule.id));
            assert!(is_there, "no folder in scenarios/ expects {}", rule.id);
        }
        Ok(())
    }
}
