//! Signature files of any text: a file is read or refused at a line that it has, and what is read is written as it stands.
//!
//! Input: a signature file; its first line is read as each kind of signature, too. This body needs the analyzer, so it
//! stands outside of `lib.rs`; `analyzer/tests/fingerprints_fuzz.rs` feeds it.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use analyzer::fingerprint::{Database, HttpPattern, Layout, Quirks, RawSignature, TcpPattern};

/// One input.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let first = text.lines().next().unwrap_or_default();
    is_written_as_read::<RawSignature>(first);
    is_written_as_read::<TcpPattern>(first);
    is_written_as_read::<HttpPattern>(first);
    is_written_as_read::<Layout>(first);
    is_written_as_read::<Quirks>(first);
    match Database::read("fuzz.fp", &text) {
        Ok(database) => check(&database),
        Err(error) => assert!((1..=text.lines().count()).contains(&(error.line as usize)), "{error}"),
    }
}

/// What can be read is written so that it is read as the same.
fn is_written_as_read<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    let Ok(value) = text.parse::<T>() else { return };
    let again = value.to_string().parse::<T>();
    assert!(again.is_ok_and(|again| again == value), "{value}");
}

fn check(database: &Database) {
    database.tcp_signatures().for_each(|signature| is_written_as_read::<TcpPattern>(&signature));
    let known = (0..u16::MAX).map_while(|number| database.label(number)).count();
    assert!(known > 0 || database.counts() == [0; 5]);
    database.link(1500);
    database.system_of_agent("Mozilla/5.0 (Linux)");
}
