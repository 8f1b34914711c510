//! `wireglobe plot` and the analyser's forms of `hosts` from outside: Traffic Analyser's options do what its users know, the
//! figures are those of the packets, and broken files stop nothing.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test says so by failing")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{pcap, run, stderr, udp};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.pcap");

/// A folder of its own for a test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wireglobe-plot-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Traffic Analyser's own sample, where it is at hand.
fn seed(name: &str) -> Option<String> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/seed-data/traffic-analyser").join(name);
    if !path.exists() {
        eprintln!("skipped: needs ../../shared/seed-data");
        return None;
    }
    Some(path.to_str().unwrap().to_owned())
}

#[test]
fn the_table_of_the_sample_is_what_tshark_counts() {
    let (Some(sample), Some(devices), Some(expected)) =
        (seed("yi_camera_sample.pcap"), seed("devices_us.txt"), seed("expected_yi.csv"))
    else {
        return;
    };
    let folder = Folder::new("yi");
    let table = folder.at("t.csv");
    let ask = [
        "hosts",
        "-i",
        &sample,
        "-m",
        "B0:D5:9d:b9:f0:b4",
        "-c",
        &devices,
        "--columns",
        "analyser",
        "-o",
        &table,
        "-b",
        "us",
        "-e",
        "power, again",
        "-n",
        "office",
    ];
    for _ in 0..2 {
        let output = run(&ask);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let text = fs::read_to_string(&table).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 2 * 7, "appended, with one heading: {text}");
    assert!(lines[1..8].is_sorted(), "{text}");
    let of = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
    let rows: BTreeMap<String, Vec<String>> =
        lines[1..8].iter().map(|line| (of(line)[1].clone(), of(line)[4..8].to_vec())).collect();
    let wanted: BTreeMap<String, Vec<String>> = fs::read_to_string(expected)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| (of(line)[0].clone(), of(line)[1..].to_vec()))
        .collect();
    assert_eq!(rows, wanted);
    assert!(
        lines[1].contains("\"power, again\",office,") && lines[1].starts_with("yi-camera,"),
        "{}",
        lines[1]
    );
    let silent = run(&[
        "hosts",
        "-i",
        &sample,
        "-m",
        "b0:d5:9d:b9:f0:b4",
        "-c",
        &devices,
        "--columns",
        "analyser-head",
        "--findDiff",
    ]);
    let text = String::from_utf8(silent.stdout).unwrap();
    assert!(text.starts_with("ts,device,") && text.contains(",organization\n"), "{text}");
    assert_eq!(text.lines().count(), 3, "the broadcast addresses alone never answer: {text}");
}

