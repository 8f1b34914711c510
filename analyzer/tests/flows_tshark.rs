//! The flows that come out are those that tshark sees: for each pair of ends with their ports as many packets and bytes each way
//! as `tshark -q -z conv,tcp -z conv,udp` says. Skipped, with a word, where tshark or the collection is absent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

mod metered;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use capturer::Protocol;
use metered::{Ends, captures, ours};

/// What tshark says, ends by the same order. Its bytes are rounded from kilobytes on.
fn theirs(path: &Path) -> Option<BTreeMap<Ends, [(u64, u64); 2]>> {
    let output = Command::new("tshark")
        .args(["-n", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r"])
        .arg(path)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (mut protocol, mut all) = (0, BTreeMap::new());
    for line in text.lines() {
        if line.starts_with("TCP Conv") || line.starts_with("UDP Conv") {
            protocol = if line.starts_with("TCP") { Protocol::TCP.0 } else { Protocol::UDP.0 };
        }
        let Some((left, rest)) = line.split_once("<->") else { continue };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let (left, right) = (end(left.trim())?, end(words[0])?);
        // To the left end, then from it.
        let way = |at: usize| (words[at].parse::<u64>().unwrap(), bytes(words[at + 1], words[at + 2]));
        let (back, forth) = (way(1), way(4));
        let low = left <= right;
        let (key, ways) = if low {
            ((protocol, left, right), [forth, back])
        } else {
            ((protocol, right, left), [back, forth])
        };
        let sums: &mut [(u64, u64); 2] = all.entry(key).or_default();
        for (sum, way) in sums.iter_mut().zip(ways) {
            *sum = (sum.0 + way.0, sum.1 + way.1);
        }
    }
    Some(all)
}

fn end(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    Some((address.parse().ok()?, port.parse().ok()?))
}

fn bytes(number: &str, unit: &str) -> u64 {
    let factor = match unit {
        "bytes" => 1,
        "kB" => 1000,
        "MB" => 1_000_000,
        other => panic!("tshark counts in {other}"),
    };
    number.replace(',', "").parse::<u64>().unwrap() * factor
}

/// Equal, or as near as rounding leaves it.
fn agree(exact: u64, said: u64) -> bool {
    exact == said
        || (said >= 10_000 && exact.abs_diff(said) <= if said >= 10_000_000 { 1_000_000 } else { 1000 })
}

#[test]
fn flows_carry_what_tshark_counts_between_the_same_ends() {
    if Command::new("tshark").arg("-v").output().is_err() || captures().is_empty() {
        println!("skipped: no tshark, or no captures");
        return;
    }
    let (mut compared, mut flows) = (0, 0);
    for path in captures() {
        let Some(ours) = ours(&path, |packet| packet.wire_len).filter(|ours| !ours.is_empty()) else {
            continue;
        };
        let Some(theirs) = theirs(&path) else { continue };
        let name = path.file_name().unwrap().to_string_lossy();
        for (key, [forth, back]) in &theirs {
            let Some([packets, bytes, packets_back, bytes_back]) = ours.get(key) else {
                panic!("{name}: {key:?} is missing");
            };
            assert_eq!((*packets, *packets_back), (forth.0, back.0), "{name}: packets of {key:?}");
            assert!(agree(*bytes, forth.1) && agree(*bytes_back, back.1), "{name}: bytes of {key:?}");
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
        compared += 1;
        flows += ours.len();
    }
    println!("{compared} captures, {flows} pairs of ends");
    assert!(compared >= 30, "{compared}");
}
