//! The system calls that no safe wrapper exists for, each behind a safe function: the crate's only unsafe code.
#![expect(
    unsafe_code,
    reason = "poll(2), recvmmsg(2), mmap(2), packet(7), adjtimex(2) and ethtool's ioctl have no safe wrapper in std or socket2"
)]

mod ring;

use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_void, socklen_t};
use socket2::{Domain, SockAddr, Socket, Type};

pub(super) use ring::{RETIRE, Ring};

/// Datagrams that are received at once.
pub(super) const BURST: usize = 64;

/// Control bytes for a time stamp (32) and the auxiliary data (40), with room to spare.
const CONTROL: usize = 128;

/// Waits until `fd` can be read, has ended or is in error; `false` when `timeout` passed or a signal came before.
pub(super) fn wait_readable(fd: BorrowedFd<'_>, timeout: Duration) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let millis = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: `poll` is one valid pollfd, alive and exclusively ours during the call, and the count says one.
    let ready = unsafe { libc::poll(&raw mut poll, 1, millis) };
    match checked(ready) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        ready => Ok(ready? > 0),
    }
}

/// Whether a time service keeps the clock right, as the kernel has it from that service (adjtimex(2)).
pub(super) fn is_synchronised() -> io::Result<bool> {
    // SAFETY: all zero is a valid timex, and with `modes` 0 the kernel only writes what it knows into it.
    let state = unsafe {
        let mut clock: libc::timex = mem::zeroed();
        libc::adjtimex(&raw mut clock)
    };
    Ok(checked(state)? != libc::TIME_ERROR)
}

/// What an interface's card or driver says to a question of one number (`ETHTOOL_G…` of linux/ethtool.h).
pub(super) fn ethtool(name: &str, question: u32) -> io::Result<u32> {
    /// `SIOCETHTOOL` of linux/sockios.h; not in libc for every system.
    const SIOCETHTOOL: u64 = 0x8946;
    if name.len() >= libc::IFNAMSIZ {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let mut value = [question, 0_u32];
    // SAFETY: all zero is a valid ifreq, whose name stays ended by a zero as it is shorter than the field. `value` is what the kernel
    // calls ethtool_value, two u32; it outlives the call and is exclusively ours.
    checked(unsafe {
        let mut request: libc::ifreq = mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = from as libc::c_char;
        }
        request.ifr_ifru.ifru_data = value.as_mut_ptr().cast();
        libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL as _, &raw mut request)
    })?;
    Ok(value[1])
}

/// Sets a socket option that is one `int`.
pub(super) fn set_option(socket: &Socket, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    set(socket, level, name, &value)
}

/// Has the interface pass everything it sees to this socket, for as long as the socket is open (packet(7)).
pub(super) fn add_promiscuous(socket: &Socket, index: u32) -> io::Result<()> {
    let membership = libc::packet_mreq {
        mr_ifindex: index.cast_signed(),
        mr_type: libc::PACKET_MR_PROMISC as u16,
        mr_alen: 0,
        mr_address: [0; 8],
    };
    set(socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)
}

/// Sets a socket option to the bytes of `value`, whose type must be the C type the option takes.
fn set<T>(socket: &Socket, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as socklen_t;
    // SAFETY: the pointer and length describe `value`, which outlives the call; the kernel only reads it.
    checked(unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, ptr::from_ref(value).cast::<c_void>(), length)
    })?;
    Ok(())
}

/// Attaches a packet socket to one interface and a protocol, an `ETH_P_` number; its frames come from now on. With 0
/// none come.
pub(super) fn bind(socket: &Socket, index: u32, protocol: c_int) -> io::Result<()> {
    // SAFETY: all zero is a valid sockaddr_ll, and the length set is that of what is written.
    let ((), address) = unsafe {
        SockAddr::try_init(|storage, length| {
            let address = storage.cast::<libc::sockaddr_ll>();
            address.write(mem::zeroed());
            (*address).sll_family = libc::AF_PACKET as u16;
            (*address).sll_protocol = (protocol as u16).to_be();
            (*address).sll_ifindex = index.cast_signed();
            *length = size_of::<libc::sockaddr_ll>() as socklen_t;
            Ok(())
        })?
    };
    socket.bind(&address)
}

/// The `ARPHRD_` type of the interface a packet socket is bound to.
pub(super) fn hardware_type(socket: &Socket) -> io::Result<u16> {
    let address = socket.local_addr()?;
    // SAFETY: the storage behind a SockAddr is larger than, and aligned for, every address; all bits are valid.
    Ok(unsafe { (*address.as_ptr().cast::<libc::sockaddr_ll>()).sll_hatype })
}