#[test]
fn the_seeds_own_example_runs_and_every_graph_has_data() {
    let (Some(sample), Some(devices)) = (seed("yi_camera_sample.pcap"), seed("devices_us.txt")) else {
        return;
    };
    let folder = Folder::new("graphs");
    let figures = folder.at("figures");
    let output = run(&[
        "plot",
        "-i",
        &sample,
        "-d",
        "YI-camera",
        "-c",
        &devices,
        "-f",
        &figures,
        "-g",
        "StackPlot",
        "-p",
        "ip-snd,ip-rcv",
        "-g",
        "LinePlot",
        "-p",
        "eth-snd,eth-rcv",
        "-g",
        "ScatterPlot",
        "-p",
        "udp-snd,udp-rcv",
        "-g",
        "BarPlot",
        "-p",
        "icmp-snd,icmp-rcv,arp-snd,arp-rcv",
        "-g",
        "PiePlot",
        "-p",
        "ip-snd,ip-rcv",
        "-l",
        "IP",
        "-g",
        "BarHPlot",
        "-p",
        "eth-snd,eth-rcv",
        "-l",
        "Country",
        "-r",
        "addrPacketSize",
        "-g",
        "FreqPlot",
        "-p",
        "eth-snd",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let svg = fs::read_to_string(Path::new(&figures).join("yi_camera_sample.svg")).unwrap();
    // ip-snd and eth-snd as tshark sums ip.len and frame.len; nexus5x4 is 855197 and 26916 bytes.
    for wanted in [
        "ip-snd",
        "839\u{202f}kB",
        "857\u{202f}kB",
        "882\u{202f}kB",
        "nexus5x4",
        "Rhythms",
        "eth-snd imaginary",
    ] {
        assert!(svg.contains(wanted), "{wanted}");
    }
    assert!(
        svg.contains("arp-snd") && svg.contains("No traffic: icmp-snd."),
        "keys without traffic are told"
    );
    let last = run(&[
        "plot",
        "-i",
        &sample,
        "-m",
        "b0:d5:9d:b9:f0:b4",
        "-c",
        &devices,
        "-g",
        "StackPlot,BarHPlot",
        "-p",
        "eth-snd.eth-rcv,ip-snd",
        "-l",
        ",Country",
        "-r",
        ",addrPcktNum",
        "--format",
        "png",
        "--scale",
        "1",
    ]);
    assert!(last.status.success() && last.stdout.starts_with(b"\x89PNG\r\n"), "{}", stderr(&last));
}

#[test]
fn a_folder_gives_a_picture_for_each_capture_and_a_broken_one_stops_nothing() {
    let folder = Folder::new("tree");
    for device in ["camera/power", "phone/idle"] {
        fs::create_dir_all(folder.at(device)).unwrap();
        fs::write(folder.at(&format!("{device}/1.pcap")), pcap(&[udp([9, 9, 9, 9]), udp([8, 8, 8, 8])]))
            .unwrap();
    }
    let mut cut = pcap(&[udp([9, 9, 9, 9])]);
    cut.extend([0xff; 20]);
    fs::write(folder.at("phone/broken.pcap"), &cut).unwrap();
    fs::write(folder.at("devices.txt"), "2:0:0:0:0:2 camera\n").unwrap();
    let (tree, list, figures) = (folder.at(""), folder.at("devices.txt"), folder.at("out/"));
    let output = run(&["plot", "-i", &tree, "--graph", "barh", "--output", &figures]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("broken.pcap"));
    let mut made: Vec<String> = fs::read_dir(&figures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    made.sort();
    assert_eq!(made, ["camera_power_1.svg", "phone_broken.svg", "phone_idle_1.svg"]);
    let table = run(&["hosts", "-i", &tree, "-c", &list, "--columns", "analyser"]);
    let text = String::from_utf8(table.stdout).unwrap();
    let camera: Vec<&str> = text.lines().filter(|line| line.starts_with("camera,")).collect();
    assert_eq!(camera.len(), 2, "the folder's name is the device: {text}");
    assert!(camera.iter().all(|line| line.contains(",power,")), "and the one below the experiment: {text}");
    let addresses = run(&["hosts", "-i", &tree, "--only", "addresses"]);
    assert_eq!(String::from_utf8(addresses.stdout).unwrap(), "192.168.1.2\n8.8.8.8\n9.9.9.9\n");
}

#[test]
fn names_of_the_capture_label_far_ends_and_lists_are_used() {
    let names = run(&["hosts", "--read", DEMO, "--only", "names"]);
    let text = String::from_utf8(names.stdout).unwrap();
    assert!(text.lines().count() > 3 && text.lines().all(|line| line.contains('\t')), "{text}");
    let address = "173.194.188.233";
    let folder = Folder::new("names");
    fs::write(folder.at("hosts.txt"), format!("# ours\n{address} listed.example.org\n")).unwrap();
    let ask = |extra: &[&str]| {
        let output =
            run(&[&["plot", "--read", DEMO, "--graph", "barh", "--by", "name", "--top", "200"], extra]
                .concat());
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let told = ask(&[]);
    assert!(
        text.lines().filter(|line| told.contains(line.split_once('\t').unwrap().1)).count() > 10,
        "{told}"
    );
    assert!(ask(&["-s", &folder.at("hosts.txt")]).contains("listed.example.org"));
}

#[test]
fn sums_of_intervals_are_those_of_the_packets() {
    let folder = Folder::new("sums");
    fs::write(folder.at("1.pcap"), pcap(&[udp([9, 9, 9, 9]), udp([8, 8, 8, 8]), udp([9, 9, 9, 9])])).unwrap();
    let bytes = 3 * udp([9, 9, 9, 9]).len();
    for graph in ["stack", "line", "bar", "scatter"] {
        let output = run(&[
            "plot",
            "--read",
            &folder.at("1.pcap"),
            "-r",
            "bytes",
            "-l",
            "ip",
            "--graph",
            graph,
            "--interval",
            "2s",
            "--title",
            "<script>",
        ]);
        let svg = String::from_utf8(output.stdout.clone()).unwrap();
        let two = format!("{}\u{202f}B", bytes / 3 * 2);
        assert!(svg.contains("9.9.9.9") && svg.contains(&two), "{graph} {}{svg}", stderr(&output));
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script"));
    }
}

#[test]
fn words_that_mean_nothing_are_refused_with_what_was_expected() {
    for (words, expected) in [
        (&["-g", "Cake"][..], "barh"),
        (&["-g", "stack", "-p", "ipx-snd"], "icmp6"),
        (&["-d", "nobody"], "--device-list"),
        (&["-m", "12:34"], "hardware address"),
        (&["--output", "x.pdf"], ".svg or .png"),
        (&["--percent", "-g", "line"], "--interval"),
        (&["--size", "9x9"], "800x360"),
        (&["--interval", "soon"], "10s"),
    ] {
        let output = run(&[&["plot", "--read", DEMO], words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{words:?}: {}", stderr(&output));
    }
}

#[test]
fn who_never_answers_is_a_field_of_the_inventory() {
    let folder = Folder::new("silent");
    fs::write(folder.at("1.pcap"), pcap(&[udp([9, 9, 9, 9])])).unwrap();
    let output = run(&["hosts", "--read", &folder.at("1.pcap"), "--unanswered", "--format", "json"]);
    let document = common::json(&output);
    assert_eq!(document["rows"].as_array().map(Vec::len), Some(1), "{document}");
    assert_eq!(
        (document["rows"][0]["address"].as_str(), &document["rows"][0]["unanswered"]),
        (Some("9.9.9.9"), &true.into())
    );
}

#[test]
fn the_kind_of_data_is_told_of_every_flow_in_the_columns_of_the_pipeline() {
    let Some(sample) = seed("yi_camera_sample.pcap") else { return };
    let output = run(&["hosts", "--read", &sample, "--payload"]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("ip_src,ip_dst,src_port,dst_port,tp_proto,data_proto,data_type,data_len,entropy,reason"),
        "{}",
        stderr(&output)
    );
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert!((0.0..=1.0).contains(&cells[8].parse::<f64>().unwrap()), "{line}");
        assert!(cells[7].parse::<u64>().unwrap() >= 20, "{line}");
        assert!(["encrypted", "text", "media", "compressed", "unknown"].contains(&cells[6]), "{line}");
    }
}
