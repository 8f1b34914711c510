//! `wireglobe count`: asncounter's golden cases with the listed differences, and what its users rely on besides.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{TempFile, json, pcap, stderr, udp, wireglobe};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The golden cases, beside the repository.
fn golden() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/seed-data/asncounter");
    if !folder.is_dir() {
        eprintln!("skipped: no golden cases at {}", folder.display());
        return None;
    }
    Some(folder)
}

/// Of the golden cases those that differ on purpose (SEEDS 2.11) have no line here, or are changed by [`wanted`].
const DIFFERENT: [&str; 2] = ["tcpdump", "dump_foo"];

/// A golden text as we want it: the prefix table shows the system that the look-up returned.
fn wanted(name: &str, text: &str) -> String {
    match name {
        "line" => {
            text.replace("10.0.0.0/8\t64501\tRFC1918-INNER, ZZ", "10.0.0.0/8\t64500\tRFC1918-OUTER, ZZ")
        }
        "line_noasn" => text.replace("10.0.0.0/8\t64501", "10.0.0.0/8\t64500"),
        _ => text.to_owned(),
    }
}

/// A table of our own: the documentation networks, one within another, one with two origins.
const TABLE: &str = "; made by hand\n192.0.2.0/24\t64496\n198.51.100.0/24\t64497\n203.0.113.0/24\t64498\n203.0.113.128/25\t64499\n\
                     2001:db8::/32\t64496\n10.0.0.0/8\t64500\n10.0.0.0/16\t64501\n10.9.0.0/16\t64510\n10.9.0.0/16\t64502\n";
const NAMES: &str =
    r#"{"64496":"SAMPLE, CA","64497":"EXAMPLE \"Q\", FR","64500":"OUTER, ZZ","64501":"INNER, ZZ"}"#;

/// A cache directory with that table.
struct Cache(TempFile);

impl Cache {
    fn new() -> Self {
        let cache = Self(TempFile::new("ipasn_20260101.0000.dat", TABLE.as_bytes()));
        cache.put("asnames.json", NAMES.as_bytes());
        cache
    }

    fn path(&self) -> &Path {
        self.0.0.parent().unwrap()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = wireglobe();
        command.arg("count").arg("-C").arg(self.path()).args(arguments);
        command
    }

    /// Runs it on this input.
    fn feed(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = piped(self.command(arguments));
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    }
}

fn piped(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// `lookups skipped failed` of a report.
fn totals(output: &Output) -> [String; 3] {
    let text = stdout(output);
    let of = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("{text}{}", stderr(output)));
        line.rsplit(' ').next().unwrap().to_owned()
    };
    [of("total lookups"), of("total skipped"), of("total failed")]
}

/// The lines of metrics that can be compared: no help, no times.
fn series(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.starts_with("# HELP") && !line.contains("_created"))
        .map(str::to_owned)
        .collect()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn golden_cases_give_the_same_reports() {
    let Some(folder) = golden() else { return };
    let index = std::fs::read_to_string(folder.join("out/INDEX.txt")).unwrap();
    let mut cases = 0;
    for line in index.lines() {
        let (head, command) = line.split_once(" : asncounter ").unwrap();
        let (name, code) = head.split_once(" rc=").unwrap();
        if DIFFERENT.contains(&name) {
            continue;
        }
        let port = free_port().to_string();
        let written = TempFile::new("written", b"");
        let arguments = command.split(' ').map(|word| match word {
            "8997" => port.as_str(),
            "out/outfile.written" => written.path(),
            word => word,
        });
        let output = wireglobe()
            .arg("count")
            .args(arguments)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let expected = std::fs::read_to_string(folder.join(format!("out/{name}.stdout"))).unwrap();
        if name.starts_with("prom") || name == "null_port" {
            assert_eq!(series(&stdout(&output)), series(&expected), "{name}");
        } else {
            assert_eq!(stdout(&output), wanted(name, &expected), "{name}: {}", stderr(&output));
        }
        assert_eq!(output.status.code(), code.parse().ok(), "{name}: {}", stderr(&output));
        if name == "outfile" {
            let expected = std::fs::read_to_string(folder.join("out/outfile.written")).unwrap();
            assert_eq!(std::fs::read_to_string(written.path()).unwrap(), expected);
        }
        cases += 1;
    }
    assert_eq!(cases + DIFFERENT.len(), 26);
}

