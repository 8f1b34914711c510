//! JA3 as tshark has it, on every ClientHello of a part of the collection that is in one segment. Prints, with `TLS=show`, both
//! fingerprints by host. Skipped, with a word, where the collection or tshark is absent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the collection is read, tshark is asked"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::fingerprint::{Carrier, read_evidence};

/// Captures that are asked about: tshark takes long to begin.
const MOST_FILES: usize = 12;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures/os"));
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.truncate(MOST_FILES);
    files
}

/// Address, JA3 and payload of each hello.
fn hellos(file: &Path) -> Option<Vec<(String, String, Vec<u8>)>> {
    let fields =
        ["-Y", "tls.handshake.type == 1 && tcp", "-T", "fields", "-e", "ip.src", "-e", "tls.handshake.ja3"];
    let output =
        Command::new("tshark").arg("-r").arg(file).args(fields).args(["-e", "tcp.payload"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let (address, ja3, payload) = (fields.next()?, fields.next()?, fields.next()?);
        let bytes = payload
            .as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        Some((address, ja3, bytes.collect::<Option<Vec<u8>>>()?))
    };
    Some(text.lines().filter_map(row).collect())
}

#[test]
fn ja3_is_that_of_tshark() {
    let files = files();
    if files.is_empty() || Command::new("tshark").arg("--version").output().is_err() {
        return println!("skipped: no captures, or no tshark");
    }
    let (mut same, mut unread) = (0, 0);
    for file in files {
        for (address, ja3, payload) in hellos(&file).unwrap_or_default() {
            let mut told = None;
            read_evidence(Carrier::Client, &payload, &mut |_, clue| told = Some(clue));
            let Some(clue) = told.filter(|clue| clue.signature.as_str().starts_with("ja4")) else {
                unread += 1;
                continue;
            };
            if std::env::var("TLS").is_ok() {
                println!(
                    "{} {address} {} {}",
                    file.file_name().unwrap().display(),
                    clue.signature.as_str(),
                    clue.label.as_str()
                );
            }
            assert!(clue.signature.as_str().ends_with(&ja3), "{}: {address} {ja3} {clue:?}", file.display());
            same += 1;
        }
    }
    println!("{same} hellos have the JA3 that tshark gives them; {unread} are not in one segment");
    assert!(same > 0);
}
