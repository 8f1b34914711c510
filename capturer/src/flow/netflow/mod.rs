//! NetFlow and IPFIX: versions of fixed records, and those of templates.

pub(super) mod fixed;
pub(super) mod ipfix;
mod sets;
pub(super) mod v9;
