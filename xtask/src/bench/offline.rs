//! Whole captures: our commands and the peers that read the same file.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::race::{Cost, Outcome, Runner, installed, own_cost, race, times};
use super::{Bench, Line, Verdict};
use crate::count_bench;
use crate::measured::measure;

/// What a capture is read with, and what is wanted of it.
struct Contest {
    /// Our commands; the first is the one that has everything on, and that peers are compared with.
    ours: &'static [Own],
    /// Peers, and how many times ours they are to cost.
    peers: &'static [(Peer, f64)],
    /// The most memory of the first, MiB.
    most_mib: Option<u64>,
}

/// A command of ours.
struct Own {
    name: &'static str,
    words: &'static [&'static str],
    /// The most processor time a packet, ns.
    most_ns: Option<f64>,
}

#[derive(Clone, Copy)]
enum Peer {
    P0f,
    Tcpdump,
    Nfpcapd,
    /// What reads the text of tcpdump.
    Asncounter,
}

const fn alerts(most_ns: f64) -> Own {
    Own { name: "alerts", words: &["alerts"], most_ns: Some(most_ns) }
}

const IMIX: Contest = Contest {
    ours: &[
        alerts(100.0),
        Own { name: "report --by country", words: &["report", "--by", "country"], most_ns: Some(55.0) },
        Own { name: "hosts", words: &["hosts"], most_ns: None },
        Own { name: "fingerprints", words: &["fingerprints"], most_ns: None },
    ],
    peers: &[(Peer::P0f, 10.0), (Peer::Tcpdump, 12.0), (Peer::Nfpcapd, 8.0), (Peer::Asncounter, 50.0)],
    most_mib: None,
};

const FLOOD: Contest =
    Contest { ours: &[alerts(400.0)], peers: &[(Peer::Nfpcapd, 12.0)], most_mib: Some(256) };

const SCAN: Contest =
    Contest { ours: &[alerts(400.0)], peers: &[(Peer::Nfpcapd, 3.0), (Peer::P0f, 7.0)], most_mib: Some(256) };

pub(super) fn imix(bench: &Bench<'_>) -> Result<Vec<Line>> {
    contest(bench, &IMIX, &capture(bench, "imix", &[("packets", bench.arguments.packets)])?)
}

pub(super) fn flood(bench: &Bench<'_>) -> Result<Vec<Line>> {
    contest(bench, &FLOOD, &capture(bench, "flood", &[("packets", bench.arguments.packets)])?)
}

/// A million hosts where the others have five million packets.
pub(super) fn scan(bench: &Bench<'_>) -> Result<Vec<Line>> {
    contest(bench, &SCAN, &capture(bench, "scan", &[("hosts", bench.arguments.packets / 5)])?)
}

/// Makes a capture by our own command of that name, over the one before: a process of its own gives its memory back.
pub(super) fn capture(bench: &Bench<'_>, name: &str, amounts: &[(&str, u64)]) -> Result<PathBuf> {
    let path = bench.folder.join("capture.pcap");
    let mut command = Command::new(std::env::current_exe()?);
    command.args([name, "--snaplen", "128", "--out"]).arg(&path);
    for (what, amount) in amounts {
        command.args([format!("--{what}"), amount.to_string()]);
    }
    measure(command.stdout(Stdio::null()))?;
    Ok(path)
}

fn contest(bench: &Bench<'_>, contest: &Contest, capture: &Path) -> Result<Vec<Line>> {
    let packets = count(&bench.arguments.wireglobe, capture)?;
    let own = contest.ours.iter().map(|own| Runner { name: own.name, words: words(bench, own, capture) });
    let peers = contest.peers.iter().map(|(peer, _)| peer.runner(bench, capture));
    let runners = own.chain(peers.collect::<Result<Vec<_>>>()?).collect::<Vec<_>>();
    let costs = race(&runners, bench.arguments.runs);
    let first = own_cost(&costs[0])?;
    let (own, peers) = costs.split_at(contest.ours.len());
    let own = contest.ours.iter().zip(own).map(|(own, cost)| Ok(own_line(own, own_cost(cost)?, packets)));
    let own = own.collect::<Result<Vec<_>>>()?.into_iter();
    let names = runners[contest.ours.len()..].iter().map(|runner| runner.name);
    let peers = contest.peers.iter().zip(names).zip(peers);
    let peers = peers.map(|((peer, name), cost)| peer_line(*peer, name, cost, (first, packets)));
    Ok(own.chain(contest.most_mib.map(|most| memory_line(first, most))).chain(peers).collect())
}

