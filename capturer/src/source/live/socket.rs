//! The packet socket, set up before it is opened, so that no frame comes from elsewhere, unfiltered, twice or without its
//! time.

use std::io;
use std::sync::{Arc, OnceLock};

use libc::{PACKET_IGNORE_OUTGOING, SO_RCVBUFFORCE, SOL_PACKET, SOL_SOCKET};
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

/// A socket to be bound and then released ([`release`]), and what its frames begin with. It is shut: nothing comes yet.
pub(super) fn prepare(opening: Opening<'_>) -> io::Result<(Socket, LinkType)> {
    let (socket, link) = create(opening.interface)?;
    socket.set_read_timeout(Some(opening.settings.timeout))?;
    filter::shut(&socket)?;
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

/// Opens a bound socket that came shut: lets it join its group, for which it has to be bound and until then would see
/// what the others see, and attaches its filter; tells whether the filter is left to be asked
/// here.
pub(super) fn release(socket: &Socket, link: LinkType, opening: Opening<'_>) -> io::Result<bool> {
    if let Some(group) = opening.group {
        let number = sys::join(socket, group.get().copied())?;
        group.get_or_init(|| number);
    }
    Ok(filter::attach(socket, link, opening.settings, opening.status))
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
