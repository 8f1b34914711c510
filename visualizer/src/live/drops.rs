//! Datagrams that the kernel dropped at one of our UDP sockets because its receive buffer was full. Nobody else knows of them:
//! what has no sequence numbers (sFlow counters, NetFlow v1) would be gone without a word. Read from the table of
//! sockets in `/proc/net/udp` and `udp6` (proc(5)), where the socket is known by its inode and the count is the last column;
//! the socket's own way to tell (SO_RXQ_OVFL) needs a system call that no safe wrapper has.

use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;

/// A socket's place in the table.
#[derive(Debug)]
pub(super) struct Drops {
    inode: u64,
    table: &'static str,
}

/// Columns before the count: the socket's inode is the tenth.
const INODE: usize = 9;

impl Drops {
    /// Of this socket; nothing where the system has no such table.
    pub(super) fn of(socket: &UdpSocket) -> Option<Self> {
        let table =
            if socket.local_addr().ok()?.is_ipv4() { "/proc/self/net/udp" } else { "/proc/self/net/udp6" };
        let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
        let drops = Self { inode, table };
        drops.count().map(|_| drops)
    }

    /// How many since the socket was made.
    pub(super) fn count(&self) -> Option<u64> {
        find(&std::fs::read_to_string(self.table).ok()?, self.inode)
    }
}

/// The count of a socket in a table.
fn find(table: &str, inode: u64) -> Option<u64> {
    let columns = |line: &str| -> Option<(u64, u64)> {
        let mut columns = line.split_ascii_whitespace();
        let found = columns.nth(INODE)?.parse().ok()?;
        Some((found, columns.next_back()?.parse().ok()?))
    };
    table.lines().skip(1).filter_map(columns).find(|(found, _)| *found == inode).map(|(_, drops)| drops)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
                         1042: 0100007F:08FF 00000000:0000 07 00000000:00034E00 00:00000000 00000000     0        0 25217 2 00000000a5d6b1c4 731\n\
                         1501: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   107        0 731 2 0000000078b6a0c1 0\n";

    #[test]
    fn a_socket_is_found_by_its_inode() {
        assert_eq!((find(TABLE, 25_217), find(TABLE, 731), find(TABLE, 1)), (Some(731), Some(0), None));
        assert_eq!(find("no table", 1), None);
    }

    #[test]
    fn what_a_full_buffer_drops_is_counted() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(socket) = UdpSocket::bind(address) else { continue };
            let Some(drops) = Drops::of(&socket) else { continue };
            assert_eq!(drops.count(), Some(0));
            let sender = UdpSocket::bind(address).unwrap();
            let sent = 20_000;
            (0..sent).for_each(|_| {
                sender.send_to(&[0; 1400], socket.local_addr().unwrap()).unwrap();
            });
            socket.set_nonblocking(true).unwrap();
            let received = std::iter::from_fn(|| socket.recv(&mut [0; 1500]).ok()).count() as u64;
            let dropped = drops.count().unwrap();
            assert!(dropped > 0, "28 MB fit");
            assert_eq!(received + dropped, sent, "{address}");
        }
    }
}
