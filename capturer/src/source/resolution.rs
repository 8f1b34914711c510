//! The resolution of a pcapng interface's clock (`if_tsresol`): a negative power of ten or of two.

/// How many seconds a unit of the clock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// A unit is this many nanoseconds.
    Nanos(u64),
    /// A nanosecond is this many units.
    PerNano(u64),
    /// A second is two to this many units.
    Binary(u8),
}

impl Default for Resolution {
    /// Microseconds.
    fn default() -> Self {
        Self::Nanos(1_000)
    }
}

impl Resolution {
    /// As the option's byte says it: the top bit chooses the base, the rest is the negated exponent.
    pub(super) fn from_option(byte: u8) -> Self {
        let exponent = byte & 0x7f;
        if byte & 0x80 != 0 {
            return Self::Binary(exponent);
        }
        match 9_u32.checked_sub(exponent.into()) {
            Some(up) => Self::Nanos(10_u64.pow(up)),
            None => Self::PerNano(10_u64.checked_pow(u32::from(exponent) - 9).unwrap_or(u64::MAX)),
        }
    }

    /// `units` in nanoseconds, rounded down, saturating.
    #[inline]
    pub(super) fn nanos(self, units: u64) -> i64 {
        let nanos = match self {
            Self::Nanos(each) => u128::from(units) * u128::from(each),
            Self::PerNano(per) => u128::from(units / per),
            // Below 2^94, so nothing is lost on the left.
            Self::Binary(exponent) => (u128::from(units) * 1_000_000_000) >> exponent,
        };
        i64::try_from(nanos).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_nanoseconds() {
        for (byte, units, nanos) in [
            (0, 3, 3_000_000_000),
            (6, 1_500_000, 1_500_000_000),
            (9, 7, 7),
            (12, 1_999, 1),
            (127, u64::MAX, 1),
            (0x80, 2, 2_000_000_000),
            (0x80 | 10, 1_536, 1_500_000_000),
            (0x80 | 32, 1 << 31, 500_000_000),
            (0xff, u64::MAX, 0),
            (0, u64::MAX, i64::MAX),
        ] {
            assert_eq!(Resolution::from_option(byte).nanos(units), nanos, "if_tsresol {byte:#x}");
        }
    }
}
