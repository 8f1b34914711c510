//! The filter language, lower half.
