//! IPv6 extension headers with options (RFC 8200 §4.2 to §4.6).

/// Next header: hop-by-hop options, routing, destination options.
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const DESTINATION: u8 = 60;

/// Headers that are followed.
const MOST_HEADERS: usize = 8;

const HEADER: usize = 40;

/// Options of the IANA registry: tunnel limit, router alert, quick start, CALIPSO, SMF_DPD, home address, line
/// identification, ILNP nonce, MPL, RPL, IOAM, AltMark, PDM, jumbo payload, path MTU, VPN service.
const KNOWN: [u8; 22] = [
    0x04, 0x05, 0x26, 0x07, 0x08, 0xc9, 0x8c, 0x8b, 0x6d, 0x63, 0x23, 0x11, 0x31, 0x12, 0x92, 0x0f, 0xc2,
    0xee, 0x30, 0x8a, 0x71, 0x51,
];

/// Whether options follow an IPv6 header.
#[inline]
pub fn follow(header: &[u8]) -> bool {
    header.first().is_some_and(|byte| byte >> 4 == 6)
        && matches!(header.get(6), Some(&(HOP_BY_HOP | ROUTING | DESTINATION)))
}

/// Bytes of options that no standard knows, and of padding that is not empty, behind an IPv6 header.
pub fn hidden(headers: &[u8]) -> usize {
    let Some(&(mut next)) = headers.get(6) else { return 0 };
    let mut rest = headers.get(HEADER..).unwrap_or_default();
    let mut hidden = 0;
    for _ in 0..MOST_HEADERS {
        let [after, length, ..] = rest else { break };
        let (content, behind) = rest.split_at((usize::from(*length) * 8 + 8).min(rest.len()));
        match next {
            HOP_BY_HOP | DESTINATION => hidden += hidden_in(content.get(2..).unwrap_or_default()),
            ROUTING => {}
            _ => break,
        }
        (next, rest) = (*after, behind);
    }
    hidden
}

fn hidden_in(mut options: &[u8]) -> usize {
    let mut hidden = 0;
    loop {
        options = match options {
            // Pad1 has no length.
            [0, rest @ ..] => rest,
            [kind, length, rest @ ..] => {
                let (data, behind) = rest.split_at(usize::from(*length).min(rest.len()));
                let is_hidden =
                    if *kind == 1 { data.iter().any(|byte| *byte != 0) } else { !KNOWN.contains(kind) };
                hidden += if is_hidden { data.len() } else { 0 };
                behind
            }
            _ => return hidden,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        (bytes[0], bytes[6]) = (0x60, DESTINATION);
        bytes.extend([58, ((options.len() + 2) / 8).saturating_sub(1) as u8]);
        bytes.extend(options);
        bytes
    }

    #[test]
    fn only_what_nobody_knows_is_hidden() {
        assert!(follow(&packet(&[0; 6])));
        assert_eq!(hidden(&packet(&[0; 6])), 0);
        assert_eq!(hidden(&packet(&[0x10, 4, 1, 2, 3, 4])), 4);
        assert_eq!(hidden(&packet(&[4, 1, 1, 0, 0, 0])), 0);
        assert_eq!(hidden(&packet(&[1, 4, 0, 0, 9, 0])), 4);
        assert_eq!(hidden(&packet(&[1, 4, 0, 0, 0, 0])), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), next in any::<u8>()) {
            let mut all = packet(&bytes);
            all[6] = next;
            prop_assert!(hidden(&all) <= all.len());
            hidden(&bytes);
        }
    }
}
