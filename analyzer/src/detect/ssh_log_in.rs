//! Whether a log-in over SSH went well, told by the sizes of encrypted packets (RFC 4253 §6, RFC 4252 §5.1).
//!
//! The request for the log-in service and its acceptance have the same payload of 17 bytes, and so the same size. That a
//! user is in is a message without content: 16 bytes shorter, whether ciphers work in blocks of 8 or of 16 bytes. A
//! refusal names the methods that can go on, and is never shorter than the acceptance.

/// Sizes of the acceptance: 24 or 32 bytes with four of length at most, and a tag of 16 to 64 bytes.
const ACCEPTANCE: std::ops::RangeInclusive<u32> = 40..=100;

/// By how much the shortest message is shorter.
const SHORTER: u32 = 16;

/// New keys are taken by a message of this size, which may come together with the request.
const NEW_KEYS: u32 = 16;

/// What was seen of a session's log-in.
#[derive(Clone, Copy, Default)]
pub(super) struct LogIn {
    /// Size of what the client said last.
    asked: u32,
    /// Size of the acceptance, 0 before.
    accepted: u32,
    went_well: bool,
}

impl LogIn {
    /// A segment with so many bytes of payload.
    pub(super) fn see(&mut self, from_client: bool, bytes: u32) {
        if from_client {
            self.asked = bytes;
        } else if self.accepted == 0 {
            let answers = bytes == self.asked || bytes + NEW_KEYS == self.asked;
            if answers && ACCEPTANCE.contains(&bytes) {
                self.accepted = bytes;
            }
        } else {
            self.went_well |= bytes + SHORTER == self.accepted;
        }
    }

    /// Whether the server said that the user is in.
    pub(super) const fn went_well(self) -> bool {
        self.went_well
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_in(sizes: &[(bool, u32)]) -> bool {
        let mut log_in = LogIn::default();
        sizes.iter().for_each(|&(from_client, bytes)| log_in.see(from_client, bytes));
        log_in.went_well()
    }

    /// Sizes after the exchange of keys, as OpenSSH has them with ChaCha20-Poly1305, AES-GCM and AES-CTR with HMAC-SHA-256.
    #[test]
    fn being_in_is_shorter_than_the_services_acceptance() {
        for (accept, refuse, welcome) in [(44, 52, 28), (52, 52, 36), (68, 68, 52), (64, 64, 48)] {
            let begin =
                [(true, 1208), (false, 1564), (true, 16), (true, accept), (false, accept), (true, 60)];
            assert!(log_in(&[&begin[..], &[(false, refuse), (true, 148), (false, welcome)]].concat()));
            assert!(!log_in(&[&begin[..], &[(false, refuse), (true, 148), (false, refuse)]].concat()));
            // New keys and the request in one segment.
            let together = [(true, 16 + accept), (false, accept), (true, 148), (false, welcome)];
            assert!(log_in(&together));
        }
    }

    #[test]
    fn taking_new_keys_is_no_acceptance() {
        assert!(!log_in(&[(true, 16), (false, 16), (true, 44), (false, 28), (true, 60), (false, 52)]));
    }
}
