//! What the heads of HTTP say of their sender: User-Agent, Server, client hints, and the NTLM message of a log-in.

use super::clue::Clue;
use super::{EvidenceKind, agent, hints, ntlm, server};
use crate::detect::readers::http::{self, Message};

/// The fields of a head, as names and values.
pub fn fields<'a>(
    of_request: bool,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    tell: &mut dyn FnMut(Clue),
) {
    let (mut platform, mut version) = (None, None);
    for (name, value) in fields {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let (log_in, program) =
            if of_request { ("Authorization", "User-Agent") } else { ("WWW-Authenticate", "Server") };
        if is(program) {
            let clue =
                if of_request { agent::read(EvidenceKind::UserAgent, value) } else { server::read(value) };
            clue.into_iter().for_each(&mut *tell);
        } else if is(log_in) {
            ntlm::of_field(value).into_iter().for_each(&mut *tell);
        } else if is("Sec-CH-UA-Platform") {
            platform = Some(value);
        } else if is("Sec-CH-UA-Platform-Version") {
            version = Some(value);
        }
    }
    if let Some(platform) = platform.filter(|_| of_request) {
        hints::read(platform, version).into_iter().for_each(tell);
    }
}

/// A message from its first byte on, as far as it is there.
pub fn read(bytes: &[u8], tell: &mut dyn FnMut(Clue)) {
    match http::read(bytes) {
        Some(Message::Request(request)) => fields(true, request.fields.iter(), tell),
        Some(Message::Answer(answer)) => fields(false, answer.fields.iter(), tell),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(bytes: &[u8]) -> Vec<String> {
        let mut labels = Vec::new();
        read(bytes, &mut |clue| labels.push(format!("{}: {}", clue.kind.name(), clue.label.as_str())));
        labels
    }

    #[test]
    fn heads_tell_program_and_platform() {
        let post = b"POST /x HTTP/1.1\r\nuser-agent: Mozilla/5.0 (Windows NT 10.0)\r\n\
            sec-ch-ua-platform-version: \"14.0.0\"\r\nSec-CH-UA-Platform: \"Windows\"\r\nServer: Linux\r\n\r\n";
        assert_eq!(labels(post), ["user agent: Windows 10 or newer", "client hints: Windows 11"]);
        assert_eq!(
            labels(b"HTTP/1.1 404 No\r\nServer: Microsoft-IIS/10.0\r\n"),
            ["server: Windows Server 2016 or newer, or 10 or newer"]
        );
        assert!(labels(b"HTTP/1.1 404 No\r\nUser-Agent: Linux\r\n\r\n").is_empty());
    }

    proptest! {
        #[test]
        fn a_head_that_is_cut_or_garbled_is_read(cut in 0usize..120, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let head = [&b"GET / HTTP/1.1\r\nAuthorization: NTLM TlRMTVNTUAABAAAA\r\nUser-Agent: "[..], &bytes].concat();
            labels(&head[..cut.min(head.len())]);
            labels(&bytes);
        }
    }
}
