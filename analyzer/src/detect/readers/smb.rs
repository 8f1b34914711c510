//! Whether a server lets somebody in: the status of a SESSION_SETUP answer of SMB 2 and 3 (MS-SMB2 §2.2.1, §2.2.6) and of
//! SMB 1 (MS-CIFS §2.2.3.1), behind the NetBIOS length of four bytes.

/// What became of a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogIn {
    /// It was refused.
    pub refused: bool,
}

const SESSION_SETUP: u16 = 1;
const SESSION_SETUP_ANDX: u8 = 0x73;

/// Logon failure, wrong password, no such user, account restriction, locked out, disabled (MS-ERREF §2.3.1).
const REFUSED: [u32; 6] = [0xc000_006d, 0xc000_006a, 0xc000_0064, 0xc000_006e, 0xc000_0234, 0xc000_0072];

/// The outcome that an answer tells; `None` for anything else, also for a log-in that goes on.
pub fn log_in(payload: &[u8]) -> Option<LogIn> {
    let message = payload.get(4..)?;
    let number = |at: usize| message.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let status = match message {
        // Command at 12, flags at 16 with bit 0 set in answers.
        [0xfe, b'S', b'M', b'B', ..] => {
            let command = message.get(12..14)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))?;
            (command == SESSION_SETUP && number(16)? & 1 == 1).then(|| number(8))?
        }
        // Command at 4, flags at 9 with bit 7 set in answers.
        [0xff, b'S', b'M', b'B', SESSION_SETUP_ANDX, ..] => {
            (message.get(9)? & 0x80 != 0).then(|| number(5))?
        }
        _ => None,
    }?;
    match status {
        0 => Some(LogIn { refused: false }),
        status => REFUSED.contains(&status).then_some(LogIn { refused: true }),
    }
}

/// The head of a compressed message (MS-SMB2 §2.2.42).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressed {
    /// Bytes of the message when it is not compressed.
    pub size: u32,
    /// Bytes before the compressed part.
    pub offset: u32,
}

/// No message is longer (MS-SMB2 §3.3.4.1: 8 MiB, with room).
const LONGEST: u32 = 16 << 20;

impl Compressed {
    /// Whether a server that adds them without care gets less than each.
    pub fn overflows(&self) -> bool {
        self.size.checked_add(self.offset).is_none() || self.offset > LONGEST
    }
}

/// The head of a compressed message.
pub fn compressed(payload: &[u8]) -> Option<Compressed> {
    let message = payload.get(4..)?.strip_prefix(b"\xfcSMB")?;
    let number = |at: usize| message.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    Some(Compressed { size: number(0)?, offset: number(8)? })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer of SMB 2.
    pub(crate) fn session_setup(status: u32) -> Vec<u8> {
        let mut bytes = vec![0; 4 + 64];
        bytes[3] = 64;
        bytes[4..8].copy_from_slice(b"\xfeSMB");
        bytes[12..16].copy_from_slice(&status.to_le_bytes());
        bytes[16] = 1;
        bytes[20] = 1;
        bytes
    }

    #[test]
    fn answers_say_whether_somebody_got_in() {
        assert_eq!(log_in(&session_setup(0xc000_006d)), Some(LogIn { refused: true }));
        assert_eq!(log_in(&session_setup(0)), Some(LogIn { refused: false }));
        assert_eq!(log_in(&session_setup(0xc000_0016)), None);
        let mut old = vec![0, 0, 0, 35, 0xff, b'S', b'M', b'B', 0x73, 0x6d, 0, 0, 0xc0, 0x88];
        assert_eq!(log_in(&old), Some(LogIn { refused: true }));
        old[13] = 8;
        assert_eq!(log_in(&old), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..80), kind in 0xfeu8..) {
            log_in(&bytes);
            compressed(&bytes);
            if let Some(compressed) = compressed(&[&b"\0\0\0\x20\xfcSMB"[..], &bytes].concat()) {
                compressed.overflows();
            }
            log_in(&[&[0, 0, 0, 9, kind], &b"SMB"[..], &bytes].concat());
        }
    }
}
