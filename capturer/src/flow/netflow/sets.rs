//! Sets of v9 and IPFIX: both are a row of sets, each with a number and a length, of templates or of the records that a
//! template describes.

use crate::flow::cursor::Cursor;
use crate::flow::draft::{Draft, Sent};
use crate::flow::hand::Hand;
use crate::flow::limits::Limits;
use crate::flow::refusal::Refusal;
use crate::flow::template::{Family, Field, TemplateKey};

/// Numbers of templates, and so of sets of records, begin here.
pub(super) const FIRST_TEMPLATE: u16 = 256;

/// A datagram of one of both protocols.
#[derive(Clone, Copy)]
pub(super) struct Message {
    pub(super) family: Family,
    pub(super) domain: u32,
    pub(super) sent: Sent,
}

impl Message {
    pub(super) const fn key(&self, id: u16) -> TemplateKey {
        TemplateKey { family: self.family, domain: self.domain, id }
    }
}

/// The next set: its number and what is in it. What is left below a set's header is padding.
pub(super) fn next<'a>(cursor: &mut Cursor<'a>) -> Result<Option<(u16, Cursor<'a>)>, Refusal> {
    let (Some(id), Some(length)) = (cursor.u16(), cursor.u16()) else { return Ok(None) };
    let length = usize::from(length).checked_sub(4).ok_or(Refusal::BadSet)?;
    cursor.bytes(length).map(|set| Some((id, Cursor::new(set)))).ok_or(Refusal::BadSet)
}

/// Reads the records of a set; says how many there were, or nothing when nobody can know.
pub(super) fn records(message: &Message, id: u16, mut set: Cursor<'_>, hand: &mut Hand<'_>) -> Option<u32> {
    let mut count = 0;
    loop {
        let mut draft = Draft::new(hand.record(message.domain));
        let Some(template) = hand.state.templates.find(message.key(id), hand.at) else {
            hand.refuse(Refusal::NoTemplate);
            return None;
        };
        if set.len() < template.least() {
            return Some(count);
        }
        let options = template.options;
        if template.read(&mut set, &mut draft).is_none() {
            hand.refuse(Refusal::CutRecord);
            return Some(count);
        }
        count += 1;
        deliver(message, (draft, options), hand);
    }
}

fn deliver(message: &Message, (draft, options): (Draft, bool), hand: &mut Hand<'_>) {
    if options {
        if let Some(rate) = draft.told.rate() {
            hand.domain(message.domain).tell(draft.sampler, rate);
        } else if let Some(rate) = draft.told.unapplied() {
            hand.state.counts.sampling_unapplied = rate;
        }
    } else if draft.is_flow() {
        let rate = hand.domain(message.domain).rate(draft.sampler);
        hand.give(&draft.finish(message.sent, rate));
    } else {
        hand.refuse(Refusal::NotAFlow);
    }
}

/// Reads `count` fields into the hand's room for them; `field` reads one. All are stepped over when there are too many.
pub(super) fn fields(
    count: usize,
    hand: &mut Hand<'_>,
    mut field: impl FnMut(usize) -> Option<Field>,
) -> Result<(), Refusal> {
    hand.fields.clear();
    for n in 0..count {
        let read = field(n).ok_or(Refusal::BadTemplate)?;
        if n < Limits::FIELDS {
            hand.fields.push(read);
        }
    }
    if count > Limits::FIELDS { Err(Refusal::TooManyFields) } else { Ok(()) }
}

/// Takes the template whose fields were read last.
pub(super) fn learn(message: &Message, id: u16, options: bool, hand: &mut Hand<'_>) {
    let times = (hand.at, hand.oldest);
    if let Err(reason) = hand.state.templates.put(message.key(id), (hand.fields, options), times) {
        hand.refuse(reason);
    }
}

/// A set of templates ends with one that is cut; the others go on.
pub(super) fn refused(reason: Refusal, hand: &mut Hand<'_>) -> Option<()> {
    hand.refuse(reason);
    (reason != Refusal::BadTemplate).then_some(())
}
