//! Graphs of FlowGraph's `graphs.json`, with their ids.

use serde::Deserialize;
use serde_json::Value;

use super::graph::{Chart, Graph, Question, Schedule, Wanted, When, new_id};

/// Reads a file of graphs, as a list or by their ids; gives them, and what is said differently here.
///
/// # Errors
/// In words, which graph can't be read and why; then none is.
pub(crate) fn import(document: Value, now: &str) -> Result<(Vec<Graph>, Vec<String>), String> {
    let list = match document {
        Value::Array(list) => list,
        Value::Object(mut object) => match object.remove("Graphs").or_else(|| object.remove("graphs")) {
            Some(Value::Array(list)) => list,
            _ => object.into_iter().map(|(_, graph)| graph).collect(),
        },
        _ => return Err("expected a list of graphs".to_owned()),
    };
    let mut notes = Vec::new();
    let graph = |(position, value): (usize, Value)| {
        let old: Old =
            serde_json::from_value(value).map_err(|error| format!("graph {}: {error}", position + 1))?;
        old.graph(now, &mut notes).map_err(|error| format!("graph {}: {error}", position + 1))
    };
    let graphs = list.into_iter().enumerate().map(graph).collect::<Result<_, _>>()?;
    Ok((graphs, notes))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Old {
    #[serde(rename = "ID")]
    id: Option<String>,
    title: String,
    query: OldQuery,
    #[serde(default)]
    draw: OldDraw,
    scheduler: Option<OldScheduler>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OldQuery {
    source_files: Option<OldSources>,
    #[serde(default)]
    filter: String,
    aggr_field: String,
    #[serde(default)]
    aggr_field_arg: Value,
    #[serde(default)]
    top_n: Value,
    order_by: Option<OldOrder>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OldSources {
    interval: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OldOrder {
    col_name: Option<String>,
    order: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OldDraw {
    what: String,
    how: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OldScheduler {
    #[serde(default)]
    schedules: Vec<Schedule>,
}

/// A number, written as one or as text; nothing for anything else.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

impl Old {
    fn graph(self, now: &str, notes: &mut Vec<String>) -> Result<Graph, String> {
        let measure = self.draw.what.trim().trim_end_matches('%').trim().to_lowercase();
        let percent = self.draw.what.contains('%');
        let chart = match self.draw.how.to_lowercase().as_str() {
            "bar" | "bars" => Chart::Bars,
            "line" | "lines" => Chart::Lines,
            _ => Chart::Area,
        };
        if self.query.filter.contains("%filters%") {
            notes.push(format!(
                "{}: %filters% in its filter is the folder of filters now; look at it",
                self.title
            ));
        }
        let order = self.query.order_by;
        let query = Question {
            by: self.query.aggr_field,
            prefix_length: number(&self.query.aggr_field_arg).and_then(|length| u8::try_from(length).ok()),
            measure: (!measure.is_empty()).then_some(measure),
            sort: order.as_ref().and_then(|order| Some(order.col_name.as_ref()?.to_lowercase())),
            order: order.as_ref().and_then(|order| Some(order.order.as_ref()?.to_lowercase())),
            top: number(&self.query.top_n).and_then(|top| usize::try_from(top).ok()),
            per: Some("interval".to_owned()),
            interval: self.query.source_files.and_then(|sources| sources.interval),
            filter: (!self.query.filter.is_empty()).then_some(self.query.filter),
            side: None,
            previous: None,
        };
        let mask =
            self.scheduler.map(|scheduler| scheduler.schedules).filter(|schedules| !schedules.is_empty());
        let wanted =
            Wanted { title: self.title, query, range: When::Moving("-24h".to_owned()), chart, percent, mask };
        wanted.check()?;
        let id = match self.id.filter(|id| is_id(id)) {
            Some(id) => id,
            None => new_id()?,
        };
        Ok(Graph::new(id, wanted, now.to_owned()))
    }
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_graph_keeps_its_id_question_drawing_and_times() {
        let old = json!([{
            "ID": "6f1c1a52-9c1f-4a3e-8b0b-1f2e3d4c5b6a", "Title": "Top source networks",
            "Query": {
                "SourceFiles": {"SourceIDs": ["src1"], "BaseDir": "", "FileNameFormat": "", "Interval": 300},
                "Filter": "proto tcp", "AggrField": "sn4", "AggrFieldArg": "24", "AggrType": "-A", "TopN": 5,
                "OrderBy": {"ColName": "Packets", "Order": "Asc"}, "CacheFile": ""
            },
            "Draw": {"What": "bytes %", "How": "bar"},
            "Scheduler": {"Schedules": [{"StartTime": "22:00", "StopTime": "06:00", "DoW": [6, 7]}], "MaxCache": 7},
            "LastUpdated": 1_400_000_000
        }]);
        let (graphs, notes) = import(old, "2026-11-22T00:00:00Z").unwrap();
        let graph = &graphs[0];
        assert!(notes.is_empty());
        assert_eq!(graph.id, "6f1c1a52-9c1f-4a3e-8b0b-1f2e3d4c5b6a");
        let query = &graph.wanted.query;
        assert_eq!(
            (query.by.as_str(), query.prefix_length, query.top, query.interval),
            ("sn4", Some(24), Some(5), Some(300))
        );
        assert_eq!((query.sort.as_deref(), query.order.as_deref()), (Some("packets"), Some("asc")));
        assert_eq!(
            (query.measure.as_deref(), graph.wanted.percent, graph.wanted.chart),
            (Some("bytes"), true, Chart::Bars)
        );
        let mask = graph.wanted.mask.as_ref().unwrap();
        assert_eq!(
            (mask[0].start_time.as_deref(), mask[0].days.as_deref()),
            (Some("22:00"), Some(&[6, 7][..]))
        );
    }

    #[test]
    fn one_that_cant_be_read_is_named_and_none_is_taken() {
        let good = json!({"Title": "A", "Query": {"AggrField": "sas"}});
        let wrong = import(json!([good, {"Title": "B"}]), "2026-11-22T00:00:00Z").unwrap_err();
        assert!(wrong.starts_with("graph 2: ") && wrong.contains("Query"), "{wrong}");
        assert!(import(json!("no"), "2026-11-22T00:00:00Z").is_err());
    }

    #[test]
    fn by_id_is_as_good_as_a_list_and_what_is_missing_is_usual() {
        let (graphs, _) =
            import(json!({"x": {"Title": "A", "Query": {"AggrField": "sas"}}}), "2026-11-22T00:00:00Z")
                .unwrap();
        assert_eq!((graphs.len(), graphs[0].wanted.chart), (1, Chart::Area));
        assert_eq!(graphs[0].id.len(), 36);
    }
}
