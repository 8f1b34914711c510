//! What each setting may be: its range, and what holds between several.

use analyzer::geo::Override;

use super::{Kind, Settings, SettingsError, notify};
use crate::online;

/// Networks that the user may set something for.
const OVERRIDES_MAX: usize = 4096;

/// A whole number among the settings.
pub(super) struct Number {
    pub(super) key: &'static str,
    value: usize,
    pub(super) least: usize,
    pub(super) most: usize,
    /// The range in words, with its unit.
    pub(super) allowed: &'static str,
}

impl Settings {
    /// Holds each value against its range; `origin` tells which layer set a key.
    ///
    /// # Errors
    /// [`SettingsError::Range`] for the first that is out.
    pub fn check(&self, origin: &dyn Fn(&str) -> String) -> Result<(), SettingsError> {
        let wrong = |key: &'static str, value: String, allowed: &'static str| {
            Err(SettingsError::Range { key, value, allowed, origin: origin(key) })
        };
        // What is missing stands nowhere; what asks for it does.
        let missing = |key: &'static str, value: &str, allowed: &'static str, asked_by: &str| {
            Err(SettingsError::Range { key, value: value.to_owned(), allowed, origin: origin(asked_by) })
        };
        if !(0.0..=10_000.0).contains(&self.source.speed) {
            return wrong("source.speed", self.source.speed.to_string(), "0 (as fast as it goes) to 10000");
        }
        if self.source.kind == Kind::Files && self.source.read.is_empty() {
            let allowed = "at least one file or directory when source.kind is \"files\"";
            return missing("source.read", "[]", allowed, "source.kind");
        }
        if !self.flows.exports_fit() {
            let allowed = "an address and port such as 192.0.2.10:4739, or nothing";
            return wrong("flows.export_to", self.flows.export_to.clone(), allowed);
        }
        if !self.flows.is_fit() {
            let allowed = "an address and a UDP port such as 127.0.0.1:2303, or nothing";
            return wrong("flows.listen", self.flows.listen.clone(), allowed);
        }
        if self.flows.address().is_some() && !matches!(self.source.kind, Kind::Interface | Kind::None) {
            let allowed = "nothing while captures are replayed, whose times are others; with source.kind \"none\" or \"interface\" an address";
            return wrong("flows.listen", self.flows.listen.clone(), allowed);
        }
        if self.flows.address().is_none() && self.source.kind == Kind::None {
            let allowed = "an address to listen on for flow exports when source.kind is \"none\"";
            return missing("flows.listen", "\"\"", allowed, "source.kind");
        }
        if !self.online.resolver.is_empty() && online::server(&self.online.resolver).is_none() {
            let allowed = "an address such as 192.0.2.53 or 192.0.2.53:5353, or nothing for the system's own";
            return wrong("online.resolver", self.online.resolver.clone(), allowed);
        }
        self.check_log(origin)?;
        if let Err(error) = self.detect.thresholds() {
            let origin = origin(&format!("detect {}", error.rule()));
            return Err(SettingsError::Rule { error, origin });
        }
        if let Err((name, (key, allowed))) = notify::check(&self.notify) {
            let origin = origin(&format!("notify {name}"));
            return Err(SettingsError::Notify { name, key, allowed, origin });
        }
        self.server.check(origin)?;
        self.check_overrides(origin)?;
        for home in &self.home {
            if !(-90.0..=90.0).contains(&home.lat) || !(-180.0..=180.0).contains(&home.lon) {
                return wrong(
                    "home.lat",
                    format!("{}, lon = {}", home.lat, home.lon),
                    "lat -90 to 90, lon -180 to 180",
                );
            }
        }
        for Number { key, value, least, most, allowed } in self.numbers() {
            if !(least..=most).contains(&value) {
                return wrong(key, value.to_string(), allowed);
            }
        }
        Ok(())
    }

