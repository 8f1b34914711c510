//! What is counted of a key, and by which measure keys are ranked.

use crate::capped::Worth;
use crate::flow::Volume;

/// Packets and bytes both ways, flows and hosts of one key. `sent` = the key is the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets whose source has the key.
    pub packets_sent: u64,
    /// Bytes on the wire of those.
    pub bytes_sent: u64,
    /// Packets whose destination has the key.
    pub packets_received: u64,
    /// Bytes on the wire of those.
    pub bytes_received: u64,
    /// Flows with the key at either end.
    pub flows: u32,
    /// Hosts with the key.
    pub hosts: u32,
}

impl Counts {
    /// Packets sent.
    #[inline]
    pub const fn send(&mut self, volume: &Volume) {
        self.packets_sent = self.packets_sent.saturating_add(volume.packets);
        self.bytes_sent = self.bytes_sent.saturating_add(volume.bytes);
    }

    /// Packets received.
    #[inline]
    pub const fn receive(&mut self, volume: &Volume) {
        self.packets_received = self.packets_received.saturating_add(volume.packets);
        self.bytes_received = self.bytes_received.saturating_add(volume.bytes);
    }

    /// Packets of either end.
    pub const fn packets(&self) -> u64 {
        self.packets_sent.saturating_add(self.packets_received)
    }

    /// Bytes of either end.
    pub const fn bytes(&self) -> u64 {
        self.bytes_sent.saturating_add(self.bytes_received)
    }

    /// Packets and bytes of either end.
    pub const fn volume(&self) -> Volume {
        Volume { packets: self.packets(), bytes: self.bytes() }
    }

    /// The figure that `measure` asks for.
    pub const fn get(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Bytes => self.bytes(),
            Measure::Packets => self.packets(),
            Measure::Flows => self.flows as u64,
        }
    }

    /// Adds another key's counts.
    pub const fn merge(&mut self, other: &Self) {
        self.packets_sent += other.packets_sent;
        self.bytes_sent += other.bytes_sent;
        self.packets_received += other.packets_received;
        self.bytes_received += other.bytes_received;
        self.flows += other.flows;
        self.hosts += other.hosts;
    }
}

/// What may have been counted of a key before its row was made, at most: 0 while every key has a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// Bytes on the wire, of either end.
    pub bytes: u64,
    /// Packets, of either end.
    pub packets: u64,
    /// Flows.
    pub flows: u32,
}

impl Missed {
    /// The figure that `measure` asks for.
    pub const fn get(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Bytes => self.bytes,
            Measure::Packets => self.packets,
            Measure::Flows => self.flows as u64,
        }
    }

    /// The larger of each figure.
    pub fn max(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.max(other.bytes),
            packets: self.packets.max(other.packets),
            flows: self.flows.max(other.flows),
        }
    }

    /// So much, and `counts` on top.
    pub const fn and(&self, counts: &Counts) -> Self {
        Self {
            bytes: self.bytes + counts.bytes(),
            packets: self.packets + counts.packets(),
            flows: self.flows.saturating_add(counts.flows),
        }
    }

    /// Whether anything may have been missed.
    pub const fn is_nothing(&self) -> bool {
        self.bytes == 0 && self.packets == 0 && self.flows == 0
    }
}

impl Worth for Counts {
    /// Seen both ways.
    fn established(&self) -> bool {
        self.packets_sent > 0 && self.packets_received > 0
    }
}

/// By what keys are ranked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Bytes on the wire.
    #[default]
    Bytes,
    /// Packets.
    Packets,
    /// Flows.
    Flows,
}

impl Measure {
    /// The name in settings, URLs and the live protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Packets => "packets",
            Self::Flows => "flows",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Bytes, Self::Packets, Self::Flows].into_iter().find(|measure| measure.name() == name)
    }
}
