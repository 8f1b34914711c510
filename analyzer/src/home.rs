//! Where we are on the map.

use serde::{Deserialize, Serialize};

use crate::network::Network;

/// A place the arcs begin and end at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// What the map writes beside it.
    #[serde(default)]
    pub label: String,
    /// Degrees north, −90 to 90.
    pub lat: f64,
    /// Degrees east, −180 to 180.
    pub lon: f64,
    /// The local networks that are there; with one home alone, all are.
    #[serde(default)]
    pub networks: Vec<Network>,
}
