//! Filters in capture position beside libpcap: the same frames of every capture, and the same expressions refused.
//!
//! libpcap's own program is fetched once for each link type and expression (`tcpdump -ddd`) and run by our interpreter
//! over the frames of all captures; a sample is asked of tcpdump itself. Skipped with a word where tcpdump or the
//! captures are not there.

use std::collections::HashMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use capturer::LinkType;
use capturer::filter::bpf::{Instruction, Program};
use capturer::filter::{Filter, FrameFilter};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures");
const FOLDERS: [&str; 5] = ["benign", "attack", "os", "linktypes", "malformed"];
const EXPRESSIONS: &str = include_str!("filter_expressions.txt");

/// Frames taken from each capture by the test that compares all of them.
const FRAMES: usize = 150;

fn expressions() -> impl Iterator<Item = &'static str> {
    EXPRESSIONS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn tcpdump_is_here() -> bool {
    Command::new("tcpdump").arg("--version").output().is_ok()
}

struct Kept {
    link: LinkType,
    wire_len: u32,
    bytes: Vec<u8>,
}

fn frames(mut source: FileSource, most: usize) -> Vec<Kept> {
    let mut out = Vec::new();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        out.push(Kept { link: frame.link, wire_len: frame.wire_len, bytes: frame.bytes.to_vec() });
        if out.len() == most {
            break;
        }
    }
    out
}

