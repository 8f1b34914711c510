//! The project's own tools.

mod asking;
mod bench;
mod bench_captures;
mod count_bench;
mod craft;
mod demo;
mod detect_bench;
mod geo;
mod hash_flood;
mod live_bench;
mod measured;
mod milestone;
mod oui;
mod package;
mod pipeline;
mod processor;
mod rules;
mod soak;
mod storm;
mod worst_packet;

use anyhow::Result;
use clap::Parser;
use milestone::Tier;

/// One line per tool.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about)]
enum Tool {
    /// Make the demo capture
    Demo(demo::Arguments),
    /// Make the bundled tables of countries and autonomous systems
    Geo(geo::Arguments),
    /// Make the bundled table of hardware vendors
    Oui(oui::Arguments),
    /// Write the list of rules in docs/RULES.md
    Rules(rules::Arguments),
    /// Make the Debian package (needs cargo-deb)
    Deb(package::Arguments),
    /// Make the archive, with checksum and bill of materials
    Dist(package::Arguments),
    /// Measure every target of speed and memory, with peers that are installed beside it
    Bench(bench::Arguments),
    /// Make a large everyday capture to measure with
    Imix(bench_captures::imix::Arguments),
    /// Make a spoofed SYN flood to measure with
    Flood(bench_captures::flood::Arguments),
    /// Make a scan of many hosts to measure with
    Scan(bench_captures::scan::Arguments),
    /// Measure `wireglobe count`, asncounter beside it
    CountBench(count_bench::Arguments),
    /// Measure the program in a flood of forged sources: memory, hosts it still knows, alerts, processor time
    Storm(storm::Arguments),
    /// Run the program for a day of traffic, an hour long: whether it grows, leaks, slows down or loses packets
    Soak(soak::Arguments),
    /// Show addresses that collide in tables with a known hash, against random ones
    HashFlood(hash_flood::Arguments),
    /// Measure the slowest of ten million mutated packets, and whether many packets of one kind become slower
    WorstPacket(worst_packet::Arguments),
    /// Measure what the detectors cost a packet, tcpdump beside them
    DetectBench(detect_bench::Arguments),
    /// Measure live capture: loss and processor time by method, tcpdump beside them (needs root)
    LiveBench(live_bench::Arguments),
    /// Run the tests of the project's promises and write docs/PROMISES.md
    Milestone(milestone::Arguments),
    /// Run those that take half a day: a day's traffic, ten million fuzzed inputs a target, coverage, speed, the package
    Release(milestone::Arguments),
    /// What live-bench runs inside its namespaces
    #[command(hide = true)]
    LiveBenchPart {
        /// Which half
        #[command(subcommand)]
        part: live_bench::part::Part,
    },
}

fn main() -> Result<()> {
    match Tool::parse() {
        Tool::Demo(arguments) => demo::run(&arguments),
        Tool::Geo(arguments) => geo::run(&arguments),
        Tool::Oui(arguments) => oui::run(&arguments),
        Tool::Rules(arguments) => rules::run(&arguments),
        Tool::Deb(arguments) => package::deb::run(&arguments),
        Tool::Dist(arguments) => package::dist::run(&arguments),
        Tool::Bench(arguments) => bench::run(&arguments),
        Tool::Imix(arguments) => bench_captures::imix::run(&arguments),
        Tool::Flood(arguments) => bench_captures::flood::run(&arguments),
        Tool::Scan(arguments) => bench_captures::scan::run(&arguments),
        Tool::CountBench(arguments) => count_bench::run(&arguments),
        Tool::Storm(arguments) => storm::run(&arguments),
        Tool::Soak(arguments) => soak::run(&arguments),
        Tool::HashFlood(arguments) => hash_flood::run(&arguments),
        Tool::WorstPacket(arguments) => worst_packet::run(&arguments),
        Tool::DetectBench(arguments) => detect_bench::run(&arguments),
        Tool::Milestone(arguments) => milestone::run(&arguments, Tier::Milestone),
        Tool::Release(arguments) => milestone::run(&arguments, Tier::Release),
        Tool::LiveBench(arguments) => live_bench::run(&arguments),
        Tool::LiveBenchPart { part } => live_bench::part::run(&part),
    }
}
