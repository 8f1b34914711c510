//! Asks nothing twice, and asks in a row what compares the same value.
//!
//! Two rules, applied until nothing changes. An edge that leads to a question already answered on every way to it goes
//! on to the answer. A question that compares the value its predecessors loaded is moved up beside them. libpcap does
//! the same (McCanne and Jacobson; Steven Bytnar for the second), and the second rule changes which frames pass when
//! they are cut: a read beyond the end fails the whole filter, so the order of reads is part of a filter's meaning. That
//! is why the order in which blocks are visited follows libpcap too.

use super::graph::{Block, Check, Condition, Graph, Operand, Target};
use super::value::{Value, ValueId};

/// Larger graphs stay as they are: the sets below grow with the square of their size.
const MAX_BLOCKS: usize = 1500;

/// Rounds after which two rules that undo each other are stopped.
const MAX_ROUNDS: usize = 1000;

pub(super) fn optimise(graph: &mut Graph) {
    let chain = |at: usize| matches!(graph.blocks[at].check, Check::Chain { .. });
    let loops = graph.order().into_iter().filter_map(Target::block).any(chain);
    if loops || graph.blocks.len() > MAX_BLOCKS {
        return;
    }
    for _ in 0..MAX_ROUNDS {
        if !Round::new(graph).run() {
            break;
        }
    }
}

/// A set of small numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn full(size: usize) -> Self {
        Self(vec![u64::MAX; size.div_ceil(64)])
    }

    fn empty(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn insert(&mut self, member: usize) {
        self.0[member / 64] |= 1 << (member % 64);
    }

    fn has(&self, member: usize) -> bool {
        self.0[member / 64] & 1 << (member % 64) != 0
    }

    fn intersect(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= theirs);
    }

    fn members(&self) -> impl Iterator<Item = usize> {
        let bits = |(word, bits): (usize, &u64)| {
            let next = |rest: &u64| Some(rest & (rest - 1)).filter(|rest| *rest != 0);
            std::iter::successors(Some(*bits).filter(|bits| *bits != 0), next)
                .map(move |rest| word * 64 + rest.trailing_zeros() as usize)
        };
        self.0.iter().enumerate().flat_map(bits)
    }
}

/// An edge: the block it leaves, and whether on yes. Its number is the block's, plus the number of blocks for no.
type Edge = (usize, bool);

struct Round<'a> {
    graph: &'a mut Graph,
    /// Blocks by their longest way to an end, each level in reverse order of its discovery; level 0 has none.
    levels: Vec<Vec<usize>>,
    /// Which blocks lie on every way to a block, itself included.
    dominators: Vec<Set>,
    /// Which edges lie on every way over an edge, itself included.
    edges: Vec<Set>,
    /// What each block compared before this round simplified it.
    loaded: Vec<Option<ValueId>>,
    changed: bool,
}

impl<'a> Round<'a> {
    fn new(graph: &'a mut Graph) -> Self {
        let size = graph.blocks.len();
        let mut round = Self {
            levels: levels(graph),
            graph,
            dominators: vec![Set::full(size); size],
            edges: vec![Set::full(2 * size); 2 * size],
            loaded: vec![None; size],
            changed: false,
        };
        round.find_dominators();
        round.find_edge_dominators();
        round
    }

    /// Whether anything changed.
    fn run(mut self) -> bool {
        for level in (0..self.levels.len()).rev() {
            for i in 0..self.levels[level].len() {
                self.simplify(self.levels[level][i]);
            }
        }
        for level in 0..self.levels.len() {
            for i in 0..self.levels[level].len() {
                let block = self.levels[level][i];
                self.shorten((block, true));
                self.shorten((block, false));
            }
        }
        let predecessors = self.predecessors();
        for level in 0..self.levels.len() {
            for i in 0..self.levels[level].len() {
                let block = self.levels[level][i];
                self.pull_up(block, &predecessors[block], Chain::Or);
                self.pull_up(block, &predecessors[block], Chain::And);
            }
        }
        self.changed
    }

    fn find_dominators(&mut self) {
        let Some(entry) = self.graph.entry.block() else { return };
        self.dominators[entry] = Set::empty(self.graph.blocks.len());
        for block in self.levels.iter().rev().flatten() {
            self.dominators[*block].insert(*block);
            let mine = self.dominators[*block].clone();
            for next in [self.graph.blocks[*block].yes, self.graph.blocks[*block].no] {
                if let Target::Block(next) = next {
                    self.dominators[next].intersect(&mine);
                }
            }
        }
    }

