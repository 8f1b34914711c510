//! The first bytes of either side of a connection, until they are the head of a request or an answer, or can't be one.

use super::event::Event;
use super::fingerprints::{Fingerprints, Segment};
use super::flows::{Place, Talk};
use super::http::{self, Reading, Role};
use crate::names::payload;

/// As long as a client has said less than this, p0f waits for more, whatever it is: its timestamps are still of use.
const LEAST_SAID: usize = 15;

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// More may be learned.
    Follow,
    /// It is no HTTP that p0f reads.
    Turn,
    /// Nothing more.
    Forget,
}

impl Fingerprints {
    /// Reads what one side says.
    pub(super) fn read_head(
        &mut self,
        segment: &Segment<'_>,
        (place, from_client): (Place, bool),
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> Then {
        let Some(flow) = self.flows.get(place) else { return Then::Forget };
        let role = match (flow.talk, from_client) {
            (Talk::Request, true) => Role::Request,
            (Talk::Response, false) => Role::Response,
            (Talk::Response, true) => return Then::Follow,
            (Talk::Request, false) => return self.turn(segment, (place, from_client), tell),
            (Talk::Other, _) => return self.hear_words(segment, (place, from_client), tell),
        };
        let payload = payload(segment.packet, segment.bytes);
        let is_cut = payload.len() < segment.packet.payload_len as usize;
        let then = match flow.head {
            Some(head) => self.add_to_head(segment, (place, role, head), (payload, is_cut), tell),
            None if !role.begins(payload) => self.hear(place, payload.len()),
            None if http::is_whole(payload, 0) => self.take_head(segment, (place, role), payload, tell),
            None if is_cut => Then::Turn,
            None => self.begin_head(place, payload),
        };
        if then == Then::Turn { self.turn(segment, (place, from_client), tell) } else { then }
    }

    /// Counts what is no head.
    fn hear(&mut self, place: Place, said: usize) -> Then {
        let Some(flow) = self.flows.get(place) else { return Then::Forget };
        let all = usize::from(flow.said) + said;
        flow.said = u8::try_from(all).unwrap_or(u8::MAX);
        if all < LEAST_SAID { Then::Follow } else { Then::Turn }
    }

    /// Keeps the beginning of a head.
    pub(super) fn begin_head(&mut self, place: Place, payload: &[u8]) -> Then {
        let (head, victim) = self.heads.begin(place);
        self.heads.add(head, payload);
        if let Some(flow) = self.flows.get(place) {
            flow.head = Some(head);
        }
        if let Some(victim) = victim {
            self.flows.remove(victim);
        }
        Then::Follow
    }

    /// Adds a segment to the beginning of a head.
    fn add_to_head(
        &mut self,
        segment: &Segment<'_>,
        (place, role, head): (Place, Role, u16),
        (payload, is_cut): (&[u8], bool),
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> Then {
        let known = self.heads.get(head).len();
        self.heads.add(head, payload);
        let bytes = self.heads.get(head);
        if !http::is_whole(bytes, known) {
            let goes_on = !is_cut && bytes.len() < http::LONGEST && role.begins(bytes);
            return if goes_on { Then::Follow } else { Then::Forget };
        }
        let bytes = self.heads.take(head);
        let then = self.take_head(segment, (place, role), &bytes, tell);
        self.heads.give_back(head, bytes);
        then
    }

    /// A whole head: tells of its program.
    fn take_head(
        &mut self,
        segment: &Segment<'_>,
        (place, role): (Place, Role),
        bytes: &[u8],
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> Then {
        let Reading::Head(print) = role.read(bytes) else { return Then::Turn };
        let Some(flow) = self.flows.get(place) else { return Then::Forget };
        self.heads.end(flow.head.take());
        flow.talk = Talk::Response;
        let flow = *flow;
        self.show_program(segment, &flow, &print, tell);
        if role == Role::Request { Then::Follow } else { Then::Forget }
    }
}

impl Role {
    fn begins(self, bytes: &[u8]) -> bool {
        match self {
            Self::Request => http::begins_request(bytes),
            Self::Response => http::begins_response(bytes),
        }
    }

    fn read(self, bytes: &[u8]) -> Reading {
        match self {
            Self::Request => http::request(bytes),
            Self::Response => http::response(bytes),
        }
    }
}
