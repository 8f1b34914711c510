//! Templates: what the fields of records are, as an exporter told. A field is kept as what it says and how long it is, four
//! bytes; templates of one exporter lie in one sorted list.

use super::cursor::Cursor;
use super::draft::Draft;
use super::elements::Element;
use super::limits::Limits;
use super::refusal::Refusal;
use crate::Timestamp;

/// A length that each record tells by itself (RFC 7011 §7).
const VARIABLE: u16 = u16::MAX;

/// One field of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    element: Element,
    length: u16,
}

impl Field {
    /// A field of this element and length; one that cannot be read at its length is stepped over.
    pub(super) const fn new(element: Element, length: u16) -> Self {
        let reads = length == VARIABLE || element.fits(length);
        Self { element: if reads { element } else { Element::Skip }, length }
    }

    /// The same, stepped over.
    pub(super) const fn unread(self) -> Self {
        Self { element: Element::Skip, ..self }
    }

    /// Bytes it takes in a record at least.
    const fn least(self) -> usize {
        if self.length == VARIABLE { 1 } else { self.length as usize }
    }
}

/// Which protocol's numbers a template has: an exporter may speak both at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// NetFlow v9.
    V9,
    /// IPFIX.
    Ipfix,
}

/// What a template is known by. Templates of options and of flows share their numbers (RFC 3954 §5.2, RFC 7011 §3.4.3): the
/// newer one replaces the older, of whichever kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TemplateKey {
    pub(super) family: Family,
    pub(super) domain: u32,
    pub(super) id: u16,
}

/// What records look like.
#[derive(Debug)]
pub(super) struct Template {
    key: TemplateKey,
    fields: Box<[Field]>,
    /// Whether its records are options: they tell of the exporter, not of flows.
    pub(super) options: bool,
    /// Bytes of a record at least.
    least: usize,
    /// When it was sent or used for the last time.
    used: Timestamp,
}

impl Template {
    /// Bytes of a record at least; what is left of a set below that is padding.
    pub(super) const fn least(&self) -> usize {
        self.least
    }

    /// Reads one record.
    #[inline]
    pub(super) fn read(&self, cursor: &mut Cursor<'_>, draft: &mut Draft) -> Option<()> {
        for &Field { element, length } in &self.fields {
            let length = if length == VARIABLE { variable_length(cursor)? } else { usize::from(length) };
            draft.take(element, cursor.bytes(length)?);
        }
        Some(())
    }
}

/// One byte, or 255 and two.
fn variable_length(cursor: &mut Cursor<'_>) -> Option<usize> {
    match cursor.u8()? {
        255 => cursor.u16().map(usize::from),
        short => Some(usize::from(short)),
    }
}

/// The templates of one exporter.
#[derive(Debug, Default)]
pub(super) struct Templates {
    sorted: Vec<Template>,
    /// Fields of all of them.
    fields: usize,
}

impl Templates {
    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The template of a set's records.
    pub(super) fn find(&mut self, key: TemplateKey, now: Timestamp) -> Option<&Template> {
        let at = self.sorted.binary_search_by_key(&key, |template| template.key).ok()?;
        let template = &mut self.sorted[at];
        template.used = now;
        Some(template)
    }

    /// Takes a template; one that is sent again as it was costs no memory. `oldest`: what was used before then may go
    /// when room is wanted.
    pub(super) fn put(
        &mut self,
        key: TemplateKey,
        (fields, options): (&mut [Field], bool),
        (now, oldest): (Timestamp, Option<Timestamp>),
    ) -> Result<(), Refusal> {
        prefer(fields);
        let least = fields.iter().map(|field| field.least()).sum();
        if least == 0 {
            return Err(Refusal::EmptyRecord);
        }
        let found = self.sorted.binary_search_by_key(&key, |template| template.key);
        if let Ok(at) = found {
            let template = &mut self.sorted[at];
            template.used = now;
            if *template.fields == *fields && template.options == options {
                return Ok(());
            }
            self.remove(key);
        }
        if !self.has_room(fields.len()) {
            self.forget(oldest);
        }
        if !self.has_room(fields.len()) {
            return Err(Refusal::TooManyTemplates);
        }
        let at = self.sorted.partition_point(|template| template.key < key);
        self.fields += fields.len();
        self.sorted.insert(at, Template { key, fields: (&*fields).into(), options, least, used: now });
        Ok(())
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, key: TemplateKey) {
        self.retain(|template| template.key != key);
    }