/// Frames that came for a packet socket, those dropped included, and frames dropped, since this was last asked. A ring's
/// statistics are longer (`tpacket_stats_v3`) and begin with the same two numbers.
pub(super) fn statistics(socket: &Socket) -> io::Result<(u32, u32)> {
    let [packets, drops] = get(socket, libc::PACKET_STATISTICS)?;
    Ok((packets, drops))
}

/// Has a bound packet socket share the interface's frames with the others of `group`, or of a new one, by a hash of
/// each frame's flow that is the same in both directions; tells the group's number (packet(7), `PACKET_FANOUT`).
pub(super) fn join(socket: &Socket, group: Option<u16>) -> io::Result<u16> {
    let new = if group.is_none() { libc::PACKET_FANOUT_FLAG_UNIQUEID } else { 0 };
    let value = u32::from(group.unwrap_or(0)) | (libc::PACKET_FANOUT_HASH | new) << 16;
    set_option(socket, libc::SOL_PACKET, libc::PACKET_FANOUT, value.cast_signed())?;
    let [joined] = get(socket, libc::PACKET_FANOUT)?;
    Ok(joined as u16)
}

/// A packet socket's option that is `N` unsigned integers.
fn get<const N: usize>(socket: &Socket, name: c_int) -> io::Result<[u32; N]> {
    let mut value = [0_u32; N];
    let mut length = size_of_val(&value) as socklen_t;
    let target = value.as_mut_ptr().cast::<c_void>();
    // SAFETY: `target` and `length` describe `value`; the kernel writes no more than `length` bytes of integers.
    checked(unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_PACKET, name, target, &raw mut length)
    })?;
    Ok(value)
}

/// What the kernel says of one received frame.
#[derive(Clone, Copy, Default)]
pub(super) struct Datagram {
    /// Its length before anybody cut it, in bytes.
    pub(super) wire_len: usize,
    /// Its length before it was cut to the buffer, in bytes.
    pub(super) captured: usize,
    /// Seconds and nanoseconds since the Unix epoch.
    pub(super) at: Option<(i64, i64)>,
    /// The VLAN tag that is not in the bytes: protocol identifier and control information.
    pub(super) vlan: Option<(u16, u16)>,
    /// Whom it was for: a `PACKET_` number of packet(7).
    pub(super) direction: u8,
    /// The EtherType, when the link has one.
    pub(super) protocol: u16,
    /// `ARPHRD_` type of the link.
    pub(super) hardware: u16,
    /// The sender's hardware address and how much of it counts.
    pub(super) address: ([u8; 8], u8),
}

/// Receives the frames that are there now, up to [`BURST`], or waits for one as long as the socket's read time-out says
/// if it `may_wait`. Each goes into the next `stride` bytes of `buffer` behind `headroom`
/// ones left as they are. An error only when none came.
pub(super) fn receive(
    socket: &Socket,
    (buffer, stride, headroom): (&mut [u8], usize, usize),
    datagrams: &mut Vec<Datagram>,
    may_wait: bool,
) -> io::Result<()> {
    datagrams.clear();
    let mut names = [const { MaybeUninit::<libc::sockaddr_ll>::zeroed() }; BURST];
    let mut controls = [const { MaybeUninit::<[u64; CONTROL / 8]>::uninit() }; BURST];
    let mut parts = [libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BURST];
    let mut messages = [const { MaybeUninit::<libc::mmsghdr>::zeroed() }; BURST];
    let slots = buffer.chunks_exact_mut(stride).zip(&mut parts).zip(&mut names).zip(&mut controls);
    let mut count = 0;
    for (message, (((slot, part), name), control)) in messages.iter_mut().zip(slots) {
        let room = &mut slot[headroom..];
        *part = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
        // SAFETY: all zero is a valid mmsghdr.
        let header = &mut unsafe { message.assume_init_mut() }.msg_hdr;
        header.msg_name = name.as_mut_ptr().cast();
        header.msg_namelen = size_of::<libc::sockaddr_ll>() as socklen_t;
        header.msg_iov = part;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = CONTROL as _;
        count += 1;
    }
    let flags = libc::MSG_TRUNC | if may_wait { libc::MSG_WAITFORONE } else { libc::MSG_DONTWAIT };
    // SAFETY: the first `count` headers are initialized and point to names, parts and controls of the stated lengths,
    // all of which, like `buffer`, are exclusively ours and outlive the call.
    let received = checked(unsafe {
        libc::recvmmsg(socket.as_raw_fd(), messages.as_mut_ptr().cast(), count, flags as _, ptr::null_mut())
    })?;
    for (message, name) in messages.iter().zip(&names).take(received as usize) {
        // SAFETY: both were zeroed, which is valid, and at most written by the kernel since; the header's control
        // pointer and length are the kernel's own and describe one of `controls`.
        datagrams.push(unsafe { describe(message.assume_init_ref(), name.assume_init_ref()) });
    }
    Ok(())
}

