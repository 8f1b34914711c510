//! IPFIX, RFC 7011.

use super::sets::{self, FIRST_TEMPLATE, Message};
use crate::Timestamp;
use crate::flow::cursor::Cursor;
use crate::flow::draft::Sent;
use crate::flow::elements::Element;
use crate::flow::hand::Hand;
use crate::flow::refusal::Refusal;
use crate::flow::template::{Family, Field};

/// Set numbers of templates and options templates, §3.3.2.
const TEMPLATES: u16 = 2;
const OPTIONS_TEMPLATES: u16 = 3;

/// The bit of a field's number that says that an enterprise follows, §3.2.
const ENTERPRISE: u16 = 0x8000;

/// Reads a message.
pub(in crate::flow) fn read(datagram: &[u8], hand: &mut Hand<'_>) -> Result<(), Refusal> {
    let mut cursor = Cursor::new(datagram);
    let (message, sequence, length) = header(&mut cursor).ok_or(Refusal::BadLength)?;
    let sets = length.checked_sub(datagram.len() - cursor.len()).and_then(|length| cursor.bytes(length));
    let result = read_sets(&message, Cursor::new(sets.ok_or(Refusal::BadLength)?), hand);
    match result {
        // Numbers count records, §3.1: where some could not be counted, counting begins anew.
        Ok(Some(records)) => hand.count_gaps(message.domain, sequence, records),
        Ok(None) | Err(_) => hand.domain(message.domain).sequence.forget(),
    }
    result.map(drop)
}

fn header(cursor: &mut Cursor<'_>) -> Option<(Message, u32, usize)> {
    let (_version, length) = (cursor.u16()?, usize::from(cursor.u16()?));
    let at = Timestamp::from_parts(cursor.u32()?.into(), 0);
    let sequence = cursor.u32()?;
    let domain = cursor.u32()?;
    Some((Message { family: Family::Ipfix, domain, sent: Sent { at, uptime: None } }, sequence, length))
}

fn read_sets(message: &Message, mut cursor: Cursor<'_>, hand: &mut Hand<'_>) -> Result<Option<u32>, Refusal> {
    let mut records = Some(0u32);
    while let Some((id, set)) = sets::next(&mut cursor)? {
        match id {
            TEMPLATES => templates(message, set, false, hand),
            OPTIONS_TEMPLATES => templates(message, set, true, hand),
            0..FIRST_TEMPLATE => hand.refuse(Refusal::ReservedSet),
            _ => {
                let more = sets::records(message, id, set, hand);
                records = records.zip(more).map(|(sum, more)| sum.wrapping_add(more));
            }
        }
    }
    Ok(records)
}

fn templates(message: &Message, mut set: Cursor<'_>, options: bool, hand: &mut Hand<'_>) {
    while let (Some(id), Some(count)) = (set.u16(), set.u16()) {
        if id == 0 && count == 0 {
            return;
        }
        let done = if count == 0 {
            withdraw(message, id, options, hand);
            Some(())
        } else {
            template(message, (id, count), (&mut set, options), hand)
        };
        if done.is_none() {
            return;
        }
    }
}

fn template(
    message: &Message,
    (id, count): (u16, u16),
    (set, options): (&mut Cursor<'_>, bool),
    hand: &mut Hand<'_>,
) -> Option<()> {
    // Fields of the scope are fields like all others; how many there are says nothing that is needed.
    let scopes = if options { set.u16() } else { Some(1) };
    if id < FIRST_TEMPLATE || scopes.is_none_or(|scopes| scopes == 0 || scopes > count) {
        return sets::refused(Refusal::BadTemplate, hand);
    }
    match sets::fields(count.into(), hand, |_| field(set)) {
        Ok(()) => sets::learn(message, id, options, hand),
        Err(reason) => return sets::refused(reason, hand),
    }
    Some(())
}

/// A template without fields withdraws the one of its number; one with the number of the set all of its kind, §8.1.
fn withdraw(message: &Message, id: u16, options: bool, hand: &mut Hand<'_>) {
    let templates = &mut hand.state.templates;
    match id {
        TEMPLATES | OPTIONS_TEMPLATES => templates.remove_all((message.family, message.domain), options),
        _ => templates.remove(message.key(id)),
    }
}

fn field(set: &mut Cursor<'_>) -> Option<Field> {
    let (id, length) = (set.u16()?, set.u16()?);
    let enterprise = if id & ENTERPRISE == 0 { 0 } else { set.u32()? };
    Some(Field::new(Element::of(enterprise, id & !ENTERPRISE), length))
}
