//! Which alerts somebody wants to see, a page at a time: the latest first, and each page begins where the one before ended.

use std::fmt;
use std::str::FromStr;

use super::board::Entry;
use super::triage::State;

/// A place in the order of alerts: when one was last seen, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    pub(crate) last_ms: i64,
    pub(crate) id: i64,
}

impl Cursor {
    /// The place of an alert.
    pub(crate) const fn of(entry: &Entry) -> Self {
        Self { last_ms: entry.last_ms, id: entry.id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.last_ms, self.id)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
        let (last_ms, id) = parts
            .ok_or("before: expected what \"older\" said, such as 1732190400000-12, last seen and number")?;
        Ok(Self { last_ms, id })
    }
}

/// Which alerts, and how many of them.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// 0 (info) to 4 (critical), and above.
    pub(crate) severity: u8,
    /// Rules and families; none: all.
    pub(crate) rules: Vec<String>,
    /// States; none: all.
    pub(crate) states: Vec<State>,
    /// Only those that come after this place.
    pub(crate) before: Option<Cursor>,
    /// At most so many.
    pub(crate) limit: usize,
}

impl Question {
    /// Whether an alert of this severity, rule and state is wanted.
    pub(crate) fn wants(&self, severity: u8, rule: &str, state: State) -> bool {
        let named = self.rules.is_empty()
            || self.rules.iter().any(|wanted| rule == wanted || analyzer::detect::is_of(rule, wanted));
        severity >= self.severity && named && (self.states.is_empty() || self.states.contains(&state))
    }
}

/// A page of alerts.
#[derive(Debug, PartialEq)]
pub(crate) struct Page {
    /// The latest first.
    pub(crate) entries: Vec<Entry>,
    /// Where the next page begins, if there may be one.
    pub(crate) older: Option<Cursor>,
}

impl Page {
    /// The first `limit` of what was found; `beyond` is where those begin that were not looked at.
    pub(crate) fn cut(mut entries: Vec<Entry>, limit: usize, beyond: Option<Cursor>) -> Self {
        let more = entries.len() > limit;
        entries.truncate(limit);
        let older = if more { entries.last().map(Cursor::of) } else { beyond };
        Self { entries, older }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_writes_and_tells_what_it_expected() {
        let cursor = Cursor { last_ms: 1_732_190_400_000, id: 12 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!("-5-3".parse(), Ok(Cursor { last_ms: -5, id: 3 }));
        for wrong in ["", "12", "a-b", "1-", "99999999999999999999-1"] {
            assert!(
                wrong.parse::<Cursor>().is_err_and(|error| error.starts_with("before: expected")),
                "{wrong}"
            );
        }
    }
}
