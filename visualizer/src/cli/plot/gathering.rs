//! What graphs keep of the frames of a file: for each series sizes over time, and for the table what was exchanged with whom.

use std::net::IpAddr;

use analyzer::Devices;
use analyzer::exchange::{Courses, Key, LAYERS, Partner, Seen, Subject, Tally, Way};

use super::About;
use super::groups::{Graph, Kind};
use crate::cli::exchange::{By, Look};

/// What a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Facet {
    /// All of it.
    Whole,
    /// A far end.
    Partner(Partner),
    /// A protocol, by its place in [`LAYERS`].
    Protocol(u8),
}

/// Protocols from the innermost out, for who asks which one a frame is.
const INNERMOST: [&str; 15] = [
    "http", "tls", "quic", "dns", "dhcp", "ntp", "icmp", "icmp6", "tcp", "udp", "arp", "ip", "ip6", "llc",
    "eth",
];

/// A graph's series.
pub(super) type Kept = Courses<(Key, Facet)>;

/// What a file gave.
pub(super) struct Gathering {
    subject: Subject,
    devices: Devices,
    graphs: Vec<(Graph, Kept)>,
    tallies: Vec<(String, Tally)>,
}

impl Gathering {
    pub(super) fn new(graphs: &[Graph], about: &About, tabled: bool) -> Self {
        let tally = |(name, subject): (String, Subject)| (name, Tally::new(subject));
        let tallies = if tabled { about.subjects().into_iter().map(tally).collect() } else { Vec::new() };
        Self {
            subject: about.subject(),
            devices: about.devices.clone(),
            graphs: graphs.iter().map(|graph| (graph.clone(), Courses::new(width(graph)))).collect(),
            tallies,
        }
    }

    /// The series of the graphs, in their order.
    pub(super) fn into_series(self) -> Vec<Kept> {
        self.graphs.into_iter().map(|(_, kept)| kept).collect()
    }

    /// Addresses at far ends.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let of_facet = |facet: Facet| match facet {
            Facet::Partner(partner) => partner.address(),
            Facet::Whole | Facet::Protocol(_) => None,
        };
        let drawn = self.graphs.iter().flat_map(|(_, kept)| kept.iter());
        let drawn = drawn.filter_map(move |((_, facet), _)| of_facet(facet));
        let tabled = self.tallies.iter().flat_map(|(_, tally)| tally.partners());
        drawn.chain(tabled.filter_map(|(partner, _)| partner.address()))
    }

    /// What was exchanged, by device.
    pub(super) fn tallies(&self) -> impl Iterator<Item = (&str, &Tally)> {
        self.tallies.iter().map(|(name, tally)| (name.as_str(), tally))
    }
}

/// Nanoseconds of a span: who draws no course needs one alone.
fn width(graph: &Graph) -> i64 {
    match (graph.kind, graph.interval) {
        (Kind::Pie | Kind::Barh, _) => i64::MAX / 4,
        (Kind::Freq, _) | (_, None) => 1,
        (_, Some(seconds)) => (seconds * 1e9).round() as i64,
    }
}

impl Look for Gathering {
    fn see(&mut self, seen: &Seen<'_>) {
        self.tallies.iter_mut().for_each(|(_, tally)| tally.observe(seen, &self.devices));
        let Some(way) = self.subject.way(seen) else { return };
        for (graph, kept) in &mut self.graphs {
            let apart = graph.keys.iter().any(|key| key.way == Way::Between);
            let way = if way == Way::Between && !apart { Way::Received } else { way };
            let facet = facet(graph, (seen, way), &self.devices);
            for key in graph.keys.iter().filter(|key| key.way == way) {
                if let Some(size) = key.layer().size(seen) {
                    kept.add((*key, facet), seen.frame.at, size);
                }
            }
        }
    }
}

fn facet(graph: &Graph, (seen, way): (&Seen<'_>, Way), devices: &Devices) -> Facet {
    match graph.by {
        None => Facet::Whole,
        Some(By::Protocol) => Facet::Protocol(protocol(seen)),
        Some(By::Mac) => {
            let far = |(source, destination)| if way == Way::Sent { destination } else { source };
            let mac = seen.macs().map(far);
            Facet::Partner(mac.map_or(Partner::Nobody, |mac| match devices.name(mac) {
                Some(_) => Partner::Device(mac),
                None => Partner::Hardware(mac),
            }))
        }
        Some(_) => Facet::Partner(Partner::of(seen, way, devices)),
    }
}

fn protocol(seen: &Seen<'_>) -> u8 {
    let place = |name: &&str| LAYERS.iter().position(|layer| layer.name == *name);
    let found = INNERMOST.iter().filter_map(place).find(|place| LAYERS[*place].size(seen).is_some());
    found.unwrap_or(LAYERS.len() - 1) as u8
}
