//! Slices as columns: what the pages need to go back in time.

use capturer::{Network, Protocol};

use super::Kept;
use super::column::{Columns, Cursor, of_vlan, vlan};
use crate::flow::{State, Volume};
use crate::history::{Between, Side, Slice};
use crate::observation::Direction;

impl Kept for Slice {
    const KIND: u8 = b'S';

    fn write(all: &[Self], columns: &mut Columns) {
        let base = all.first().map_or(0, |first| first.at);
        columns.near(0, std::iter::once(base));
        columns.near(base, all.iter().map(|slice| slice.at));
        columns.addresses(all.iter().map(|slice| slice.between.opener.address));
        columns.addresses(all.iter().map(|slice| slice.between.answerer.address));
        columns.macs(all.iter().map(|slice| slice.between.opener.mac));
        columns.macs(all.iter().map(|slice| slice.between.answerer.mac));
        columns.shorts(all.iter().map(|slice| slice.between.opener.port));
        columns.shorts(all.iter().map(|slice| slice.between.answerer.port));
        columns.shorts(all.iter().map(|slice| of_vlan(slice.between.vlan)));
        columns.bytes_of(all.iter().map(|slice| slice.between.protocol.0));
        columns.shorts(all.iter().map(marks));
        columns.numbers(all.iter().map(|slice| slice.sent.packets));
        columns.numbers(all.iter().map(|slice| slice.sent.bytes));
        columns.numbers(all.iter().map(|slice| slice.received.packets));
        columns.numbers(all.iter().map(|slice| slice.received.bytes));
        columns.numbers(all.iter().map(|slice| u64::from(slice.begun)));
        columns.numbers(all.iter().map(|slice| u64::from(slice.first_ms)));
        columns.numbers(all.iter().map(|slice| u64::from(slice.last_ms)));
        columns.shorts(all.iter().map(|slice| u16::from_le_bytes(slice.flags)));
    }

    fn read(count: usize, cursor: &mut Cursor<'_>) -> Option<Vec<Self>> {
        let base = *cursor.near(0, 1)?.first()?;
        let at = cursor.near(base, count)?;
        let (openers, answerers) = (cursor.addresses(count)?, cursor.addresses(count)?);
        let (opener_macs, answerer_macs) = (cursor.macs(count)?, cursor.macs(count)?);
        let (opener_ports, answerer_ports) = (cursor.shorts(count)?, cursor.shorts(count)?);
        let (vlans, protocols) = (cursor.shorts(count)?, cursor.bytes_of(count)?);
        let marks = cursor.shorts(count)?;
        let (sent_packets, sent_bytes) = (cursor.numbers(count)?, cursor.numbers(count)?);
        let (received_packets, received_bytes) = (cursor.numbers(count)?, cursor.numbers(count)?);
        let begun = cursor.numbers(count)?;
        let (first_ms, last_ms) = (cursor.numbers(count)?, cursor.numbers(count)?);
        let flags = cursor.shorts(count)?;
        let slice = |n: usize| {
            let side = |address, port, mac| Side { address, port, mac };
            let between = Between {
                opener: side(openers[n], opener_ports[n], opener_macs[n]),
                answerer: side(answerers[n], answerer_ports[n], answerer_macs[n]),
                network: network(marks[n])?,
                protocol: Protocol(protocols[n]),
                vlan: vlan(vlans[n]),
                has_ports: marks[n] & HAS_PORTS != 0,
            };
            Some(Self {
                at: at[n],
                between,
                direction: direction(marks[n]),
                sent: Volume { packets: sent_packets[n], bytes: sent_bytes[n] },
                received: Volume { packets: received_packets[n], bytes: received_bytes[n] },
                begun: u32::try_from(begun[n]).ok()?,
                continues: marks[n] & CONTINUES != 0,
                led: marks[n] & LED != 0,
                state: state(marks[n])?,
                first_ms: u32::try_from(first_ms[n]).ok()?,
                last_ms: u32::try_from(last_ms[n]).ok()?,
                flags: flags[n].to_le_bytes(),
            })
        };
        (0..count).map(slice).collect()
    }
}

// A slice's marks: two bits each for network, state and direction, one each for the rest.
const STATE: u16 = 2;
const DIRECTION: u16 = 4;
const HAS_PORTS: u16 = 1 << 6;
const CONTINUES: u16 = 1 << 7;
const LED: u16 = 1 << 8;

fn marks(slice: &Slice) -> u16 {
    let mark = |is, mark| if is { mark } else { 0 };
    slice.between.network as u16
        | (slice.state as u16) << STATE
        | (slice.direction as u16) << DIRECTION
        | mark(slice.between.has_ports, HAS_PORTS)
        | mark(slice.continues, CONTINUES)
        | mark(slice.led, LED)
}

const fn network(marks: u16) -> Option<Network> {
    match marks & 3 {
        0 => Some(Network::Ipv4),
        1 => Some(Network::Ipv6),
        2 => Some(Network::Arp),
        _ => None,
    }
}

const fn state(marks: u16) -> Option<State> {
    match marks >> STATE & 3 {
        0 => Some(State::Active),
        1 => Some(State::Closed),
        2 => Some(State::Reset),
        _ => None,
    }
}

const fn direction(marks: u16) -> Direction {
    match marks >> DIRECTION & 3 {
        0 => Direction::In,
        1 => Direction::Out,
        2 => Direction::Internal,
        _ => Direction::Transit,
    }
}
