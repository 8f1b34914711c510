//! The interfaces of this machine, and whether this process may capture on them.

use std::net::IpAddr;
use std::{fs, io};

use pnet::datalink::{self, NetworkInterface};

use super::live::link_type;
use crate::{LinkType, Mac};

/// CAP_NET_RAW of capabilities(7): the bit in `/proc/self/status`.
const CAP_NET_RAW: u32 = 13;

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its number, which changes when it is made anew.
    pub index: u32,
    /// Switched on.
    pub up: bool,
    /// Switched on and connected.
    pub running: bool,
    /// It connects the machine with itself.
    pub loopback: bool,
    /// Its addresses, each with the length of its network prefix in bits.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// What its captured frames begin with.
    pub link: LinkType,
    /// The longest packet it carries in bytes, when known.
    pub mtu: Option<u32>,
}

/// All interfaces, by their numbers.
pub fn list() -> Vec<Interface> {
    let mut interfaces: Vec<_> = datalink::interfaces().into_iter().map(Interface::from).collect();
    interfaces.sort_unstable_by_key(|interface| interface.index);
    interfaces
}

/// The interface of this name.
pub fn find(name: &str) -> Option<Interface> {
    list().into_iter().find(|interface| interface.name == name)
}

/// What a card or driver does to packets before we see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offload {
    /// Puts received segments together (generic receive offload).
    Gro,
    /// The same in the card.
    Lro,
    /// Leaves the cutting of sent segments to the card.
    Tso,
    /// The same to the last moment.
    Gso,
}

impl Offload {
    /// Its name, as ethtool(8) has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gro => "gro",
            Self::Lro => "lro",
            Self::Tso => "tso",
            Self::Gso => "gso",
        }
    }

    /// Each with its question (`ETHTOOL_GGRO`, `GFLAGS`, `GTSO`, `GGSO` of linux/ethtool.h) and the bits of the answer that say yes.
    const QUESTIONS: [(Self, u32, u32); 4] = [
        (Self::Gro, 0x2b, u32::MAX),
        (Self::Lro, 0x25, 1 << 15),
        (Self::Tso, 0x1e, u32::MAX),
        (Self::Gso, 0x23, u32::MAX),
    ];
}

/// Which off-loads of an interface are on: with them several packets of a connection are seen as one.
///
/// # Errors
/// If there is no such interface, or it answers none of the questions.
pub fn offloads(name: &str) -> io::Result<Vec<Offload>> {
    let answers = Offload::QUESTIONS.map(|(offload, question, bits)| {
        super::sys::ethtool(name, question).map(|answer| (answer & bits != 0).then_some(offload))
    });
    match answers.iter().all(Result::is_err) {
        true => answers.into_iter().find_map(Result::err).map_or_else(|| Ok(Vec::new()), Err),
        false => Ok(answers.into_iter().filter_map(|answer| answer.ok().flatten()).collect()),
    }
}

/// Whether this thread may capture: `None`, or what to do so that it may.
pub fn capture_advice() -> Option<String> {
    if may_capture() { None } else { Some(advice()) }
}

impl From<NetworkInterface> for Interface {
    fn from(found: NetworkInterface) -> Self {
        let property = |name| fs::read_to_string(format!("/sys/class/net/{}/{name}", found.name)).ok();
        let number = |name| property(name)?.trim().parse::<u32>().ok();
        let hardware = number("type").and_then(|number| u16::try_from(number).ok());
        Self {
            index: found.index,
            up: found.is_up(),
            running: found.is_up() && found.is_running(),
            loopback: found.is_loopback(),
            addresses: found.ips.iter().map(|network| (network.ip(), network.prefix())).collect(),
            mac: found.mac.map(|mac| Mac(mac.octets())),
            link: hardware.and_then(link_type).unwrap_or(LinkType::LINUX_SLL),
            mtu: number("mtu"),
            name: found.name,
        }
    }
}

/// Whether the calling thread holds CAP_NET_RAW; capabilities belong to threads.
fn may_capture() -> bool {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    bits >> CAP_NET_RAW & 1 == 1
}

/// What to type.
pub(super) fn advice() -> String {
    let program =
        std::env::current_exe().map_or_else(|_| "wireglobe".into(), |path| path.display().to_string());
    format!(
        "capturing needs the capability CAP_NET_RAW. Give it to the program, again after each build:\n  \
         sudo setcap cap_net_raw+ep {program}\n\
         or for one run as yourself:\n  \
         sudo setpriv --reuid=$(id -u) --regid=$(id -g) --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw \
         {program} …\n\
         or run the command with sudo."
    )
}
