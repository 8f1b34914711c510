//! HTTP/1 requests and answers: which headers a program sends, in which order (RFC 9112 leaves it open), says what program it
//! is whatever it calls itself.

mod date;
mod head;

mod lists;
mod pattern;
mod print;
mod table;

pub(super) use date::seconds as date;
pub(super) use head::{LONGEST, Reading, begins_request, begins_response, is_whole, request, response};
pub use pattern::HttpPattern;
pub use print::HttpPrint;
pub(super) use table::{Entry, HttpTable};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The client: a request.
    Request,
    /// The server: an answer.
    Response,
}
