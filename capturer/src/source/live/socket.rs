//! The packet socket, set up before it is bound, so that no frame comes from elsewhere or without its time.

use std::io;

use libc::{PACKET_AUXDATA, PACKET_IGNORE_OUTGOING, SO_RCVBUFFORCE, SO_TIMESTAMPNS, SOL_PACKET, SOL_SOCKET};
use socket2::{Domain, Socket, Type};

use super::{LiveSettings, LiveStatus};
use crate::source::interfaces::Interface;
use crate::source::sys;

/// A socket that is ready to be bound to `interface`. Its protocol is none: until it is bound nothing comes.
pub(super) fn prepare(
    kind: Type,
    interface: &Interface,
    settings: &LiveSettings,
    status: &LiveStatus,
) -> io::Result<Socket> {
    let socket = Socket::new(Domain::PACKET, kind, None)?;
    socket.set_read_timeout(Some(settings.timeout))?;
    status.set_buffer(enlarge(&socket, settings.buffer)?);
    sys::set_option(&socket, SOL_SOCKET, SO_TIMESTAMPNS, 1)?;
    sys::set_option(&socket, SOL_PACKET, PACKET_AUXDATA, 1)?;
    if interface.loopback {
        // Each frame passes twice: out and in.
        sys::set_option(&socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)?;
    }
    if settings.promiscuous {
        sys::add_promiscuous(&socket, interface.index)?;
    }
    Ok(socket)
}

/// Asks for a receive buffer of `bytes`, past the limit where we may, and says what was granted. The kernel doubles
/// the number for its own use (socket(7)).
fn enlarge(socket: &Socket, bytes: usize) -> io::Result<usize> {
    let wanted = i32::try_from(bytes).unwrap_or(i32::MAX);
    if sys::set_option(socket, SOL_SOCKET, SO_RCVBUFFORCE, wanted).is_err() {
        socket.set_recv_buffer_size(bytes)?;
    }
    Ok(socket.recv_buffer_size()? / 2)
}
