//! NetFlow v9, RFC 3954.

use super::sets::{self, FIRST_TEMPLATE, Message};
use crate::Timestamp;
use crate::flow::cursor::Cursor;
use crate::flow::draft::Sent;
use crate::flow::elements::Element;
use crate::flow::hand::Hand;
use crate::flow::refusal::Refusal;
use crate::flow::template::{Family, Field};

/// Reads a datagram.
pub(in crate::flow) fn read(datagram: &[u8], hand: &mut Hand<'_>) -> Result<(), Refusal> {
    let mut cursor = Cursor::new(datagram);
    let (message, sequence) = header(&mut cursor).ok_or(Refusal::BadLength)?;
    // Numbers count datagrams.
    hand.count_gaps(message.domain, sequence, 1);
    while let Some((id, set)) = sets::next(&mut cursor)? {
        match id {
            0 => templates(&message, set, hand),
            1 => options_templates(&message, set, hand),
            2..FIRST_TEMPLATE => hand.refuse(Refusal::ReservedSet),
            _ => drop(sets::records(&message, id, set, hand)),
        }
    }
    Ok(())
}

fn header(cursor: &mut Cursor<'_>) -> Option<(Message, u32)> {
    let (_version, _count) = (cursor.u16()?, cursor.u16()?);
    let uptime = Some(cursor.u32()?);
    let at = Timestamp::from_parts(cursor.u32()?.into(), 0);
    let sequence = cursor.u32()?;
    let domain = cursor.u32()?;
    Some((Message { family: Family::V9, domain, sent: Sent { at, uptime } }, sequence))
}

fn templates(message: &Message, mut set: Cursor<'_>, hand: &mut Hand<'_>) {
    while set.len() >= 4 {
        let (id, count) = (set.u16().unwrap_or(0), set.u16().unwrap_or(0));
        if id == 0 && count == 0 {
            return;
        }
        let read = sets::fields(count.into(), hand, |_| field(&mut set));
        if store(message, (id, false), read, hand).is_none() {
            return;
        }
    }
}

fn options_templates(message: &Message, mut set: Cursor<'_>, hand: &mut Hand<'_>) {
    while let (Some(id), Some(scopes), Some(options)) = (set.u16(), set.u16(), set.u16()) {
        if id == 0 && options == 0 {
            return;
        }
        // Lengths in bytes; what a field of the scope is called has numbers of its own.
        let (scopes, options) = (usize::from(scopes / 4), usize::from(options / 4));
        let read = sets::fields(scopes + options, hand, |n| {
            let read = field(&mut set)?;
            Some(if n < scopes { read.unread() } else { read })
        });
        if store(message, (id, true), read, hand).is_none() {
            return;
        }
    }
}

fn field(set: &mut Cursor<'_>) -> Option<Field> {
    let (id, length) = (set.u16()?, set.u16()?);
    Some(Field::new(Element::of(0, id), length))
}

fn store(
    message: &Message,
    (id, options): (u16, bool),
    read: Result<(), Refusal>,
    hand: &mut Hand<'_>,
) -> Option<()> {
    if let Err(reason) = read {
        return sets::refused(reason, hand);
    }
    if id < FIRST_TEMPLATE {
        return sets::refused(Refusal::BadTemplate, hand);
    }
    sets::learn(message, id, options, hand);
    Some(())
}
