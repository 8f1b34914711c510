//! The text format of Prometheus (version 0.0.4), with asncounter's names and labels, always in the same order. The help
//! texts are ours.

use std::fmt::{Display, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{View, number};
use crate::cli::count::tally::{Row, Rows};

pub(super) fn render(view: &View<'_>) -> String {
    let (tally, mut text) = (view.tally, String::new());
    if view.shown.asns {
        let labels = |key| [("asn", number(key)), ("name", view.name(key).to_owned())];
        family(&mut text, view, ("asn", "Addresses by autonomous system"), &tally.asns, |row| {
            labels(row.key).to_vec()
        });
    }
    if view.shown.prefixes {
        family(&mut text, view, ("prefix", "Addresses by prefix"), &tally.prefixes, |row| {
            let asn = if view.shown.asns { number(row.key.asn) } else { String::new() };
            let cidr = row.key.prefix.map_or_else(|| "None".to_owned(), |prefix| prefix.to_string());
            vec![("asn", asn), ("cidr", cidr), ("name", view.name(row.key.asn).to_owned())]
        });
    }
    let since = [(String::new(), tally.failed as f64, tally.since)];
    counter(&mut text, ("failed_count", "Records that could not be read"), &since);
    if tally.skipped > 0 {
        let since = [(String::new(), tally.skipped as f64, tally.since)];
        counter(&mut text, ("skipped_count", "Blank lines, comments and frames without IP"), &since);
    }
    text
}

/// A sample: its labels in braces, its value, when it began.
type Sample = (String, f64, SystemTime);

fn family<K: Copy + Eq + std::hash::Hash>(
    text: &mut String,
    view: &View<'_>,
    (name, help): (&str, &str),
    rows: &Rows<K>,
    labels: impl Fn(&Row<K>) -> Vec<(&'static str, String)>,
) {
    let top = rows.top(view.shown.series);
    let labelled: Vec<(String, Row<K>)> = top.into_iter().map(|row| (braces(&labels(&row)), row)).collect();
    let samples = |value: fn(&Row<K>) -> f64| -> Vec<Sample> {
        labelled.iter().map(|(labels, row)| (labels.clone(), value(row), row.created)).collect()
    };
    counter(text, (name, help), &samples(|row| row.count));
    if view.shown.bytes {
        let help = format!("{help}, bytes on the wire");
        counter(text, (&format!("{name}_bytes"), &help), &samples(|row| row.bytes as f64));
    }
    let left_out = rows.len() - labelled.len();
    if left_out > 0 {
        let _ =
            writeln!(text, "# HELP asncounter_{name}_left_out Series beyond the number that was asked for.");
        let _ = writeln!(
            text,
            "# TYPE asncounter_{name}_left_out gauge\nasncounter_{name}_left_out {left_out}.0"
        );
    }
}

fn counter(text: &mut String, (name, help): (&str, &str), samples: &[Sample]) {
    let _ = writeln!(text, "# HELP asncounter_{name}_total {help}.\n# TYPE asncounter_{name}_total counter");
    for (labels, value, _) in samples {
        let _ = writeln!(text, "asncounter_{name}_total{labels} {value:?}");
    }
    let _ = writeln!(
        text,
        "# HELP asncounter_{name}_created {help}, since when.\n# TYPE asncounter_{name}_created gauge"
    );
    for (labels, _, created) in samples {
        let seconds = created.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let _ = writeln!(text, "asncounter_{name}_created{labels} {seconds:?}");
    }
}

/// Labels with their values escaped.
fn braces(labels: &[(&str, impl Display)]) -> String {
    let one = |(name, value): &(&str, _)| format!("{name}=\"{}\"", escaped(&format!("{value}")));
    format!("{{{}}}", labels.iter().map(one).collect::<Vec<_>>().join(","))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped() {
        assert_eq!(braces(&[("name", "A \"B\" \\ C\nD")]), "{name=\"A \\\"B\\\" \\\\ C\\nD\"}");
    }
}
