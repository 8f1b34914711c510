//! Readers of payloads: small, checked, and content with what there is. Each reads the bytes of one message and says what
//! a rule needs of it; none allocates, panics or reads beyond, whatever the bytes (docs/FUZZING.md, target `payload`).

pub mod dns;
pub mod escape;
pub mod heartbeat;
pub mod http;
pub mod kerberos;
pub mod lines;
pub mod options;
pub mod sip;
pub mod smb;
