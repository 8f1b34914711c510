//! Nothing allocates per packet: with known hosts and flows, a hundred thousand packets cost no allocation at all, nor do
//! as many flow records.
#![expect(unsafe_code, reason = "a counting allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use analyzer::aggregate::{AGGREGATES, Ends};
use analyzer::fingerprint::Database;
use analyzer::geo::{Geo, Needs};
use analyzer::inventory::Plan;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Origin, Setup};
use capturer::flow::FlowRecord;
use capturer::{Packet, Ports, Protocol, Timestamp, Transport};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator unchanged; counting touches an atomic only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's own promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's own promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's own promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn packet(n: u32) -> Packet {
    let remote = IpAddr::V4(Ipv4Addr::from_bits(0x0800_0000 + n % 1000 * 65_537));
    let local = IpAddr::V4(Ipv4Addr::new(192, 168, 1, (n % 20) as u8));
    let (source, destination) = if n.is_multiple_of(2) { (local, remote) } else { (remote, local) };
    Packet {
        at: Timestamp::from_parts(1_700_000_000, i64::from(n)),
        number: u64::from(n),
        wire_len: 600,
        payload_offset: 54,
        payload_len: 46,
        source,
        destination,
        protocol: Protocol::UDP,
        transport: Transport::Udp(Ports { source: 53, destination: 53 }),
        ..Packet::empty()
    }
}

#[test]
fn the_steady_state_allocates_nothing() {
    let both = AGGREGATES.iter().map(|entry| Dimension { name: entry.name, ends: Ends::Both });
    let mut analyzer = Analyzer::new(Setup {
        facts: Facts {
            geo: Geo::bundled(Needs { country: true, asn: true }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        },
        homes: Vec::new(),
        dimensions: both.chain([Dimension { name: "country", ends: Ends::Remote }]).collect(),
        live: true,
        hosts: true,
        names: true,
        memory: 64 << 20,
        counting: analyzer::aggregate::Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: Some(Plan { database: Database::own(), memory: 1 << 20 }),
    });
    // A frame that a reader of names looks into, and finds none: a DNS answer that says no.
    let mut frame = [0; 100];
    frame[54..60].copy_from_slice(&[0, 1, 0x81, 0x83, 0, 0]);
    (0..20_000).for_each(|n| analyzer.observe(&packet(n), &frame));
    let before = ALLOCATIONS.load(Relaxed);
    (20_000..120_000).for_each(|n| analyzer.observe(&packet(n), &frame));
    let during = ALLOCATIONS.load(Relaxed) - before;
    assert_eq!(during, 0, "{during} allocations in 100 000 packets");
    assert_eq!(analyzer.read().totals(analyzer::ViewId::MAIN).packets, 120_000);
    records_allocate_nothing(&mut analyzer);
}

fn record(n: u32) -> FlowRecord {
    let packet = packet(n);
    FlowRecord {
        received: packet.at,
        source: packet.source,
        destination: packet.destination,
        ports: Ports { source: 53, destination: 53 },
        protocol: packet.protocol,
        packets: 3,
        bytes: 1800,
        ..FlowRecord::empty()
    }
}

fn records_allocate_nothing(analyzer: &mut Analyzer) {
    (120_000..140_000).for_each(|n| analyzer.observe_record(&record(n)));
    let before = ALLOCATIONS.load(Relaxed);
    (140_000..240_000).for_each(|n| analyzer.observe_record(&record(n)));
    let during = ALLOCATIONS.load(Relaxed) - before;
    assert_eq!(during, 0, "{during} allocations in 100 000 records");
}
