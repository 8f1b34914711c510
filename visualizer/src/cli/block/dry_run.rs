//! What a list would have hit in captures: packets, hosts, and which of those hosts look wanted, so that blocking them
//! would do harm.
//!
//! A host looks wanted when there was traffic both ways and that lasted: attackers who scan or flood get few answers, and
//! what people use is used for a while. That is a hint, not proof: a long session of a burglar looks the same.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use analyzer::aggregate::{Ends, Row};
use analyzer::geo::Geo;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Measure, Network, Origin, Setup, ViewId};
use capturer::decode::Skip;
use capturer::stream::{PacketStream, ReadBuffer};
use capturer::{Frame, Packet};
use serde_json::{Value, json};

use super::format;
use super::heading::{self, Heading};
use super::hit::Hits;
use super::list::List;
use crate::cli::Failure;
use crate::cli::document::TotalsDocument;
use crate::cli::offline::{self, Hand, Outcome};
use crate::cli::output::{self, Column, Format, Listing};
use crate::live::Status;
use crate::settings::Settings;
use crate::sources;

/// Traffic both ways over at least this long makes a host look wanted.
const LONG: Duration = Duration::from_secs(300);

/// In a capture shorter than twice [`LONG`], over half of it, but no less than this.
const BRIEF: Duration = Duration::from_secs(10);

/// Packets that are counted together; see [`Analyzer::observe_all`].
const TOGETHER: usize = 256;

/// A host that the list would have hit.
struct Victim {
    row: Row,
    network: Network,
    /// The registered domain of its name.
    domain: Option<String>,
    two_way: bool,
    seen_for: Duration,
    wanted: bool,
}

/// What came of it.
pub(super) struct DryRun<'a> {
    list: &'a List,
    outcome: Outcome,
    totals: TotalsDocument,
    hits: Hits,
    /// Those that look wanted first, then by bytes.
    victims: Vec<Victim>,
}

/// Reads the captures.
pub(super) fn run<'a>(
    list: &'a List,
    read: &[PathBuf],
    settings: &Settings,
    geo: Geo,
) -> Result<DryRun<'a>, Failure> {
    let facts = Facts { geo, local: local(read, settings) };
    let mut gather = Gather::new(list, facts, settings.analysis.memory_mb << 20);
    let reading = offline::Reading { decode: settings.decode.settings(), ..offline::Reading::default() };
    let outcome = offline::read(&mut *sources::files(read)?, reading, &mut gather)?.or_failure()?;
    Ok(gather.judge(list, outcome, |outcome, evicted| {
        TotalsDocument::of(read, outcome, evicted, settings.decode.count.name())
    }))
}

/// Bytes that a dry run over the ring may take.
const RING_MEMORY: usize = 32 << 20;

/// The same over the packets that a running capture still has; `status` says whose they are.
pub(super) fn run_on_ring<'a>(list: &'a List, stream: &PacketStream, status: &Status) -> DryRun<'a> {
    let mut gather = Gather::new(list, status.known(), RING_MEMORY);
    let mut outcome = Outcome::default();
    let (mut cursor, mut buffer) = (stream.cursor_from_oldest(), ReadBuffer::new(stream));
    let end = stream.written();
    while cursor.position() < end && cursor.read(&mut buffer, Duration::ZERO).taken > 0 {
        for seen in buffer.iter() {
            outcome.saw(seen.packet);
            gather.add(seen.packet, seen.bytes);
        }
    }
    gather.judge(list, outcome, |outcome, evicted| TotalsDocument {
        source: vec![status.facts.name.clone()],
        ..TotalsDocument::of(&[], outcome, evicted, status.facts.counted)
    })
}

fn local(read: &[PathBuf], settings: &Settings) -> LocalNetworks {
    let named = &settings.network.local;
    if named.is_empty() { sources::guess(read) } else { LocalNetworks::new(named.clone(), Origin::Settings) }
}

fn analyzer(facts: Facts, memory: usize) -> Analyzer {
    Analyzer::new(Setup {
        facts,
        homes: Vec::new(),
        dimensions: Vec::new(),
        live: false,
        hosts: true,
        names: true,
        memory,
        counting: analyzer::aggregate::Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: None,
    })
}

/// Gathers packets for the analyzer, and counts their hits.
struct Gather {
    analyzer: Analyzer,
    hits: Hits,
    packets: Box<[Packet]>,
    held: usize,
}

impl Gather {
    fn new(list: &List, facts: Facts, memory: usize) -> Self {
        Self {
            analyzer: analyzer(facts, memory),
            hits: Hits::new(&list.networks),
            packets: vec![Packet::empty(); TOGETHER].into(),
            held: 0,
        }
    }

    /// Takes a packet that was decoded before.
    fn add(&mut self, packet: &Packet, bytes: &[u8]) {
        self.packets[self.held].clone_from(packet);
        self.hold(bytes);
    }

