//! One meaning, two executions: what the evaluator lets through, the compiled program keeps, on any frame of any link
//! type, cut anywhere; the program for sockets selects the same once the VLAN tag is put back.

use capturer::LinkType;
use capturer::filter::Filter;
use capturer::filter::bpf::{Instruction, Program};
use proptest::prelude::*;

const EXPRESSIONS: &str = include_str!("filter_expressions.txt");

const LINKS: [LinkType; 10] = [
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::IPV4,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::NULL,
    LinkType::PPP,
    LinkType::C_HDLC,
    LinkType::IEEE_802_11,
    LinkType::RADIOTAP,
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % (most as u64).max(1)).unwrap_or(0)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A frame as a filter likes it: link header, tags, an IP header, ports; then bytes changed and the end cut off.
    fn frame(&mut self) -> Vec<u8> {
        let mut bytes = match self.below(4) {
            0 => vec![],
            1 => vec![0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0],
            _ => vec![1, 0, 0x5e, 0, 0, 0xfb, 2, 0, 0, 0, 0, 1],
        };
        for _ in 0..self.below(3) {
            bytes.extend(self.one_of(&[[0x81, 0, 0, 100], [0x88, 0xa8, 0, 5], [0x88, 0x47, 0, 0]]));
        }
        let six = self.below(3) == 0;
        bytes.extend(if six { [0x86, 0xdd] } else { [8, self.one_of(&[0, 0, 6])] });
        let protocol = self.one_of(&[6, 6, 17, 17, 1, 2, 44, 51, 58, 132]);
        bytes.extend(if six { ipv6(protocol) } else { self.ipv4(protocol) });
        bytes.extend(self.one_of(&[[0, 80, 0x9c, 0x40], [0xc0, 0, 1, 0xbb], [0, 53, 0, 53], [6, 17, 0, 80]]));
        bytes.extend((0..self.below(60)).map(|i| i as u8));
        for _ in 0..self.below(4) {
            let at = self.below(bytes.len());
            bytes[at] = self.next() as u8;
        }
        if self.below(4) == 0 {
            bytes.truncate(self.below(bytes.len()));
        }
        bytes
    }

    fn ipv4(&mut self, protocol: u8) -> Vec<u8> {
        let fragment = self.one_of(&[0, 0, 0, 7]);
        let first = self.one_of(&[0x45, 0x45, 0x46, 0x4f]);
        vec![first, 0, 0, 60, 0, 1, 0, fragment, 64, protocol, 0, 0, 10, 0, 0, 1, 192, 168, 1, 1]
    }
}

fn ipv6(next: u8) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0, 0, 40, next, 255, 0xfe, 0x80];
    bytes.extend([0; 13]);
    bytes.extend([1, 0xff, 2]);
    bytes.extend([0; 13]);
    bytes.push(0xfb);
    bytes
}

#[test]
fn the_program_keeps_what_the_evaluator_lets_through_on_100000_frames() {
    let mut random = Random(1);
    let filters: Vec<_> = EXPRESSIONS
        .lines()
        .filter_map(|line| Some((line, Filter::parse(line).ok()?)))
        .flat_map(|(line, filter)| LINKS.map(|link| (line, link, filter.frame(link))))
        .filter_map(|(line, link, frame)| Some((line, link, frame.ok()?)))
        .filter_map(|(line, link, frame)| Some((line, link, frame.program().ok()?, frame)))
        .collect();
    assert!(filters.len() > 3000, "{}", filters.len());
    for _ in 0..100_000 {
        let bytes = random.frame();
        let length = u32::try_from(bytes.len() + random.below(2) * 40).unwrap();
        for _ in 0..4 {
            let (line, link, program, filter) = &filters[random.below(filters.len())];
            let passes = filter.matches(&bytes, length);
            assert_eq!(program.run(&bytes, length) > 0, passes, "{line} on {link:?}: {bytes:x?}\n{program}");
        }
    }
}

