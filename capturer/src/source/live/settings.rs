//! What to capture and how.

use std::time::Duration;

use crate::filter::bpf::Program;

/// The most workers that share an interface; the kernel's own limit without asking for more.
pub const MAX_WORKERS: usize = 256;

/// A snap length that keeps whole frames, as tcpdump's does.
pub const WHOLE_FRAMES: u32 = 262_144;

/// What to capture and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// The interface's name.
    pub interface: String,
    /// Have the interface pass on frames that are for other machines.
    pub promiscuous: bool,
    /// Bytes the kernel keeps for us while we are busy, of all workers together. A ring is granted as it is, in steps
    /// of 256 KiB; a receive buffer up to `net.core.rmem_max`, or whole with CAP_NET_ADMIN.
    pub buffer: usize,
    /// The longest wait for a frame.
    pub timeout: Duration,
    /// Who reads the socket; where that can't be had, the next slower method does ([`super::LiveStatus::fallback`]).
    pub method: Method,
    /// Bytes kept of each frame at most, from 1 on; its length on the wire is known all the same.
    pub snap_length: u32,
    /// Which frames are wanted, as [`crate::filter::FrameFilter::socket_program`] says it for the interface's link type
    /// ([`crate::source::interfaces::Interface::link`]). The kernel runs it, attached before any frame can come; where
    /// it can't, it runs here, and [`super::LiveStatus::filters_here`] says so.
    pub filter: Option<Program>,
}

impl LiveSettings {
    /// As a rule: the ring, 64 MiB, 100 ms, promiscuous, whole frames, no filter.
    pub fn new(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            promiscuous: true,
            buffer: 64 * 1024 * 1024,
            timeout: Duration::from_millis(100),
            method: Method::Ring,
            snap_length: WHOLE_FRAMES,
            filter: None,
        }
    }

    /// What is wrong with these settings for so many workers.
    pub(super) fn fault(&self, workers: usize) -> Option<String> {
        if self.snap_length == 0 {
            Some("a snap length of 0 bytes keeps nothing; it begins at 1".to_owned())
        } else if !(1..=MAX_WORKERS).contains(&workers) {
            Some(format!("{workers} workers cannot share it; 1 to {MAX_WORKERS} can"))
        } else {
            None
        }
    }
}

/// Who reads the socket, fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Nobody: the kernel writes frames into memory we share with it (`TPACKET_V3`), and hands over whole blocks of
    /// them, each within 20 ms. Kernel's times, original lengths and VLAN tags; no copy and hardly a system call.
    Ring,
    /// We do, up to 64 frames a call (recvmmsg(2)), with the kernel's times, original lengths, and the VLAN tags that
    /// network cards take out of frames.
    Packet,
    /// `pnet_datalink` does, a frame a call: bytes only, so times are those of reading, and VLAN tags may be missing.
    Pnet,
}

impl Method {
    /// Every method, each falling back to the next.
    pub const ALL: [Self; 3] = [Self::Ring, Self::Packet, Self::Pnet];

    /// Its name in settings and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Packet => "packet",
            Self::Pnet => "pnet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_capture_nothing_are_refused() {
        let settings = LiveSettings::new("eth0");
        assert_eq!([1, 256].map(|workers| settings.fault(workers)), [None, None]);
        assert!([0, 257].into_iter().all(|workers| settings.fault(workers).is_some()));
        assert!(LiveSettings { snap_length: 0, ..settings }.fault(1).is_some());
    }
}
