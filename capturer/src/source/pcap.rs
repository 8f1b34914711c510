//! The pcap format (draft-ietf-opsawg-pcap): a 24-byte header, then records of 16 bytes and a frame each, in the byte
//! order of the machine that wrote it.
//!
//! Read in place rather than through the `pcap-parser` crate: that one knows Kuznetzov's "modified" format in one byte
//! order only, takes the wrong one of the two lengths in files older than version 2.4, bounds no length, and does not say
//! at which byte a file is damaged. It is the oracle of a test instead.

use super::record::{Damage, Fault, MAX_CAPTURED, Record, Step};
use super::window::{Order, Window};
use crate::{LinkType, Timestamp};

/// Bytes of the file header.
pub(super) const HEADER_LEN: usize = 24;

/// Magic number, nanoseconds in a unit of the fraction, bytes of a record header.
const MAGICS: [(u32, u32, usize); 3] = [
    (0xa1b2_c3d4, 1_000, 16),
    (0xa1b2_3c4d, 1, 16),
    // Alexey Kuznetzov's modified format: interface index, protocol and packet type follow the two lengths.
    (0xa1b2_cd34, 1_000, 24),
];

/// How the two lengths of a record stand: files before 2.3 have them the other way round, 2.3 was written both ways
/// (libpcap, `sf-pcap.c`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    WireFirst,
    ShorterIsCaptured,
}

/// What the file header says of all records.
pub(super) struct Pcap {
    order: Order,
    nanos_per_unit: u32,
    record_header: usize,
    lengths: Lengths,
    link: LinkType,
}

/// Whether a file that begins with these four bytes is a pcap file.
pub(super) fn is_magic(first: [u8; 4]) -> bool {
    find_magic(first).is_some()
}

fn find_magic(first: [u8; 4]) -> Option<(Order, u32, usize)> {
    MAGICS.iter().find_map(|&(magic, nanos, header)| match magic {
        _ if u32::from_le_bytes(first) == magic => Some((Order::Little, nanos, header)),
        _ if u32::from_be_bytes(first) == magic => Some((Order::Big, nanos, header)),
        _ => None,
    })
}

impl Pcap {
    /// Reads the file header, whose magic number has been seen.
    pub(super) fn open(window: &mut Window) -> Result<Self, Fault> {
        if !window.fill(HEADER_LEN)? {
            let had = window.bytes().len();
            let found = format!("the end of the file after {had} bytes");
            return Err(Damage::new(had as u64, "a pcap file header of 24 bytes", found).into());
        }
        let header = Self::parse(window.bytes())?;
        window.step(HEADER_LEN);
        Ok(header)
    }

    fn parse(header: &[u8]) -> Result<Self, Damage> {
        let first = [header[0], header[1], header[2], header[3]];
        let Some((order, nanos_per_unit, record_header)) = find_magic(first) else {
            return Err(Damage::new(0, "a pcap magic number", format!("{first:02x?}")));
        };
        let lengths = match (order.u16(header, 4), order.u16(header, 6)) {
            (2, 0..=2) | (543, 0) => Lengths::WireFirst,
            (2, 3) => Lengths::ShorterIsCaptured,
            (2, _) => Lengths::CapturedFirst,
            (major, minor) => {
                return Err(Damage::new(4, "pcap version 2.x", format!("version {major}.{minor}")));
            }
        };
        // The upper bits tell of a frame check sequence and are otherwise reserved; readers ignore them.
        let link = LinkType((order.u32(header, 20) & 0xffff) as u16);
        Ok(Self { order, nanos_per_unit, record_header, lengths, link })
    }

    /// The next record if it is there as a whole and nothing is wrong with it.
    #[inline]
    pub(super) fn at_hand(&self, window: &mut Window) -> Option<Record> {
        let bytes = window.bytes();
        let record = self.parse_record(bytes.first_chunk()?);
        let end = self.record_header + record.captured as usize;
        let is_whole = record.captured <= MAX_CAPTURED && end <= bytes.len();
        is_whole.then(|| self.take(window, record))
    }

    /// The next record.
    #[cold]
    pub(super) fn next(&self, window: &mut Window) -> Result<Step, Fault> {
        let offset = window.offset();
        if !window.fill(self.record_header)? {
            return Ok(if window.bytes().is_empty() { Step::End } else { Step::Cut(offset) });
        }
        let Some(header) = window.bytes().first_chunk() else { return Ok(Step::Cut(offset)) };
        let record = self.parse_record(header);
        if record.captured > MAX_CAPTURED {
            return Err(Damage::captured_length(offset + 8, record.captured).into());
        }
        if !window.fill(self.record_header + record.captured as usize)? {
            return Ok(Step::Cut(offset));
        }
        Ok(Step::Record(self.take(window, record)))
    }

    /// Steps over a record that is there as a whole.
    #[inline]
    fn take(&self, window: &mut Window, header: RecordHeader) -> Record {
        let RecordHeader { at, captured, wire_len } = header;
        let end = self.record_header + captured as usize;
        let bytes = window.consume(end, self.record_header..end);
        Record { at, wire_len, link: self.link, bytes }
    }

    #[inline]
    fn parse_record(&self, header: &[u8; 16]) -> RecordHeader {
        let [seconds, fraction, first, second] = self.order.numbers(header);
        let nanos = i64::from(fraction) * i64::from(self.nanos_per_unit);
        let (captured, wire_len) = match self.lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::WireFirst => (second, first),
            Lengths::ShorterIsCaptured => (first.min(second), first.max(second)),
        };
        // Below 2^63: neither part can be larger than 2^32 times 10^9.
        let at = Timestamp::from_nanos(i64::from(seconds) * 1_000_000_000 + nanos);
        RecordHeader { at, captured, wire_len }
    }
}

/// What a record begins with.
struct RecordHeader {
    at: Timestamp,
    captured: u32,
    wire_len: u32,
}
