//! Names as tshark resolves them (`-q -z hosts,ip,ipv6`) from the DNS in the benign captures of the collection, and the
//! registered domains of those in the domain table. One difference: where a name is an alias (CNAME), tshark shows the end
//! of the chain, and the table counts for the name that was asked for; the end is kept as an alias. Skipped, with a word, where the collection or tshark is absent.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::aggregate::{Counting, Ends};
use analyzer::geo::{Geo, Needs};
use analyzer::names::{Learner, Names, Source as Origin, registered};
use analyzer::{
    Analyzer, Devices, Dimension, Facts, LocalNetworks, Measure, Origin as Provenance, Setup, ViewId,
};
use capturer::Packet;
use capturer::decode::Decoder;
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

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
    let (mut packet, mut learner) = (Packet::empty(), Learner::default());
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            learner.learn(&packet, frame.bytes, |learned| names.take(&learned));
        }
    }
    names
}

/// Addresses with traffic, each with the row of the domain table that stands for it: its key and all its aliases.
fn table(path: &Path) -> BTreeMap<IpAddr, Vec<String>> {
    let dimension = Dimension { name: "domain", ends: Ends::Both };
    let mut analyzer = Analyzer::new(Setup {
        facts: Facts {
            geo: Geo::bundled(Needs::default()),
            local: LocalNetworks::private_and(Vec::new(), Provenance::Assumed),
        },
        homes: Vec::new(),
        dimensions: vec![dimension],
        live: false,
        hosts: true,
        names: true,
        memory: 128 << 20,
        counting: Counting::default(),
        devices: Devices::default(),
        inventory: None,
    });
    let mut source = FileSource::open(path).unwrap();
    let mut decoder = Decoder::new(Default::default());
    let mut packet = Packet::empty();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            analyzer.observe(&packet, frame.bytes);
        }
    }
    let reading = analyzer.read();
    let names = reading.names();
    let top = reading.top(ViewId::MAIN, dimension, &reading.ask(0, Measure::Bytes)).unwrap();
    let keys: BTreeSet<&str> = top.rows.iter().map(|row| row.key.as_str()).collect();
    let spoke = |address: &IpAddr| reading.host(*address).is_some_and(|host| !host.end.local);
    let all = names.iter().filter(|(address, _)| spoke(address)).filter_map(|(address, _)| {
        let group = names.group(names.domain(address)?);
        // Rows are there for what was the remote end of a packet.
        keys.contains(names.domain_text(group))
            .then(|| (address, names.aliases(group).into_iter().map(str::to_owned).collect()))
    });
    all.collect()
}

#[test]
fn names_and_registered_domains_are_those_of_tshark() {
    let Some(captures) = captures() else { return };
    let (mut compared, mut tabled, mut aliases, mut missing) = (0, 0, 0, Vec::new());
    for path in &captures {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let (theirs, ours) = (tshark(path), ours(path));
        let table = if theirs.is_empty() { BTreeMap::new() } else { table(path) };
        for (address, names) in &theirs {
            let known: BTreeSet<&str> = ours.of(*address).iter().map(|known| &*known.name).collect();
            let domains: BTreeSet<_> = known.iter().filter_map(|name| registered(name)).collect();
            for name in names {
                compared += 1;
                let same = known.contains(name.as_str())
                    && registered(name).is_none_or(|domain| domains.contains(domain));
                // tshark shows the end of a CNAME chain; the table counts for the name that was asked for.
                let asked = ours
                    .of(*address)
                    .iter()
                    .all(|known| &*known.name != name || known.source != Origin::Alias);
                aliases += usize::from(!asked);
                if let (true, Some(row), Some(domain)) = (asked, table.get(address), registered(name)) {
                    tabled += 1;
                    assert!(row.iter().any(|one| one == domain), "{file} {address} {name}: {row:?}");
                }
                if !same {
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
    println!("{compared} names compared: {tabled} in the domain table, {aliases} ends of CNAME chains");
    assert!(missing.is_empty(), "{} missing:\n{}", missing.len(), missing.join("\n"));
    assert!(compared > 100 && tabled > 20, "{compared}, {tabled}");
}
