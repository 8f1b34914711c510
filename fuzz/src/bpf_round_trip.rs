//! Classic BPF: instructions of any kind are refused, or run to the end that a second, plain interpreter comes to; a
//! filter's program comes back from its instructions and keeps what the filter's evaluator lets through.
//!
//! Input: a byte that chooses. For [`INSTRUCTIONS`]: their number, eight bytes each, then a frame. For [`JOINED`]: bytes
//! that choose a link type and questions to join, then a frame. Else: bytes that choose questions, then a frame.

use std::cell::RefCell;
use std::collections::HashMap;

use capturer::filter::bpf::{Instruction, Program};
use capturer::filter::{Filter, FrameFilter};

use super::reference;
use super::wire::Input;
use capturer::decode::link::LINKS;

/// Chooses instructions.
pub const INSTRUCTIONS: u8 = 0;

/// Chooses questions that are joined to one filter.
pub const JOINED: u8 = 1;

/// The questions: the list of the differential tests.
const EXPRESSIONS: &str = include_str!("../../capturer/tests/filter_expressions.txt");

/// Questions asked of one frame.
const ASKED: usize = 8;

/// One input.
pub fn run(input: &[u8]) {
    let mut input = Input(input);
    match input.byte() {
        INSTRUCTIONS => any_instructions(&mut input),
        JOINED => joined(&mut input),
        _ => CACHE.with_borrow_mut(|cache| single(cache, &mut input)),
    }
}

fn any_instructions(input: &mut Input<'_>) {
    let count = input.byte();
    let instructions: Vec<_> = (0..count).map(|_| instruction(input)).collect();
    let bytes = input.0;
    match Program::from_instructions(instructions.clone()) {
        Err(invalid) => assert!(!invalid.to_string().is_empty()),
        Ok(program) => {
            assert_eq!(program.instructions(), instructions);
            assert_eq!(program.to_string().lines().count(), instructions.len());
            let kept = program.run(bytes, bytes.len() as u32);
            assert_eq!(Some(kept), reference::run(&instructions, bytes), "{program}");
        }
    }
}

fn instruction(input: &mut Input<'_>) -> Instruction {
    Instruction { code: input.half(), jt: input.byte(), jf: input.byte(), k: input.word() }
}

/// A filter and its program; what has none is not asked.
type Compiled = Option<(FrameFilter, Program)>;

thread_local! {
    /// By question and link type: compiling takes longer than all else.
    static CACHE: RefCell<HashMap<(usize, usize), Compiled>> = RefCell::new(HashMap::new());
    static QUESTIONS: Vec<&'static str> = EXPRESSIONS.lines().filter(|line| Filter::parse(line).is_ok()).collect();
}

fn compile(text: &str, link: usize) -> Compiled {
    let filter = Filter::parse(text).ok()?.frame(LINKS[link].kind).ok()?;
    let program = filter.program().ok()?;
    let again = Program::from_instructions(program.instructions().to_vec());
    assert_eq!(again.as_ref(), Ok(&program));
    Some((filter, program))
}

fn agree((filter, program): &(FrameFilter, Program), bytes: &[u8]) {
    let length = bytes.len() as u32;
    let passes = filter.matches(bytes, length);
    let kept = program.run(bytes, length);
    assert_eq!(kept > 0, passes, "{program}");
    assert_eq!(Some(kept), reference::run(program.instructions(), bytes), "{program}");
}

fn single(cache: &mut HashMap<(usize, usize), Compiled>, input: &mut Input<'_>) {
    let link = usize::from(input.byte()) % LINKS.len();
    let first = usize::from(input.half());
    let bytes = input.0;
    QUESTIONS.with(|questions| {
        for question in (first..first + ASKED).map(|number| number % questions.len()) {
            let compiled =
                cache.entry((question, link)).or_insert_with(|| compile(questions[question], link));
            if let Some(compiled) = compiled {
                agree(compiled, bytes);
            }
        }
    });
}

fn joined(input: &mut Input<'_>) {
    let link = usize::from(input.byte()) % LINKS.len();
    let mut text = question(input);
    for _ in 0..input.byte() % 4 {
        text = match input.byte() % 3 {
            0 => format!("({text}) and ({})", question(input)),
            1 => format!("({text}) or ({})", question(input)),
            _ => format!("not ({text})"),
        };
    }
    if let Some(compiled) = compile(&text, link) {
        agree(&compiled, input.0);
    }
}

fn question(input: &mut Input<'_>) -> String {
    let number = usize::from(input.half());
    QUESTIONS.with(|questions| questions[number % questions.len()].to_owned())
}
