//! The messages of a tick in one binary frame, for narrow lines: one message a line, packed as raw DEFLATE (RFC 1951). The
//! tables are a quarter to a sixth of their text so. WebSocket's own compression (RFC 7692) would be negotiated for all messages
//! of a connection; this is chosen tick by tick, and costs wide lines nothing.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// The messages in one frame. A tick of 100 kB takes 1 to 2 ms.
pub(super) fn pack(messages: &[String]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(4));
    // Writing to memory does not fail; were it to, the client would ask again for what it misses.
    let _ = messages.iter().try_for_each(|message| writeln!(encoder, "{message}"));
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;

    #[test]
    fn messages_come_back_a_line_each_and_take_less() {
        let messages: Vec<String> =
            (0..200).map(|seq| crate::wire::tick(seq, 1_763_694_864_250, 12)).collect();
        let packed = pack(&messages);
        let mut text = String::new();
        DeflateDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), messages);
        assert!(packed.len() * 4 < text.len(), "{} of {}", packed.len(), text.len());
    }
}
