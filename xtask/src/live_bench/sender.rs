//! A bounded sender: UDP datagrams of 60-byte frames, many a system call (udp(7), `UDP_SEGMENT`).

use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use socket2::{Domain, MsgHdr, SockAddr, Socket, Type};

use super::lab::TARGET;
use crate::processor::of_thread;

/// It stops after this, whatever was sent.
const LONGEST: Duration = Duration::from_secs(8);

/// Datagrams of a call, which the kernel cuts apart; its own limit is 128, and was 64.
const BATCH: usize = 64;

/// Bytes of a datagram, which with Ethernet, IPv4 and UDP headers make the shortest frame of Ethernet.
const PAYLOAD: u16 = 60 - 42;

/// Ports the datagrams go to in turn: as many flows.
const PORTS: std::ops::Range<u16> = 4000..4064;

/// Sends `packets` datagrams at `rate` a second, or as fast as they go where that is 0; tells how many went, and
/// nanoseconds of time and of processor time.
pub(super) fn send(packets: u64, rate: u64) -> Result<[u64; 3]> {
    ensure!(packets.is_multiple_of(BATCH as u64), "packets are sent {BATCH} at once");
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let address: IpAddr = TARGET.parse()?;
    let targets: Vec<SockAddr> = PORTS.map(|port| SocketAddr::new(address, port).into()).collect();
    let bytes = [7; BATCH * PAYLOAD as usize];
    let (payload, control) = ([std::io::IoSlice::new(&bytes)], segment());
    let (start, mut sent) = (Instant::now(), 0);
    for target in targets.iter().cycle() {
        let elapsed = start.elapsed();
        if sent >= packets || elapsed > LONGEST {
            break;
        }
        let due = Duration::from_nanos(sent * 1_000_000_000 / rate.max(1));
        if rate > 0 && due > elapsed {
            thread::sleep(due - elapsed);
        }
        socket.sendmsg(&MsgHdr::new().with_addr(target).with_buffers(&payload).with_control(&control), 0)?;
        sent += BATCH as u64;
    }
    Ok([sent, start.elapsed().as_nanos() as u64, of_thread().as_nanos() as u64])
}

/// The control message that says how long each datagram is: length, level, type, value, room to the next word (cmsg(3)).
fn segment() -> Vec<u8> {
    let header = size_of::<usize>() + 2 * size_of::<i32>();
    let mut bytes = (header + size_of::<u16>()).to_ne_bytes().to_vec();
    bytes.extend(libc::SOL_UDP.to_ne_bytes());
    bytes.extend(libc::UDP_SEGMENT.to_ne_bytes());
    bytes.extend(PAYLOAD.to_ne_bytes());
    bytes.resize(header + size_of::<usize>(), 0);
    bytes
}
