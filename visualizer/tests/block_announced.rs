//! Block lists of systems end to end: a routing table is loaded by `geo.databases`, a system with 1, 1 000 or 20 000
//! announced prefixes is listed in every form, and the program the form is for takes the file in a network namespace of
//! its own.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::net::IpAddr;
use std::process::Output;

use common::{TempFile, alone, json, run, stderr};

/// Systems with the number of prefixes each announces.
const SYSTEMS: [(u32, u32); 3] = [(64_500, 1), (64_501, 1_000), (64_502, 20_000)];

/// Announces the second half of the first prefix of each larger system.
const INNER: u32 = 64_510;
const INNER_NETWORKS: [[u8; 4]; 2] = [[11, 0, 0, 64], [9, 0, 0, 64]];

/// So many prefixes outside all special blocks, no two of them neighbours, every fourth IPv6.
fn prefixes((asn, count): (u32, u32)) -> Vec<(IpAddr, u8)> {
    let part = asn - 64_500;
    let one = |n: u32| match n % 4 {
        3 => {
            let high = 0x2a00_u128 << 112 | u128::from(part) << 108 | u128::from(n) << 81;
            (IpAddr::V6(high.into()), 48)
        }
        _ => (IpAddr::V4(((FIRST_OCTETS[part as usize] << 24) | n << 8).into()), 25),
    };
    (0..count).map(one).collect()
}

/// Where each system's IPv4 prefixes lie.
const FIRST_OCTETS: [u32; 3] = [12, 11, 9];

/// What is announced: each system's prefixes, and a more specific one of another system in the first of 1 000 and 20 000.
fn announced() -> Vec<(IpAddr, u8, u32)> {
    let own =
        |system: (u32, u32)| prefixes(system).into_iter().map(move |(address, len)| (address, len, system.0));
    let mut all: Vec<_> = SYSTEMS.into_iter().flat_map(own).collect();
    all.extend(INNER_NETWORKS.map(|octets| (IpAddr::from(octets), 26, INNER)));
    all
}

/// pyasn's text.
fn dat() -> Vec<u8> {
    let line = |(address, len, asn): (IpAddr, u8, u32)| format!("{address}/{len}\t{asn}\n");
    announced().into_iter().map(line).collect::<String>().into_bytes()
}

/// The same as a router's table: MRT TABLE_DUMP_V2 (RFC 6396 §4.3), one neighbour, paths of two systems.
fn mrt() -> Vec<u8> {
    const PEER_INDEX: u16 = 1;
    let mut out = record(PEER_INDEX, &[0; 8]);
    for (address, len, asn) in announced() {
        let (subtype, bytes) = match address {
            IpAddr::V4(v4) => (2, v4.octets().to_vec()),
            IpAddr::V6(v6) => (4, v6.octets().to_vec()),
        };
        let mut body = vec![0, 0, 0, 0, len];
        body.extend(&bytes[..usize::from(len).div_ceil(8)]);
        // One entry: neighbour 0, learned at 0, 13 bytes of attributes: AS_PATH, a sequence of two.
        body.extend([0, 1, 0, 0, 0, 0, 0, 0, 0, 13, 0x40, 2, 10, 2, 2]);
        body.extend([64_496, asn].map(u32::to_be_bytes).concat());
        out.extend(record(subtype, &body));
    }
    out
}

fn record(subtype: u16, body: &[u8]) -> Vec<u8> {
    let mut out = 1_780_272_000_u32.to_be_bytes().to_vec();
    out.extend([0, 13]);
    out.extend(subtype.to_be_bytes());
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out
}

/// Settings that name a routing table and nothing else.
struct Table {
    settings: TempFile,
    _file: TempFile,
}

impl Table {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let file = TempFile::new(name, bytes);
        let folder = file.0.parent().unwrap().join("stored");
        let text = format!(
            "[geo]\ncity = false\nfolder = \"{}\"\ndatabases = [\"{}\"]\n",
            folder.display(),
            file.path()
        );
        Self { settings: TempFile::new("table.toml", text.as_bytes()), _file: file }
    }

    fn list(&self, (asn, _): (u32, u32), format: &str) -> Output {
        let asn = format!("AS{asn}");
        let output = run(&["block", &asn, "--format", format, "--settings", self.settings.path()]);
        assert!(output.status.success(), "{}", stderr(&output));
        output
    }
}

/// The lines of a list that are no comments.
fn networks(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Every form with the program that reads it, and what is run on a file `$1`, beside a configuration `$2` that includes it.
const FORMS: [(&str, &str, &str); 6] = [
    ("nft", "nft", "nft -c -f $1 && nft -f $1 && nft list sets | grep -c elements"),
    ("iptables", "iptables-restore", "iptables-restore --test --noflush $1 && iptables-restore --test $1"),
    (
        "ip6tables",
        "ip6tables-restore",
        "ip6tables-restore --test --noflush $1 && ip6tables-restore --test $1",
    ),
    ("ipset", "ipset", "ipset restore < $1 && ipset list -t"),
    ("nginx", "nginx", "nginx -t -c $2"),
    ("nginx-geo", "nginx", "nginx -t -c $2"),
];

/// A configuration of nginx that includes a list, and nothing that the machine has.
fn nginx(list: &TempFile) -> TempFile {
    let folder = list.0.parent().unwrap().display().to_string();
    let text = format!(
        "pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; include {}; server {{ listen \
         127.0.0.1:8471; }} }}",
        list.path()
    );
    TempFile::new("nginx.conf", text.as_bytes())
}

#[test]
fn every_tool_takes_the_list_of_a_system_with_1_or_1_000_or_20_000_announced_prefixes() {
    let table = Table::new("rib.20260601.dat", &dat());
    for system in SYSTEMS {
        for (format, tool, script) in FORMS {
            let list = TempFile::new(format, &table.list(system, format).stdout);
            let config = nginx(&list);
            let script = script.replace("$1", list.path()).replace("$2", config.path());
            let Some(told) = alone(&script, tool) else { continue };
            let entries =
                told.lines().filter_map(|line| line.strip_prefix("Number of entries: ")?.parse::<u32>().ok());
            assert!(format != "ipset" || entries.sum::<u32>() == system.1, "{told}");
        }
    }
}

#[test]
fn a_system_is_listed_with_exactly_what_it_announces_whatever_file_says_so() {
    let (dat, mrt) = (Table::new("rib.20260601.dat", &dat()), Table::new("rib.mrt", &mrt()));
    for system in SYSTEMS {
        let document = json(&dat.list(system, "json"));
        assert_eq!(document["targets"][0]["basis"], "announced prefixes", "{document}");
        assert_eq!(
            document["ipv4"].as_u64().unwrap() + document["ipv6"].as_u64().unwrap(),
            u64::from(system.1)
        );
        let listed = networks(&dat.list(system, "cidr"));
        assert_eq!(listed, networks(&mrt.list(system, "cidr")), "AS{}", system.0);
        let mut expected: Vec<String> =
            prefixes(system).iter().map(|(address, len)| format!("{address}/{len}")).collect();
        if system.1 > 1 {
            // The half that another system announces is not this one's to block.
            expected[0] = expected[0].replace("/25", "/26");
        }
        expected.sort_by_key(|text| text.parse::<analyzer::Network>().unwrap());
        assert_eq!(listed, expected, "AS{}", system.0);
    }
}
