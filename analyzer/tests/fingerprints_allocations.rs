//! Fingerprints allocate nothing for packets: neither for SYNs of known and unknown hosts once their table is full, nor for the
//! segments of connections, followed or not. Heads of requests are the exception, once a connection.
#![expect(unsafe_code, reason = "a counting allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use analyzer::fingerprint::{Database, Fingerprints};
use capturer::{Icmp, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport};

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

/// A segment of one of many clients: every third a SYN, the others acknowledgments.
fn packet(n: u32) -> Packet {
    let flags = if n.is_multiple_of(3) { TcpFlags::SYN } else { TcpFlags::ACK };
    let tcp = Tcp {
        ports: Ports { source: (n % 50_000) as u16, destination: 443 },
        sequence: n,
        acknowledgment: 0,
        flags,
        window: 64_240,
        quirks: TcpQuirks::NONE,
        options: TcpOptions::NONE,
    };
    Packet {
        at: Timestamp::from_parts(1_700_000_000, i64::from(n) * 100_000),
        payload_offset: 74,
        network_offset: 14,
        source: IpAddr::V4(Ipv4Addr::from_bits(n.wrapping_mul(0x9e37_79b9) >> 8)),
        destination: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        protocol: Protocol::TCP,
        ttl: 57,
        transport: Transport::Tcp(tcp),
        ..Packet::empty()
    }
}

/// A datagram between such ports, or a ping.
fn datagram(n: u32, ports: Option<(u16, u16)>, len: u32) -> Packet {
    let transport = match ports {
        Some((source, destination)) => Transport::Udp(Ports { source, destination }),
        None => Transport::Icmp(Icmp { kind: 8, code: 0, identifier: 1, sequence: 1 }),
    };
    let protocol = if ports.is_some() { Protocol::UDP } else { Protocol::ICMP };
    let source = IpAddr::V4(Ipv4Addr::from_bits(n));
    Packet { protocol, transport, source, payload_offset: 42, payload_len: len, ..packet(n) }
}

/// Words that tell nothing: no allocation, whatever carries them; nor do those that tell, once their table is full.
fn words_allocate_nothing() {
    let (nothing, alphabet) = ([0; 200], *b"abcdefghijklmnopqrstuvwabcdefghi");
    let frame = [&[0; 42][..], &nothing].concat();
    let ping = [&[0; 42][..], &alphabet].concat();
    let mut fingerprints = Fingerprints::new(Database::own(), 1 << 18);
    let mut observe = |n: u32| {
        for ports in
            [Some((53, 53)), Some((68, 67)), Some((5353, 5353)), Some((138, 138)), Some((1900, 1900)), None]
        {
            fingerprints.observe(&datagram(n, ports, 200), &frame, &mut |_| ());
        }
        fingerprints.observe(&datagram(n, None, 32), &ping, &mut |_| ());
    };
    (0..20_000).for_each(&mut observe);
    let before = ALLOCATIONS.load(Relaxed);
    (20_000..40_000).for_each(&mut observe);
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 0);
    assert!(fingerprints.counts().clues_evicted > 0);
}

#[test]
fn packets_allocate_nothing() {
    words_allocate_nothing();
    let mut frame = [0; 74];
    frame[14] = 0x45;
    frame[46] = 0xa0;
    frame[54..].copy_from_slice(&[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7]);
    let mut fingerprints = Fingerprints::new(Database::own(), 1 << 20);
    let mut told = 0;
    let mut observe = |n| fingerprints.observe(&packet(n), &frame, &mut |_| told += 1);
    (0..60_000).for_each(&mut observe);
    let before = ALLOCATIONS.load(Relaxed);
    (60_000..160_000).for_each(&mut observe);
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 0);
    assert!(told > 50_000 && fingerprints.counts().hosts_evicted > 0);
}
