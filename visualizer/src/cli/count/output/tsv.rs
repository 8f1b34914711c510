//! asncounter's two tables and totals, byte for byte (SEEDS 2.5): counts without decimals, percent with one or two.

use std::fmt::Write;

use super::{View, number};
use crate::cli::count::tally::{Row, percent};
use crate::cli::escape;

pub(super) fn render(view: &View<'_>) -> String {
    let (tally, mut text) = (view.tally, String::new());
    let bytes = if view.shown.bytes { "\tbytes" } else { "" };
    if view.shown.asns {
        let _ = writeln!(text, "count\tpercent\tASN\tAS{bytes}");
        for row in tally.asns.top(view.shown.top) {
            line(&mut text, view, &row, &[&number(row.key), view.name(row.key)]);
        }
        let _ = writeln!(text, "unique ASN: {}", tally.asns.len());
    }
    if view.shown.prefixes {
        let _ = writeln!(text, "count\tpercent\tprefix\tASN\tAS{bytes}");
        for row in tally.prefixes.top(view.shown.top) {
            let prefix = row.key.prefix.map_or_else(|| "None".to_owned(), |prefix| prefix.to_string());
            line(&mut text, view, &row, &[&prefix, &number(row.key.asn), view.name(row.key.asn)]);
        }
        let _ = writeln!(text, "unique prefixes: {}", tally.prefixes.len());
    }
    let _ = writeln!(text, "total lookups: {}", whole(tally.lookups));
    let _ = writeln!(text, "total skipped: {}\ntotal failed: {}", tally.skipped, tally.failed);
    text
}

fn line<K>(text: &mut String, view: &View<'_>, row: &Row<K>, cells: &[&str]) {
    let _ = write!(text, "{}\t{}", whole(row.count), two_decimals(percent(row.count, view.tally.lookups)));
    for cell in cells {
        let _ = write!(text, "\t{}", escape(cell));
    }
    if view.shown.bytes {
        let _ = write!(text, "\t{}", row.bytes);
    }
    text.push('\n');
}

/// Without decimals, half to even; nothing is not negative.
fn whole(value: f64) -> String {
    let text = format!("{value:.0}");
    if text == "-0" { "0".to_owned() } else { text }
}

/// At most two decimals, at least one.
fn two_decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    text.strip_suffix('0').map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_asncounter_writes_them() {
        let percents = [40.0, 100.0 / 3.0, 100.0, 0.3, 0.0, -0.396, 0.125, 99.89].map(two_decimals);
        assert_eq!(percents, ["40.0", "33.33", "100.0", "0.3", "0.0", "-0.4", "0.12", "99.89"]);
        assert_eq!(
            [5.1, 0.5, 1.5, -0.4, -4.0, 1e15].map(whole),
            ["5", "0", "2", "0", "-4", "1000000000000000"]
        );
    }
}
