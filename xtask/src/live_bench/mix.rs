//! Everyday traffic on a real interface: the IPv4 packets of `cargo xtask imix`, from whoever they say they are (raw(7)).

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use socket2::{Domain, Protocol, Socket, Type};

use crate::bench_captures::imix;

/// Strangers that take part.
const HOSTS: u64 = 20_000;

/// Where IPv4 begins in an Ethernet frame, and what says that it does.
const NETWORK: usize = 14;
const IPV4: [u8; 2] = [8, 0];

/// Sends so many at a rate; tells how many went, and the nanoseconds it took.
pub(super) fn send(packets: u64, rate: u64) -> Result<[u64; 2]> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(libc::IPPROTO_RAW)))?;
    // Made before the first goes, so that making them delays none.
    let wanted = usize::try_from(packets)?;
    let frames = imix::frames(1, HOSTS).filter(|frame| frame.bytes[12..NETWORK] == IPV4);
    let frames: Vec<_> = frames.take(wanted).collect();
    let (began, mut packet) = (Instant::now(), Vec::new());
    for (number, frame) in frames.iter().enumerate() {
        packet.clear();
        packet.extend(&frame.bytes[NETWORK..]);
        packet.resize(frame.wire_length as usize - NETWORK, 0);
        let [a, b, c, d] = [16, 17, 18, 19].map(|at| packet[at]);
        socket.send_to(&packet, &SocketAddr::from((Ipv4Addr::new(a, b, c, d), 0)).into())?;
        let due = Duration::from_nanos(number as u64 * 1_000_000_000 / rate.max(1));
        let early = due.saturating_sub(began.elapsed());
        if early > Duration::from_millis(1) {
            thread::sleep(early);
        }
    }
    Ok([frames.len() as u64, began.elapsed().as_nanos() as u64])
}
