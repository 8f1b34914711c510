//! The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks, each section in its own byte order and with its
//! own interfaces, each interface with its own link type, clock resolution and clock offset.
//!
//! Read in place rather than through the `pcap-parser` crate, which allocates a list for each packet block that has
//! options (measured: one allocation a packet, two and a half times our time), caps no block's length, and does not say at
//! which byte a file is damaged.

use super::record::{Damage, Fault, MAX_CAPTURED, Record, Step};
use super::resolution::Resolution;
use super::window::{Order, Window};
use crate::{LinkType, Timestamp};

/// Section header block; reads the same in both byte orders.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET_OBSOLETE: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Options of an interface description.
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// The longest block that is accepted, RELIABILITY T9; libpcap's limit too.
const MAX_BLOCK: usize = 16 * 1024 * 1024;

/// The most interfaces of one section: what the obsolete packet block can address, and a bound on memory.
const MAX_INTERFACES: usize = 65_536;

/// Bytes of a packet block before its data, type and length included.
const PACKET_DATA: usize = 28;

/// Whether a file that begins with these four bytes is a pcapng file.
pub(super) fn is_magic(first: [u8; 4]) -> bool {
    u32::from_le_bytes(first) == SECTION_HEADER
}

/// What an interface description says of its packets.
#[derive(Clone, Copy, Default)]
struct Interface {
    link: u16,
    /// 0: no limit.
    snap_len: u32,
    resolution: Resolution,
    offset_seconds: i64,
}

impl Interface {
    /// When so many units of its clock had passed.
    #[inline]
    fn time(&self, units: u64) -> Timestamp {
        Timestamp::from_parts(self.offset_seconds, self.resolution.nanos(units))
    }
}

/// The section being read.
pub(super) struct PcapNg {
    /// `None` before the first section header.
    order: Option<Order>,
    interfaces: Vec<Interface>,
    /// For blocks without a time.
    last: Timestamp,
}

/// A whole block in the window: where it is and how it reads.
#[derive(Clone, Copy)]
struct Block {
    kind: u32,
    offset: u64,
    length: usize,
    order: Order,
}

/// What is known of the block at the window's start.
enum Found {
    Whole(Block),
    End,
    Cut(u64),
}

impl PcapNg {
    /// A reader at the start of a file.
    pub(super) const fn new() -> Self {
        Self { order: None, interfaces: Vec::new(), last: Timestamp::EPOCH }
    }

    /// The frame of an enhanced packet block that is there as a whole and nothing is wrong with: the way that nearly all
    /// frames go.
    #[inline]
    pub(super) fn at_hand(&mut self, window: &mut Window) -> Option<Record> {
        let order = self.order?;
        let bytes = window.bytes();
        let (head, rest) = bytes.split_first_chunk::<8>()?;
        let (kind, length) = (order.u32(head, 0), order.u32(head, 4) as usize);
        if kind != ENHANCED_PACKET || !(PACKET_DATA + 4..=bytes.len()).contains(&length) || length % 4 != 0 {
            return None;
        }
        let [number, high, low, captured] = order.numbers(rest.first_chunk()?);
        let wire_len = order.u32(bytes, PACKET_DATA - 4);
        let interface = self.interfaces.get(number as usize)?;
        let is_right = captured <= MAX_CAPTURED
            && captured as usize <= length - PACKET_DATA - 4
            && order.u32(bytes, length - 4) as usize == length;
        if !is_right {
            return None;
        }
        self.last = interface.time(u64::from(high) << 32 | u64::from(low));
        let link = LinkType(interface.link);
        let bytes = window.consume(length, PACKET_DATA..PACKET_DATA + captured as usize);
        Some(Record { at: self.last, wire_len, link, bytes })
    }

    /// The next packet block's frame; blocks of other kinds are stepped over.
    #[cold]
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Step, Fault> {
        loop {
            let block = match self.block(window)? {
                Found::Whole(block) => block,
                Found::End => return Ok(Step::End),
                Found::Cut(offset) => return Ok(Step::Cut(offset)),
            };
            let record = match block.kind {
                ENHANCED_PACKET | PACKET_OBSOLETE => self.packet(block, window)?,
                SIMPLE_PACKET => self.simple_packet(block, window)?,
                SECTION_HEADER => self.begin_section(block),
                INTERFACE_DESCRIPTION => self.describe_interface(block, window.bytes())?,
                _ => None,
            };
            match record {
                Some(record) => return Ok(Step::Record(record)),
                None => window.step(block.length),
            };
        }
    }

    /// Brings the whole next block into the window and checks both its lengths.
    fn block(&self, window: &mut Window) -> Result<Found, Fault> {
        let offset = window.offset();
        if !window.fill(12)? {
            return self.cut(window, offset);
        }
        let bytes = window.bytes();
        let order = self.order_of(bytes, offset)?;
        let (kind, length) = (order.u32(bytes, 0), order.u32(bytes, 4) as usize);
        if !(12..=MAX_BLOCK).contains(&length) || length % 4 != 0 {
            let expected = format!("a block length of 12 to {MAX_BLOCK} bytes, a multiple of 4");
            return Err(Damage::new(offset + 4, expected, length.to_string()).into());
        }
        if !window.fill(length)? {
            return self.cut(window, offset);
        }
        let trailer = order.u32(window.bytes(), length - 4) as usize;
        if trailer != length {
            let expected = format!("the block's length again, {length}");
            return Err(Damage::new(offset + length as u64 - 4, expected, trailer.to_string()).into());
        }
        Ok(Found::Whole(Block { kind, offset, length, order }))
    }

