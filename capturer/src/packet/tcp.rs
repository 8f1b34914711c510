//! A TCP header as a packet keeps it: the fields of RFC 9293, and of the options what fingerprints and round-trip times
//! need.

use std::fmt;

use super::Ports;

/// A TCP header and what a fingerprint needs of its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Both ports.
    pub ports: Ports,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number, whatever the ACK flag says.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window as sent, not scaled.
    pub window: u16,
    /// Oddities of the header and its options.
    pub quirks: TcpQuirks,
    /// The options.
    pub options: TcpOptions,
}

/// TCP control bits, RFC 9293 §3.1, with AE/NS (RFC 9768) as bit 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u16);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x20);
    /// ECN echo.
    pub const ECE: Self = Self(0x40);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x80);
    /// Accurate ECN, formerly the nonce sum.
    pub const AE: Self = Self(0x100);

    /// Whether every bit of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Opens a connection: SYN without ACK.
    pub const fn is_syn(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0) == Self::SYN.0
    }

    /// Answers an opening: SYN and ACK.
    pub const fn is_syn_ack(self) -> bool {
        self.has(Self(Self::SYN.0 | Self::ACK.0))
    }
}

impl fmt::Display for TcpFlags {
    /// As tcpdump writes them: `S`, `S.`, `P.`, `F.`, `R`, `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LETTERS: [(TcpFlags, char); 9] = [
            (TcpFlags::FIN, 'F'),
            (TcpFlags::SYN, 'S'),
            (TcpFlags::RST, 'R'),
            (TcpFlags::PSH, 'P'),
            (TcpFlags::ACK, '.'),
            (TcpFlags::URG, 'U'),
            (TcpFlags::ECE, 'E'),
            (TcpFlags::CWR, 'W'),
            (TcpFlags::AE, 'e'),
        ];
        if self.0 & 0x1ff == 0 {
            return f.write_str("none");
        }
        for (bit, letter) in LETTERS {
            if self.has(bit) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

/// TCP options (RFC 9293 §3.2, RFC 7323, RFC 2018) in the order they came, with the values that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpOptions {
    /// TSval, when a timestamp option is there; 0 otherwise (see `layout`).
    pub timestamp: u32,
    /// Which options came, in order.
    pub layout: OptionLayout,
    /// Maximum segment size; 0 when absent.
    pub mss: u16,
    /// Window scale shift; 255 when absent.
    pub window_scale: u8,
    /// Bytes after an end-of-list option.
    pub padding: u8,
}

impl TcpOptions {
    /// A header without options.
    pub const NONE: Self =
        Self { timestamp: 0, layout: OptionLayout::EMPTY, mss: 0, window_scale: u8::MAX, padding: 0 };
}

/// Oddities that fingerprints look at, one bit each.
// The one that is a bool has values that no `Tcp` has; the compiler keeps the kind of transport there, which holds the
// packet to 128 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpQuirks {
    bits: u8,
    cut_options: bool,
}

impl TcpQuirks {
    /// Nothing odd.
    pub const NONE: Self = Self::bit(0);
    /// The urgent pointer is not zero.
    pub const URGENT_POINTER: Self = Self::bit(0x01);
    /// TSecr is not zero.
    pub const TIMESTAMP_ECHO: Self = Self::bit(0x02);
    /// A byte after the end-of-list option is not zero.
    pub const PADDING_NOT_ZERO: Self = Self::bit(0x04);
    /// The data offset is below 5 or runs past the packet; or an option's length runs past the header, or is not what
    /// its kind demands.
    pub const MALFORMED_OPTIONS: Self = Self::bit(0x08);
    /// The options were not captured to their end: what is there of them is known, the rest is not.
    pub const CUT_OPTIONS: Self = Self { bits: 0, cut_options: true };

    const fn bit(bits: u8) -> Self {
        Self { bits, cut_options: false }
    }

    /// Whether all that `other` has is set.
    pub const fn has(self, other: Self) -> bool {
        self.bits & other.bits == other.bits && (self.cut_options || !other.cut_options)
    }

    /// Sets what `other` has.
    pub const fn set(&mut self, other: Self) {
        self.bits |= other.bits;
        self.cut_options |= other.cut_options;
    }
}

/// The kinds of up to 15 options in order, four bits each, with their number in the top nibble.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct OptionLayout([u32; 2]);

/// One TCP option, as a fingerprint sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OptionKind {
    /// Kind 0.
    EndOfList = 0,
    /// Kind 1.
    NoOperation = 1,
    /// Kind 2.
    Mss = 2,
    /// Kind 3.
    WindowScale = 3,
    /// Kind 4.
    SackPermitted = 4,
    /// Kind 5.
    Sack = 5,
    /// Kind 8.
    Timestamps = 8,
    /// Any other kind; its number is in the frame's bytes.
    Other = 15,
}

impl OptionKind {
    /// The kind of a number of <https://www.iana.org/assignments/tcp-parameters>.
    pub const fn of(number: u8) -> Self {
        match number {
            0 => Self::EndOfList,
            1 => Self::NoOperation,
            2 => Self::Mss,
            3 => Self::WindowScale,
            4 => Self::SackPermitted,
            5 => Self::Sack,
            8 => Self::Timestamps,
            _ => Self::Other,
        }
    }
}

impl OptionLayout {
    /// No options.
    pub const EMPTY: Self = Self([0; 2]);

    /// Appends a kind; a sixteenth and later ones are dropped (a TCP header has room for 40, all NOP).
    pub const fn push(&mut self, kind: OptionKind) {
        let count = self.len();
        if count < 15 {
            self.0[count / 8] |= (kind as u32) << (count % 8 * 4);
            self.0[1] = (self.0[1] & 0x0fff_ffff) | ((count as u32 + 1) << 28);
        }
    }

    /// How many options there are, at most 15.
    pub const fn len(self) -> usize {
        (self.0[1] >> 28) as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The kinds in order.
    pub fn iter(self) -> impl Iterator<Item = OptionKind> {
        (0..self.len()).map(move |i| OptionKind::of((self.0[i / 8] >> (i % 8 * 4)) as u8 & 0xf))
    }
}

impl fmt::Debug for OptionLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_layout_keeps_order_and_stops_at_fifteen() {
        let mut layout = OptionLayout::default();
        layout.push(OptionKind::Mss);
        layout.push(OptionKind::Timestamps);
        assert_eq!(layout.iter().collect::<Vec<_>>(), [OptionKind::Mss, OptionKind::Timestamps]);
        for _ in 0..40 {
            layout.push(OptionKind::NoOperation);
        }
        assert_eq!(layout.len(), 15);
        assert_eq!(layout.iter().last(), Some(OptionKind::NoOperation));
    }

    #[test]
    fn flags_read_as_tcpdump_writes_them() {
        assert_eq!(TcpFlags(0x12).to_string(), "S.");
        assert_eq!(TcpFlags(0).to_string(), "none");
        assert!(TcpFlags(0xc2).is_syn() && !TcpFlags(0x12).is_syn());
    }
}
