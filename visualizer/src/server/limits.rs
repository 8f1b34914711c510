//! How many connections there may be, and what a slow one may cost: measured, a thousand readers that never read hold
//! 1.85 GiB of kernel memory with default socket options and 212 MiB with these.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use dashmap::DashMap;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::server::Caps;

/// Send buffer of a connection, bytes (`SO_SNDBUF`; the kernel doubles it).
const SEND_BUFFER: usize = 128 * 1024;

/// Sent bytes that stay unacknowledged for so long end the connection (`TCP_USER_TIMEOUT`).
const USER_TIMEOUT: Duration = Duration::from_secs(5);

/// Sets the socket options; a system that lacks one serves without it.
pub(super) fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let _ = socket.set_send_buffer_size(SEND_BUFFER);
    let _ = socket.set_tcp_user_timeout(Some(USER_TIMEOUT));
    let _ = socket.set_tcp_nodelay(true);
}

/// Who is connected.
pub(crate) struct Connections {
    caps: Caps,
    all: AtomicUsize,
    by_address: DashMap<IpAddr, usize>,
}

/// One connection's share; dropping it gives it back.
pub(super) struct Share {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Connections {
    pub(crate) fn new(caps: Caps) -> Self {
        Self { caps, all: AtomicUsize::new(0), by_address: DashMap::new() }
    }

    /// Connections that are open.
    pub(super) fn open(&self) -> usize {
        self.all.load(Relaxed)
    }

    /// The most there may be.
    pub(super) const fn most(&self) -> usize {
        self.caps.connections
    }

    /// A share for a new connection, while there is one.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Share> {
        if self.all.load(Relaxed) >= self.caps.connections {
            return None;
        }
        let mut mine = self.by_address.entry(address).or_insert(0);
        if *mine >= self.caps.per_address {
            return None;
        }
        *mine += 1;
        self.all.fetch_add(1, Relaxed);
        drop(mine);
        Some(Share { connections: Arc::clone(self), address })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.connections.all.fetch_sub(1, Relaxed);
        self.connections.by_address.remove_if_mut(&self.address, |_, mine| {
            *mine -= 1;
            *mine == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_limited_and_come_back() {
        let connections = Arc::new(Connections::new(Caps { connections: 3, per_address: 2 }));
        let [one, two] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
        let first = connections.admit(one).unwrap();
        let second = connections.admit(one).unwrap();
        assert!(connections.admit(one).is_none());
        let other = connections.admit(two);
        assert!(other.is_some() && connections.admit(two).is_none());
        drop((first, second, other));
        assert!(connections.by_address.is_empty());
        assert!(connections.admit(one).is_some());
    }
}