    /// Forgets all of flows, or all of options, of a domain.
    pub(super) fn remove_all(&mut self, (family, domain): (Family, u32), options: bool) {
        self.retain(|template| {
            (template.key.family, template.key.domain, template.options) != (family, domain, options)
        });
    }

    const fn has_room(&self, fields: usize) -> bool {
        self.sorted.len() < Limits::TEMPLATES && self.fields + fields <= Limits::ALL_FIELDS
    }

    fn forget(&mut self, oldest: Option<Timestamp>) {
        if let Some(oldest) = oldest {
            self.retain(|template| template.used >= oldest);
        }
    }

    fn retain(&mut self, keep: impl Fn(&Template) -> bool) {
        self.sorted.retain(keep);
        self.fields = self.sorted.iter().map(|template| template.fields.len()).sum();
    }
}

/// Fields that say what another says better are stepped over.
fn prefer(fields: &mut [Field]) {
    for at in 0..fields.len() {
        let has = |other| fields.iter().any(|field| field.element == other);
        if fields[at].element.gives_way(has) {
            fields[at].element = Element::Skip;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: (Timestamp, Option<Timestamp>) = (Timestamp::EPOCH, None);

    const fn key(domain: u32, id: u16) -> TemplateKey {
        TemplateKey { family: Family::Ipfix, domain, id }
    }

    fn put(
        templates: &mut Templates,
        key: TemplateKey,
        lengths: &[u16],
        options: bool,
    ) -> Result<(), Refusal> {
        let mut fields: Vec<Field> =
            lengths.iter().map(|&length| Field::new(Element::Octets, length)).collect();
        templates.put(key, (&mut fields, options), NOW)
    }

    #[test]
    fn a_number_used_again_replaces_even_the_other_kind() {
        let mut templates = Templates::default();
        put(&mut templates, key(0, 256), &[4], false).unwrap();
        put(&mut templates, key(0, 256), &[8, 8], true).unwrap();
        let found = templates.find(key(0, 256), Timestamp::EPOCH).unwrap();
        assert!(found.options && found.least() == 16);
        assert_eq!((templates.len(), templates.fields), (1, 2));
        assert!(templates.find(key(1, 256), Timestamp::EPOCH).is_none());
    }

    #[test]
    fn records_of_no_length_are_refused() {
        let mut templates = Templates::default();
        assert_eq!(put(&mut templates, key(0, 256), &[0, 0], false), Err(Refusal::EmptyRecord));
        assert_eq!(put(&mut templates, key(0, 256), &[VARIABLE], false), Ok(()));
    }

    #[test]
    fn there_is_room_for_so_many_and_old_ones_go_first() {
        let mut templates = Templates::default();
        for id in 0..Limits::TEMPLATES as u16 {
            put(&mut templates, key(0, 256 + id), &[4], false).unwrap();
        }
        assert_eq!(put(&mut templates, key(1, 256), &[4], false), Err(Refusal::TooManyTemplates));
        put(&mut templates, key(0, 256), &[8], false).unwrap();
        let later = Timestamp::from_parts(10, 0);
        let mut fields = [Field::new(Element::Octets, 4)];
        templates.put(key(1, 256), (&mut fields, false), (later, Some(later))).unwrap();
        assert_eq!((templates.len(), templates.fields), (1, 1));
    }

    #[test]
    fn withdrawn_templates_are_gone() {
        let mut templates = Templates::default();
        put(&mut templates, key(0, 256), &[4], false).unwrap();
        put(&mut templates, key(0, 257), &[4], false).unwrap();
        put(&mut templates, key(0, 258), &[4], true).unwrap();
        templates.remove(key(0, 257));
        assert_eq!(templates.len(), 2);
        templates.remove_all((Family::Ipfix, 0), false);
        assert!(templates.len() == 1 && templates.find(key(0, 258), Timestamp::EPOCH).is_some());
    }

    #[test]
    fn lengths_may_stand_in_the_record() {
        let mut templates = Templates::default();
        put(&mut templates, key(0, 256), &[VARIABLE, 2], false).unwrap();
        let template = templates.find(key(0, 256), Timestamp::EPOCH).unwrap();
        let mut draft = Draft::new(super::super::FlowRecord::empty());
        let mut cursor = Cursor::new(&[255, 0, 2, 1, 0, 9, 9, 7]);
        assert_eq!(template.read(&mut cursor, &mut draft), Some(()));
        assert_eq!((draft.record.bytes, cursor.len()), (256, 1));
        assert_eq!(template.read(&mut cursor, &mut draft), None);
    }
}