/// What the kernel reads beside the frame, put where a program without it can: loads of facts become numbers.
fn with_tag(program: &Program, tag: Option<[u8; 4]>) -> Option<Program> {
    const PLACES: [u32; 3] = [0xffff_f000 + 48, 0xffff_f000 + 60, 0xffff_f000 + 44];
    let [a, b, c, d] = tag.unwrap_or_default();
    let facts =
        [u32::from(tag.is_some()), u16::from_be_bytes([a, b]).into(), u16::from_be_bytes([c, d]).into()];
    let known = |instruction: &Instruction| {
        let fact = PLACES.iter().position(|place| *place == instruction.k && instruction.code & 0xe7 == 0x20);
        fact.map_or(*instruction, |fact| Instruction { code: 0, k: facts[fact], ..*instruction })
    };
    Program::from_instructions(program.instructions().iter().map(known).collect()).ok()
}

#[test]
fn the_program_for_sockets_selects_the_frames_that_pass_once_the_tag_is_back() {
    let mut random = Random(2);
    let filters: Vec<_> = EXPRESSIONS
        .lines()
        .filter_map(|line| Some((line, Filter::parse(line).ok()?.frame(LinkType::ETHERNET).ok()?)))
        .filter_map(|(line, frame)| Some((line, frame.socket_program().ok()?, frame)))
        .collect();
    assert!(filters.len() > 350, "{}", filters.len());
    for _ in 0..20_000 {
        let whole = random.frame();
        let (tag, taken) = match whole.get(12..16) {
            Some(&[a @ (0x81 | 0x88), b @ (0 | 0xa8), c, d]) if (a == 0x81) == (b == 0) => {
                (Some([a, b, c, d]), [&whole[..12], &whole[16..]].concat())
            }
            _ => (None, whole.clone()),
        };
        let (line, program, filter) = &filters[random.below(filters.len())];
        let passes = filter.matches(&whole, u32::try_from(whole.len()).unwrap());
        let kept = with_tag(program, tag).unwrap().run(&taken, u32::try_from(taken.len()).unwrap()) > 0;
        assert_eq!(kept, passes, "{line}: {whole:x?}\n{program}");
    }
}

/// Expressions of joined questions, some of them arithmetic.
fn expression() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = EXPRESSIONS.lines().filter(|line| Filter::parse(line).is_ok()).collect();
    let question = prop::sample::select(lines).prop_map(|line| format!("({line})"));
    let joined = question.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("not {a}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} or {b})")),
        ]
    });
    joined.prop_map(|text| text.replace("()", "ip"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn joined_questions_mean_the_same_in_both_executions(text in expression(), seed: u64, link in 0..LINKS.len()) {
        let Ok(filter) = Filter::parse(&text) else { return Ok(()) };
        let Ok(frame) = filter.frame(LINKS[link]) else { return Ok(()) };
        let Ok(program) = frame.program() else { return Ok(()) };
        let mut random = Random(seed);
        for _ in 0..50 {
            let bytes = random.frame();
            let length = u32::try_from(bytes.len()).unwrap();
            prop_assert_eq!(program.run(&bytes, length) > 0, frame.matches(&bytes, length), "{}", text);
        }
    }

    #[test]
    fn any_instructions_run_to_an_end(
        instructions in prop::collection::vec((any::<u16>(), 0..4_u8, 0..4_u8, any::<u32>()), 1..40),
        bytes in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let read = |(code, jt, jf, k)| Instruction { code: code & 0xff, jt, jf, k: k % 97 };
        let mut all: Vec<Instruction> = instructions.into_iter().map(read).collect();
        all.retain(|one| Program::from_instructions(vec![*one, Instruction { code: 6, jt: 0, jf: 0, k: 1 }]).is_ok());
        all.push(Instruction { code: 6, jt: 0, jf: 0, k: 1 });
        if let Ok(program) = Program::from_instructions(all) {
            program.run(&bytes, 80);
        }
    }
}
