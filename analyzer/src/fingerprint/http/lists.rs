//! Headers that say more of the moment than of the program, and those one expects. The same as p0f's, told from its output, so
//! that signatures are equal.

use super::Role;

/// Headers of a request that come and go: their absence means nothing, their value less.
const OPTIONAL_IN_REQUESTS: [&str; 11] = [
    "Cookie",
    "Referer",
    "Origin",
    "Range",
    "If-Modified-Since",
    "If-None-Match",
    "Via",
    "X-Forwarded-For",
    "Authorization",
    "Proxy-Authorization",
    "Cache-Control",
];

/// The same of an answer.
const OPTIONAL_IN_RESPONSES: [&str; 12] = [
    "Set-Cookie",
    "Last-Modified",
    "ETag",
    "Content-Length",
    "Content-Disposition",
    "Cache-Control",
    "Expires",
    "Pragma",
    "Location",
    "Refresh",
    "Content-Range",
    "Vary",
];

/// Headers whose value is of no use: a host, a time, a program's own claim.
const PLAIN_IN_REQUESTS: [&str; 2] = ["Host", "User-Agent"];
const PLAIN_IN_RESPONSES: [&str; 3] = ["Date", "Content-Type", "Server"];

/// Headers whose absence is worth a note.
const COMMON_IN_REQUESTS: [&str; 8] = [
    "Host",
    "User-Agent",
    "Connection",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Accept-Charset",
    "Keep-Alive",
];
const COMMON_IN_RESPONSES: [&str; 5] = ["Content-Type", "Connection", "Keep-Alive", "Accept-Ranges", "Date"];

/// Headers whose value is a program's own and no user's, site's or moment's.
const TELLING_IN_REQUESTS: [&str; 5] =
    ["Accept", "Accept-Encoding", "Accept-Charset", "Connection", "Keep-Alive"];
const TELLING_IN_RESPONSES: [&str; 2] = ["Connection", "Accept-Ranges"];

impl Role {
    /// Whether a header's value belongs into a signature that others are to fit.
    pub(super) fn is_telling(self, name: &str) -> bool {
        match self {
            Self::Request => TELLING_IN_REQUESTS.contains(&name),
            Self::Response => TELLING_IN_RESPONSES.contains(&name),
        }
    }

    /// Whether a header comes and goes.
    pub(super) fn is_optional(self, name: &str) -> bool {
        match self {
            Self::Request => OPTIONAL_IN_REQUESTS.contains(&name),
            Self::Response => OPTIONAL_IN_RESPONSES.contains(&name),
        }
    }

    /// Whether a header's value is left out.
    pub(super) fn is_plain(self, name: &str) -> bool {
        match self {
            Self::Request => PLAIN_IN_REQUESTS.contains(&name),
            Self::Response => PLAIN_IN_RESPONSES.contains(&name),
        }
    }

    /// Headers one expects.
    pub(super) const fn common(self) -> &'static [&'static str] {
        match self {
            Self::Request => &COMMON_IN_REQUESTS,
            Self::Response => &COMMON_IN_RESPONSES,
        }
    }
}