/// Reads address and control messages of a received datagram.
///
/// # Safety
/// `message` must have been filled by a successful receive and its control buffer be alive.
unsafe fn describe(message: &libc::mmsghdr, name: &libc::sockaddr_ll) -> Datagram {
    let mut datagram = Datagram {
        wire_len: message.msg_len as usize,
        captured: message.msg_len as usize,
        direction: name.sll_pkttype,
        protocol: u16::from_be(name.sll_protocol),
        hardware: name.sll_hatype,
        address: (name.sll_addr, name.sll_halen),
        ..Datagram::default()
    };
    let header = &raw const message.msg_hdr;
    // SAFETY: as this function demands; the macros stay within the control buffer's length.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !control.is_null() {
        // SAFETY: not null, so it points to a whole header within the buffer, aligned as the buffer of u64 is.
        let (level, kind, data) =
            unsafe { ((*control).cmsg_level, (*control).cmsg_type, libc::CMSG_DATA(control)) };
        match (level, kind) {
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                // SAFETY: the kernel writes a whole timespec for this type; it may not be aligned.
                let time = unsafe { data.cast::<libc::timespec>().read_unaligned() };
                datagram.at = Some((time.tv_sec, time.tv_nsec));
            }
            (libc::SOL_PACKET, libc::PACKET_AUXDATA) => {
                // SAFETY: the kernel writes a whole tpacket_auxdata for this type; it may not be aligned.
                let auxiliary = unsafe { data.cast::<libc::tpacket_auxdata>().read_unaligned() };
                datagram.vlan = vlan(&auxiliary);
                datagram.wire_len = auxiliary.tp_len as usize;
            }
            _ => {}
        }
        // SAFETY: `control` is a header within the buffer that `header` describes.
        control = unsafe { libc::CMSG_NXTHDR(header, control) };
    }
    datagram
}

/// The tag the network card or the kernel took out of the frame.
fn vlan(auxiliary: &libc::tpacket_auxdata) -> Option<(u16, u16)> {
    let has = |flag| auxiliary.tp_status & flag != 0;
    let identifier = if has(libc::TP_STATUS_VLAN_TPID_VALID) { auxiliary.tp_vlan_tpid } else { 0x8100 };
    has(libc::TP_STATUS_VLAN_VALID).then_some((identifier, auxiliary.tp_vlan_tci))
}

/// The last error where a call says -1.
fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts a control message of a type and its bytes where `control` points.
    fn put<T>(control: *mut libc::cmsghdr, (level, kind): (c_int, c_int), value: T) {
        // SAFETY: a test's own buffer has room for each message that it puts there; the value may lie at any address.
        unsafe {
            (*control).cmsg_level = level;
            (*control).cmsg_type = kind;
            (*control).cmsg_len = libc::CMSG_LEN(size_of::<T>() as u32) as _;
            libc::CMSG_DATA(control).cast::<T>().write_unaligned(value);
        }
    }

    #[test]
    fn time_and_tag_are_read_out_of_control_messages() {
        let mut control = [0_u64; CONTROL / 8];
        // SAFETY: all zero is valid for both.
        let (mut message, mut name) =
            unsafe { (mem::zeroed::<libc::mmsghdr>(), mem::zeroed::<libc::sockaddr_ll>()) };
        message.msg_len = 60;
        name.sll_pkttype = 4;
        let read = |message: &libc::mmsghdr, name: &libc::sockaddr_ll| {
            // SAFETY: the header tells of `control`, which is alive, or of nothing.
            unsafe { describe(message, name) }
        };
        let nothing = read(&message, &name);
        assert_eq!((nothing.captured, nothing.at, nothing.vlan, nothing.direction), (60, None, None, 4));

        message.msg_hdr.msg_control = control.as_mut_ptr().cast();
        message.msg_hdr.msg_controllen = CONTROL as _;
        // SAFETY: the header tells of `control`, which has room for two headers.
        let first = unsafe { libc::CMSG_FIRSTHDR(&raw const message.msg_hdr) };
        let time = libc::timespec { tv_sec: 1_700_000_000, tv_nsec: 7 };
        put(first, (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS), time);
        // SAFETY: as above, and the first is whole.
        let second = unsafe { libc::CMSG_NXTHDR(&raw const message.msg_hdr, first) };
        // SAFETY: all zero is valid.
        let mut auxiliary = unsafe { mem::zeroed::<libc::tpacket_auxdata>() };
        auxiliary.tp_status = libc::TP_STATUS_VLAN_VALID;
        (auxiliary.tp_len, auxiliary.tp_vlan_tci) = (1514, 42);
        put(second, (libc::SOL_PACKET, libc::PACKET_AUXDATA), auxiliary);
        let told = read(&message, &name);
        assert_eq!(told.at, Some((1_700_000_000, 7)));
        assert_eq!((told.wire_len, told.vlan), (1514, Some((0x8100, 42))));
    }
}
