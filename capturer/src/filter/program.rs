//! The tree laid flat: each question with where to go on yes and on no, as BPF does it. Evaluation is a loop without
//! recursion or allocation, and asks only what decides.

use super::evaluate::Subject;
use super::tree::{Expression, Test, Upper};

/// Where a program goes when it is done.
const ACCEPT: u16 = u16::MAX;
const REJECT: u16 = u16::MAX - 1;

#[derive(Clone, Debug)]
struct Step<U> {
    test: Test<U>,
    yes: u16,
    no: u16,
}

/// A filter ready to run.
#[derive(Clone, Debug)]
pub(super) struct Program<U> {
    steps: Box<[Step<U>]>,
    entry: u16,
}

impl<U: Clone> Program<U> {
    pub(super) fn new(tree: &Expression<U>) -> Self {
        let mut steps = Vec::new();
        let entry = emit(&mut steps, tree, (ACCEPT, REJECT));
        Self { steps: steps.into(), entry }
    }

    #[inline]
    pub(super) fn run(&self, subject: Subject<'_>, upper: impl Fn(&Upper<U>) -> bool) -> bool {
        let mut at = self.entry;
        while let Some(step) = self.steps.get(usize::from(at)) {
            match subject.answer(&step.test, &upper) {
                Some(true) => at = step.yes,
                Some(false) => at = step.no,
                None => return false,
            }
        }
        at == ACCEPT
    }
}

/// Lays `tree` before what follows it and returns where it begins. A filter of 4 KiB has fewer questions than [`REJECT`].
fn emit<U: Clone>(steps: &mut Vec<Step<U>>, tree: &Expression<U>, (yes, no): (u16, u16)) -> u16 {
    match tree {
        Expression::Everything => yes,
        Expression::Test(test) => {
            steps.push(Step { test: test.clone(), yes, no });
            u16::try_from(steps.len() - 1).unwrap_or(REJECT)
        }
        Expression::Not(inner) => emit(steps, inner, (no, yes)),
        Expression::And(left, right) => {
            let right = emit(steps, right, (yes, no));
            emit(steps, left, (right, no))
        }
        Expression::Or(left, right) => {
            let right = emit(steps, right, (yes, no));
            emit(steps, left, (yes, right))
        }
    }
}
