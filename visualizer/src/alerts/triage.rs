//! What people do about alerts: states, steps, mutes.

use serde_json::{Value, json};

/// How far an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    New,
    Acknowledged,
    Escalated,
    Closed,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [Self::New, Self::Acknowledged, Self::Escalated, Self::Closed];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::Escalated => "escalated",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why an alert is closed.
pub(crate) const REASONS: [&str; 5] = ["false positive", "resolved", "accepted risk", "duplicate", "other"];

/// Most letters of a comment or a mute's reason.
const LONGEST: usize = 500;

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Acknowledge,
    Escalate,
    Close,
    Reopen,
    Comment,
}

impl Action {
    const ALL: [Self; 5] = [Self::Acknowledge, Self::Escalate, Self::Close, Self::Reopen, Self::Comment];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Escalate => "escalate",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::Comment => "comment",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The state it leads to; a comment changes none.
    pub(crate) const fn leads_to(self) -> Option<State> {
        match self {
            Self::Acknowledge => Some(State::Acknowledged),
            Self::Escalate => Some(State::Escalated),
            Self::Close => Some(State::Closed),
            Self::Reopen => Some(State::New),
            Self::Comment => None,
        }
    }
}

/// A step of the triage.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) comment: Option<String>,
    pub(crate) reason: Option<String>,
}

impl Step {
    /// A step, if its words suit it.
    pub(crate) fn new(
        action: Action,
        comment: Option<String>,
        reason: Option<String>,
    ) -> Result<Self, String> {
        let comment = comment.filter(|text| !text.trim().is_empty());
        if comment.as_ref().is_some_and(|text| text.chars().count() > LONGEST) {
            return Err(format!("comment: expected at most {LONGEST} letters"));
        }
        let known = reason.as_deref().is_some_and(|reason| REASONS.contains(&reason));
        if action == Action::Close && !known {
            return Err(format!("reason: to close an alert, expected one of {}", REASONS.join(", ")));
        }
        if action == Action::Comment && comment.is_none() {
            return Err("comment: expected a text".to_owned());
        }
        Ok(Self { action, comment, reason: reason.filter(|_| action == Action::Close) })
    }
}

/// A step that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) at_ms: i64,
    pub(crate) action: String,
    pub(crate) comment: Option<String>,
    pub(crate) reason: Option<String>,
}

/// What is not shown: alerts for which a filter holds, for a reason, until a time.
#[derive(Clone, Debug)]
pub(crate) struct Mute {
    pub(crate) id: i64,
    pub(crate) filter: String,
    pub(crate) reason: String,
    pub(crate) created_ms: i64,
    pub(crate) expires_ms: i64,
    /// Alerts it has hidden so far.
    pub(crate) hits: u64,
    pub(crate) last_hit_ms: Option<i64>,
}

impl Mute {
    /// A reason that says something.
    pub(crate) fn check_reason(reason: &str) -> Result<(), String> {
        let letters = reason.trim().chars().count();
        let allowed = (3..=LONGEST).contains(&letters);
        if allowed { Ok(()) } else { Err(format!("reason: expected 3 to {LONGEST} letters")) }
    }

    /// As documents have it at a time.
    pub(crate) fn json(&self, at_ms: i64) -> Value {
        json!({
            "id": self.id, "filter": self.filter, "reason": self.reason, "created": time(self.created_ms),
            "expires": time(self.expires_ms), "expired": self.expires_ms <= at_ms, "hits": self.hits, "last_hit": self.last_hit_ms.map(time),
        })
    }
}

/// Milliseconds since the epoch as documents have times.
pub(crate) fn time(ms: i64) -> String {
    capturer::Timestamp::from_nanos(ms.saturating_mul(1_000_000)).to_string()
}
