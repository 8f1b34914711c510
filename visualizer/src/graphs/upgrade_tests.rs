//! A file of saved graphs as the first program wrote it (visualizer/tests/upgrade/graphs-1.json). Who changes what is stored makes this fail: the
//! file of today becomes a second one, and both are to be read.

use std::path::PathBuf;

use super::Graphs;
use super::graph::{Chart, When};

const FIRST: &str = include_str!("../../tests/upgrade/graphs-1.json");

fn written(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("wireglobe-graphs-{}-{name}.json", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn graphs_of_the_first_version_are_all_there_and_go_on() {
    let path = written("first", FIRST);
    let graphs = Graphs::open(Some(path.clone())).unwrap();
    let [night, day] = &graphs.all()[..] else { panic!("two graphs") };
    let query = &night.wanted.query;
    assert_eq!(
        (query.by.as_str(), query.prefix_length, query.top, query.interval),
        ("sn4", Some(24), Some(5), Some(300))
    );
    assert_eq!((query.sort.as_deref(), query.filter.as_deref()), (Some("packets"), Some("proto tcp")));
    assert_eq!((night.wanted.chart, night.wanted.percent), (Chart::Bars, true));
    assert_eq!(night.wanted.mask.as_ref().unwrap()[0].days.as_deref(), Some(&[6, 7][..]));
    assert_eq!(day.wanted.query.previous, Some(true));
    assert!(matches!(&day.wanted.range, When::Fixed { from, .. } if from == "2026-11-19T00:00:00Z"));
    assert_eq!(day.created, "2026-11-20T08:05:00Z");
    // Written anew without a change it is the same file.
    let (id, wanted, updated) = (night.id.clone(), night.wanted.clone(), night.updated.clone());
    graphs.replace(&id, wanted, &updated).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FIRST);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn graphs_of_a_newer_program_are_refused_untouched() {
    let newer = [
        ("field", FIRST.replacen("\"percent\": true", "\"colour\": \"red\"", 1), "unknown field `colour`"),
        (
            "question",
            FIRST.replacen("\"by\": \"asn\"", "\"by\": \"asn\", \"new\": 1", 1),
            "unknown field `new`",
        ),
        ("chart", FIRST.replacen("\"area\"", "\"globe\"", 1), "unknown variant `globe`"),
        ("whole", format!("{{\"schema\": 2, \"graphs\": {FIRST}}}"), "expected a sequence"),
    ];
    for (name, text, expected) in newer {
        let path = written(name, &text);
        let error = Graphs::open(Some(path.clone())).err().unwrap();
        let says = [&*path.display().to_string(), expected, " at line ", "written by a newer Wireglobe?"];
        says.iter().for_each(|part| assert!(error.contains(part), "{part}: {error}"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::remove_file(path).unwrap();
    }
}
