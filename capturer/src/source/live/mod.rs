//! An interface as a [`Source`]: every frame the kernel shows an AF_PACKET socket, packet(7), for which CAP_NET_RAW is
//! all it takes.
//!
//! A socket cannot tell an interface that went down from one that was deleted (both say ENETDOWN), so the source lets
//! go of it, looks for the name again ten times a second and opens a new one. Until then it is idle, and
//! [`LiveStatus`] says since when nothing is seen.

mod packet;
mod pnet;
mod socket;
mod status;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use socket2::Socket;

use super::interfaces::{self, Interface};
use super::{Next, Source, SourceError, sys};
use crate::{Frame, LinkType, Timestamp};

pub use status::LiveStatus;

/// Between looks for an interface that is gone.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Between readings of the kernel's counters while frames come.
const COUNT_AGAIN: Duration = Duration::from_millis(200);

/// What to capture and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// The interface's name.
    pub interface: String,
    /// Have the interface pass on frames that are for other machines.
    pub promiscuous: bool,
    /// Bytes the kernel keeps for us while we are busy. It grants what `net.core.rmem_max` allows, or all of it with
    /// CAP_NET_ADMIN.
    pub buffer: usize,
    /// The longest wait for a frame.
    pub timeout: Duration,
    /// Who reads the socket.
    pub method: Method,
}

impl LiveSettings {
    /// As a rule: 64 MiB, 100 ms, promiscuous.
    pub fn new(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            promiscuous: true,
            buffer: 64 * 1024 * 1024,
            timeout: Duration::from_millis(100),
            method: Method::Packet,
        }
    }
}

/// Who reads the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// We do, up to 64 frames a call, with the kernel's times, original lengths, and the VLAN tags that network cards
    /// take out of frames.
    Packet,
    /// `pnet_datalink` does, a frame a call: bytes only, so times are those of reading, and VLAN tags may be missing.
    Pnet,
}

/// A frame as a receiver has it.
struct Captured<'a> {
    at: Timestamp,
    wire_len: usize,
    bytes: &'a [u8],
}

/// One way of reading a packet socket.
trait Receiver: Send {
    /// Waits for a frame; `false` when none came.
    fn ready(&mut self, timeout: Duration) -> io::Result<bool>;

    /// The frame that is ready.
    fn take(&mut self) -> Captured<'_>;

    /// The socket, for its counters.
    fn socket(&self) -> &Socket;
}

/// An interface being captured.
pub struct LiveSource {
    settings: LiveSettings,
    status: Arc<LiveStatus>,
    /// `None` while the interface is gone.
    open: Option<Open>,
    frames: u64,
    counted: Instant,
}

/// The socket at work.
struct Open {
    receiver: Box<dyn Receiver>,
    link: LinkType,
    /// An error came: what the socket still holds is read, then it is let go of.
    failed: bool,
}

impl LiveSource {
    /// Opens the interface.
    ///
    /// # Errors
    /// [`SourceError::Interface`] when there is none of this name, when it is down, or when the capability is missing;
    /// it says what to do.
    pub fn open(settings: LiveSettings) -> Result<Self, SourceError> {
        let problem = |reason| SourceError::Interface { name: settings.interface.clone(), reason };
        let interface = interfaces::find(&settings.interface).ok_or_else(|| problem(others()))?;
        if !interface.up {
            let reason = format!("it is down; switch it on with: sudo ip link set {} up", interface.name);
            return Err(problem(reason));
        }
        let status = Arc::new(LiveStatus::default());
        let open = Open::new(&interface, &settings, &status).map_err(|error| problem(refusal(&error)))?;
        Ok(Self { settings, status, open: Some(open), frames: 0, counted: Instant::now() })
    }

    /// State and counters, for whoever shows them.
    pub fn status(&self) -> Arc<LiveStatus> {
        Arc::clone(&self.status)
    }

    /// Whether a frame is ready, with everything done that must be done when not.
    fn ready(&mut self) -> bool {
        let Some(open) = &mut self.open else {
            self.look_again();
            return false;
        };
        let timeout = if open.failed { Duration::ZERO } else { self.settings.timeout };
        match open.receiver.ready(timeout) {
            Ok(true) => true,
            Ok(false) if open.failed => self.let_go(),
            Ok(false) => {
                self.count();
                false
            }
            Err(_) if open.failed => self.let_go(),
            Err(_) => {
                open.failed = true;
                false
            }
        }
    }

    /// Closes the socket, its counters read for the last time.
    fn let_go(&mut self) -> bool {
        self.count();
        self.open = None;
        self.status.set_blind(now());
        tracing::warn!(interface = self.settings.interface, "interface is gone; waiting for it to come back");
        false
    }

    /// Waits a moment, then opens the interface if it is there and up.
    fn look_again(&mut self) {
        thread::sleep(LOOK_AGAIN.min(self.settings.timeout));
        let Some(interface) = interfaces::find(&self.settings.interface).filter(|found| found.up) else {
            return;
        };
        if let Ok(open) = Open::new(&interface, &self.settings, &self.status) {
            self.open = Some(open);
            self.status.set_seeing();
            tracing::info!(interface = self.settings.interface, index = interface.index, "interface is back");
        }
    }

    /// Adds what the kernel counted since the last time; nobody else reads its counters, for reading clears them.
    fn count(&mut self) {
        self.counted = Instant::now();
        if let Some((packets, drops)) =
            self.open.as_ref().and_then(|o| sys::statistics(o.receiver.socket()).ok())
        {
            self.status.count(packets, drops);
        }
    }
}

impl Open {
    fn new(interface: &Interface, settings: &LiveSettings, status: &LiveStatus) -> io::Result<Self> {
        let (receiver, link) = match settings.method {
            Method::Packet => packet::open(interface, settings, status)?,
            Method::Pnet => pnet::open(interface, settings, status)?,
        };
        Ok(Self { receiver, link, failed: false })
    }
}

impl Source for LiveSource {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        if !self.ready() {
            return Ok(Next::Idle);
        }
        self.frames += 1;
        self.status.deliver(self.frames);
        if self.frames.is_multiple_of(1024) && self.counted.elapsed() > COUNT_AGAIN {
            self.count();
        }
        let Some(open) = &mut self.open else { return Ok(Next::Idle) };
        let Captured { at, wire_len, bytes } = open.receiver.take();
        Ok(Next::Frame(Frame { number: self.frames, at, wire_len: wire_len as u32, link: open.link, bytes }))
    }

    fn lost(&mut self) -> u64 {
        self.count();
        self.status.kernel_drops()
    }
}

/// The link type of an `ARPHRD_` number; `None` for those whose frames we have the kernel strip ("cooked").
pub(super) const fn link_type(hardware: u16) -> Option<LinkType> {
    /// Raw IP of mobile modems, `ARPHRD_RAWIP`; not in libc.
    const RAW_IP: u16 = 519;
    match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Some(LinkType::ETHERNET),
        libc::ARPHRD_NONE | RAW_IP | libc::ARPHRD_TUNNEL | libc::ARPHRD_TUNNEL6 | libc::ARPHRD_SIT => {
            Some(LinkType::RAW)
        }
        _ => None,
    }
}

/// The wall clock.
fn now() -> Timestamp {
    Timestamp::EPOCH.after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// There is no such interface: which ones there are.
fn others() -> String {
    let names: Vec<_> = interfaces::list().into_iter().map(|interface| interface.name).collect();
    format!("there is no such interface; there are: {}", names.join(", "))
}

/// Why the system refused, and what to do.
fn refusal(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => interfaces::advice(),
        _ => error.to_string(),
    }
}
