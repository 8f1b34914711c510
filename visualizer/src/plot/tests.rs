use serde_json::{Value, json};

use super::*;

/// Two keys and a rest in four intervals, one of which is a gap.
fn document() -> Value {
    let counts = |bytes: [Value; 4], sum: u64| {
        json!({"bytes": bytes, "packets": bytes, "flows": bytes,
               "totals": {"bytes": sum, "packets": sum, "flows": sum, "bps": 0, "pps": 0, "bpp": 1}})
    };
    let named = |key: &str, name: Value, mut counts: Value| {
        counts["key"] = key.into();
        counts["name"] = name;
        counts
    };
    let n = |values: [u64; 3]| [json!(values[0]), Value::Null, json!(values[1]), json!(values[2])];
    let mut other = counts(n([1, 2, 3]), 6);
    other["keys"] = 7.into();
    json!({
        "schema": 1, "by": "country", "measure": "bytes", "sort": "bytes", "filter": "tcp port 80 and \"<script>\"",
        "interval": 300, "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:20:00Z",
        "at": ["2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z", "2026-01-01T00:15:00Z"],
        "keys": [named("NL", "Netherlands".into(), counts(n([10, 20, 30]), 60)),
                 named("<b>&", Value::Null, counts(n([5, 5, 5]), 15))],
        "other": other, "total": counts(n([16, 27, 38]), 81),
        "previous": {"from": "2025-12-31T23:40:00Z", "to": "2026-01-01T00:00:00Z",
            "at": ["2025-12-31T23:40:00Z", "2025-12-31T23:45:00Z", "2025-12-31T23:50:00Z", "2025-12-31T23:55:00Z"],
            "keys": [named("NL", Value::Null, counts(n([1, 1, 1]), 3))], "total": counts(n([9, 9, 9]), 27)},
        "gaps": [], "notes": ["sampled 1:100"], "source": "store",
    })
}

const CHARTS: [Chart; 6] = [Chart::Area, Chart::Bars, Chart::Lines, Chart::Scatter, Chart::Pie, Chart::Hbars];

/// Opening and closing tags match and attributes are quoted: enough of XML for what is written here.
pub(crate) fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("no end of <{piece}"));
        assert!(!text.contains('>'), "a bare > in {text}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for piece in svg.split('&').skip(1) {
        assert!(["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|entity| piece.starts_with(entity)));
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "a place that is no number");
}

#[test]
fn every_chart_of_a_document_is_sound_and_shows_no_foreign_markup() {
    for chart in CHARTS {
        for theme in [Theme::Light, Theme::Dark] {
            let svg = query_chart(&document(), chart, theme, false).unwrap();
            assert_well_formed(&svg);
            assert!(
                svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>") && !svg.contains("<script"),
                "{svg}"
            );
            assert!(svg.contains("NL Netherlands") && svg.contains("sampled 1:100"), "{chart:?}");
        }
    }
}

#[test]
fn the_figures_beside_the_names_are_those_of_the_document() {
    for chart in [Chart::Area, Chart::Lines, Chart::Pie, Chart::Hbars] {
        let svg = query_chart(&document(), chart, Theme::Light, false).unwrap();
        for figure in ["60\u{202f}B", "15\u{202f}B", "6\u{202f}B", "Other (7)"] {
            assert!(svg.contains(figure), "{chart:?} {figure}");
        }
    }
    let ranking = query_chart(&document(), Chart::Hbars, Theme::Light, false).unwrap();
    assert!(ranking.contains("60\u{202f}B · 74.1\u{202f}%"), "of the total, 81 B");
}

#[test]
fn a_gap_parts_areas_and_lines_and_the_period_before_is_dashed() {
    let area = query_chart(&document(), Chart::Area, Theme::Light, false).unwrap();
    // One interval before the gap, two after: of each of three layers two pieces.
    let pieces = area.matches("Z\" fill=\"#").count();
    assert_eq!(pieces, 6);
    assert!(area.contains("stroke-dasharray") && area.contains("Total before"));
    let lines = query_chart(&document(), Chart::Lines, Theme::Light, false).unwrap();
    assert!(lines.contains("NL before") && !lines.contains("Total before"));
}

#[test]
fn keys_beyond_the_colours_are_summed_in_the_rest() {
    let mut document = document();
    let key = document["keys"][1].clone();
    document["keys"] = (0..12)
        .map(|n| {
            let mut key = key.clone();
            key["key"] = format!("K{n}").into();
            key
        })
        .collect();
    let area = query_chart(&document, Chart::Area, Theme::Light, false).unwrap();
    assert!(area.contains("K7") && !area.contains("K8") && area.contains("Other (11)"));
    assert!(area.contains("66\u{202f}B"), "four times 15 and 6");
    let ranking = query_chart(&document, Chart::Hbars, Theme::Light, false).unwrap();
    assert!(ranking.contains("K11") && ranking.contains("Other (7)"));
}

#[test]
fn shares_of_every_interval_and_rates_are_drawn() {
    let svg = query_figure(&document(), Chart::Bars, true).unwrap().svg(Theme::Dark);
    assert!(svg.contains("Share of the total (%)"));
    let mut rates = document();
    rates["measure"] = "bps".into();
    let svg = query_chart(&rates, Chart::Lines, Theme::Light, false).unwrap();
    assert!(svg.contains("Rate (bit/s)"), "{svg}");
    rates["keys"][0]["totals"]["bps"] = 1234.into();
    let svg = query_chart(&rates, Chart::Lines, Theme::Light, false).unwrap();
    assert!(
        svg.contains("1.23\u{202f}kbit/s"),
        "the rate over the time of which there is data, as the document has it"
    );
    rates["measure"] = "bpp".into();
    assert_well_formed(&query_chart(&rates, Chart::Area, Theme::Light, false).unwrap());
}

#[test]
fn an_empty_answer_says_so_and_what_is_no_document_is_refused() {
    let mut empty = document();
    empty["keys"] = json!([]);
    empty["from"] = Value::Null;
    empty["to"] = Value::Null;
    assert!(
        query_chart(&empty, Chart::Area, Theme::Light, false).unwrap().contains("No traffic in this range.")
    );
    for field in ["at", "keys", "total", "interval", "measure"] {
        let mut wrong = document();
        wrong.as_object_mut().unwrap().remove(field);
        let error = query_chart(&wrong, Chart::Area, Theme::Light, false).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    let mut wrong = document();
    wrong["from"] = "yesterday".into();
    let error = query_chart(&wrong, Chart::Area, Theme::Light, false).unwrap_err().to_string();
    assert!(error.contains("yesterday"), "{error}");
}