    fn find_edge_dominators(&mut self) {
        let (size, Some(entry)) = (self.graph.blocks.len(), self.graph.entry.block()) else { return };
        self.edges[entry] = Set::empty(2 * size);
        self.edges[size + entry] = Set::empty(2 * size);
        for block in self.levels.iter().rev().flatten() {
            for (edge, next) in
                [(*block, self.graph.blocks[*block].yes), (size + *block, self.graph.blocks[*block].no)]
            {
                self.edges[edge].insert(edge);
                if let Target::Block(next) = next {
                    let mine = self.edges[edge].clone();
                    self.edges[next].intersect(&mine);
                    self.edges[size + next].intersect(&mine);
                }
            }
        }
    }

    /// Predecessors in libpcap's order: the last one found first.
    fn predecessors(&self) -> Vec<Vec<Edge>> {
        let mut out = vec![Vec::new(); self.graph.blocks.len()];
        for block in self.levels.iter().rev().flatten() {
            for yes in [true, false] {
                if let Target::Block(next) = self.next((*block, yes)) {
                    out[next].insert(0, (*block, yes));
                }
            }
        }
        out
    }

    fn next(&self, (block, yes): Edge) -> Target {
        let block = &self.graph.blocks[block];
        if yes { block.yes } else { block.no }
    }

    fn lead(&mut self, (block, yes): Edge, target: Target) {
        let block = &mut self.graph.blocks[block];
        *(if yes { &mut block.yes } else { &mut block.no }) = target;
        self.changed = true;
    }

    /// Keeps what was loaded, and writes the comparison in its simplest form.
    fn simplify(&mut self, at: usize) {
        let block = self.graph.blocks[at];
        let Check::Compare { value, .. } = block.check else { return };
        self.loaded[at] = Some(value);
        let simpler = simpler(self.graph, block);
        self.changed |= simpler != block;
        self.graph.blocks[at] = simpler;
    }

    /// Leads an edge past questions whose answer is known on it.
    fn shorten(&mut self, edge: Edge) {
        if let Target::Block(next) = self.next(edge) {
            let next = self.graph.blocks[next];
            if next.yes == next.no {
                self.lead(edge, next.yes);
            }
        }
        let size = self.graph.blocks.len();
        let number = if edge.1 { edge.0 } else { size + edge.0 };
        let dominators: Vec<usize> = self.edges[number].members().collect();
        while let Target::Block(next) = self.next(edge) {
            let known = dominators.iter().find_map(|dominator| {
                let dominator =
                    if *dominator < size { (*dominator, true) } else { (*dominator - size, false) };
                self.answer(next, dominator)
            });
            let Some(target) = known else { return };
            self.lead(edge, target);
        }
    }

    /// Where a question leads when an edge was passed, if that answers it.
    fn answer(&self, question: usize, (passed, yes): Edge) -> Option<Target> {
        let (asked, known) = (self.graph.blocks[question], self.graph.blocks[passed]);
        if self.loaded[question].is_none() || self.loaded[question] != self.loaded[passed] {
            return None;
        }
        let (
            Check::Compare { condition, operand, .. },
            Check::Compare { condition: other, operand: against, .. },
        ) = (asked.check, known.check)
        else {
            return None;
        };
        let constant = matches!(operand, Operand::Constant(_)) && matches!(against, Operand::Constant(_));
        if condition != other || (operand != against && !constant) {
            return None;
        }
        match (operand == against, yes) {
            (true, true) => Some(asked.yes),
            (true, false) => Some(asked.no),
            (false, true) if condition == Condition::Equal => Some(asked.no),
            (false, _) => None,
        }
    }