fn words(bench: &Bench<'_>, own: &Own, capture: &Path) -> Vec<OsString> {
    let program = bench.arguments.wireglobe.clone().into_os_string();
    let more = own.words.iter().chain(&["--format", "json", "--read"]).map(OsString::from);
    std::iter::once(program).chain(more).chain([capture.into()]).collect()
}

impl Peer {
    fn runner(self, bench: &Bench<'_>, capture: &Path) -> Result<Runner> {
        let of = |name, before: &[&str], after: &[&Path]| Runner {
            name,
            words: before.iter().map(OsString::from).chain(after.iter().map(|path| path.into())).collect(),
        };
        Ok(match self {
            Self::P0f => of("p0f", &["p0f", "-r"], &[capture]),
            Self::Tcpdump => of("tcpdump -n -q", &["tcpdump", "-n", "-q", "-r"], &[capture]),
            Self::Nfpcapd => {
                let folder = bench.folder.join("nfpcapd");
                fs::create_dir_all(&folder)?;
                let mut runner = of("nfpcapd", &["nfpcapd", "-r"], &[capture]);
                runner.words.extend(["-l".into(), folder.into()]);
                runner
            }
            Self::Asncounter => {
                let name = "tcpdump with asncounter";
                let Some(asncounter) = installed(&bench.arguments.asncounter) else {
                    return Ok(of(name, &[], &[&bench.arguments.asncounter]));
                };
                let line = "tcpdump -n -q -r \"$1\" | \"$2\" -C \"$3\" -I tcpdump";
                let cache = count_bench::cache(&bench.folder)?;
                of(name, &["sh", "-c", line, "sh"], &[capture, &asncounter, &cache])
            }
        })
    }
}

/// Packets of a capture, as our own report has them; afterwards the file is in the page cache for all alike.
fn count(wireglobe: &Path, capture: &Path) -> Result<f64> {
    let mut command = Command::new(wireglobe);
    command.args(["report", "--by", "protocol", "--format", "json", "--read"]).arg(capture);
    let report: Value = serde_json::from_slice(&measure(command.stdout(Stdio::piped()))?.output)?;
    report["totals"]["frames"].as_f64().context("no totals")
}

fn each(cost: Cost, packets: f64) -> f64 {
    cost.processor.as_secs_f64() * 1e9 / packets.max(1.0)
}

fn told(cost: Cost, packets: f64) -> String {
    format!("{:.0} ns, {} MiB", each(cost, packets), cost.kilobytes >> 10)
}

fn own_line(own: &Own, cost: Cost, packets: f64) -> Line {
    Line {
        what: format!("`{}`, processor time a packet", own.name),
        ours: told(cost, packets),
        wanted: own.most_ns.map_or_else(String::new, |most| format!("<= {most} ns")),
        verdict: own.most_ns.map_or(Verdict::Open, |most| (each(cost, packets) <= most).into()),
        ..Line::default()
    }
}

fn memory_line(cost: Cost, most_mib: u64) -> Line {
    let mib = cost.kilobytes >> 10;
    Line {
        what: "`alerts`, most memory".into(),
        ours: format!("{mib} MiB"),
        wanted: format!("<= {most_mib} MiB"),
        verdict: (cost.kilobytes <= most_mib << 10).into(),
        ..Line::default()
    }
}

fn peer_line((peer, share): (Peer, f64), name: &str, cost: &Outcome, (ours, packets): (Cost, f64)) -> Line {
    let ratio = cost.as_ref().ok().map(|cost| times(cost.processor, ours.processor));
    // Of two programs in a pipe only the shell's memory would be known.
    let told_of = |cost: &Cost| match peer {
        Peer::Asncounter => format!("{:.0} ns", each(*cost, packets)),
        _ => told(*cost, packets),
    };
    let peer = cost.as_ref().map_or_else(Clone::clone, told_of);
    Line {
        what: "`alerts` beside it".into(),
        ours: told(ours, packets),
        peer: format!("{name}: {peer}"),
        ratio,
        wanted: format!(">= {share} times"),
        verdict: ratio.map_or(Verdict::Open, |ratio| (ratio >= share).into()),
    }
}