fn captures() -> Vec<PathBuf> {
    let list = |folder| fs::read_dir(Path::new(CAPTURES).join(folder)).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = FOLDERS.into_iter().flat_map(list).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// An empty capture of a link type, so that tcpdump compiles as for a file.
struct Empty(PathBuf);

impl Empty {
    fn new(link: LinkType) -> Option<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("wireglobe-{}-{number}.pcap", std::process::id()));
        let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
        bytes.extend(u32::from(link.0).to_le_bytes());
        fs::write(&path, bytes).is_ok().then_some(Self(path))
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What tcpdump makes of an expression.
#[derive(Debug)]
enum Theirs {
    Program(Program),
    /// It loops, so that no kernel takes it and our interpreter neither.
    Loops,
    /// It never matches; tcpdump says so and stops.
    Nothing,
    Refused,
}

fn theirs(empty: &Empty, expression: &str) -> Theirs {
    let mut command = Command::new("tcpdump");
    let Ok(output) = command.arg("-r").arg(&empty.0).args(["-ddd", "--", expression]).output() else {
        return Theirs::Refused;
    };
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let nothing = text.contains("rejects all packets");
        return if nothing { Theirs::Nothing } else { Theirs::Refused };
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let instructions: Option<Vec<Instruction>> = text.lines().skip(1).map(instruction).collect();
    let program = instructions.and_then(|instructions| Program::from_instructions(instructions).ok());
    program.map_or(Theirs::Loops, Theirs::Program)
}

/// `code jt jf k`, each in decimal.
fn instruction(line: &str) -> Option<Instruction> {
    let fields: Vec<u64> = line.split(' ').map_while(|field| field.parse().ok()).collect();
    let [code, jt, jf, k] = fields[..] else { return None };
    Some(Instruction {
        code: u16::try_from(code).ok()?,
        jt: u8::try_from(jt).ok()?,
        jf: u8::try_from(jf).ok()?,
        k: u32::try_from(k).ok()?,
    })
}

fn ours(link: LinkType, expression: &str) -> Result<FrameFilter, String> {
    let filter = Filter::parse(expression).map_err(|error| error.render(expression))?;
    filter.frame(link).map_err(|error| error.to_string())
}

/// Where Wireglobe differs from libpcap 1.10 on purpose; docs/FILTER.md has the proof of each.
fn differs_on_purpose(link: LinkType, expression: &str) -> bool {
    let wireless = matches!(link, LinkType::IEEE_802_11 | LinkType::RADIOTAP);
    let arithmetic = expression.contains(['[', '*']) || expression.starts_with(|c: char| c.is_ascii_digit());
    let nothing_asked = expression == "tcp or not tcp";
    // `byte` loads nothing before `&` and `|`; scratch words of 802.11 headers are overwritten by arithmetic.
    expression.starts_with("byte 20 ")
        || (wireless && (expression.contains("geneve") || arithmetic || nothing_asked))
}

const LINKS: [LinkType; 14] = [
    LinkType::ETHERNET,
    LinkType::RAW_BSD,
    LinkType::RAW,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::PPP,
    LinkType::PPP_HDLC,
    LinkType::C_HDLC,
    LinkType::IEEE_802_11,
    LinkType::RADIOTAP,
];

#[test]
fn the_same_expressions_are_refused_as_by_tcpdump() {
    if !tcpdump_is_here() {
        println!("skipped: tcpdump is not installed");
        return;
    }
    let mut faults = Vec::new();
    for link in LINKS {
        let empty = Empty::new(link).unwrap();
        for expression in expressions() {
            let (theirs, ours) = (theirs(&empty, expression), ours(link, expression));
            if matches!(theirs, Theirs::Refused) != ours.is_err() && !differs_on_purpose(link, expression) {
                faults.push(format!("{link:?} {expression}: {theirs:?} against {:?}", ours.err()));
            }
        }
    }
    assert!(faults.is_empty(), "{}\n{} faults", faults.join("\n"), faults.len());
}

/// Frames of a few captures under each link type, whatever they were captured from: what a program reads is then often
/// not there, or not what it says.
#[test]
fn the_same_frames_pass_as_by_libpcaps_program() {
    if !tcpdump_is_here() {
        println!("skipped: tcpdump is not installed");
        return;
    }
    let compared = compare_all(FRAMES);
    println!("{compared} answers compared; none without captures");
}

#[test]
#[ignore = "all frames of all captures: minutes without optimisation"]
fn all_frames_pass_as_by_libpcaps_program() {
    let compared = compare_all(usize::MAX);
    println!("{compared} answers compared; none without captures");
}

/// How many answers were the same; a difference fails.
fn compare_all(most: usize) -> u64 {
    let mut by_link: HashMap<LinkType, Vec<(Arc<Path>, Kept)>> = HashMap::new();
    for path in captures() {
        let Ok(source) = FileSource::open(&path) else { continue };
        let path: Arc<Path> = path.into();
        for kept in frames(source, most) {
            by_link.entry(kept.link).or_default().push((Arc::clone(&path), kept));
        }
    }
    let (mut compared, mut faults) = (0_u64, Vec::new());
    for (link, frames) in &by_link {
        let Some(empty) = Empty::new(*link) else { continue };
        for expression in expressions().filter(|expression| !differs_on_purpose(*link, expression)) {
            let (Theirs::Program(theirs), Ok(ours)) = (theirs(&empty, expression), ours(*link, expression))
            else {
                continue;
            };
            let program = ours.program();
            for (path, frame) in frames {
                let passes = ours.matches(&frame.bytes, frame.wire_len);
                let expected = theirs.run(&frame.bytes, frame.wire_len) > 0;
                let compiled = program.as_ref().map_or(passes, |p| p.run(&frame.bytes, frame.wire_len) > 0);
                compared += 1;
                if passes != expected || compiled != passes {
                    faults.push(format!(
                        "{expression}: {link:?} {} of {} bytes: {passes}, compiled {compiled}, libpcap {expected}",
                        path.display(),
                        frame.bytes.len()
                    ));
                    break;
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}\n{} faults", faults.join("\n"), faults.len());
    compared
}

/// The frames that tcpdump lets through; none when it refuses the filter or the file.
fn tcpdump(path: &Path, expression: &str) -> Option<Vec<Vec<u8>>> {
    let mut command = Command::new("tcpdump");
    command.args(["-n", "-w", "-", "-r"]).arg(path).args(["--", expression]).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    let source = FileSource::from_reader("tcpdump", Box::new(Cursor::new(output.stdout))).ok()?;
    Some(frames(source, usize::MAX).into_iter().map(|kept| kept.bytes).collect())
}

/// Every expression on a few captures, and a few expressions on every capture, asked of tcpdump itself.
#[test]
fn the_same_frames_pass_as_in_tcpdump() {
    if !tcpdump_is_here() {
        println!("skipped: tcpdump is not installed");
        return;
    }
    let (mut compared, mut faults) = (0, Vec::new());
    for (i, path) in captures().iter().enumerate() {
        let Ok(source) = FileSource::open(path) else { continue };
        let kept = frames(source, usize::MAX);
        let small = fs::metadata(path).is_ok_and(|file| file.len() < 60_000);
        let link = kept.first().map(|frame| frame.link);
        let Some(link) = link.filter(|link| kept.iter().all(|frame| frame.link == *link)) else { continue };
        for (j, expression) in expressions().enumerate() {
            let asked = (small && i % 16 == 0) || (i + j) % 256 == 0;
            if !asked || differs_on_purpose(link, expression) {
                continue;
            }
            let (Some(theirs), Ok(ours)) = (tcpdump(path, expression), ours(link, expression)) else {
                continue;
            };
            let passed = kept.iter().filter(|frame| ours.matches(&frame.bytes, frame.wire_len));
            compared += 1;
            if !passed.map(|frame| &frame.bytes).eq(&theirs) {
                faults.push(format!("{expression}: {}", path.display()));
            }
        }
    }
    println!("{compared} runs of tcpdump compared");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Expressions joined two by two, on frames cut anywhere: which comparisons libpcap moves together decides which reads
/// come first, and so which cut frames pass. The words that docs/FILTER.md excepts for cut frames are left out.
#[test]
fn joined_expressions_let_the_same_cut_frames_pass() {
    if !tcpdump_is_here() {
        println!("skipped: tcpdump is not installed");
        return;
    }
    joined(300);
}

#[test]
#[ignore = "thousands of runs of tcpdump"]
fn many_joined_expressions_let_the_same_cut_frames_pass() {
    joined(6000);
}

fn joined(count: usize) {
    const LINK: LinkType = LinkType::ETHERNET;
    let kept: Vec<Kept> = captures()
        .iter()
        .step_by(7)
        .filter_map(|path| FileSource::open(path).ok())
        .flat_map(|source| frames(source, 40))
        .filter(|frame| frame.link == LINK)
        .collect();
    let Some(empty) = Empty::new(LINK) else { return };
    let excepted = |e: &str| ["geneve", "byte ", "* 0", "& 0 "].iter().any(|part| e.contains(part));
    let usable = |e: &&str| !differs_on_purpose(LINK, e) && !excepted(e) && ours(LINK, e).is_ok();
    let all: Vec<&str> = expressions().filter(usable).collect();
    let mut random = 1_u32;
    let mut next = |most: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % most.max(1)
    };
    let mut faults = Vec::new();
    for _ in 0..count {
        let parts = [(); 3].map(|()| all[next(all.len())]);
        let joins = [(); 2].map(|()| ["and", "or", "and not", "or not"][next(4)]);
        let text = format!("(({}) {} ({})) {} ({})", parts[0], joins[0], parts[1], joins[1], parts[2]);
        let (Theirs::Program(theirs), Ok(ours)) = (theirs(&empty, &text), ours(LINK, &text)) else {
            continue;
        };
        for frame in &kept {
            let bytes = &frame.bytes[..frame.bytes.len().min(next(90))];
            if ours.matches(bytes, frame.wire_len) != (theirs.run(bytes, frame.wire_len) > 0) {
                faults.push(format!("{text}: {bytes:x?}"));
                break;
            }
        }
    }
    assert!(faults.is_empty(), "{}\n{} faults", faults.join("\n"), faults.len());
}

/// `wireglobe filter` prints programs for who knows tcpdump's.
#[test]
fn a_program_is_printed_as_tcpdump_prints_it() {
    let Some(empty) = tcpdump_is_here().then(|| Empty::new(LinkType::ETHERNET)).flatten() else {
        eprintln!("skipped: needs tcpdump");
        return;
    };
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let mut compared = 0;
    let some = expressions().enumerate().filter(|(at, text)| at % 8 == 0 || text.contains('['));
    for (_, expression) in some {
        let Theirs::Program(program) = theirs(&empty, expression) else { continue };
        let printed =
            Command::new("tcpdump").arg("-r").arg(&empty.0).args(["-d", "--", expression]).output().unwrap();
        let printed = lines(&String::from_utf8_lossy(&printed.stdout));
        assert_eq!(lines(&program.to_string()), printed, "{expression}");
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}
