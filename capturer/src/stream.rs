//! The ring: recent packets for any number of readers.
