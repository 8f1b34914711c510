//! Units of figures: three significant digits, decimal or binary multiples, the unit apart by a thin space; an axis says its
//! unit once and its ticks are bare numbers.

use clap::ValueEnum;

/// Multiples of bytes: of 1000 (SI) or of 1024 (IEC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Base {
    /// kB, MB, GB: by 1000
    #[default]
    Si,
    /// KiB, MiB, GiB: by 1024
    Iec,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes, in these multiples.
    Bytes(Base),
    /// Packets.
    Packets,
    /// Flows.
    Flows,
    /// Bits in a second.
    BitRate,
    /// Packets in a second.
    PacketRate,
    /// Bytes of a packet.
    BytesPerPacket,
    /// Hundredths of a whole.
    Percent,
    /// Cycles in a second.
    Hertz,
    /// Seconds.
    Seconds,
}

const SI: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
const IEC: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const SMALL: [&str; 4] = ["", "m", "µ", "n"];

/// A multiple of a unit that suits figures of some size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Multiple {
    /// What figures are divided by.
    pub(super) by: f64,
    /// The unit with its prefix, such as `MB`; empty where there is none to name.
    pub(super) symbol: String,
}

impl Unit {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Bytes(_) => "B",
            Self::Packets | Self::Flows => "",
            Self::BitRate => "bit/s",
            Self::PacketRate => "/s",
            Self::BytesPerPacket => "B",
            Self::Percent => "%",
            Self::Hertz => "Hz",
            Self::Seconds => "s",
        }
    }

    /// The words of an axis.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Bytes(_) => "Bytes",
            Self::Packets => "Packets",
            Self::Flows => "Flows",
            Self::BitRate => "Rate",
            Self::PacketRate => "Packets a second",
            Self::BytesPerPacket => "Bytes a packet",
            Self::Percent => "Share",
            Self::Hertz => "Frequency",
            Self::Seconds => "Time",
        }
    }

    const fn step(self) -> f64 {
        if matches!(self, Self::Bytes(Base::Iec)) { 1024.0 } else { 1000.0 }
    }

    /// The multiple for figures up to `most`.
    pub(super) fn multiple(self, most: f64) -> Multiple {
        let most = most.abs();
        if matches!(self, Self::Percent) || most == 0.0 || !most.is_finite() {
            return Multiple { by: 1.0, symbol: self.symbol().to_owned() };
        }
        if most < 1.0 && matches!(self, Self::Hertz | Self::Seconds) {
            return self.fraction(most);
        }
        let prefixes = if matches!(self, Self::Bytes(Base::Iec)) { &IEC } else { &SI };
        let (mut by, mut index) = (1.0, 0);
        // Seconds are not multiplied: 2400 s stays so; counts begin to be at ten thousand.
        let enough = match self {
            Self::Seconds => f64::INFINITY,
            Self::Packets | Self::Flows => 10.0,
            _ => 0.9995,
        };
        while most / by >= self.step() * enough.max(0.9995) && index + 1 < prefixes.len() {
            by *= self.step();
            index += 1;
            if enough > 1.0 && most / by < self.step() {
                break;
            }
        }
        Multiple { by, symbol: format!("{}{}", prefixes[index], self.symbol()) }
    }

    fn fraction(self, most: f64) -> Multiple {
        let (mut by, mut index) = (1.0, 0);
        while most / by < 1.0 && index + 1 < SMALL.len() {
            by /= 1000.0;
            index += 1;
        }
        Multiple { by, symbol: format!("{}{}", SMALL[index], self.symbol()) }
    }

    /// A figure for people, with its unit.
    pub(crate) fn figure(self, value: f64) -> String {
        let multiple = self.multiple(value);
        let scaled = value / multiple.by;
        let whole = multiple.by == 1.0 && scaled.fract() == 0.0;
        let number = if whole { grouped(scaled) } else { significant(scaled) };
        match multiple.symbol.as_str() {
            "" => number,
            symbol => format!("{number}\u{202f}{symbol}"),
        }
    }
}

/// Three significant digits.
pub(super) fn significant(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$}").replace('-', "\u{2212}")
}

/// A whole number, thousands apart.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 { "\u{2212}".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len() > 4 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        let bytes = Unit::Bytes(Base::Si);
        assert_eq!([bytes.figure(346.0), bytes.figure(855_197.0)], ["346\u{202f}B", "855\u{202f}kB"]);
        assert_eq!(Unit::Bytes(Base::Iec).figure(1_048_576.0), "1.00\u{202f}MiB");
        assert_eq!(Unit::Packets.figure(1234.0), "1234");
        assert_eq!(Unit::Packets.figure(123_456.0), "123\u{202f}k");
        assert_eq!(Unit::BitRate.figure(1500.0), "1.50\u{202f}kbit/s");
        assert_eq!(Unit::Seconds.figure(0.25), "250\u{202f}ms");
    }
}
