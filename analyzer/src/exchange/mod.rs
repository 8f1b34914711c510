//! What devices exchange with whom: every frame is sent, received or between others, seen from a device, a set of
//! addresses or the local networks, and belongs to the far end it was exchanged with. The rules are those of Traffic
//! Analyser (NEU-SNS/intl-iot), for every protocol and for IPv6.

mod course;
mod layer;
mod partner;
mod tally;
mod way;

pub use course::{Bucket, Course, Courses};
pub use layer::{Key, LAYERS, Layer, NotAKey, Seen};
pub use partner::Partner;
pub use tally::{Exchanged, Tally};
pub use way::{Subject, Way};

#[cfg(test)]
mod tests;
