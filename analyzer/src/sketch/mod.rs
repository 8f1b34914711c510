//! What stays small when the traffic does not: heavy hitters and distinct counts with stated errors.

pub mod distinct;
pub mod hyperloglog;
pub mod space_saving;
