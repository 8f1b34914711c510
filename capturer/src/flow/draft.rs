//! A record while its fields are read: what they say goes to its place at once, but times and sampling only make sense
//! together with the datagram's header and with what options told before.

use std::net::IpAddr;

use super::cursor::number;
use super::elements::Element;
use super::record::{EndReason, FlowRecord};
use crate::{Mac, Protocol, TcpFlags, Timestamp, Vlan};

/// When a datagram was sent, and how long its exporter ran by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// When it was sent.
    pub(super) at: Timestamp,
    /// Uptime then, milliseconds, when the header tells.
    pub(super) uptime: Option<u32>,
}

/// A record with what is not final yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draft {
    /// What is.
    pub(super) record: FlowRecord,
    /// Which sampler counted.
    pub(super) sampler: Option<u64>,
    /// What options tell of one.
    pub(super) told: Told,
    uptimes: [Option<u64>; 2],
    deltas: [Option<u64>; 2],
    duration: Option<u64>,
    init: Option<Timestamp>,
    observed: Timestamp,
    icmp: [Option<u8>; 2],
}

/// What options tell of sampling.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    interval: u64,
    random: u64,
    counted: u64,
    left_out: Option<u64>,
    size: u64,
    population: u64,
    partial: bool,
}

impl Told {
    /// One packet of so many, if that was told of all records of a domain or of a sampler.
    pub(super) fn rate(&self) -> Option<u32> {
        self.stated().filter(|_| !self.partial)
    }

    /// A rate that is shown but not applied, so that figures equal nfdump's: one that is told of a single template, or of a random
    /// choice of so many out of so many (RFC 5477 §8.2.6).
    pub(super) fn unapplied(&self) -> Option<u32> {
        let chosen = || whole(self.population.checked_div(self.size)?);
        self.stated().or_else(chosen).filter(|rate| *rate > 1)
    }

    /// By PSAMP's interval and space, both of them (RFC 5477 §8.2.3), else by v9's intervals.
    fn stated(&self) -> Option<u32> {
        whole(match (self.counted, self.left_out) {
            (counted, Some(left_out)) if counted > 0 => counted.saturating_add(left_out) / counted,
            _ if self.random > 0 => self.random,
            _ => self.interval,
        })
    }
}

fn whole(rate: u64) -> Option<u32> {
    u32::try_from(rate).ok().filter(|rate| *rate > 0)
}

const MICROS: i64 = 1000;
const MILLIS: i64 = 1_000_000;
const SECONDS: i64 = 1_000_000_000;

/// Seconds from 1900, where NTP's time begins, to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

impl Draft {
    /// Nothing read yet.
    pub(super) const fn new(record: FlowRecord) -> Self {
        Self {
            record,
            sampler: None,
            told: Told {
                interval: 0,
                random: 0,
                counted: 0,
                left_out: None,
                size: 0,
                population: 0,
                partial: false,
            },
            uptimes: [None; 2],
            deltas: [None; 2],
            duration: None,
            init: None,
            observed: Timestamp::EPOCH,
            icmp: [None; 2],
        }
    }

    /// Takes a field. Where several say the same, the first that says something counts: of headers within headers that is
    /// the outer one (RFC 7011 §8), and of two families the one that is there.
    #[inline]
    pub(super) fn take(&mut self, element: Element, bytes: &[u8]) {
        match element {
            Element::Skip => {}
            Element::Source => address(&mut self.record.source, bytes),
            Element::Destination => address(&mut self.record.destination, bytes),
            Element::NextHop => address(&mut self.record.next_hop, bytes),
            Element::BgpNextHop => address(&mut self.record.bgp_next_hop, bytes),
            Element::SourceMac => hardware(&mut self.record.source_mac, bytes),
            Element::DestinationMac => hardware(&mut self.record.destination_mac, bytes),
            _ => self.take_number(element, number(bytes)),
        }
    }

    fn take_number(&mut self, element: Element, n: u64) {
        let record = &mut self.record;
        match element {
            Element::Octets | Element::TotalOctets | Element::PostOctets | Element::InitiatorOctets => {
                first(&mut record.bytes, n);
            }
            Element::Packets | Element::TotalPackets | Element::PostPackets | Element::InitiatorPackets => {
                first(&mut record.packets, n);
            }
            Element::ReverseOctets => first(&mut record.reverse_bytes, n),
            Element::ReversePackets => first(&mut record.reverse_packets, n),
            Element::Flows => record.flows = n.max(1),
            Element::Protocol => record.protocol = Protocol(n as u8),
            Element::TrafficClass => record.traffic_class = n as u8,
            Element::TcpFlags => record.tcp_flags = TcpFlags(n as u16 & 0x1ff),
            Element::SourcePort => first(&mut record.ports.source, n as u16),
            Element::DestinationPort => first(&mut record.ports.destination, n as u16),
            Element::SourceMask => first(&mut record.source_mask, n as u8),
            Element::DestinationMask => first(&mut record.destination_mask, n as u8),
            Element::Input => first(&mut record.input, n as u32),
            Element::Output => first(&mut record.output, n as u32),
            Element::SourceAs => record.source_as = n as u32,
            Element::DestinationAs => record.destination_as = n as u32,
            Element::PreviousAs => record.previous_as = n as u32,
            Element::NextAs => record.next_as = n as u32,
            Element::Vlan if record.vlan.id().is_none() && n != 0 => record.vlan = Vlan::from_tci(n as u16),
            Element::EndReason => record.end = EndReason::of(n as u8),
            _ => self.take_rest(element, n),
        }
    }

