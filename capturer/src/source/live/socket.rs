//! The packet socket, set up before it is bound, so that no frame comes from elsewhere, unfiltered or without its time.

use std::io;
use std::sync::{Arc, OnceLock};

use libc::{ETH_P_ALL, PACKET_IGNORE_OUTGOING, SO_RCVBUFFORCE, SOL_PACKET, SOL_SOCKET};
use socket2::{Domain, Socket, Type};

use super::{LiveSettings, LiveStatus, filter, link_type};
use crate::LinkType;
use crate::source::interfaces::Interface;
use crate::source::sys;

/// The sockets that share an interface: their group's number, once the first has made it.
pub(super) type Group = Arc<OnceLock<u16>>;

/// What a socket is opened for.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a> {
    pub(super) interface: &'a Interface,
    pub(super) settings: &'a LiveSettings,
    pub(super) group: Option<&'a Group>,
    pub(super) status: &'a LiveStatus,
}

/// A socket that is ready to be started, and what its frames begin with. Its protocol is none: nothing comes yet.
pub(super) fn prepare(opening: Opening<'_>) -> io::Result<(Socket, LinkType)> {
    let (socket, link) = create(opening.interface)?;
    socket.set_read_timeout(Some(opening.settings.timeout))?;
    match opening.group {
        Some(_) => filter::shut(&socket)?,
        None => filter::attach(&socket, link, opening.settings, opening.status),
    }
    if opening.interface.loopback {
        // Each frame passes twice: out and in.
        sys::set_option(&socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)?;
    }
    if opening.settings.promiscuous {
        sys::add_promiscuous(&socket, opening.interface.index)?;
    }
    Ok((socket, link))
}

/// A socket that says what the interface's frames begin with, and reads past link headers nobody decodes.
fn create(interface: &Interface) -> io::Result<(Socket, LinkType)> {
    let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
    sys::bind(&socket, interface.index, 0)?;
    match link_type(sys::hardware_type(&socket)?) {
        Some(link) => Ok((socket, link)),
        None => Ok((Socket::new(Domain::PACKET, Type::DGRAM, None)?, LinkType::LINUX_SLL)),
    }
}

/// Binds the socket: frames come from now on.
pub(super) fn start(socket: &Socket, link: LinkType, opening: Opening<'_>) -> io::Result<()> {
    sys::bind(socket, opening.interface.index, ETH_P_ALL)?;
    join(socket, link, opening)
}

/// Joins a bound socket to its group. Only a bound socket can join, and until then it would see what the others see,
/// so it comes shut and is opened here.
pub(super) fn join(socket: &Socket, link: LinkType, opening: Opening<'_>) -> io::Result<()> {
    let Some(group) = opening.group else { return Ok(()) };
    let number = sys::join(socket, group.get().copied())?;
    group.get_or_init(|| number);
    filter::attach(socket, link, opening.settings, opening.status);
    Ok(())
}

/// Asks for a receive buffer, past the limit where we may, and says what was granted. The kernel doubles the number
/// for its own use (socket(7)).
pub(super) fn enlarge(socket: &Socket, opening: Opening<'_>) -> io::Result<()> {
    let bytes = opening.settings.buffer;
    let wanted = i32::try_from(bytes).unwrap_or(i32::MAX);
    if sys::set_option(socket, SOL_SOCKET, SO_RCVBUFFORCE, wanted).is_err() {
        socket.set_recv_buffer_size(bytes)?;
    }
    let granted = socket.recv_buffer_size()? / 2;
    opening.status.set_buffer(granted);
    if granted < bytes {
        tracing::warn!(granted, wanted = bytes, "receive buffer limited by net.core.rmem_max");
    }
    Ok(())
}
