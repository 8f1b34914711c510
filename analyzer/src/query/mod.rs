//! The filter language, upper half: words that need geography and direction.
