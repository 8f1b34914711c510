//! Frames of any link type: a decoder must answer, from every way of asking the same, within the frame, and go inward
//! without end only as far as there are layers.
//!
//! Input: a byte that chooses the link type, one of [`ALONE`] and [`UNHONEST`], then frames, each behind its length in
//! two bytes; or, with [`ALONE`], one frame to the end.

use std::cell::RefCell;

use capturer::decode::{
    Counted, DecodeSettings, Decoder, MAX_LAYERS, decode, decode_into, inner, layers, link, tunnel,
};
use capturer::{Frame, LinkType, Packet, PacketFacts, Skip, SkipReason, Timestamp};

use super::wire::Input;

/// All that follows is one frame.
pub const ALONE: u8 = 1;

/// The length on the wire is one that the input says, of any size, not that of the captured bytes.
pub const UNHONEST: u8 = 2;

/// One input.
pub fn run(input: &[u8]) {
    let mut input = Input(input);
    let link = link_of(&mut input);
    let options = input.byte();
    let told = (options & UNHONEST != 0).then(|| input.word());
    let mut frames = Vec::new();
    while !input.0.is_empty() {
        let length = if options & ALONE != 0 { input.0.len() } else { usize::from(input.half()) };
        let bytes = input.take(length);
        let wire_len = told.unwrap_or(bytes.len() as u32);
        let number = frames.len() as u64 + 1;
        frames.push(Frame { number, at: Timestamp::from_nanos(number as i64), wire_len, link, bytes });
    }
    check_stream(&frames);
}

/// A link type that is decoded, most often; else any.
fn link_of(input: &mut Input<'_>) -> LinkType {
    let choice = input.byte();
    link::LINKS.get(usize::from(choice)).map_or_else(|| LinkType(input.half()), |link| link.kind)
}

/// What the answers to the frames of one stream must satisfy.
pub fn check_stream(frames: &[Frame<'_>]) {
    let is_piece =
        |frame: &Frame<'_>| layers(frame).flatten().any(|layer| layer.packet.fragment.is_fragment());
    // A decoder remembers nothing but fragments, so a new one is needed only for those.
    match frames.iter().any(is_piece) {
        true => with_decoders(&mut decoders(), frames),
        false => DECODERS.with_borrow_mut(|decoders| with_decoders(decoders, frames)),
    }
}

type Decoders = [(Counted, Decoder); 2];

fn decoders() -> Decoders {
    [Counted::Outermost, Counted::Innermost]
        .map(|count| (count, Decoder::new(DecodeSettings { count, checksums: true })))
}

thread_local! {
    static DECODERS: RefCell<Decoders> = RefCell::new(decoders());
}

fn with_decoders(decoders: &mut Decoders, frames: &[Frame<'_>]) {
    for frame in frames {
        let answer = decode(frame);
        check_one(answer, frame);
        check_layers(answer, frame);
        check_decoders(answer, frame, decoders);
    }
}

/// Places lie within the frame, and a skip says what was missing.
fn check_one(answer: Result<Packet, Skip>, frame: &Frame<'_>) {
    match answer {
        Ok(packet) => {
            let longest = frame.wire_len.max(frame.bytes.len() as u32);
            let end = u64::from(packet.payload_offset) + u64::from(packet.payload_len);
            assert!(packet.payload_len <= longest, "{packet:?}");
            assert!(packet.payload_len == 0 || end <= u64::from(longest), "{packet:?}");
            assert!(usize::from(packet.network_offset) < frame.bytes.len(), "{packet:?}");
            assert_eq!((packet.wire_len, packet.number, packet.at), (frame.wire_len, frame.number, frame.at));
        }
        Err(skip) => {
            assert!(usize::from(skip.offset) + usize::from(skip.had) <= frame.bytes.len(), "{skip:?}");
            let cut = matches!(skip.reason, SkipReason::CutLink | SkipReason::CutNetwork);
            assert_eq!(cut, skip.needed > skip.had, "{skip:?}");
        }
    }
}

/// `decode_advances`: each layer begins behind the one before, and they come to an end.
fn check_layers(answer: Result<Packet, Skip>, frame: &Frame<'_>) {
    let all: Vec<_> = layers(frame).map(|layer| layer.map(|layer| layer.packet)).collect();
    assert!((1..=MAX_LAYERS + 1).contains(&all.len()));
    assert_eq!(all[0], answer);
    for pair in all.windows(2) {
        let outer = pair[0].expect("nothing follows a skip");
        check_one(pair[1], frame);
        if let Ok(packet) = pair[1] {
            assert!(packet.network_offset > outer.network_offset, "{outer:?} {packet:?}");
            assert!(packet.facts.has(PacketFacts::INNER));
            assert_eq!(inner(&outer, frame.bytes), Some(packet));
        }
    }
    for packet in all.iter().flatten().take(MAX_LAYERS - 1) {
        let deeper = inner(packet, frame.bytes).is_some_and(|packet| packet.is_ip());
        assert_eq!(packet.facts.has(PacketFacts::TUNNELLED), deeper, "{packet:?}");
        assert!(!deeper || tunnel::of(packet, frame.bytes).is_some());
    }
}

/// A decoder adds facts and ports of fragments, and chooses a layer; nothing else.
fn check_decoders(answer: Result<Packet, Skip>, frame: &Frame<'_>, decoders: &mut Decoders) {
    let mut slot = Packet::empty();
    assert_eq!(decode_into(frame, &mut slot).map(|()| slot), answer);
    for (count, decoder) in decoders {
        let mut read = match (decoder.decode(frame), answer) {
            (Ok(read), Ok(_)) => read,
            (read, answer) => {
                assert_eq!(read, answer);
                continue;
            }
        };
        let chosen = match count {
            Counted::Outermost => answer.ok(),
            Counted::Innermost => innermost(frame).or(answer.ok()),
        };
        let chosen = chosen.expect("an answer was there");
        (read.facts, read.transport) = (chosen.facts, chosen.transport);
        assert_eq!(read, chosen);
    }
}

fn innermost(frame: &Frame<'_>) -> Option<Packet> {
    layers(frame).flatten().map(|layer| layer.packet).filter(Packet::is_ip).last()
}
