//! How far a long work is: one line on standard error, where that is a terminal.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::cli::output;

/// After so long the first time, and so often.
const ROUND: Duration = Duration::from_secs(1);

/// The line.
pub(super) struct Progress<W: Write = io::Stderr> {
    sink: W,
    talks: bool,
    last: Instant,
    is_shown: bool,
}

impl Progress {
    /// On standard error, if a person sees it.
    pub(super) fn new() -> Self {
        Self::on(io::stderr(), output::is_terminal(), Instant::now())
    }

    /// Says nothing.
    pub(super) fn silent() -> Self {
        Self::on(io::stderr(), false, Instant::now())
    }
}

impl<W: Write> Progress<W> {
    fn on(sink: W, talks: bool, now: Instant) -> Self {
        Self { sink, talks, last: now, is_shown: false }
    }

    /// Says it, when it is time to.
    pub(super) fn tell(&mut self, text: impl FnOnce() -> String) {
        if self.talks {
            self.tell_at(Instant::now(), text);
        }
    }

    fn tell_at(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if self.talks && now.duration_since(self.last) >= ROUND {
            self.last = now;
            self.is_shown = true;
            // A closed terminal is no error.
            let _ = write!(self.sink, "\r{}\u{1b}[K", text());
            let _ = self.sink.flush();
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(self.sink, "\r\u{1b}[K");
            let _ = self.sink.flush();
        }
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(talks: bool) -> String {
        let mut sink = Vec::new();
        let begin = Instant::now();
        let mut progress = Progress::on(&mut sink, talks, begin);
        for (second, text) in [(0, "early"), (1, "1 of 3"), (1, "at once"), (2, "2 of 3")] {
            progress.tell_at(begin + Duration::from_secs(second), || text.to_owned());
        }
        drop(progress);
        String::from_utf8(sink).unwrap()
    }

    #[test]
    fn a_line_is_told_each_second_and_taken_away() {
        assert_eq!(shown(true), "\r1 of 3\u{1b}[K\r2 of 3\u{1b}[K\r\u{1b}[K");
        assert_eq!(shown(false), "");
    }
}
