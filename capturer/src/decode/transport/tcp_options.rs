//! TCP options (RFC 9293 §3.1, RFC 7323, RFC 2018): their order, and the values that fingerprints and round-trip
//! times need.

use super::super::reader::u32_at;
use crate::{OptionKind, OptionLayout, Tcp, TcpQuirks};

/// What most segments carry: two no-operations and timestamps.
const TIMESTAMPS_ONLY: OptionLayout = {
    let mut layout = OptionLayout::EMPTY;
    layout.push(OptionKind::NoOperation);
    layout.push(OptionKind::NoOperation);
    layout.push(OptionKind::Timestamps);
    layout
};

/// Notes all options; `short` is the quirk of one that runs past the end.
#[inline(always)]
pub(super) fn decode(area: &[u8], short: TcpQuirks, tcp: &mut Tcp) {
    match area {
        [] => {}
        [1, 1, 8, 10, values @ ..] if values.len() == 8 => {
            tcp.options.layout = TIMESTAMPS_ONLY;
            note_timestamps(values, tcp);
        }
        _ => walk(area, short, tcp),
    }
}

fn walk(mut area: &[u8], short: TcpQuirks, tcp: &mut Tcp) {
    loop {
        area = match *area {
            [] => return,
            [0, ref padding @ ..] => return end(padding, tcp),
            [1, ref rest @ ..] => {
                tcp.options.layout.push(OptionKind::NoOperation);
                rest
            }
            [kind, len, ..] if len >= 2 && usize::from(len) <= area.len() => {
                let (option, rest) = area.split_at(usize::from(len));
                note(OptionKind::of(kind), &option[2..], tcp);
                rest
            }
            [kind, ref rest @ ..] => {
                tcp.options.layout.push(OptionKind::of(kind));
                let lies = rest.first().is_some_and(|len| *len < 2);
                return tcp.quirks.set(if lies { TcpQuirks::MALFORMED_OPTIONS } else { short });
            }
        };
    }
}

/// The end of the list; what follows should be zero.
fn end(padding: &[u8], tcp: &mut Tcp) {
    tcp.options.layout.push(OptionKind::EndOfList);
    tcp.options.padding = padding.len() as u8;
    if padding.iter().any(|byte| *byte != 0) {
        tcp.quirks.set(TcpQuirks::PADDING_NOT_ZERO);
    }
}

/// One option by its kind; a value of the wrong size is not read.
fn note(kind: OptionKind, value: &[u8], tcp: &mut Tcp) {
    tcp.options.layout.push(kind);
    match (kind, value) {
        (OptionKind::Mss, &[high, low]) => tcp.options.mss = u16::from_be_bytes([high, low]),
        (OptionKind::WindowScale, &[shift]) => tcp.options.window_scale = shift,
        (OptionKind::Timestamps, values) if values.len() == 8 => note_timestamps(values, tcp),
        (OptionKind::SackPermitted, []) | (OptionKind::Other, _) => {}
        (OptionKind::Sack, blocks) if matches!(blocks.len(), 8 | 16 | 24 | 32) => {}
        _ => tcp.quirks.set(TcpQuirks::MALFORMED_OPTIONS),
    }
}

/// TSval and TSecr, eight bytes.
#[inline(always)]
fn note_timestamps(values: &[u8], tcp: &mut Tcp) {
    let Some(values) = values.first_chunk::<8>() else { return };
    tcp.options.timestamp = u32_at(values, 0);
    if u32_at(values, 4) != 0 {
        tcp.quirks.set(TcpQuirks::TIMESTAMP_ECHO);
    }
}

#[cfg(test)]
mod tests {
    use OptionKind::{EndOfList, Mss, NoOperation, Other, Sack, SackPermitted, Timestamps, WindowScale};

    use super::*;
    use crate::{Ports, TcpFlags, TcpOptions};

    fn tcp() -> Tcp {
        let (ports, flags, quirks) = (Ports::default(), TcpFlags::SYN, TcpQuirks::default());
        Tcp { ports, sequence: 0, acknowledgment: 0, flags, window: 0, quirks, options: TcpOptions::NONE }
    }

    fn read(area: &[u8]) -> (Vec<OptionKind>, TcpOptions, TcpQuirks) {
        let mut tcp = tcp();
        decode(area, TcpQuirks::MALFORMED_OPTIONS, &mut tcp);
        (tcp.options.layout.iter().collect(), tcp.options, tcp.quirks)
    }

    #[test]
    fn a_syn_of_linux_is_read_in_order() {
        let area = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7];
        let (layout, options, quirks) = read(&area);
        assert_eq!(layout, [Mss, SackPermitted, Timestamps, NoOperation, WindowScale]);
        assert_eq!((options.mss, options.timestamp, options.window_scale), (1460, 256, 7));
        assert_eq!(quirks, TcpQuirks::default());
    }

    #[test]
    fn without_options_nothing_is_claimed() {
        assert_eq!(read(&[]).1, TcpOptions::NONE);
        assert_eq!((TcpOptions::NONE.mss, TcpOptions::NONE.window_scale), (0, 255));
    }

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        let area = [1, 1, 8, 10, 1, 2, 3, 4, 0, 0, 0, 1];
        let (mut short, mut long) = (tcp(), tcp());
        decode(&area, TcpQuirks::default(), &mut short);
        walk(&area, TcpQuirks::default(), &mut long);
        assert_eq!(short, long);
        assert_eq!((short.options.timestamp, short.quirks), (0x0102_0304, TcpQuirks::TIMESTAMP_ECHO));
    }

    #[test]
    fn padding_is_counted_and_looked_at() {
        let (layout, options, quirks) = read(&[1, 0, 0, 0]);
        assert_eq!((layout, options.padding, quirks), (vec![NoOperation, EndOfList], 2, TcpQuirks::NONE));
        assert_eq!(read(&[0, 0, 0, 9]).2, TcpQuirks::PADDING_NOT_ZERO);
    }

    #[test]
    fn a_length_that_lies_ends_the_reading() {
        for area in [&[2, 0, 1, 1][..], &[2, 1, 1, 1], &[8, 10, 0, 0], &[1, 1, 1, 3]] {
            assert_eq!(read(area).2, TcpQuirks::MALFORMED_OPTIONS, "{area:?}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_size_is_not_read() {
        let (layout, options, quirks) = read(&[2, 3, 9, 3, 3, 7, 5, 3, 0, 4, 3, 0]);
        assert_eq!(layout, [Mss, WindowScale, Sack, SackPermitted]);
        assert_eq!((options.mss, options.window_scale), (0, 7));
        assert_eq!(quirks, TcpQuirks::MALFORMED_OPTIONS);
    }

    #[test]
    fn unknown_kinds_are_stepped_over() {
        assert_eq!(read(&[34, 2, 254, 4, 0, 0, 3, 3, 1, 1]).0, [Other, Other, WindowScale, NoOperation]);
    }
}
