//! An interface as a [`Source`]: every frame the kernel shows an AF_PACKET socket, packet(7), for which CAP_NET_RAW is
//! all it takes.
//!
//! A socket cannot tell an interface that went down from one that was deleted (both say ENETDOWN), so the source lets
//! go of it, looks for the name again ten times a second and opens a new one. Until then it is idle, and
//! [`LiveStatus`] says since when nothing is seen.
//!
//! Several workers can share an interface ([`LiveSource::open_fanout`]): the kernel gives each the frames of its share of
//! the flows.

mod filter;
mod header;
mod packet;
mod pnet;
mod ring;
mod settings;
mod socket;
mod status;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use socket2::Socket;

use super::interfaces;
use super::{Next, Source, SourceError, sys};
use crate::filter::bpf::Program;
use crate::{Frame, LinkType, Timestamp};
use socket::{Group, Opening};

pub use settings::{LiveSettings, MAX_WORKERS, Method, WHOLE_FRAMES};
pub use status::LiveStatus;

/// Between looks for an interface that is gone.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Between readings of the kernel's counters while frames come.
const COUNT_AGAIN: Duration = Duration::from_millis(200);

/// Frames the filter leaves out here before the caller is told that nothing came, so that it can stop.
const MOST_LEFT_OUT: usize = 4096;

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

    /// Makes the frame that is ready the one at hand.
    fn take(&mut self);

    /// The frame at hand.
    fn frame(&self) -> Captured<'_>;

    /// The socket, for its counters.
    fn socket(&self) -> &Socket;
}

/// A receiver at work and what its frames begin with.
type Opened = (Box<dyn Receiver>, LinkType);

/// An interface being captured.
pub struct LiveSource {
    settings: LiveSettings,
    /// Those it shares the interface with.
    group: Option<Group>,
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
    /// The kernel doesn't take the filter, so it is asked here.
    filters_here: bool,
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
        Self::check(&settings, 1)?;
        Self::open_in(None, settings)
    }

    /// Opens the interface for so many workers: each frame comes to one of them, and a flow's frames of both directions
    /// and all fragments of a datagram to the same. They share the buffer in equal parts, and each counts what is its
    /// own. Only what passes once all are open is shared rightly.
    ///
    /// # Errors
    /// As [`LiveSource::open`]; and with no workers or more than [`MAX_WORKERS`].
    pub fn open_fanout(settings: LiveSettings, workers: usize) -> Result<Vec<Self>, SourceError> {
        Self::check(&settings, workers)?;
        let (group, buffer) = (Group::default(), settings.buffer / workers);
        (0..workers)
            .map(|_| Self::open_in(Some(Arc::clone(&group)), LiveSettings { buffer, ..settings.clone() }))
            .collect()
    }

    fn check(settings: &LiveSettings, workers: usize) -> Result<(), SourceError> {
        let name = || settings.interface.clone();
        settings.fault(workers).map_or(Ok(()), |reason| Err(SourceError::Interface { name: name(), reason }))
    }

    fn open_in(group: Option<Group>, settings: LiveSettings) -> Result<Self, SourceError> {
        let problem = |reason| SourceError::Interface { name: settings.interface.clone(), reason };
        let interface = interfaces::find(&settings.interface).ok_or_else(|| problem(others()))?;
        if !interface.up {
            let reason = format!("it is down; switch it on with: sudo ip link set {} up", interface.name);
            return Err(problem(reason));
        }
        let status = Arc::new(LiveStatus::default());
        let opening =
            Opening { interface: &interface, settings: &settings, group: group.as_ref(), status: &status };
        let open = Open::new(opening).map_err(|error| problem(refusal(&error)))?;
        Ok(Self { settings, group, status, open: Some(open), frames: 0, counted: Instant::now() })
    }

    /// Asks for another filter, or none, from now on. Frames that wait to be read have passed the one before.
    pub fn set_filter(&mut self, filter: Option<Program>) {
        self.settings.filter = filter;
        if let Some(open) = &mut self.open {
            open.filters_here =
                filter::attach(open.receiver.socket(), open.link, &self.settings, &self.status);
        }
    }

    /// State and counters, for whoever shows them.
    pub fn status(&self) -> Arc<LiveStatus> {
        Arc::clone(&self.status)
    }

    /// Takes the next frame that passes the filter; `false` when none is ready, or after many that don't pass.
    fn take(&mut self) -> bool {
        for _ in 0..MOST_LEFT_OUT {
            if !self.ready() {
                return false;
            }
            let Some(open) = &mut self.open else { return false };
            open.receiver.take();
            if open.passes(self.settings.filter.as_ref()) {
                self.frames += 1;
                self.status.deliver(self.frames);
                self.count_again();
                return true;
            }
            self.status.leave_out();
        }
        false
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
        let opening = Opening {
            interface: &interface,
            settings: &self.settings,
            group: self.group.as_ref(),
            status: &self.status,
        };
        if let Ok(open) = Open::new(opening) {
            self.open = Some(open);
            self.status.set_seeing();
            tracing::info!(interface = self.settings.interface, index = interface.index, "interface is back");
        }
    }

    /// Reads the kernel's counters now and then while frames come.
    fn count_again(&mut self) {
        if self.frames.is_multiple_of(1024) && self.counted.elapsed() > COUNT_AGAIN {
            self.count();
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
    /// Opens with the method asked for, or with the first behind it that can be had.
    fn new(opening: Opening<'_>) -> io::Result<Self> {
        let mut refused: Vec<(Method, io::Error)> = Vec::new();
        for method in Method::ALL.into_iter().skip_while(|method| *method != opening.settings.method) {
            opening.status.set_method(method);
            match Self::with(method, opening) {
                Ok(open) => {
                    report(method, &refused, opening);
                    return Ok(open);
                }
                Err(error) => refused.push((method, error)),
            }
        }
        Err(refused.into_iter().next().map_or(io::ErrorKind::Unsupported.into(), |(_, error)| error))
    }

    fn with(method: Method, opening: Opening<'_>) -> io::Result<Self> {
        let (receiver, link) = match method {
            Method::Ring => ring::open(opening)?,
            Method::Packet => packet::open(opening)?,
            Method::Pnet => pnet::open(opening)?,
        };
        let filters_here = socket::release(receiver.socket(), link, opening)?;
        Ok(Self { receiver, link, filters_here, failed: false })
    }

    /// Whether the frame at hand passes the filter, as far as that is left to us.
    #[inline]
    fn passes(&self, filter: Option<&Program>) -> bool {
        let Some(filter) = filter.filter(|_| self.filters_here) else { return true };
        let frame = self.receiver.frame();
        filter.run(frame.bytes, frame.wire_len as u32) > 0
    }
}

/// Says why it is this method and not one before it.
fn report(method: Method, refused: &[(Method, io::Error)], opening: Opening<'_>) {
    let reasons: Vec<_> =
        refused.iter().map(|(method, error)| format!("{}: {error}", method.name())).collect();
    let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
    if let Some(reason) = &reason {
        let interface = &opening.interface.name;
        tracing::warn!(interface, method = method.name(), reason, "capturing by a slower method");
    }
    opening.status.set_fallback(reason);
}

impl Source for LiveSource {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        if !self.take() {
            return Ok(Next::Idle);
        }
        let Some(open) = &self.open else { return Ok(Next::Idle) };
        let Captured { at, wire_len, bytes, .. } = open.receiver.frame();
        // A tag put back or a cooked header makes a frame longer than what the kernel cut.
        let bytes = &bytes[..bytes.len().min(self.settings.snap_length as usize)];
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
