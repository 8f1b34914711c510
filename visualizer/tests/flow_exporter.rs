//! A real exporter: pmacctd meters the demo's packets and sends them as NetFlow v5, v9, IPFIX and sFlow to a server of ours, which counts
//! the packets and bytes of IP that pmacctd's own table has. Skipped, with a word, where it is absent.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]

mod common;

use std::net::UdpSocket;
use std::process::Command;

use common::{Server, TempFile};
use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.pcap");

/// Packets that pmacctd leaves in a datagram of sFlow which it never sends, when it ends.
const UNSENT: u64 = 8;

/// What pmacctd counted itself, by IP version: packets and bytes from the IP header on.
struct Metered {
    v4: [u64; 2],
    v6: [u64; 2],
}

/// Has pmacctd meter the demo and send it to a port of loopback, as its settings say.
fn export(settings: &str) -> Metered {
    let table = TempFile::new("pmacctd-table.csv", b"");
    let settings = format!(
        "daemonize: false\npcap_savefile: {DEMO}\npcap_savefile_wait: 1\naggregate[sent]: src_host, dst_host, src_port, dst_port, proto\n\
         aggregate[own]: src_host, proto\nprint_output[own]: csv\nprint_output_file[own]: {}\nprint_refresh_time[own]: 3600\n{settings}",
        table.path()
    );
    let file = TempFile::new("pmacctd.conf", settings.as_bytes());
    let output = Command::new("pmacctd").args(["-f", file.path()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metered = Metered { v4: [0; 2], v6: [0; 2] };
    for line in std::fs::read_to_string(table.path()).unwrap().lines().skip(1) {
        let words: Vec<&str> = line.split(',').collect();
        let of = if words[0].contains(':') { &mut metered.v6 } else { &mut metered.v4 };
        of[0] += words[words.len() - 2].parse::<u64>().unwrap();
        of[1] += words[words.len() - 1].parse::<u64>().unwrap();
    }
    assert!(metered.v4[0] > 10_000 && metered.v6[0] > 1000, "{:?} {:?}", metered.v4, metered.v6);
    metered
}

/// A server that collects, and its port for exports.
fn collector() -> (Server, u16) {
    // A port that was free a moment ago.
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    (Server::start(&["--flows-listen", &format!("127.0.0.1:{port}")]), port)
}

fn figures(status: &Value) -> (String, [u64; 2]) {
    let exporter = &status["flow_exports"]["exporters"][0];
    let figure = |name: &str| exporter[name].as_u64().unwrap_or(0);
    let protocol = exporter["protocol"].as_str().unwrap_or_default().to_owned();
    assert_eq!((figure("lost"), &status["flow_exports"]["dropped"]), (0, &0.into()));
    (protocol, [figure("packets"), figure("bytes")])
}

fn is_there() -> bool {
    let is_there = Command::new("pmacctd").arg("-V").output().is_ok();
    if !is_there {
        println!("skipped: needs pmacctd");
    }
    is_there
}

#[test]
fn what_a_real_exporter_metered_is_counted_to_the_packet() {
    if !is_there() {
        return;
    }
    for (version, protocol) in [(5, "netflow5"), (9, "netflow9"), (10, "ipfix")] {
        let (server, port) = collector();
        let metered = export(&format!(
            "plugins: nfprobe[sent], print[own]\nnfprobe_receiver[sent]: 127.0.0.1:{port}\nnfprobe_version[sent]: {version}\n"
        ));
        // NetFlow v5 has no place for an IPv6 address.
        let v6 = if version == 5 { [0; 2] } else { metered.v6 };
        let all = [metered.v4[0] + v6[0], metered.v4[1] + v6[1]];
        let status = server.wait_for("/api/v1/status", |status| figures(status).1[0] >= all[0]);
        assert_eq!(figures(&status), (protocol.to_owned(), all), "version {version}");
        server.wait_for("/api/v1/status", |status| status["counted_packets"] == all[0]);
    }
}

#[test]
fn every_packet_that_a_real_sflow_agent_sampled_is_counted() {
    if !is_there() {
        return;
    }
    let (server, port) = collector();
    let metered = export(&format!(
        "plugins: sfprobe[sent], print[own]\nsfprobe_receiver[sent]: 127.0.0.1:{port}\nsfprobe_agentip[sent]: 192.0.2.9\nsampling_rate: 1\n"
    ));
    let all = metered.v4[0] + metered.v6[0];
    let status = server.wait_for("/api/v1/status", |status| figures(status).1[0] + UNSENT >= all);
    let (protocol, [packets, _]) = figures(&status);
    assert_eq!(protocol, "sflow5");
    assert!(packets <= all, "{packets} of {all}");
}