    /// In a row of alternatives (or of conditions), moves one that compares the value its predecessors loaded up to
    /// where that value is still loaded.
    fn pull_up(&mut self, top: usize, predecessors: &[Edge], chain: Chain) {
        let Some((first, rest)) = predecessors.split_first() else { return };
        let Some(value) = self.loaded[first.0] else { return };
        if rest.iter().any(|(block, _)| self.loaded[*block] != Some(value)) {
            return;
        }
        let out = self.out(top, chain);
        let mut different = (first.0, self.graph.blocks[first.0].yes == Target::Block(top));
        let mut at_top = true;
        let from = loop {
            let Some(block) = self.in_row(different, (top, out), chain) else { return };
            if self.loaded[block] != Some(value) {
                break block;
            }
            different = (block, chain.goes_on());
            at_top = false;
        };
        let mut same = (from, chain.goes_on());
        let pulled = loop {
            let Some(block) = self.in_row(same, (top, out), chain) else { return };
            if self.loaded[block] == Some(value) {
                break block;
            }
            same = (block, chain.goes_on());
        };
        let after = self.next((pulled, chain.goes_on()));
        self.lead(same, after);
        self.lead((pulled, chain.goes_on()), Target::Block(from));
        self.attach(pulled, different, at_top.then_some((top, predecessors)));
    }

    /// Leads to the pulled block what led to where it is put: all predecessors at the top of the row.
    fn attach(&mut self, pulled: usize, different: Edge, top: Option<(usize, &[Edge])>) {
        let Some((top, predecessors)) = top else { return self.lead(different, Target::Block(pulled)) };
        for (block, _) in predecessors {
            let yes = self.graph.blocks[*block].yes == Target::Block(top);
            self.lead((*block, yes), Target::Block(pulled));
        }
    }

    fn out(&self, block: usize, chain: Chain) -> Target {
        self.next((block, !chain.goes_on()))
    }

    /// The block an edge leads to, if it belongs to the row that begins at `top` and leaves it to `out`.
    fn in_row(&self, edge: Edge, (top, out): (usize, Target), chain: Chain) -> Option<usize> {
        let block = self.next(edge).block()?;
        (self.out(block, chain) == out && self.dominators[block].has(top)).then_some(block)
    }
}

/// A row of blocks that share where they leave it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chain {
    /// They leave on yes and go on on no.
    Or,
    /// The other way round.
    And,
}

impl Chain {
    const fn goes_on(self) -> bool {
        matches!(self, Self::And)
    }
}

/// A block's comparison without the arithmetic that only prepared it; what is known becomes the same on both sides.
fn simpler(graph: &Graph, block: Block) -> Block {
    let Check::Compare { value, condition, operand } = block.check else { return block };
    let values = &graph.values;
    let constant = |id| values.as_constant(id).map_or(Operand::Value(id), Operand::Constant);
    let compare = |value, condition, operand| Check::Compare { value, condition, operand };
    let mut out = block;
    match (values.get(value), condition, operand) {
        (Value::Difference(left, right), Condition::Equal, Operand::Constant(0)) => {
            out.check = compare(left, Condition::Equal, constant(right));
        }
        (Value::Masked { of, mask }, Condition::Equal, Operand::Constant(0)) => {
            out.check = compare(of, Condition::AnyBit, Operand::Constant(mask));
            (out.yes, out.no) = (block.no, block.yes);
        }
        (_, _, Operand::Value(id)) => out.check = compare(value, condition, constant(id)),
        _ => {}
    }
    let Check::Compare { condition, operand: Operand::Constant(number), .. } = out.check else { return out };
    let known = match (values.as_constant(value), condition, number) {
        (Some(left), ..) => Some(condition.holds(left, number)),
        (None, Condition::AnyBit, 0) => Some(false),
        (None, Condition::AnyBit, u32::MAX) => Some(true),
        _ => None,
    };
    match known {
        Some(true) => Block { no: out.yes, ..out },
        Some(false) => Block { yes: out.no, ..out },
        None => out,
    }
}

/// Blocks by level. A block is found when both its sides are, the yes side first.
fn levels(graph: &Graph) -> Vec<Vec<usize>> {
    let mut level = vec![0_usize; graph.blocks.len()];
    let mut seen = vec![false; graph.blocks.len()];
    let mut levels: Vec<Vec<usize>> = Vec::new();
    let mut stack = vec![(graph.entry, false)];
    while let Some((target, done)) = stack.pop() {
        let Target::Block(at) = target else { continue };
        let Block { yes, no, .. } = graph.blocks[at];
        if done {
            let below = |target: Target| target.block().map_or(0, |next| level[next] + 1);
            level[at] = below(yes).max(below(no));
            levels.resize_with(levels.len().max(level[at] + 1), Vec::new);
            levels[level[at]].insert(0, at);
        } else if !std::mem::replace(&mut seen[at], true) {
            stack.extend([(target, true), (no, false), (yes, false)]);
        }
    }
    levels
}
