//! The families with labels from the wire, off unless `metrics.top` says how many: asncounter's names and labels, so that
//! its dashboards go on working. A hit is a packet from an address of the system or prefix.

use analyzer::Measure;
use analyzer::aggregate::Row;
use prometheus_client::registry::Registry;
use tokio::sync::oneshot;

use super::samples::{Label, Samples};
use crate::live::{Command, Report};
use crate::server::App;
use crate::server::api::PATIENCE;

/// Name, meaning, what is counted by, and the labels of a row.
struct Top {
    name: &'static str,
    help: &'static str,
    by: &'static str,
    labels: fn(&Row) -> Vec<Label<String>>,
}

const TOPS: [Top; 2] = [
    Top {
        name: "asncounter_asn",
        help: "Packets by the autonomous system of their source, of the first metrics.top by packets",
        by: "asn",
        labels: |row| vec![("asn", row.key.clone()), ("name", name(row))],
    },
    Top {
        name: "asncounter_prefix",
        help: "Packets by the prefix of their source, of the first metrics.top by packets",
        by: "prefix",
        labels: |row| {
            let asn = row.asn.map_or_else(|| "None".to_owned(), |asn| asn.0.to_string());
            vec![("cidr", row.key.clone()), ("asn", asn), ("name", name(row))]
        },
    },
];

fn name(row: &Row) -> String {
    crate::cli::escape(row.as_name.as_deref().unwrap_or_default())
}

/// Adds the first `most` of each family; nothing at all for 0, and no family that the analysis is too busy for.
pub(super) async fn register(registry: &mut Registry, app: &App, most: usize) {
    if most == 0 {
        return;
    }
    for top in &TOPS {
        let Some(rows) = rows(app, top.by, most).await else { continue };
        let samples = rows.iter().take(most).map(|row| ((top.labels)(row), row.counts.packets_sent));
        registry.register(top.name, top.help, Samples::Counters(samples.collect()));
    }
}

async fn rows(app: &App, by: &'static str, limit: usize) -> Option<Vec<Row>> {
    let (reply, answer) = oneshot::channel();
    app.hub.command(Command::Report(Report { by, measure: Measure::Packets, limit, query: None, reply }));
    Some(tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()??.top.rows)
}