    /// Whole numbers and their ranges.
    pub(super) fn numbers(&self) -> [Number; 21] {
        let number = |key, value, least, most, allowed| Number { key, value, least, most, allowed };
        [
            number(
                "source.receive_buffer_mb",
                self.source.receive_buffer_mb as usize,
                1,
                1024,
                "1 to 1024 (MiB)",
            ),
            number(
                "source.snap_length",
                self.source.snap_length as usize,
                0,
                262_144,
                "0 (whole frames) to 262144 (bytes)",
            ),
            number("ring.packets", self.ring.packets, 1024, 1 << 24, "1024 to 16777216"),
            number("ring.keep_bytes", self.ring.keep_bytes, 64, 65_535, "64 to 65535 (bytes)"),
            number("analysis.memory_mb", self.analysis.memory_mb, 16, 65_536, "16 to 65536 (MiB)"),
            number("history.memory_mb", self.history.memory_mb, 0, 65_536, "0 to 65536 (MiB)"),
            number(
                "flows.active_seconds",
                self.flows.active_seconds as usize,
                10,
                86_400,
                "10 to 86400 (seconds)",
            ),
            number("flows.idle_seconds", self.flows.idle_seconds as usize, 5, 3600, "5 to 3600 (seconds)"),
            number("history.disk_mb", self.history.disk_mb, 16, 1 << 20, "16 to 1048576 (MiB)"),
            number(
                "history.ten_seconds_hours",
                self.history.ten_seconds_hours as usize,
                1,
                8760,
                "1 to 8760 (hours)",
            ),
            number("history.minutes_days", self.history.minutes_days as usize, 1, 3650, "1 to 3650 (days)"),
            number(
                "history.ten_minutes_days",
                self.history.ten_minutes_days as usize,
                1,
                3650,
                "1 to 3650 (days)",
            ),
            number("history.hours_days", self.history.hours_days as usize, 1, 36_500, "1 to 36500 (days)"),
            number("history.flows_days", self.history.flows_days as usize, 1, 3650, "1 to 3650 (days)"),
            number("history.rows", self.history.rows, 10, 100_000, "10 to 100000"),
            number("alerts.max_mb", self.alerts.max_mb, 8, 65_536, "8 to 65536 (MiB)"),
            number("metrics.top", self.metrics.top, 0, 1000, "0 (none) to 1000"),
            number(
                "server.session_idle_hours",
                self.server.session_idle_hours as usize,
                1,
                8760,
                "1 to 8760 (hours)",
            ),
            number("server.session_hours", self.server.session_hours as usize, 1, 8760, "1 to 8760 (hours)"),
            number("server.max_connections", self.server.max_connections, 1, 65_535, "1 to 65535"),
            number(
                "server.max_connections_per_address",
                self.server.max_connections_per_address,
                1,
                65_535,
                "1 to 65535",
            ),
        ]
    }

    /// Each network once, and each says something.
    fn check_overrides(&self, origin: &dyn Fn(&str) -> String) -> Result<(), SettingsError> {
        let all = &self.geo.r#override;
        let wrong = |at: &Override, value: String, allowed: &'static str| {
            let origin = origin(&format!("geo.override {}", at.network));
            Err(SettingsError::Range { key: "geo.override", value, allowed, origin })
        };
        for (position, one) in all.iter().enumerate() {
            let says = [one.country.is_some(), one.asn.is_some(), one.name.is_some(), one.note.is_some()];
            if !says.contains(&true) {
                return wrong(one, one.network.to_string(), "a network with a country, asn, name or note");
            }
            if one.asn == Some(0) {
                return wrong(one, "asn 0".to_owned(), "an AS number of 1 to 4294967295");
            }
            if position >= OVERRIDES_MAX || all[..position].iter().any(|other| other.network == one.network) {
                return wrong(one, one.network.to_string(), "each network once, and at most 4096 of them");
            }
        }
        Ok(())
    }
}