    /// The packet in the slot counts.
    fn hold(&mut self, bytes: &[u8]) {
        self.analyzer.learn(&self.packets[self.held], bytes);
        self.hits.count(&self.packets[self.held]);
        self.held += 1;
        if self.held == self.packets.len() {
            self.observe();
        }
    }

    /// What came of it, once all packets were taken; `totals` is told of the hosts that had to make room.
    fn judge(
        mut self,
        list: &List,
        outcome: Outcome,
        totals: impl FnOnce(&Outcome, u64) -> TotalsDocument,
    ) -> DryRun<'_> {
        self.observe();
        let Self { mut analyzer, hits, .. } = self;
        let totals = totals(&outcome, analyzer.read().evicted().0);
        let victims = victims(&mut analyzer, &hits, list, long_enough(&outcome));
        DryRun { list, outcome, totals, hits, victims }
    }

    fn observe(&mut self) {
        self.analyzer.observe_all(self.packets[..self.held].iter().map(|packet| (packet, &[][..])));
        self.held = 0;
    }
}

impl Hand for Gather {
    fn slot(&mut self) -> &mut Packet {
        &mut self.packets[self.held]
    }

    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if skip.is_none() {
            self.hold(frame.bytes);
        }
        Ok(())
    }
}

/// How long a host must have been seen in this capture to look wanted.
fn long_enough(outcome: &Outcome) -> Duration {
    let length = outcome.from.zip(outcome.to).map_or(Duration::ZERO, |(from, to)| to.since(from));
    LONG.min(length / 2).max(BRIEF)
}

fn victims(analyzer: &mut Analyzer, hits: &Hits, list: &List, long: Duration) -> Vec<Victim> {
    let reading = analyzer.read();
    let ask = reading.ask(0, Measure::Bytes);
    let all =
        reading.top(ViewId::MAIN, Dimension { name: "host", ends: Ends::Both }, &ask).unwrap_or_default();
    let mut victims: Vec<Victim> = all
        .rows
        .into_iter()
        .filter_map(|row| {
            let address: IpAddr = row.key.parse().ok()?;
            let network = list.networks[hits.find(address)?];
            let host = reading.host(address)?;
            let two_way = host.answered || (host.sent.packets > 0 && host.received.packets > 0);
            let seen_for = host.last.since(host.first);
            let names = reading.names();
            let domain = names.domain(address).map(|domain| names.domain_text(domain).to_owned());
            let wanted = two_way && seen_for >= long;
            Some(Victim { row, network, domain, two_way, seen_for, wanted })
        })
        .collect();
    // The rows come by bytes, and the sort keeps that order.
    victims.sort_by_key(|victim| !victim.wanted);
    victims
}

