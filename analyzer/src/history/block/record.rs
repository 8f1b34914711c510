//! Exporters' records as columns: all that they told, times by the millisecond.

use std::net::IpAddr;

use capturer::flow::{EndReason, FlowRecord};
use capturer::{Mac, Timestamp};

use super::Kept;
use super::column::{Columns, Cursor, of_vlan, vlan};

/// A field: how it is taken, and how it is set, which a number may fail that does not fit.
type Field<T, Set = ()> = (fn(&FlowRecord) -> T, fn(&mut FlowRecord, T) -> Set);

const ADDRESSES: [Field<IpAddr>; 5] = [
    (|one| one.source, |one, it| one.source = it),
    (|one| one.destination, |one, it| one.destination = it),
    (|one| one.next_hop, |one, it| one.next_hop = it),
    (|one| one.bgp_next_hop, |one, it| one.bgp_next_hop = it),
    (|one| one.exporter.address, |one, it| one.exporter.address = it),
];

const MACS: [Field<Mac>; 2] = [
    (|one| one.source_mac, |one, it| one.source_mac = it),
    (|one| one.destination_mac, |one, it| one.destination_mac = it),
];

const TIMES: [Field<Timestamp>; 3] = [
    (|one| one.first, |one, it| one.first = it),
    (|one| one.last, |one, it| one.last = it),
    (|one| one.received, |one, it| one.received = it),
];

const NUMBERS: [Field<u64, bool>; 22] = [
    (|one| one.packets, |one, it| set(&mut one.packets, it)),
    (|one| one.bytes, |one, it| set(&mut one.bytes, it)),
    (|one| one.reverse_packets, |one, it| set(&mut one.reverse_packets, it)),
    (|one| one.reverse_bytes, |one, it| set(&mut one.reverse_bytes, it)),
    (|one| one.flows, |one, it| set(&mut one.flows, it)),
    (|one| one.ports.source.into(), |one, it| set(&mut one.ports.source, it)),
    (|one| one.ports.destination.into(), |one, it| set(&mut one.ports.destination, it)),
    (|one| one.protocol.0.into(), |one, it| set(&mut one.protocol.0, it)),
    (|one| one.tcp_flags.0.into(), |one, it| set(&mut one.tcp_flags.0, it)),
    (|one| one.traffic_class.into(), |one, it| set(&mut one.traffic_class, it)),
    (|one| one.input.into(), |one, it| set(&mut one.input, it)),
    (|one| one.output.into(), |one, it| set(&mut one.output, it)),
    (|one| one.source_as.into(), |one, it| set(&mut one.source_as, it)),
    (|one| one.destination_as.into(), |one, it| set(&mut one.destination_as, it)),
    (|one| one.previous_as.into(), |one, it| set(&mut one.previous_as, it)),
    (|one| one.next_as.into(), |one, it| set(&mut one.next_as, it)),
    (|one| one.source_mask.into(), |one, it| set(&mut one.source_mask, it)),
    (|one| one.destination_mask.into(), |one, it| set(&mut one.destination_mask, it)),
    (|one| one.exporter.domain.into(), |one, it| set(&mut one.exporter.domain, it)),
    (|one| one.sampling.into(), |one, it| set(&mut one.sampling, it)),
    (
        |one| of_vlan(one.vlan).into(),
        |one, it| {
            let mut number = 0;
            let fits = set(&mut number, it);
            one.vlan = vlan(number);
            fits
        },
    ),
    (
        |one| one.end as u64,
        |one, it| {
            let mut number = 0;
            let fits = set(&mut number, it);
            one.end = EndReason::of(number);
            fits
        },
    ),
];

fn set<T: TryFrom<u64>>(field: &mut T, number: u64) -> bool {
    T::try_from(number).is_ok_and(|number| {
        *field = number;
        true
    })
}

impl Kept for FlowRecord {
    const KIND: u8 = b'R';

    fn write(all: &[Self], columns: &mut Columns) {
        let base = all.first().map_or(0, |first| first.received.as_millis());
        columns.near(0, std::iter::once(base));
        for (get, _) in TIMES {
            columns.near(base, all.iter().map(|one| get(one).as_millis()));
        }
        for (get, _) in ADDRESSES {
            columns.addresses(all.iter().map(get));
        }
        for (get, _) in MACS {
            columns.macs(all.iter().map(get));
        }
        for (get, _) in NUMBERS {
            columns.numbers(all.iter().map(get));
        }
    }

    fn read(count: usize, cursor: &mut Cursor<'_>) -> Option<Vec<Self>> {
        let base = *cursor.near(0, 1)?.first()?;
        let mut all = vec![Self::empty(); count];
        for (_, set) in TIMES {
            let times = cursor.near(base, count)?;
            all.iter_mut().zip(times).for_each(|(one, ms)| set(one, of_millis(ms)));
        }
        for (_, set) in ADDRESSES {
            let addresses = cursor.addresses(count)?;
            all.iter_mut().zip(addresses).for_each(|(one, address)| set(one, address));
        }
        for (_, set) in MACS {
            let macs = cursor.macs(count)?;
            all.iter_mut().zip(macs).for_each(|(one, mac)| set(one, mac));
        }
        for (_, set) in NUMBERS {
            let numbers = cursor.numbers(count)?;
            let fit = all.iter_mut().zip(numbers).all(|(one, number)| set(one, number));
            if !fit {
                return None;
            }
        }
        Some(all)
    }
}

const fn of_millis(ms: i64) -> Timestamp {
    Timestamp::from_nanos(ms.saturating_mul(1_000_000))
}