#[test]
fn where_asncounter_crashes_there_is_a_report() {
    let Some(folder) = golden() else { return };
    let run = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        wireglobe()
            .arg("count")
            .args(["-C", "cache-tiny"])
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap()
    };
    let neither = run("--no-asn --no-prefixes -i in.line");
    assert_eq!(stdout(&neither), "total lookups: 10\ntotal skipped: 2\ntotal failed: 5\n");
    let null = run("-O null -i in.line");
    assert_eq!((stdout(&null).as_str(), null.status.code()), ("", Some(0)));
    let golden = std::fs::read_to_string(folder.join("out/prom_port.stdout")).unwrap();
    assert_eq!(series(&stdout(&run("-O prometheus -i in2.line"))), series(&golden));
    let blank = stdout(&run("-O prometheus -i in.line"));
    for line in [
        "asncounter_failed_count_total 5.0",
        "asncounter_skipped_count_total 2.0",
        "asncounter_asn_total{asn=\"64496\",name=\"SAMPLE, CA\"} 4.0",
    ] {
        assert!(blank.lines().any(|found| found == line), "{line}: {blank}");
    }
    let missing = run("-i /nonexistent");
    assert_eq!(
        (
            missing.status.code(),
            stderr(&missing).lines().filter(|line| line.contains("/nonexistent")).count()
        ),
        (Some(3), 1)
    );
    assert_eq!(run("--dump-prefixes foo").status.code(), Some(2));
}

#[test]
fn where_asncounter_miscounts_the_counts_are_right() {
    let Some(folder) = golden() else { return };
    let run = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        wireglobe()
            .arg("count")
            .args(["-C", "cache-tiny"])
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap()
    };
    let tuples = run("-I tuple -i in.tup");
    assert!(stdout(&tuples).starts_with(
        "count\tpercent\tASN\tAS\n10\t66.23\t64496\tSAMPLE, CA\n5\t33.77\t64497\tEXAMPLE, FR\n"
    ));
    assert_eq!(totals(&tuples), ["15", "0", "2"]);
    let infinite = run("-I tuple -i in.tup2");
    assert!(stdout(&infinite).contains("unique prefixes: 3\n"));
    assert_eq!(totals(&infinite), ["1011", "0", "2"]);
    let tcpdump = run("-I tcpdump -i in.tcpd");
    assert_eq!(totals(&tcpdump), ["15", "0", "2"]);
    let text = stdout(&tcpdump);
    for row in [
        "13\t86.67\t64496\tSAMPLE, CA",
        "1\t6.67\t64498\tTHIRD-AS Third Network, DE",
        "1\t6.67\tNone\t",
        "11\t73.33\t192.0.2.0/24\t64496\tSAMPLE, CA",
        "2\t13.33\t2001:db8::/32\t64496\tSAMPLE, CA",
    ] {
        assert!(text.lines().any(|line| line == row), "{row}: {text}");
    }
}

#[test]
fn captures_are_counted_by_either_name_of_the_format() {
    let Some(folder) = golden() else { return };
    let capture = folder.join("../traffic-analyser/yi_camera_sample.pcap");
    for format in ["pcap", "scapy"] {
        let output = wireglobe()
            .args(["count", "-C", "cache-tiny", "-I", format, "-i"])
            .arg(&capture)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(totals(&output)[0], "1621", "{}", stderr(&output));
    }
}

