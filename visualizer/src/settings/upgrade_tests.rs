//! Settings files of earlier versions: every line that was ever shipped (visualizer/tests/upgrade/settings.txt, oldest first) is still taken. Who
//! renames or removes a setting makes this fail: the old key is to be taken on, or refused by an error that names it and what replaces it, and
//! that error is to be expected here.

use super::SHIPPED;
use super::layers::tests::file;

const EVER_SHIPPED: &str = include_str!("../../tests/upgrade/settings.txt");

fn key(line: &str) -> &str {
    line.split_once(" = ").map_or(line, |(key, _)| key)
}

#[test]
fn every_line_that_was_ever_shipped_is_taken() {
    for line in EVER_SHIPPED.lines() {
        assert!(file(line).is_ok(), "{line}: {:?}", file(line).err());
    }
    let mut keys: Vec<&str> = Vec::new();
    let first = EVER_SHIPPED.lines().filter(|line| {
        let is_new = !keys.contains(&key(line));
        keys.push(key(line));
        is_new
    });
    let whole: Vec<&str> = first.collect();
    assert!(file(&whole.join("\n")).is_ok(), "{:?}", file(&whole.join("\n")).err());
}

#[test]
fn the_lines_shipped_today_are_among_them() {
    let shipped: toml::Table = SHIPPED.parse().unwrap();
    let mut today = Vec::new();
    lines(&shipped, "", &mut today);
    assert!(today.len() > 70);
    for line in today {
        let message =
            format!("{line}: add it to visualizer/tests/upgrade/settings.txt, and never take one out");
        assert!(EVER_SHIPPED.lines().any(|known| known == line), "{message}");
    }
}

/// Each key with its value, as `table.key = value`.
fn lines(table: &toml::Table, before: &str, lines: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => self::lines(inner, &format!("{before}{key}."), lines),
            value => lines.push(format!("{before}{key} = {value}")),
        }
    }
}
