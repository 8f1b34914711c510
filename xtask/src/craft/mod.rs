//! What capture generators share: a seeded generator of numbers, a builder of frames and a writer of pcap files.

pub mod frame;
pub mod pcap;
pub mod random;
pub mod transport;
