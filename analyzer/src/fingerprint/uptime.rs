//! How long a host has been up, by the clock of its TCP timestamps (RFC 7323 §5.4): two of them tell the clock's rate, and the
//! rate how long it has counted, modulo 2³² ticks.
//!
//! Stacks that begin at a random value with each peer or connection (Linux since 4.10, Windows and macOS of today) tell nothing true:
//! of a host an uptime is only shown if two peers are told the same ([`Zero`]).

use std::net::IpAddr;

use capturer::Timestamp;

use super::tcp::TcpPrint;

/// Milliseconds between two timestamps: less is too coarse, more may be another boot.
const APART: std::ops::RangeInclusive<i64> = 25..=600_000;

/// Ticks between them at least.
const LEAST_TICKS: u32 = 5;

/// Rates of clocks in hertz: RFC 7323 allows a tick of 1 ms to 1 s.
const RATES: std::ops::RangeInclusive<f64> = 0.7..=1500.0;

/// Segments may come out of order within so many milliseconds, by at most so many ticks.
const OUT_OF_ORDER: (i64, u32) = (100, 15_000);

/// A host's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uptime {
    /// Minutes since the clock was zero.
    pub minutes: u32,
    /// Days after which it begins again.
    pub modulo_days: u32,
    /// Ticks a second, as measured.
    pub frequency: f64,
    /// When the clock was zero, milliseconds since 1970.
    pub zero_ms: i64,
}

/// How far two peers' reckonings of the same boot may be apart, milliseconds; and as a share of the time between them, since a rate is
/// rounded.
const SAME_BOOT: (i64, i64) = (60_000, 10);

/// When a host's clock was zero, as it tells one peer after another.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Zero {
    /// The peer that was told last, when the clock was zero by that, and when it was told.
    last: Option<(IpAddr, i64, i64)>,
    agreed: bool,
}

impl Zero {
    /// Takes what a peer was told.
    pub(super) fn hear(&mut self, peer: IpAddr, zero_ms: i64, at: Timestamp) {
        let now = at.as_millis();
        if let Some((_, zero, then)) = self.last.filter(|(before, ..)| *before != peer) {
            self.agreed = (zero_ms - zero).abs() <= SAME_BOOT.0 + (now - then).abs() / SAME_BOOT.1;
        }
        self.last = Some((peer, zero_ms, now));
    }

    /// Whether the last two peers were told the same.
    pub(super) const fn is_agreed(&self) -> bool {
        self.agreed
    }
}

/// What two timestamps tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clock {
    /// Nothing yet.
    Unknown,
    /// That this is no clock.
    Odd,
    /// Its rate.
    Ticks(Uptime),
}

/// What a timestamp tells after an earlier one of the same host.
pub(super) fn clock(before: &TcpPrint, timestamp: u32, at: Timestamp) -> Clock {
    if before.timestamp == 0 || timestamp == 0 {
        return Clock::Unknown;
    }
    let passed = at.as_millis() - before.at.as_millis();
    let ticks = timestamp.wrapping_sub(before.timestamp);
    let is_late = passed < OUT_OF_ORDER.0 && !ticks < OUT_OF_ORDER.1;
    if !APART.contains(&passed) || ticks < LEAST_TICKS || is_late {
        return Clock::Unknown;
    }
    let frequency = f64::from(ticks) * 1000.0 / passed as f64;
    if ticks > u32::MAX / 2 || !RATES.contains(&frequency) {
        return Clock::Odd;
    }
    let rate = rounded(frequency as u32);
    let (minutes, modulo_days) = (timestamp / rate / 60, u32::MAX / (rate * 86_400));
    let zero_ms = at.as_millis() - i64::from(timestamp) * 1000 / i64::from(rate);
    Clock::Ticks(Uptime { minutes, modulo_days, frequency, zero_ms })
}

/// The round rate that a measured one most likely is.
const fn rounded(frequency: u32) -> u32 {
    match frequency {
        0 => 1,
        1..=10 => frequency,
        11..=50 => (frequency + 3) / 5 * 5,
        51..=100 => (frequency + 7) / 10 * 10,
        101..=500 => (frequency + 33) / 50 * 50,
        _ => (frequency + 67) / 100 * 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(millis: i64, ticks: u32) -> Clock {
        let before = TcpPrint { timestamp: 1_000_000_000, ..TcpPrint::empty() };
        clock(&before, 1_000_000_000u32.wrapping_add(ticks), Timestamp::from_nanos(millis * 1_000_000))
    }

    #[test]
    fn two_timestamps_tell_the_rate_and_the_rate_the_uptime() {
        let Clock::Ticks(uptime) = after(1000, 251) else { panic!("no clock") };
        assert_eq!((uptime.minutes, uptime.modulo_days, uptime.frequency), (66_666, 198, 251.0));
    }

    #[test]
    fn what_is_too_near_too_far_or_no_clock_tells_nothing() {
        assert_eq!([after(24, 24), after(600_001, 600_001), after(1000, 4)], [Clock::Unknown; 3]);
        assert_eq!(after(50, 0u32.wrapping_sub(9)), Clock::Unknown);
        assert_eq!([after(1000, 1600), after(1000, 0u32.wrapping_sub(1000))], [Clock::Odd; 2]);
    }

    #[test]
    fn rates_are_rounded_to_what_stacks_use() {
        assert_eq!([0, 7, 48, 97, 251, 1003].map(rounded), [1, 7, 50, 100, 250, 1000]);
    }
}
