//! Lines of FTP (RFC 959), SMTP (RFC 5321, 4954), POP3 (RFC 1939) and IMAP (RFC 9051), as far as log-ins go: the user that a
//! command names, and whether an answer lets him in.

/// Services that talk so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// File transfer.
    Ftp,
    /// Mail on its way.
    Smtp,
    /// A mailbox.
    Pop3,
    /// A mailbox, the other way.
    Imap,
}

/// What an answer says of a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not let in.
    Refused,
    /// Let in.
    GotIn,
}

/// Words of answers that refuse a password, in lower case; POP3 and IMAP have no codes.
static REFUSALS: [&[u8]; 11] = [
    b"auth",
    b"login",
    b"log in",
    b"logon",
    b"password",
    b"credential",
    b"denied",
    b"incorrect",
    b"permission",
    b"invalid user",
    b"user unknown",
];

/// Words of answers that ask for a password first, in lower case.
static FIRST: [&[u8]; 4] = [b"please", b"not logged in", b"must", b"required"];

/// The service, by the server's port or by the first line it answers.
pub fn service(port: u16, answer: &[u8]) -> Option<Service> {
    match port {
        21 => Some(Service::Ftp),
        25 | 587 | 2525 => Some(Service::Smtp),
        110 => Some(Service::Pop3),
        143 => Some(Service::Imap),
        _ if answer.starts_with(b"530 ") => Some(Service::Ftp),
        _ if answer.starts_with(b"535 ") => Some(Service::Smtp),
        _ if answer.starts_with(b"-ERR") => Some(Service::Pop3),
        _ => None,
    }
}

/// What an answer of a service says of a log-in; `None` if it is about something else.
pub fn outcome(service: Service, answer: &[u8]) -> Option<Outcome> {
    let mut line = [0; 160];
    let end = answer.iter().position(|&byte| byte == b'\n').unwrap_or(answer.len()).min(line.len());
    let line = &mut line[..end];
    line.copy_from_slice(&answer[..end]);
    line.make_ascii_lowercase();
    let says = |words: &[&[u8]]| words.iter().any(|word| line.windows(word.len()).any(|part| part == *word));
    let (refused, got_in) = match service {
        Service::Ftp => (line.starts_with(b"530") && !says(&FIRST), line.starts_with(b"230")),
        Service::Smtp => (line.starts_with(b"535"), line.starts_with(b"235")),
        Service::Pop3 => (line.starts_with(b"-err") && says(&REFUSALS), false),
        Service::Imap => {
            let word = line.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
            let about = says(&REFUSALS) && !line.starts_with(b"*");
            (word == b"no" && about, word == b"ok" && says(&[b"logged in", b"login completed"]))
        }
    };
    match (refused, got_in) {
        (true, _) => Some(Outcome::Refused),
        (_, true) => Some(Outcome::GotIn),
        _ => None,
    }
}

/// Whether a Telnet server's words refuse a log-in.
pub fn refuses(words: &[u8]) -> bool {
    const WORDS: [&[u8]; 5] =
        [b"incorrect", b"login failed", b"authentication failed", b"bad password", b"invalid login"];
    let words = words.get(..256).unwrap_or(words);
    let says = |word: &&[u8]| words.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    WORDS.iter().any(says)
}

/// The user that a command names: `USER name` of FTP and POP3, `tag LOGIN name` of IMAP.
pub fn user(command: &[u8]) -> Option<&[u8]> {
    let end = command.iter().position(|&byte| byte == b'\n').unwrap_or(command.len()).min(160);
    let mut words = command[..end].trim_ascii().split(|&byte| byte == b' ');
    let first = words.next()?;
    if first.eq_ignore_ascii_case(b"USER") {
        return words.next();
    }
    // A number is the code of an answer.
    let is_tag = !first.iter().all(u8::is_ascii_digit);
    words.next().filter(|word| is_tag && word.eq_ignore_ascii_case(b"LOGIN")).and_then(|_| words.next())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_tell_of_log_ins_only() {
        use {Outcome::*, Service::*};
        for (service, answer, says) in [
            (Ftp, "530 Login incorrect.\r\n", Some(Refused)),
            (Ftp, "530 Please login with USER and PASS.\r\n", None),
            (Ftp, "230 Login successful.\r\n", Some(GotIn)),
            (Ftp, "550 No such file\r\n", None),
            (Smtp, "535 5.7.8 Error: authentication failed\r\n", Some(Refused)),
            (Smtp, "235 2.7.0 Authentication successful\r\n", Some(GotIn)),
            (Pop3, "-ERR [AUTH] Authentication failed.\r\n", Some(Refused)),
            (Pop3, "-ERR no such message\r\n", None),
            (Imap, "a1 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n", Some(Refused)),
            (Imap, "a1 NO Mailbox doesn't exist\r\n", None),
            (Imap, "a1 OK Logged in\r\n", Some(GotIn)),
        ] {
            assert_eq!(outcome(service, answer.as_bytes()), says, "{answer}");
        }
        assert_eq!(user(b"user ann\r\n"), Some(&b"ann"[..]));
        assert_eq!(user(b"a1 LOGIN ann secret\r\n"), Some(&b"ann"[..]));
        assert_eq!(user(b"530 Login incorrect\r\n"), None);
        assert_eq!(user(b"LIST a b\r\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), port in any::<u16>()) {
            user(&bytes);
            refuses(&bytes);
            for port in [port, 21, 25, 110, 143] {
                if let Some(service) = service(port, &bytes) {
                    outcome(service, &bytes);
                }
            }
        }
    }
}
