//! The list with everything that is known of it.

use serde_json::{Value, json};

use super::super::heading::{Heading, second};
use super::super::list::{LeftOut, List, Part};

pub(super) fn render(list: &List, heading: &Heading) -> String {
    format!("{}\n", document(list, heading))
}

/// The document; the API gives the same.
pub(crate) fn document(list: &List, heading: &Heading) -> Value {
    json!({
        "schema": 1,
        "made": second(heading.made),
        "targets": list.parts.iter().map(part).collect::<Value>(),
        "reason": heading.reason,
        "expires": heading.ends().map(second),
        "timeout_seconds": super::seconds(heading),
        "aggregated": list.aggregated,
        "sources": heading.sources_json(),
        "left_out": list.left_out.iter().map(left_out).collect::<Value>(),
        "ipv4": list.family(false).count(),
        "ipv6": list.family(true).count(),
        "networks": list.networks,
    })
}

fn part(part: &Part) -> Value {
    json!({
        "target": part.target.to_string(), "kind": part.target.kind(), "name": part.name,
        "networks": part.networks, "basis": part.basis.iter().map(|basis| basis.name()).collect::<Vec<_>>().join(", "), "shared": part.shared,
    })
}

fn left_out(left: &LeftOut) -> Value {
    json!({"network": left.network, "why": left.why})
}