#[test]
fn packets_have_bytes_two_ends_and_a_filter() {
    let cache = Cache::new();
    let file =
        TempFile::new("two.pcap", &pcap(&[udp([192, 0, 2, 1]), udp([192, 0, 2, 2]), udp([198, 51, 100, 1])]));
    let count = |more: &[&str]| {
        let common = ["-I", "pcap", "-i", file.path(), "-O", "json"];
        json(&cache.command(&[&common[..], more].concat()).stdin(Stdio::null()).output().unwrap())
    };
    let destinations = count(&["--side", "dst"]);
    assert_eq!(destinations["prefix"]["rows"][0]["prefix"], "192.0.2.0/24");
    assert_eq!(
        (&destinations["asn"]["rows"][0]["count"], &destinations["asn"]["rows"][0]["bytes"]),
        (&2.into(), &92.into())
    );
    assert_eq!(count(&["--side", "both"])["totals"]["lookups"], 6);
    assert_eq!(count(&["--side", "dst", "--filter", "dst net 198.51.100.0/24"])["totals"]["lookups"], 1);
    let text = cache
        .command(&["-I", "pcap", "-i", file.path(), "--side", "dst", "--bytes"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(stdout(&text).contains("2\t66.67\t64496\tSAMPLE, CA\t92\n"), "{}", stdout(&text));
}

#[test]
fn ipv6_packets_are_counted() {
    let cache = Cache::new();
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 59, 64];
    frame.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    frame.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    let file = TempFile::new("six.pcap", &pcap(&[frame]));
    let output = cache.command(&["-I", "pcap", "-i", file.path()]).stdin(Stdio::null()).output().unwrap();
    assert!(stdout(&output).contains("1\t100.0\t2001:db8::/32\t64496\tSAMPLE, CA\n"), "{}", stdout(&output));
}

#[test]
fn several_inputs_are_one_count() {
    let cache = Cache::new();
    let file = TempFile::new("more", b"192.0.2.1\nbad\n192.0.2.2");
    let output = cache.feed(&["-i", file.path(), "-i", "-"], b"192.0.2.3\n\n");
    assert_eq!(totals(&output), ["3", "1", "1"]);
    assert!(
        stderr(&output).contains(&format!(
            "WARNING: {}:2: expected an IPv4 or IPv6 address, found \"bad\"",
            file.path()
        )),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_prefix_of_several_origins_counts_for_the_lowest() {
    let output = Cache::new().feed(&[], b"10.9.1.1\n");
    assert!(stdout(&output).contains("1\t100.0\t10.9.0.0/16\t64502\t\n"), "{}", stdout(&output));
}

#[test]
fn stdin_endless_line() {
    let cache = Cache::new();
    let mut input = b"192.0.2.1\n".to_vec();
    input.resize(8 << 20, b'x');
    input.extend(b"\n192.0.2.2\n");
    let output = cache.feed(&[], &input);
    assert_eq!(totals(&output), ["2", "1", "0"], "{}", stderr(&output));
    assert!(stderr(&output).contains("expected a line of at most 65536 bytes"), "{}", stderr(&output));
    assert!(stderr(&output).len() < 4096, "no message is endless");
}

#[test]
fn hostile_bytes_fail_their_lines_only() {
    let output = Cache::new().feed(&[], b"192.0.2.1\n\xff\xfe\n192.0.2.1\0\n\0\n\x1b[31m\n192.0.2.2\n");
    assert_eq!(totals(&output), ["2", "0", "4"]);
    assert!(!stderr(&output).contains('\u{1b}') && !stderr(&output).contains('\0'));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn many_bad_lines_are_counted_and_few_are_shown() {
    let output = Cache::new().feed(&[], &b"bad\n".repeat(10_000));
    assert_eq!(totals(&output), ["0", "0", "10000"]);
    assert!(stderr(&output).lines().count() < 40, "{}", stderr(&output));
}

#[test]
fn a_packed_table_is_read_and_the_last_by_name_is_taken() {
    let cache = Cache::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"192.0.2.0/24\t65000\n").unwrap();
    cache.put("ipasn_20260102.0000.dat.gz", &packed.finish().unwrap());
    let output = cache.feed(&["--no-prefixes"], b"192.0.2.1\n");
    assert!(stdout(&output).contains("1\t100.0\t65000\t\n"), "{}", stdout(&output));
}

#[test]
fn a_broken_table_is_refused_with_its_record() {
    let cache = Cache::new();
    cache.put("ipasn_9", b"192.0.2.0/24\t1\nnonsense\n");
    let output = cache.feed(&[], b"192.0.2.1\n");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(3), ""));
    assert!(stderr(&output).contains("record 2: expected a prefix and an AS number"), "{}", stderr(&output));
}

#[test]
fn without_names_there_is_one_warning_and_a_report() {
    let cache = Cache::new();
    std::fs::remove_file(cache.path().join("asnames.json")).unwrap();
    let output = cache.feed(&[], b"192.0.2.1\n192.0.2.1\n");
    assert!(stdout(&output).contains("2\t100.0\t64496\t\n"));
    assert_eq!(stderr(&output).matches("asnames.json").count(), 1, "{}", stderr(&output));
}

#[test]
fn an_empty_cache_means_the_bundled_ranges_and_says_so() {
    let cache = Cache(TempFile::new("nothing", b""));
    let output = cache.feed(&["-O", "json"], b"8.8.8.8\n192.0.2.1\n");
    let document = json(&output);
    assert_eq!(document["database"]["prefix"], "covering range");
    assert_eq!(document["asn"]["rows"][0]["asn"], 15_169);
    assert!(document["asn"]["rows"][1]["asn"].is_null());
    assert!(stderr(&output).contains("covering ranges"), "{}", stderr(&output));
    let dump = cache.feed(&["--dump-prefixes", "64496"], b"");
    assert_eq!(dump.status.code(), Some(3));
}

#[test]
fn a_cache_directory_is_made_or_the_reason_is_told() {
    let cache = Cache::new();
    let fresh = cache.path().join("a/b");
    let made = wireglobe().args(["count", "-C"]).arg(&fresh).arg("192.0.2.1").output().unwrap();
    assert_eq!((made.status.code(), fresh.is_dir()), (Some(0), true));
    let impossible = wireglobe()
        .args(["count", "-C"])
        .arg(cache.path().join("asnames.json/x"))
        .arg("192.0.2.1")
        .output()
        .unwrap();
    assert_eq!(impossible.status.code(), Some(3));
}

#[test]
fn dumped_prefixes_are_aggregated_and_sorted_as_text() {
    let cache = Cache::new();
    cache.put("ipasn_9", b"9.0.0.0/9\t7\n9.128.0.0/9\t7\n10.0.0.0/8\t7\n10.0.0.0/16\t7\n");
    for asn in ["7", "AS7", "asn7"] {
        let output = cache.feed(&["--dump-prefixes", asn], b"");
        assert_eq!(stdout(&output), "10.0.0.0/8\n9.0.0.0/8\n");
    }
    let unknown = cache.feed(&["--dump-prefixes", "8"], b"");
    assert_eq!((stdout(&unknown).as_str(), unknown.status.code()), ("", Some(0)));
}

#[test]
fn options_that_do_not_go_together_are_usage_errors() {
    let cache = Cache::new();
    for wrong in [
        &["-I", "tuple", "192.0.2.1"][..],
        &["-i", "x", "192.0.2.1"],
        &["--side", "dst"],
        &["--bytes"],
        &["--filter", "ip"],
        &["--keep"],
        &["-R"],
        &["-I", "nonsense"],
        &["-p", "65536"],
    ] {
        assert_eq!(cache.feed(wrong, b"").status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn the_console_is_told_where_to_go_and_counting_goes_on() {
    let output = Cache::new().feed(&["--repl", "--manhole"], b"192.0.2.1\n");
    assert_eq!(totals(&output)[0], "1");
    assert!(stderr(&output).contains("WARNING: there is no console"), "{}", stderr(&output));
}

/// A count that runs, with lines that were written to it.
struct Running {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    log: std::sync::mpsc::Receiver<String>,
}

impl Running {
    /// Starts it and waits until it reads.
    fn start(cache: &Cache, arguments: &[&str]) -> Self {
        let mut child = piped(cache.command(arguments));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let running = Self { child, stdout, log };
        running.logged("reading");
        running
    }

    /// Waits until it logs a line with these words: what a signal asked for is then done.
    fn logged(&self, words: &str) {
        let wait = Duration::from_secs(60);
        while !self
            .log
            .recv_timeout(wait)
            .unwrap_or_else(|_| panic!("it never says {words:?}"))
            .contains(words)
        {}
    }

    fn write(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The next report.
    fn report(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.starts_with("total failed")) {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "it ended after {lines:?}");
            lines.push(line.trim_end_matches('\n').to_owned());
        }
        lines
    }

    /// Asks for reports until one has this line.
    fn report_with(&mut self, wanted: &str) {
        let began = Instant::now();
        loop {
            self.signal("WINCH");
            let report = self.report();
            if report.iter().any(|line| line == wanted) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{report:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn signals_report_reload_and_end() {
    let cache = Cache::new();
    let mut running = Running::start(&cache, &["--no-prefixes"]);
    running.write("192.0.2.1\n");
    running.report_with("1\t100.0\t64496\tSAMPLE, CA");
    cache.put("ipasn_20270101.0000.dat", b"192.0.2.0/24\t65000\n");
    cache.put("asnames.json", br#"{"65000":"RELOADED"}"#);
    running.signal("HUP");
    running.logged("ipasn_20270101");
    running.write("192.0.2.1\n192.0.2.1\n");
    running.report_with("2\t66.67\t65000\tRELOADED");
    cache.put("ipasn_20280101.0000.dat", b"broken\n");
    running.signal("HUP");
    running.logged("the database in use stays");
    running.write("192.0.2.1\n");
    running.report_with("3\t75.0\t65000\tRELOADED");
    running.signal("USR1");
    running.report_with("total lookups: 4");
    running.signal("TERM");
    assert_eq!(running.report().last().unwrap(), "total failed: 0");
    assert!(running.child.wait().unwrap().success());
}

#[test]
fn an_interrupt_gives_the_final_report_to_the_file() {
    let cache = Cache::new();
    let file = TempFile::new("report", b"");
    let mut running = Running::start(&cache, &["-o", file.path()]);
    running.write("192.0.2.1\n192.0.2.2");
    running.report_with("total lookups: 1");
    running.signal("INT");
    assert!(running.child.wait().unwrap().success());
    let text = std::fs::read_to_string(file.path()).unwrap();
    assert!(text.contains("total lookups: 2\n"), "a line without end counts at the end: {text}");
}

fn get(port: u16, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn metrics_are_served_until_a_signal_and_limited_on_request() {
    let cache = Cache::new();
    let port = free_port();
    let mut running = Running::start(&cache, &["-p", &port.to_string(), "--keep", "--series", "1"]);
    running.write("192.0.2.1\n192.0.2.1\n198.51.100.1\n");
    drop(running.child.stdin.take());
    let mut line = String::new();
    while !line.starts_with("asncounter_failed_count_created ") {
        line.clear();
        assert!(
            running.stdout.read_line(&mut line).unwrap() > 0,
            "the final report comes at the end of the input"
        );
    }
    let answer = get(port, "/metrics", &format!("127.0.0.1:{port}"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("asncounter_asn_total{asn=\"64496\",name=\"SAMPLE, CA\"} 2.0\n"), "{answer}");
    assert!(!answer.contains("64497") && answer.contains("asncounter_asn_left_out 1.0\n"), "{answer}");
    assert!(get(port, "/metrics", "rebound.example").starts_with("HTTP/1.1 403"));
    running.signal("TERM");
    assert!(running.child.wait().unwrap().success());
}

#[test]
fn labels_are_escaped_and_json_is_whole() {
    let cache = Cache::new();
    let text = stdout(&cache.feed(&["-O", "prometheus"], b"198.51.100.1\n"));
    assert!(text.contains(r#"asncounter_asn_total{asn="64497",name="EXAMPLE \"Q\", FR"} 1.0"#), "{text}");
    let document = json(&cache.feed(&["-O", "json", "-I", "tuple"], b"198.51.100.1 2.5\n# x\nbad\n"));
    assert_eq!(document["totals"]["lookups"], 2.5);
    assert_eq!((&document["totals"]["skipped"], &document["totals"]["failed"]), (&1.into(), &1.into()));
    assert!(document["totals"]["bytes"].is_null());
}

#[test]
fn each_look_up_is_told_on_request() {
    let output = Cache::new().feed(&["--debug"], b"192.0.2.1\n");
    assert!(stderr(&output).lines().any(|line| line.starts_with("DEBUG: 192.0.2.1")), "{}", stderr(&output));
}

/// Answers every question with this, and tells of each.
fn answering(body: &'static str, status: &'static str) -> (u16, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, questions) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            let _ = asked.send(());
        }
    });
    (port, questions)
}

/// Settings that name a source of routing tables.
fn settings(port: u16) -> TempFile {
    let text = format!("[geo]\nupdate_from = \"http://127.0.0.1:{port}/ipasn_20280601.dat\"\n");
    TempFile::new("settings.toml", text.as_bytes())
}

fn tables(cache: &Cache) -> Vec<String> {
    let names = std::fs::read_dir(cache.path()).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn refresh_fetches_the_table_that_the_settings_name_and_ends() {
    let (port, questions) = answering("192.0.2.0/24\t65000\n", "200 OK");
    let (cache, settings) = (Cache::new(), settings(port));
    let output = cache.feed(&["--settings", settings.path(), "-R"], b"");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ""), "{}", stderr(&output));
    assert!(stderr(&output).contains("1 prefixes"), "{}", stderr(&output));
    questions.recv().unwrap();
    let wanted = ["asnames.json", "ipasn_20260101.0000.dat", "ipasn_20280601.0000.dat.gz"];
    assert_eq!(tables(&cache), wanted);
    let output = cache.feed(&["--no-prefixes", "192.0.2.1"], b"");
    assert!(stdout(&output).contains("1\t100.0\t65000\t\n"), "{}", stdout(&output));
}

#[test]
fn refresh_without_a_source_or_with_a_broken_one_changes_nothing() {
    let cache = Cache::new();
    let output = cache.feed(&["-R"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("geo.update_from"), "{}", stderr(&output));
    for (body, status, told) in [
        ("", "404 Not Found", "404"),
        ("192.0.2.0/24\tx\n", "200 OK", "record 1"),
        ("192.0.2.0,192.0.2.255,64496,\"A\"\n", "200 OK", "expected a routing table"),
    ] {
        let (port, _questions) = answering(body, status);
        let settings = settings(port);
        let output = cache.feed(&["--settings", settings.path(), "--refresh"], b"");
        assert_eq!(output.status.code(), Some(3), "{body}");
        assert!(stderr(&output).contains(told), "{body}: {}", stderr(&output));
        assert_eq!(tables(&cache), ["asnames.json", "ipasn_20260101.0000.dat"]);
    }
}

#[test]
fn sigusr1_fetches_while_counting_goes_on() {
    let (port, questions) = answering("192.0.2.0/24\t65000\n", "200 OK");
    let (cache, settings) = (Cache::new(), settings(port));
    let mut running = Running::start(&cache, &["--no-prefixes", "--settings", settings.path()]);
    running.write("192.0.2.1\n");
    running.report_with("1\t100.0\t64496\tSAMPLE, CA");
    running.signal("USR1");
    questions.recv().unwrap();
    running.logged("ipasn_20280601.0000.dat.gz, 1 prefixes");
    running.write("192.0.2.1\n192.0.2.1\n");
    running.report_with("2\t66.67\t65000\t");
    running.signal("TERM");
    assert!(running.child.wait().unwrap().success());
}

#[test]
fn sixty_four_megabytes_without_a_newline_are_one_line_that_is_skipped() {
    let cache = Cache::new();
    for format in ["line", "tuple", "tcpdump"] {
        let mut child = piped(cache.command(&["-I", format]));
        let mut stdin = child.stdin.take().unwrap();
        let piece = vec![b'y'; 1 << 20];
        (0..64).for_each(|_| stdin.write_all(&piece).unwrap());
        let most = memory(child.id());
        stdin.write_all(b"\n192.0.2.1 1\n").unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(stdout(&output).contains("total skipped: 1\n"), "{format}: {}", stdout(&output));
        assert!(stderr(&output).contains("standard input:1: expected a line of at most 65536 bytes"));
        if let Some(most) = most {
            assert!(most < 48 << 20, "{format}: {most} bytes for a line of 64 MB");
        }
    }
}

/// The most memory that a process ever had, in bytes, where the system tells.
fn memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

/// A record of an MRT dump, TABLE_DUMP_V2 (RFC 6396 §4.3).
fn mrt_record(subtype: u16, body: &[u8]) -> Vec<u8> {
    let mut out = [0x6a1c_0000_u32.to_be_bytes(), [0, 13, 0, subtype as u8]].concat();
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out
}

/// One prefix, 192.0.2.0/24, announced by 64511 through 64497.
fn mrt_dump() -> Vec<u8> {
    let path = [0x50, 2, 0, 10, 2, 2, 0, 0, 0xfb, 0xf1, 0, 0, 0xfb, 0xff];
    let entry = [&[0, 0, 0, 0, 0, 0, 0, path.len() as u8][..], &path].concat();
    let rib = [&[0, 0, 0, 1, 24, 192, 0, 2, 0, 1][..], &entry].concat();
    [mrt_record(1, &[0; 8]), mrt_record(2, &rib)].concat()
}

#[test]
fn where_there_is_no_table_the_last_dump_is_read() {
    let cache = Cache::new();
    let count = |arguments: &[&str]| stdout(&cache.feed(arguments, b""));
    cache.put("rib.20260601.0000", b"broken");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&mrt_dump()).unwrap();
    cache.put("rib.20260602.0000.gz", &packed.finish().unwrap());
    assert!(count(&["--no-prefixes", "192.0.2.1"]).contains("\t64496\t"), "a table goes before every dump");
    std::fs::remove_file(cache.path().join("ipasn_20260101.0000.dat")).unwrap();
    assert!(count(&["192.0.2.1"]).contains("1\t100.0\t192.0.2.0/24\t64511\t\n"), "{}", count(&["192.0.2.1"]));
    assert_eq!(count(&["--dump-prefixes", "64511"]), "192.0.2.0/24\n");
    cache.put("rib.20260603.0000", b"broken");
    let output = cache.feed(&["192.0.2.1"], b"");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("rib.20260603.0000"), "{}", stderr(&output));
}
