//! What kind of data flows carry, without reading it: encrypted, text, media or compressed, by the entropy of their first
//! bytes and by the numbers that files begin with. The thresholds are those of the encryption pipeline of NEU-SNS/intl-iot.
//!
//! What fools it: compressed data whose beginning was not seen looks encrypted, and so do media; a few dozen bytes can't have
//! a high entropy, whatever they are.

mod class;
mod entropy;
mod flows;
mod magic;

pub use class::{Class, Verdict, classify};
pub use entropy::Histogram;
pub use flows::{FlowPayload, Payloads};
pub use magic::Magic;