    /// What is final only at the end, and what options tell.
    fn take_rest(&mut self, element: Element, n: u64) {
        match element {
            Element::FirstUptime => self.uptimes[0] = Some(n),
            Element::LastUptime => self.uptimes[1] = Some(n),
            Element::FirstDelta => self.deltas[0] = Some(n),
            Element::LastDelta => self.deltas[1] = Some(n),
            Element::FirstSeconds => time(&mut self.record.first, n, SECONDS),
            Element::LastSeconds => time(&mut self.record.last, n, SECONDS),
            Element::FirstMillis => time(&mut self.record.first, n, MILLIS),
            Element::LastMillis => time(&mut self.record.last, n, MILLIS),
            Element::FirstNtp => self.record.first = ntp(n),
            Element::LastNtp => self.record.last = ntp(n),
            Element::DurationMillis => self.duration = Some(n.saturating_mul(MILLIS as u64)),
            Element::DurationMicros => self.duration = Some(n.saturating_mul(MICROS as u64)),
            Element::ObservedMillis => time(&mut self.observed, n, MILLIS),
            Element::InitMillis => {
                let mut at = Timestamp::EPOCH;
                time(&mut at, n, MILLIS);
                self.init = Some(at);
            }
            Element::IcmpTypeCode if n != 0 => self.icmp = [Some((n >> 8) as u8), Some(n as u8)],
            Element::IcmpType => self.icmp[0] = Some(n as u8),
            Element::IcmpCode => self.icmp[1] = Some(n as u8),
            Element::Sampler => self.sampler = Some(n),
            Element::SamplingInterval => self.told.interval = n,
            Element::RandomInterval => self.told.random = n,
            Element::PacketInterval => self.told.counted = n,
            Element::PacketSpace => self.told.left_out = Some(n),
            Element::OfTemplate => self.told.partial = true,
            Element::SampleSize => self.told.size = n,
            Element::Population => self.told.population = n,
            _ => {}
        }
    }

    /// Whether it tells of a flow at all: ends, or figures.
    pub(super) fn is_flow(&self) -> bool {
        let record = &self.record;
        record.source != FlowRecord::NOBODY
            || record.destination != FlowRecord::NOBODY
            || record.packets > 0
            || record.bytes > 0
    }

    /// The record, with times of day, and figures as they were before packets were left out.
    pub(super) fn finish(mut self, sent: Sent, rate: u32) -> FlowRecord {
        self.date(sent);
        let Self { record, icmp, .. } = &mut self;
        if matches!(record.protocol, Protocol::ICMP | Protocol::ICMPV6)
            && let [Some(kind), code] = *icmp
        {
            record.ports.source = 0;
            record.ports.destination = u16::from(kind) << 8 | u16::from(code.unwrap_or(0));
        }
        scale(record, rate);
        self.record
    }

    fn date(&mut self, sent: Sent) {
        let init = self.init;
        let of_uptime = |uptime: u64| match (sent.uptime, init) {
            (_, Some(init)) => Some(plus(init, uptime as i64, MILLIS)),
            // Both are 32 bits wide and wrap after 49 days: their difference does not.
            (Some(now), None) => {
                Some(plus(sent.at, -i64::from(now.wrapping_sub(uptime as u32) as i32), MILLIS))
            }
            (None, None) => None,
        };
        let ends = [&mut self.record.first, &mut self.record.last];
        for ((end, uptime), delta) in ends.into_iter().zip(self.uptimes).zip(self.deltas) {
            if let Some(at) = uptime.and_then(of_uptime) {
                *end = at;
            } else if let Some(delta) = delta {
                *end = plus(sent.at, -i64::try_from(delta).unwrap_or(0), MICROS);
            }
        }
        self.complete_times();
    }

    /// One time and a duration make the other; a single event has a moment.
    fn complete_times(&mut self) {
        let Self { record, duration, observed, .. } = self;
        let lasted = duration.and_then(|nanos| i64::try_from(nanos).ok()).unwrap_or(0);
        if record.first == Timestamp::EPOCH && record.last == Timestamp::EPOCH {
            (record.first, record.last) = (*observed, *observed);
        } else if record.first == Timestamp::EPOCH {
            record.first = plus(record.last, -lasted, 1);
        } else if record.last == Timestamp::EPOCH {
            record.last = plus(record.first, lasted, 1);
        }
    }
}

