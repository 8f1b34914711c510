//! What a detector hears of: a moment in a session, with the packet that brought it.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use capturer::{Packet, Timestamp};

use super::session::Session;

/// What happened, a bit each; a packet may bring several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments(u32);

impl Moments {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// A session begins with something that asks: a SYN, a datagram, a request, a bare ACK.
    pub const OPENED: Self = Self(0x0001);
    /// The answerer's first packet, a RST aside.
    pub const ANSWERED: Self = Self(0x0002);
    /// A SYN+ACK answers a SYN.
    pub const ACCEPTED: Self = Self(0x0004);
    /// The handshake is finished, or both have sent payload.
    pub const ESTABLISHED: Self = Self(0x0008);
    /// A RST answers, an ICMP error names the session, or the opener resets it without a byte of payload.
    pub const REFUSED: Self = Self(0x0010);
    /// Nobody answered in time; there is no packet.
    pub const UNANSWERED: Self = Self(0x0020);
    /// The packet has payload, and the session is not yet bulk.
    pub const DATA: Self = Self(0x0040);
    /// The packet has the first payload of its session's opener.
    pub const FIRST: Self = Self(0x2000);
    /// An established session ends.
    pub const ENDED: Self = Self(0x0080);
    /// A packet that belongs to no session: a SYN+ACK, ACK, FIN or RST of which nothing was seen before.
    pub const STRAY: Self = Self(0x0100);
    /// A packet of the opener in a session that was not answered so far, the first included.
    pub const ONE_WAY: Self = Self(0x0200);
    /// An ARP message.
    pub const ARP: Self = Self(0x0400);
    /// An ICMP or ICMPv6 message of any kind.
    pub const ICMP: Self = Self(0x0800);
    /// A fragment of an IP packet.
    pub const FRAGMENT: Self = Self(0x1000);
    /// A request or an answer of HTTP/1 begins, and [`Event::head`] has its head, joined from segments if need be.
    pub const HTTP: Self = Self(0x0001_0000);
    /// A request of HTTP/1 begins that is not whole; [`Moments::HTTP`] follows if its rest comes.
    pub const UNFINISHED: Self = Self(0x0002_0000);
    /// A DNS message, over UDP or TCP.
    pub const DNS: Self = Self(0x0004_0000);
    /// A TLS record begins.
    pub const TLS: Self = Self(0x0008_0000);
    /// Lines of a service that talks in lines: commands and answers of FTP, SMTP, POP3, IMAP, Telnet.
    pub const LINES: Self = Self(0x0010_0000);
    /// The first words of SSH, VNC, RDP or SMB, by which the service is known on any port.
    pub const BANNER: Self = Self(0x0020_0000);
    /// A Kerberos message.
    pub const KERBEROS: Self = Self(0x0040_0000);
    /// A SIP message.
    pub const SIP: Self = Self(0x0080_0000);
    /// A DHCP message.
    pub const DHCP: Self = Self(0x0100_0000);
    /// A JSON object over TCP.
    pub const JSON: Self = Self(0x0200_0000);
    /// A piece of SSH at its ports: what it says is encrypted, how long it is tells.
    pub const SSH: Self = Self(0x0800_0000);
    /// Options follow the IPv6 header.
    pub const OPTIONS: Self = Self(0x0400_0000);

    /// What flow records can show.
    pub(super) const OF_RECORDS: Self = Self::OPENED
        .and(Self::ANSWERED)
        .and(Self::ACCEPTED)
        .and(Self::ESTABLISHED)
        .and(Self::REFUSED)
        .and(Self::UNANSWERED)
        .and(Self::ENDED)
        .and(Self::STRAY)
        .and(Self::ONE_WAY);

    /// How many kinds of moments there can be.
    pub(super) const KINDS: usize = u32::BITS as usize;

    /// The moment of a number below [`Moments::KINDS`].
    pub(super) const fn kind(number: usize) -> Self {
        Self(1 << number)
    }

    /// The numbers of those that are set.
    pub(super) fn kinds(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let number = rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
            (number < u32::BITS).then_some(number as usize)
        })
    }

    /// Whether any bit of `other` is set.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing is set.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// These if something holds, else none.
    #[inline]
    pub const fn when(self, holds: bool) -> Self {
        if holds { self } else { Self::NONE }
    }

    /// Both together, in tables.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOr for Moments {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Moments {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::LowerHex for Moments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What happened.
    pub moments: Moments,
    /// When: packet time, which never goes back.
    pub at: Timestamp,
    /// The packet; of [`Moments::UNANSWERED`] an empty one.
    pub packet: &'a Packet,
    /// What was kept of its headers, from that of IP on.
    pub headers: &'a [u8],
    /// What was kept of its transport payload.
    pub payload: &'a [u8],
    /// With [`Moments::HTTP`] and [`Moments::UNFINISHED`] the message from its first byte on; else the payload.
    pub head: &'a [u8],
    /// Bytes of the head that were told before, as unfinished.
    pub known: usize,
    /// Its session; ARP has none.
    pub session: Option<&'a Session>,
    /// Whether it came from the session's opener.
    pub from_opener: bool,
    /// The packet that an ICMP error quotes, as far as it could be read.
    pub quoted: Option<&'a Packet>,
}

impl Event<'_> {
    /// Whether any of these happened.
    #[inline]
    pub const fn is(&self, moments: Moments) -> bool {
        self.moments.any(moments)
    }

    /// The frame's number; of a session that was not answered that of its first frame.
    pub fn frame(&self) -> u64 {
        match self.session {
            Some(session) if self.is(Moments::UNANSWERED) => session.frame,
            _ => self.packet.number,
        }
    }
}
