use std::net::IpAddr;

use capturer::flow::{EndReason, Exporter, FlowRecord};
use capturer::{Mac, Network, Ports, Protocol, TcpFlags, Timestamp};
use proptest::prelude::*;

use super::{BlockError, Kept, MOST, read, write};
use crate::flow::{State, Volume};
use crate::history::{Between, Side, Slice};
use crate::observation::Direction;

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
}

fn side() -> impl Strategy<Value = Side> {
    (address(), any::<u16>(), any::<[u8; 6]>()).prop_map(|(address, port, mac)| Side {
        address,
        port,
        mac: Mac(mac),
    })
}

fn between() -> impl Strategy<Value = Between> {
    let network = prop_oneof![Just(Network::Ipv4), Just(Network::Ipv6), Just(Network::Arp)];
    (side(), side(), network, any::<(u8, u16, bool)>()).prop_map(
        |(opener, answerer, network, (protocol, vlan, has_ports))| Between {
            opener,
            answerer,
            network,
            protocol: Protocol(protocol),
            vlan: super::column::vlan(vlan),
            has_ports,
        },
    )
}

fn slice() -> impl Strategy<Value = Slice> {
    let direction = prop_oneof![
        Just(Direction::In),
        Just(Direction::Out),
        Just(Direction::Internal),
        Just(Direction::Transit)
    ];
    let state = prop_oneof![Just(State::Active), Just(State::Closed), Just(State::Reset)];
    (between(), direction, state, any::<(i64, [u64; 4], [u32; 3], [u8; 2], bool, bool)>()).prop_map(
        |(
            between,
            direction,
            state,
            (at, [a, b, c, d], [begun, first_ms, last_ms], flags, continues, led),
        )| Slice {
            at,
            between,
            direction,
            sent: Volume { packets: a, bytes: b },
            received: Volume { packets: c, bytes: d },
            begun,
            continues,
            led,
            state,
            first_ms,
            last_ms,
            flags,
        },
    )
}

fn record() -> impl Strategy<Value = FlowRecord> {
    let times = [0..4_000_000_000_000_i64, 0..4_000_000_000_000, 0..4_000_000_000_000];
    let at = |ms: i64| Timestamp::from_nanos(ms * 1_000_000);
    (
        times,
        [address(), address(), address(), address(), address()],
        any::<([u64; 5], [u32; 8], [u16; 4])>(),
        any::<([u8; 6], [u8; 4])>(),
    )
        .prop_map(move |([first, last, received], addresses, (long, numbers, short), (mac, bytes))| {
            FlowRecord {
                first: at(first),
                last: at(last),
                received: at(received),
                source: addresses[0],
                destination: addresses[1],
                next_hop: addresses[2],
                bgp_next_hop: addresses[3],
                exporter: Exporter { address: addresses[4], domain: numbers[0] },
                packets: long[0],
                bytes: long[1],
                reverse_packets: long[2],
                reverse_bytes: long[3],
                flows: long[4],
                input: numbers[1],
                output: numbers[2],
                source_as: numbers[3],
                destination_as: numbers[4],
                previous_as: numbers[5],
                next_as: numbers[6],
                sampling: numbers[7],
                ports: Ports { source: short[0], destination: short[1] },
                tcp_flags: TcpFlags(short[2]),
                vlan: super::column::vlan(short[3]),
                protocol: Protocol(bytes[0]),
                traffic_class: bytes[1],
                source_mask: bytes[2],
                destination_mask: bytes[3],
                source_mac: Mac(mac),
                destination_mac: Mac([mac[5]; 6]),
                end: EndReason::of(mac[0] % 6),
            }
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(slices in prop::collection::vec(slice(), 0..40)) {
        prop_assert_eq!(read::<Slice>(&write(&slices)), Ok(slices));
    }

    #[test]
    fn a_record_is_kept_with_all_that_an_exporter_told(records in prop::collection::vec(record(), 0..40)) {
        prop_assert_eq!(read::<FlowRecord>(&write(&records)), Ok(records));
    }

    #[test]
    fn a_block_with_a_wrong_byte_is_refused(slices in prop::collection::vec(slice(), 1..20), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut block = write(&slices);
        let at = at.index(block.len());
        block[at] ^= flip;
        prop_assert!(read::<Slice>(&block).is_err());
    }

    #[test]
    fn columns_that_nobody_wrote_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        // The checksum does not guard against somebody who can compute it.
        let mut cursor = super::Cursor::new(&bytes);
        if let Some(count) = cursor.number().filter(|count| *count <= 1000) {
            let _ = Slice::read(count as usize, &mut cursor);
        }
        let mut cursor = super::Cursor::new(&bytes);
        if let Some(count) = cursor.number().filter(|count| *count <= 1000) {
            let _ = FlowRecord::read(count as usize, &mut cursor);
        }
    }
}

#[test]
fn kinds_are_told_apart() {
    let block = write(&[FlowRecord::empty()]);
    assert_eq!(read::<Slice>(&block), Err(BlockError::Unknown));
    assert_eq!(read::<Slice>(b"WG"), Err(BlockError::Unknown));
}

#[test]
fn a_block_takes_so_many_flows_and_no_more() {
    let many = vec![FlowRecord::empty(); MOST + 1];
    assert_eq!(read::<FlowRecord>(&write(&many)).unwrap().len(), MOST);
}