/// Figures as they were before all but one of so many packets were left out.
pub(super) const fn scale(record: &mut FlowRecord, rate: u32) {
    let rate = if rate == 0 { 1 } else { rate };
    record.sampling = rate;
    record.packets = record.packets.saturating_mul(rate as u64);
    record.bytes = record.bytes.saturating_mul(rate as u64);
    record.reverse_packets = record.reverse_packets.saturating_mul(rate as u64);
    record.reverse_bytes = record.reverse_bytes.saturating_mul(rate as u64);
}

fn first<T: Default + PartialEq + Copy>(place: &mut T, n: impl Into<T>) {
    if *place == T::default() {
        *place = n.into();
    }
}

fn address(place: &mut IpAddr, bytes: &[u8]) {
    if !place.is_unspecified() {
        return;
    }
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        if *place == FlowRecord::NOBODY || v4 != [0; 4] {
            *place = v4.into();
        }
    } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        *place = v6.into();
    }
}

fn hardware(place: &mut Mac, bytes: &[u8]) {
    if let (Mac([0, 0, 0, 0, 0, 0]), Ok(mac)) = (*place, bytes.try_into()) {
        *place = Mac(mac);
    }
}

fn time(place: &mut Timestamp, n: u64, unit: i64) {
    if n != 0 {
        *place = plus(Timestamp::EPOCH, i64::try_from(n).unwrap_or(i64::MAX), unit);
    }
}

const fn plus(at: Timestamp, n: i64, unit: i64) -> Timestamp {
    Timestamp::from_nanos(at.as_nanos().saturating_add(n.saturating_mul(unit)))
}

/// Seconds since 1900 and their 2⁻³²ths (RFC 7011 §6.1.9). The era that began in 2036 is told by the highest bit, which is
/// set for all of 1968 to 2036.
fn ntp(n: u64) -> Timestamp {
    if n == 0 {
        return Timestamp::EPOCH;
    }
    let era = if n >> 63 == 0 { 1i64 << 32 } else { 0 };
    let nanos = ((n & 0xffff_ffff) * SECONDS as u64) >> 32;
    Timestamp::from_parts((n >> 32) as i64 + era - NTP_TO_UNIX, nanos as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Sent = Sent { at: Timestamp::from_parts(1_000_000, 0), uptime: Some(1000) };

    #[test]
    fn uptimes_become_times_of_day_even_when_they_wrap() {
        let mut draft = Draft::new(FlowRecord::empty());
        draft.take(Element::FirstUptime, &(u32::MAX - 999).to_be_bytes());
        draft.take(Element::LastUptime, &900u32.to_be_bytes());
        let record = draft.finish(SENT, 1);
        assert_eq!(record.first, Timestamp::from_parts(999_998, 0));
        assert_eq!(record.last, Timestamp::from_parts(999_999, 900_000_000));
    }

    #[test]
    fn the_first_that_says_something_counts() {
        let mut draft = Draft::new(FlowRecord::empty());
        for port in [0u16, 53, 54] {
            draft.take(Element::SourcePort, &port.to_be_bytes());
        }
        draft.take(Element::Source, &[0; 4]);
        draft.take(Element::Source, &[1; 16]);
        draft.take(Element::Source, &[2; 4]);
        assert_eq!((draft.record.ports.source, draft.record.source), (53, [1u8; 16].into()));
    }

    #[test]
    fn sampling_is_told_in_two_ways() {
        let rate = |fields: &[(Element, u8)]| {
            let mut draft = Draft::new(FlowRecord::empty());
            fields.iter().for_each(|&(element, n)| draft.take(element, &[n]));
            draft.told.rate()
        };
        assert_eq!(rate(&[(Element::PacketInterval, 1), (Element::PacketSpace, 99)]), Some(100));
        assert_eq!(rate(&[(Element::PacketInterval, 1)]), None);
        assert_eq!(rate(&[(Element::SamplingInterval, 10), (Element::RandomInterval, 20)]), Some(20));
        assert_eq!(rate(&[(Element::SampleSize, 1), (Element::Population, 200)]), None);
        assert_eq!(rate(&[(Element::OfTemplate, 1), (Element::SamplingInterval, 10)]), None);
        assert_eq!(rate(&[]), None);
    }

    #[test]
    fn ntp_time_goes_on_after_2036() {
        assert_eq!(ntp((NTP_TO_UNIX as u64) << 32 | 1 << 31), Timestamp::from_nanos(SECONDS / 2));
        assert_eq!(ntp(1 << 32), Timestamp::from_parts((1i64 << 32) + 1 - NTP_TO_UNIX, 0));
    }

    #[test]
    fn figures_never_overflow() {
        let mut draft = Draft::new(FlowRecord::empty());
        draft.take(Element::Octets, &[0xff; 8]);
        draft.take(Element::FirstMillis, &[0xff; 8]);
        draft.take(Element::DurationMicros, &[0xff; 8]);
        assert_eq!(draft.finish(SENT, 1000).bytes, u64::MAX);
    }
}