    /// The file ends in the block at `offset`, or right before it.
    fn cut(&self, window: &Window, offset: u64) -> Result<Found, Fault> {
        let had = window.bytes().len();
        match self.order {
            None => {
                let found = format!("the end of the file after {had} bytes");
                Err(Damage::new(offset + had as u64, "a whole section header block", found).into())
            }
            Some(_) if had == 0 => Ok(Found::End),
            Some(_) => Ok(Found::Cut(offset)),
        }
    }

    /// The byte order of the block that begins `bytes`: the section's, or the one a section header announces.
    fn order_of(&self, bytes: &[u8], offset: u64) -> Result<Order, Damage> {
        match self.order {
            Some(order) if order.u32(bytes, 0) != SECTION_HEADER => Ok(order),
            _ if Order::Little.u32(bytes, 8) == BYTE_ORDER_MAGIC => Ok(Order::Little),
            _ if Order::Big.u32(bytes, 8) == BYTE_ORDER_MAGIC => Ok(Order::Big),
            _ => Err(Damage::new(
                offset + 8,
                "the byte-order magic 1a2b3c4d",
                format!("{:02x?}", &bytes[8..12]),
            )),
        }
    }

    fn begin_section(&mut self, block: Block) -> Option<Record> {
        self.order = Some(block.order);
        self.interfaces.clear();
        None
    }

    fn describe_interface(&mut self, block: Block, bytes: &[u8]) -> Result<Option<Record>, Damage> {
        block.at_least(20, "an interface description block")?;
        if self.interfaces.len() == MAX_INTERFACES {
            return Err(Damage::new(
                block.offset,
                format!("at most {MAX_INTERFACES} interfaces"),
                "one more",
            ));
        }
        let order = block.order;
        let mut interface =
            Interface { link: order.u16(bytes, 8), snap_len: order.u32(bytes, 12), ..Interface::default() };
        for (code, value) in options(order, &bytes[16..block.length - 4]) {
            match (code, value) {
                (IF_TSRESOL, &[resolution]) => interface.resolution = Resolution::from_option(resolution),
                (IF_TSOFFSET, seconds) if seconds.len() == 8 => {
                    interface.offset_seconds = order.u64(seconds, 0).cast_signed();
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Ok(None)
    }

    /// An enhanced packet block, or the packet block it replaced: they differ in the width of the interface's number.
    fn packet(&mut self, block: Block, window: &mut Window) -> Result<Option<Record>, Damage> {
        block.at_least(PACKET_DATA + 4, "a packet block")?;
        let (order, bytes) = (block.order, window.bytes());
        let number = match block.kind {
            PACKET_OBSOLETE => u32::from(order.u16(bytes, 8)),
            _ => order.u32(bytes, 8),
        };
        let interface = self.interface(number, block.offset + 8)?;
        let units = u64::from(order.u32(bytes, 12)) << 32 | u64::from(order.u32(bytes, 16));
        let (captured, wire_len) = (order.u32(bytes, 20), order.u32(bytes, 24));
        if captured > MAX_CAPTURED {
            return Err(Damage::captured_length(block.offset + 20, captured));
        }
        let room = block.length - PACKET_DATA - 4;
        if captured as usize > room {
            let expected = format!("a captured length within the block's {room} bytes");
            return Err(Damage::new(block.offset + 20, expected, captured.to_string()));
        }
        let bytes = window.consume(block.length, PACKET_DATA..PACKET_DATA + captured as usize);
        self.last = interface.time(units);
        Ok(Some(Record { at: self.last, wire_len, link: LinkType(interface.link), bytes }))
    }

    /// A simple packet block: of the section's first interface, without a time; it gets that of the packet before it.
    fn simple_packet(&self, block: Block, window: &mut Window) -> Result<Option<Record>, Damage> {
        block.at_least(16, "a simple packet block")?;
        let interface = self.interface(0, block.offset)?;
        let wire_len = block.order.u32(window.bytes(), 8);
        let snap_len = if interface.snap_len == 0 { u32::MAX } else { interface.snap_len };
        let captured = wire_len.min(snap_len).min((block.length - 16) as u32);
        if captured > MAX_CAPTURED {
            return Err(Damage::captured_length(block.offset + 8, captured));
        }
        let bytes = window.consume(block.length, 12..12 + captured as usize);
        Ok(Some(Record { at: self.last, wire_len, link: LinkType(interface.link), bytes }))
    }

    fn interface(&self, number: u32, offset: u64) -> Result<Interface, Damage> {
        self.interfaces.get(number as usize).copied().ok_or_else(|| {
            let expected = format!("one of the section's {} interfaces", self.interfaces.len());
            Damage::new(offset, expected, format!("interface {number}"))
        })
    }
}

impl Block {
    fn at_least(self, length: usize, what: &str) -> Result<(), Damage> {
        if self.length >= length {
            return Ok(());
        }
        let expected = format!("{what} of at least {length} bytes");
        Err(Damage::new(self.offset + 4, expected, self.length.to_string()))
    }
}

/// The options in `bytes`; one that runs past the end is the last, and left out.
fn options(order: Order, mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        if bytes.len() < 4 {
            return None;
        }
        let (code, length) = (order.u16(bytes, 0), order.u16(bytes, 2) as usize);
        let value = bytes.get(4..4 + length)?;
        bytes = bytes.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        (code != 0).then_some((code, value))
    })
}
