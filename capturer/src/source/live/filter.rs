//! The program a socket runs on each frame before it takes it (socket(7), `SO_ATTACH_FILTER`): the filter asked for,
//! cut to the snap length, fitted to what the socket sees.
//!
//! A socket that reads without link headers runs the program on the network header on. A program for cooked frames is
//! moved there: the cooked header's packet type and protocol are asked of the kernel instead (filter(7), `SKF_AD_OFF`),
//! as the kernel's documentation of socket filters says (<https://docs.kernel.org/networking/filter.html>).

use libc::{SKF_AD_OFF, SKF_AD_PKTTYPE, SKF_AD_PROTOCOL};
use socket2::{SockFilter, Socket};

use super::header::HEADROOM;
use super::{LiveSettings, LiveStatus, Method, WHOLE_FRAMES};
use crate::LinkType;
use crate::filter::bpf::Instruction;

/// `BPF_RET | BPF_K`: keep so many bytes; 0 is none of the frame.
const RETURN: u16 = 0x06;
/// The bits of a code that are its class, and the two classes that load.
const CLASS: u16 = 0x07;
const LOADS: [u16; 2] = [0x00, 0x01];
/// The bits of a load that say from where: `BPF_ABS`, `BPF_IND` and `BPF_MSH` from the frame, `BPF_LEN` its length.
const MODE: u16 = 0xe0;
const FROM_FRAME: [u16; 3] = [0x20, 0x40, 0xa0];
const LENGTH: u16 = 0x80;
/// `BPF_LD | BPF_H | BPF_ABS`: sixteen bits from a fixed place.
const HALF_WORD: u16 = 0x28;
/// Bytes of a cooked header, and where its packet type and protocol are.
const COOKED: u32 = HEADROOM as u32;
const PACKET_TYPE: u32 = 0;
const PROTOCOL: u32 = 14;

/// Has the socket take nothing until something else is attached.
pub(super) fn shut(socket: &Socket) -> std::io::Result<()> {
    socket.attach_filter(&[SockFilter::new(RETURN, 0, 0, 0)])
}

/// Attaches what the settings ask for in place of what is attached; tells whether the filter is left to be asked here.
pub(super) fn attach(socket: &Socket, link: LinkType, settings: &LiveSettings, status: &LiveStatus) -> bool {
    // pnet takes what it is given for the whole frame.
    let snap = if status.method() == Method::Pnet { WHOLE_FRAMES } else { settings.snap_length };
    let program = program(settings, link, snap);
    let attached = program.is_some_and(|program| socket.attach_filter(&program).is_ok());
    if !attached {
        // An error says that nothing was attached.
        let _ = socket.detach_filter();
    }
    let here = settings.filter.is_some() && !attached;
    status.set_filters_here(here);
    here
}

/// What to attach; `None` when nothing is to be, or when the filter asks what this socket can't answer.
fn program(settings: &LiveSettings, link: LinkType, snap: u32) -> Option<Vec<SockFilter>> {
    let keep = [Instruction { code: RETURN, jt: 0, jf: 0, k: snap }];
    let instructions = match &settings.filter {
        Some(filter) => filter.instructions(),
        None if snap < WHOLE_FRAMES => &keep,
        None => return None,
    };
    instructions.iter().map(|instruction| fit(*instruction, link, snap).map(filter_of)).collect()
}

/// An instruction as this socket needs it.
fn fit(instruction: Instruction, link: LinkType, snap: u32) -> Option<Instruction> {
    if instruction.code == RETURN {
        return Some(Instruction { k: instruction.k.min(snap), ..instruction });
    }
    if link == LinkType::LINUX_SLL { uncook(instruction) } else { Some(instruction) }
}

/// An instruction for cooked frames, for a socket that sees them without their header.
fn uncook(instruction: Instruction) -> Option<Instruction> {
    let Instruction { code, k, .. } = instruction;
    let mode = code & MODE;
    if !LOADS.contains(&(code & CLASS)) || !(FROM_FRAME.contains(&mode) || mode == LENGTH) {
        return Some(instruction);
    }
    let moved = match k {
        _ if mode == LENGTH => None,
        _ if k.cast_signed() < 0 => Some(k),
        COOKED.. => Some(k - COOKED),
        PACKET_TYPE if code == HALF_WORD => Some((SKF_AD_OFF + SKF_AD_PKTTYPE).cast_unsigned()),
        PROTOCOL if code == HALF_WORD => Some((SKF_AD_OFF + SKF_AD_PROTOCOL).cast_unsigned()),
        _ => None,
    };
    moved.map(|k| Instruction { k, ..instruction })
}

const fn filter_of(Instruction { code, jt, jf, k }: Instruction) -> SockFilter {
    SockFilter::new(code, jt, jf, k)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(code: u16, k: u32) -> Instruction {
        Instruction { code, jt: 0, jf: 0, k }
    }

    #[test]
    fn returns_are_cut_to_the_snap_length_and_rejection_stays() {
        let fitted = [0, 96, 262_144].map(|k| fit(at(RETURN, k), LinkType::ETHERNET, 128).map(|i| i.k));
        assert_eq!(fitted, [Some(0), Some(96), Some(128)]);
    }

    #[test]
    fn a_program_for_cooked_frames_is_moved_to_the_network_header() {
        let moved = |code, k| uncook(at(code, k)).map(|instruction| instruction.k);
        assert_eq!(moved(0x28, 14), Some(0xffff_f000));
        assert_eq!(moved(0x28, 0), Some(0xffff_f004));
        assert_eq!(moved(0x30, 25), Some(9));
        assert_eq!(moved(0xb1, 16), Some(0));
        assert_eq!(moved(0x48, 18), Some(2));
        assert_eq!(moved(0x20, 0xffff_f030), Some(0xffff_f030));
        assert_eq!(moved(0x15, 0x0800), Some(0x0800));
        assert_eq!(moved(0x61, 3), Some(3), "scratch memory is no frame");
    }

    #[test]
    fn what_only_a_cooked_header_knows_is_not_attached() {
        assert_eq!(uncook(at(0x28, 2)), None, "the link's hardware type");
        assert_eq!(uncook(at(0x30, 14)), None, "half of the protocol");
        assert_eq!(uncook(at(0x80, 0)), None, "the length with its header");
    }
}
