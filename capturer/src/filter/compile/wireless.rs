//! IEEE 802.11: which of its addresses are source and destination depends on the frame's type and on who relays it
//! (802.11-2020 §9.2.4, §9.3.2.1). Control frames have none that can be asked.

use std::fmt::Display;

use super::super::link_names::{Bits, TYPE, WirelessEnd};
use super::graph::Decision;
use super::link::{Link, Place};
use super::{Compiled, Compiler, Mac};

/// Bits of the first byte: data rather than management, and control.
const DATA: u32 = 0x08;
const CONTROL: u32 = 0x04;

const SUBTYPE: u32 = 0xf0;
/// Control frames with one address: clear to send, acknowledgement.
const CLEAR_TO_SEND: u32 = 0xc0;
const ACKNOWLEDGEMENT: u32 = 0xd0;

const NO_HEADER: &str = "they have no IEEE 802.11 header";

/// Bits of the second byte: towards and from the distribution system.
const TO_SYSTEM: u32 = 0x01;
const FROM_SYSTEM: u32 = 0x02;

/// Where the four addresses are.
const FIRST: u32 = 4;
const SECOND: u32 = 10;
const THIRD: u32 = 16;
const FOURTH: u32 = 24;

impl<U: Clone + Display> Compiler<'_, U> {
    /// A data frame, whose body begins with 802.2.
    pub(super) fn wireless_data(&mut self) -> Decision {
        let header = self.layout.header;
        self.none_of_bits(header, CONTROL).and(self.any_bit(header, DATA))
    }

    /// What SNAP says; service access points alone are asked by their byte.
    pub(super) fn wireless_protocol(&mut self, number: u16) -> Decision {
        let n = u32::from(number);
        match number {
            0xfe | 0xf0 => self.equals(self.layout.payload, 2, n << 8 | n),
            _ if number <= super::protocol::MAX_LENGTH => self.equals(self.layout.payload, 1, n),
            _ => self.equals(self.layout.kind, 2, n),
        }
    }

    pub(super) fn wireless_source(&mut self, mac: Mac) -> Decision {
        let header = self.layout.header;
        let (second, third, fourth) = (self.at(SECOND, mac), self.at(THIRD, mac), self.at(FOURTH, mac));
        let flags = header.plus(1);
        let relayed =
            self.none_of_bits(flags, TO_SYSTEM).and(third).or(self.any_bit(flags, TO_SYSTEM).and(fourth));
        let direct = self.none_of_bits(flags, FROM_SYSTEM).and(second.clone());
        let data = direct.or(self.any_bit(flags, FROM_SYSTEM).and(relayed));
        self.by_type(second, data)
    }

    pub(super) fn wireless_destination(&mut self, mac: Mac) -> Decision {
        let flags = self.layout.header.plus(1);
        let (first, third) = (self.at(FIRST, mac), self.at(THIRD, mac));
        let direct = self.none_of_bits(flags, TO_SYSTEM).and(first.clone());
        let data = direct.or(self.any_bit(flags, TO_SYSTEM).and(third));
        self.by_type(first, data)
    }

    pub(super) fn wireless_multicast(&mut self) -> Decision {
        let header = self.layout.header;
        let flags = header.plus(1);
        let first = self.any_bit(header.plus(FIRST), 1);
        let third = self.any_bit(header.plus(THIRD), 1);
        let direct = self.none_of_bits(flags, TO_SYSTEM).and(first.clone());
        let data = direct.or(self.any_bit(flags, TO_SYSTEM).and(third));
        self.by_type(first, data)
    }

    pub(super) fn wireless_kind(&mut self, Bits { mask, value }: Bits) -> Compiled {
        let header = self.wireless_header()?;
        Ok(self.equals_masked(header, 1, (value.into(), mask.into())))
    }

    pub(super) fn wireless_direction(&mut self, direction: u32) -> Compiled {
        let header = self.wireless_header()?;
        Ok(self.equals_masked(header.plus(1), 1, (direction, TO_SYSTEM | FROM_SYSTEM)))
    }

    /// Fields that a frame of its kind has; receiver and transmitter are asked of data frames, as libpcap does.
    pub(super) fn wireless_address(&mut self, end: WirelessEnd, mac: Mac) -> Compiled {
        let header = self.wireless_header()?;
        Ok(match end {
            WirelessEnd::First => self.at(FIRST, mac),
            WirelessEnd::Second => self.second_address(mac),
            WirelessEnd::Third => self.is_control().not().and(self.at(THIRD, mac)),
            WirelessEnd::Fourth => {
                self.wireless_direction(TO_SYSTEM | FROM_SYSTEM)?.and(self.at(FOURTH, mac))
            }
            WirelessEnd::Receiver => self.any_bit(header, DATA).and(self.at(FIRST, mac)),
            WirelessEnd::Transmitter => self.any_bit(header, DATA).and(self.second_address(mac)),
        })
    }

    fn second_address(&mut self, mac: Mac) -> Decision {
        let header = self.layout.header;
        let mut subtype = |number| self.equals_masked(header, 1, (number, SUBTYPE));
        let short = subtype(CLEAR_TO_SEND).or(subtype(ACKNOWLEDGEMENT));
        self.is_control().and(short).not().and(self.at(SECOND, mac))
    }

    fn is_control(&mut self) -> Decision {
        self.equals_masked(self.layout.header, 1, (CONTROL, TYPE.into()))
    }

    fn wireless_header(&self) -> Result<Place, &'static str> {
        if self.layout.link == Link::Wireless { Ok(self.layout.header) } else { Err(NO_HEADER) }
    }

    fn at(&mut self, at: u32, mac: Mac) -> Decision {
        let place: Place = self.layout.header.plus(at);
        self.hardware(place, mac)
    }

    fn by_type(&mut self, management: Decision, data: Decision) -> Decision {
        let header = self.layout.header;
        let managed = self.none_of_bits(header, DATA).and(management);
        let carried = self.any_bit(header, DATA).and(data);
        self.none_of_bits(header, CONTROL).and(managed.or(carried))
    }
}
