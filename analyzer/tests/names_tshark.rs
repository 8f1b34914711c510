//! Names as tshark resolves them (`-q -z hosts,ip,ipv6`) from the DNS in the benign captures of the collection, and the
//! registered domains of those. Skipped, with a word, where the collection or tshark is absent.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::names::{Names, Source as Origin, learn, registered};
use capturer::Packet;
use capturer::decode::Decoder;
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

/// Names and addresses that tshark lists and we don't, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

fn captures() -> Option<Vec<PathBuf>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures/benign"));
    if Command::new("tshark").arg("-v").output().is_err() {
        println!("skipped: no tshark");
        return None;
    }
    let Ok(entries) = std::fs::read_dir(folder) else {
        println!("skipped: no captures at {}", folder.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    Some(paths)
}

/// Names by address, without what tshark learned elsewhere than from DNS answers.
fn tshark(path: &Path) -> BTreeMap<IpAddr, BTreeSet<String>> {
    let mut command = Command::new("tshark");
    command.args([
        "-n",
        "-q",
        "-z",
        "hosts,ip,ipv6",
        "-o",
        "nameres.dns_pkt_addr_resolution:TRUE",
        "-N",
        "d",
        "-r",
    ]);
    let output = command.arg(path).output().unwrap();
    let mut hosts: BTreeMap<IpAddr, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some((address, name)) = line.split_once('\t')
            && let Ok(address) = address.parse()
        {
            hosts.entry(address).or_default().insert(name.trim().to_ascii_lowercase());
        }
    }
    hosts
}

fn ours(path: &Path) -> Names {
    let mut names = Names::new(64 << 20);
    let mut source = FileSource::open(path).unwrap();
    let mut decoder = Decoder::new(Default::default());
    let mut packet = Packet::empty();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            learn(&packet, frame.bytes, |learned| names.take(&learned));
        }
    }
    names
}

#[test]
fn names_and_registered_domains_are_those_of_tshark() {
    let Some(captures) = captures() else { return };
    let (mut compared, mut missing) = (0, Vec::new());
    for path in &captures {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let (theirs, ours) = (tshark(path), ours(path));
        for (address, names) in &theirs {
            let known: BTreeSet<&str> = ours.of(*address).iter().map(|known| &*known.name).collect();
            let domains: BTreeSet<_> = known.iter().filter_map(|name| registered(name)).collect();
            for name in names {
                compared += 1;
                let same = known.contains(name.as_str())
                    && registered(name).is_none_or(|domain| domains.contains(domain));
                let excepted = EXCEPTIONS.iter().any(|(one, _)| *one == format!("{file} {name}"));
                if !same && !excepted {
                    missing.push(format!("{file} {address} {name}, known {known:?}"));
                }
            }
        }
        let of_dns = ours.iter().filter(|(_, names)| names[0].source == Origin::Dns);
        let more = of_dns
            .filter(|(address, _)| !theirs.contains_key(address))
            .map(|(address, names)| format!("{address} {}", names[0].name));
        let more: Vec<String> = more.collect();
        if !more.is_empty() {
            println!("{file}: known to us alone: {more:?}");
        }
    }
    println!("{compared} names of addresses compared");
    assert!(missing.is_empty(), "{} missing:\n{}", missing.len(), missing.join("\n"));
    assert!(compared > 100, "{compared}");
}
