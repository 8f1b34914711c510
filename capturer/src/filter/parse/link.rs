//! Questions about the header of IEEE 802.11 and of IEEE 802.2: `type`, `subtype`, `dir`, `addr1` …, `llc`.

use super::super::error::{FilterError, Span};
use super::super::keyword::Protocol;
use super::super::link_names::{
    Bits, DIRECTIONS, ENDS, LLC, SUBTYPE, SUBTYPES, TYPE, TYPES, WirelessEnd, find,
};
use super::super::number::is_numeric;
use super::super::suggest::nearest;
use super::super::token::Token;
use super::super::tree::Test;
use super::Parser;
use super::qualifier::{Kind, Qualifier};

const DIRECTION: &str = "`nods`, `tods`, `fromds` or `dstods`";
const LLC_KIND: &str = "nothing, or `i`, `s`, `u`, `rr`, `rnr`, `rej`, `ui`, `ua`, `disc`, `dm`, `sabme`, `test`, \
                        `xid` or `frmr`";

impl<U> Parser<'_, U> {
    /// `type mgt`, `type mgt subtype beacon`, `subtype beacon`.
    pub(super) fn wireless_kind(&mut self, word: &str) -> Result<Test<U>, FilterError> {
        self.advance();
        if word == "subtype" {
            let value = self.named(SUBTYPES, "a subtype's name such as `beacon` or `qos-data`")?;
            return Ok(Test::WirelessKind(Bits { mask: TYPE | SUBTYPE, value }));
        }
        let kind = self.bits_or_name(TYPES, TYPE, "`mgt`, `ctl` or `data`")?;
        if self.token() != Token::Word("subtype") {
            return Ok(Test::WirelessKind(Bits { mask: TYPE, value: kind }));
        }
        self.advance();
        let of_kind: Vec<_> = SUBTYPES.iter().copied().filter(|(_, value)| value & TYPE == kind).collect();
        let value = self.bits_or_name(&of_kind, SUBTYPE, "the name of a subtype of this type")?;
        Ok(Test::WirelessKind(Bits { mask: TYPE | SUBTYPE, value: kind | value }))
    }

    /// A name, or a number that has only bits of the mask.
    fn bits_or_name(&mut self, names: &[(&str, u8)], mask: u8, expected: &str) -> Result<u8, FilterError> {
        let span = self.span();
        if !matches!(self.token(), Token::Word(word) if is_numeric(word)) {
            return self.named(names, expected);
        }
        let number = self.number(expected)?;
        u8::try_from(number).ok().filter(|number| number & !mask == 0).ok_or_else(|| {
            let message = format!("{number} has bits that this field has not");
            FilterError::new(span, message, format!("{expected}, or bits of {mask:#04x}"))
        })
    }

    fn named<T: Copy>(&mut self, names: &[(&str, T)], expected: &str) -> Result<T, FilterError> {
        let (Token::Word(name) | Token::Name(name)) = self.token() else {
            return Err(self.unexpected(expected));
        };
        let Some(found) = find(names, name) else {
            let message = format!("`{name}` is none of these names");
            let error = FilterError::new(self.span(), message, expected);
            let near = nearest(name, names.iter().map(|(known, _)| *known));
            return Err(FilterError { hint: near.map(|near| format!("did you mean `{near}`?")), ..error });
        };
        self.advance();
        Ok(found)
    }

    /// `dir tods`; a number is compared as it is.
    pub(super) fn wireless_direction(&mut self) -> Result<Test<U>, FilterError> {
        self.advance();
        let numeric = matches!(self.token(), Token::Word(word) if is_numeric(word));
        let direction = if numeric { self.number(DIRECTION)? } else { self.named(DIRECTIONS, DIRECTION)? };
        Ok(Test::WirelessDirection(direction))
    }

    /// `llc`, `llc ui`.
    pub(super) fn llc(&mut self) -> Result<Test<U>, FilterError> {
        self.advance();
        let kind = match self.token() {
            Token::Word(word) if find(LLC, word).is_none() && self.is_keyword(word) => None,
            Token::Word(_) | Token::Name(_) => Some(self.named(LLC, LLC_KIND)?),
            _ => None,
        };
        Ok(Test::Llc(kind))
    }

    /// One of the words for an address field.
    pub(super) fn wireless_end(&mut self) -> Option<WirelessEnd> {
        let Token::Word(word) = self.token() else { return None };
        let (_, end) = ENDS.iter().find(|(known, _)| *known == word)?;
        self.advance();
        Some(*end)
    }

    /// What stands behind such a word is a hardware address, with `host` before it or not.
    pub(super) fn wireless_type(
        &self,
        start: Span,
        end: WirelessEnd,
        kind: Option<Kind<U>>,
    ) -> Result<Kind<U>, FilterError> {
        match kind {
            None | Some(Kind::Host) => Ok(Kind::Wireless(end)),
            Some(_) => {
                let message = "only hardware addresses are in this field";
                Err(FilterError::new(
                    self.since(start),
                    message,
                    "`host`, or nothing, and a hardware address",
                ))
            }
        }
    }

    pub(super) fn wireless_address(
        &mut self,
        start: Span,
        qualifier: Qualifier<U>,
        end: WirelessEnd,
    ) -> Result<Test<U>, FilterError> {
        let Some((name, Protocol::Link)) = qualifier.protocol else {
            let message = "this is a field of the link header";
            let error = FilterError::new(self.since(start), message, "`wlan` before it");
            return Err(error.hint("write `wlan addr1 00:00:5e:00:53:01`"));
        };
        self.hardware(name).map(|mac| Test::WirelessAddress(end, mac))
    }
}