impl DryRun<'_> {
    /// As for every read of captures.
    pub(super) fn code(&self) -> ExitCode {
        self.outcome.exit_code()
    }

    fn flows(&self) -> u64 {
        self.victims.iter().map(|victim| u64::from(victim.row.counts.flows)).sum()
    }

    fn wanted(&self) -> usize {
        self.victims.iter().filter(|victim| victim.wanted).count()
    }

    fn own(&self) -> usize {
        self.victims.iter().filter(|victim| victim.row.local == Some(true)).count()
    }

    /// Domains of the hosts with how many hosts each has, the largest first.
    fn domains(&self) -> Vec<(&str, usize)> {
        let mut hosts: BTreeMap<&str, usize> = BTreeMap::new();
        for domain in self.victims.iter().filter_map(|victim| victim.domain.as_deref()) {
            *hosts.entry(domain).or_default() += 1;
        }
        let mut all: Vec<(&str, usize)> = hosts.into_iter().collect();
        all.sort_by_key(|(_, hosts)| std::cmp::Reverse(*hosts));
        all
    }

    fn networks_hit(&self) -> usize {
        self.hits.networks.iter().filter(|hit| **hit).count()
    }

    /// The document, with so many hosts at most.
    pub(super) fn json(&self, heading: &Heading, most: usize) -> String {
        let hits = &self.hits;
        let mut document = self.totals.head();
        let mut list = format::document(self.list, heading);
        if let Some(list) = list.as_object_mut() {
            list.insert("networks".into(), json!(self.list.networks.len()));
        }
        document.insert("list".into(), list);
        document.insert(
            "hit".into(),
            json!({
                "packets": hits.either.packets, "bytes": hits.either.bytes,
                "packets_from": hits.from.packets, "bytes_from": hits.from.bytes,
                "packets_to": hits.to.packets, "bytes_to": hits.to.bytes,
                "hosts": self.victims.len(), "flows": self.flows(), "networks": self.networks_hit(),
                "wanted": self.wanted(), "own": self.own(),
                "wanted_after_seconds": long_enough(&self.outcome).as_secs_f64(),
            }),
        );
        let domains = self.domains();
        let domains =
            domains.iter().map(|(domain, hosts)| json!({"domain": domain, "hosts": hosts})).collect();
        document.insert("domains".into(), domains);
        document.insert("rows".into(), self.victims.iter().take(most).map(Victim::json).collect());
        format!("{}\n", Value::Object(document))
    }

    /// For people.
    pub(super) fn table(&self, top: usize) -> String {
        let shown = if top == 0 { self.victims.len() } else { top.min(self.victims.len()) };
        let mut text = self.summary();
        if shown == 0 {
            return text;
        }
        let (rows, pretty) = self.victims[..shown].iter().map(|victim| (Vec::new(), victim.cells())).unzip();
        text += &format!("\n{}", Listing { columns: COLUMNS.to_vec(), rows, pretty }.render(Format::Table));
        if shown < self.victims.len() {
            text += &format!("{} more hosts: --top 0 shows all\n", self.victims.len() - shown);
        }
        text
    }

    /// The first few of the domains.
    fn domains_line(&self) -> Option<String> {
        const SHOWN: usize = 8;
        let domains = self.domains();
        let shown = domains
            .iter()
            .take(SHOWN)
            .map(|(domain, hosts)| format!("{} ({hosts})", crate::cli::escape(domain)));
        let more = (domains.len() > SHOWN).then(|| format!("{} more", domains.len() - SHOWN));
        let shown: Vec<String> = shown.chain(more).collect();
        (!shown.is_empty()).then(|| format!("Domains of them, with hosts: {}", shown.join(", ")))
    }

    fn summary(&self) -> String {
        let (hits, ledger) = (&self.hits, &self.outcome.ledger);
        let count = |n: usize| output::count(n as u64);
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
        let mut lines = vec![
            format!(
                "{}: {} networks, {} of them hit",
                crate::cli::escape(&heading::targets(self.list)),
                count(self.list.networks.len()),
                count(self.networks_hit()),
            ),
            format!(
                "Would have hit {} of {} packets ({:.2} %), {} of {} ({:.2} %): {} packets from and {} to {} hosts in {} flows",
                output::count(hits.either.packets),
                output::count(ledger.packets),
                share(hits.either.packets, ledger.packets),
                output::bytes(hits.either.bytes),
                output::bytes(ledger.bytes),
                share(hits.either.bytes, ledger.bytes),
                output::count(hits.from.packets),
                output::count(hits.to.packets),
                count(self.victims.len()),
                output::count(self.flows()),
            ),
        ];
        lines.push(format!(
            "{} of the hosts look wanted: traffic both ways for {} or more",
            count(self.wanted()),
            lasting(long_enough(&self.outcome)),
        ));
        lines.extend(self.domains_line());
        if self.own() > 0 {
            lines.push(format!("{} of them are in our own networks", count(self.own())));
        }
        if self.totals.evicted > 0 {
            lines.push(format!(
                "{} hosts had to make room for others and are missing here; raise analysis.memory_mb",
                output::count(self.totals.evicted)
            ));
        }
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

const fn column(title: &'static str, number: bool) -> Column {
    Column { field: title, title, number }
}

const COLUMNS: [Column; 9] = [
    column("host", false),
    column("name", false),
    column("place", false),
    column("from it", true),
    column("to it", true),
    column("flows", true),
    column("both ways", false),
    column("seen for", true),
    column("looks", false),
];

impl Victim {
    fn looks(&self) -> &'static str {
        match (self.row.local == Some(true), self.wanted) {
            (true, _) => "own",
            (false, true) => "wanted",
            (false, false) => "",
        }
    }

    fn cells(&self) -> Vec<String> {
        let row = &self.row;
        let country = row.country.map(|code| code.to_string());
        let system = row.asn.map(|asn| format!("AS{} {}", asn.0, row.as_name.as_deref().unwrap_or_default()));
        let place: Vec<String> = country.into_iter().chain(system).collect();
        vec![
            row.key.clone(),
            row.name.clone().unwrap_or_default(),
            place.join(" · ").trim_end().to_owned(),
            output::bytes(row.counts.bytes_sent),
            output::bytes(row.counts.bytes_received),
            output::count(u64::from(row.counts.flows)),
            if self.two_way { "yes" } else { "no" }.to_owned(),
            lasting(self.seen_for),
            self.looks().to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let (row, counts) = (&self.row, &self.row.counts);
        json!({
            "address": row.key, "name": row.name, "domain": self.domain, "network": self.network,
            "country": row.country.map(|code| code.to_string()), "asn": row.asn.map(|asn| asn.0), "as_name": row.as_name,
            "packets_from": counts.packets_sent, "bytes_from": counts.bytes_sent,
            "packets_to": counts.packets_received, "bytes_to": counts.bytes_received,
            "flows": counts.flows, "two_way": self.two_way, "seconds": self.seen_for.as_secs_f64(),
            "wanted": self.wanted, "own": row.local == Some(true),
        })
    }
}

/// A length of time in its two largest units.
fn lasting(length: Duration) -> String {
    let seconds = length.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, _) => format!("{:.1} s", length.as_secs_f64()),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}
