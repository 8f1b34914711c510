//! What a saved graph is.

use serde::{Deserialize, Serialize};

/// A saved graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub(crate) struct Graph {
    /// Its name in links: a UUID, also of those that were imported.
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) wanted: Wanted,
    /// When it was made and last changed, RFC 3339.
    pub(crate) created: String,
    pub(crate) updated: String,
}

/// The same as it is read from the file: nothing that is not known here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    id: String,
    title: String,
    query: Question,
    range: When,
    chart: Chart,
    #[serde(default)]
    percent: bool,
    #[serde(default)]
    mask: Option<Vec<Schedule>>,
    created: String,
    updated: String,
}

impl From<Stored> for Graph {
    fn from(stored: Stored) -> Self {
        let Stored { id, title, query, range, chart, percent, mask, created, updated } = stored;
        Self { id, wanted: Wanted { title, query, range, chart, percent, mask }, created, updated }
    }
}

/// What people say of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) title: String,
    pub(crate) query: Question,
    pub(crate) range: When,
    pub(crate) chart: Chart,
    /// Whether shares are drawn.
    #[serde(default)]
    pub(crate) percent: bool,
    /// Of an imported graph, the times it was made for.
    #[serde(default)]
    pub(crate) mask: Option<Vec<Schedule>>,
}

/// The question: parameters of `/api/v1/query`, each as it is written there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefix_length: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) measure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) top: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) side: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<bool>,
}

/// Of which time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum When {
    /// A range that moves, as it was written: `-24h`.
    Moving(String),
    /// One that stays, RFC 3339.
    Fixed { from: String, to: String },
}

/// How it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Chart {
    Area,
    Bars,
    Lines,
    Scatter,
    Pie,
    Hbars,
}

/// When a graph of the older tool was made; what is missing is always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Schedule {
    #[serde(alias = "StartDate", skip_serializing_if = "Option::is_none")]
    pub(crate) start_date: Option<String>,
    #[serde(alias = "StopDate", skip_serializing_if = "Option::is_none")]
    pub(crate) stop_date: Option<String>,
    #[serde(alias = "StartTime", skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    /// Before `start_time`: on the next day.
    #[serde(alias = "StopTime", skip_serializing_if = "Option::is_none")]
    pub(crate) stop_time: Option<String>,
    /// Days of the week, Monday is 1 (ISO 8601).
    #[serde(alias = "DoW", skip_serializing_if = "Option::is_none")]
    pub(crate) days: Option<Vec<u8>>,
}

impl Graph {
    /// One that is made now.
    pub(crate) fn new(id: String, wanted: Wanted, now: String) -> Self {
        Self { id, wanted, created: now.clone(), updated: now }
    }
}

impl Wanted {
    /// Whether it can be.
    ///
    /// # Errors
    /// In words, which field can't.
    pub(crate) fn check(&self) -> Result<(), String> {
        let title = self.title.trim();
        if title.is_empty() || title.chars().count() > 200 || title.contains(char::is_control) {
            return Err("title: expected 1 to 200 characters".to_owned());
        }
        if self.query.by.is_empty() {
            return Err("query.by: expected what to count by".to_owned());
        }
        match &self.range {
            When::Moving(text) if text.trim().is_empty() || text.len() > 100 => {
                Err("range: expected a time such as -24h, or from and to".to_owned())
            }
            When::Fixed { from, to } => {
                let read = |name: &str, text: &str| {
                    text.parse::<jiff::Timestamp>()
                        .map_err(|_| format!("range.{name}: expected a time such as 2026-11-21T14:03:00Z"))
                };
                if read("from", from)? < read("to", to)? {
                    Ok(())
                } else {
                    Err("range.to: expected a time after from".to_owned())
                }
            }
            When::Moving(_) => Ok(()),
        }
    }
}

/// A random UUID (RFC 9562, version 4).
///
/// # Errors
/// When the system gives no random numbers.
pub(crate) fn new_id() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random numbers: {error}"))?;
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(3 << 62) | 4 << 76 | 2 << 62;
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_uuids() {
        let (one, other) = (new_id().unwrap(), new_id().unwrap());
        assert_ne!(one, other);
        let bytes: Vec<char> = one.chars().collect();
        assert_eq!((one.len(), bytes[14]), (36, '4'));
        assert!("89ab".contains(bytes[19]), "{one}");
    }

    #[test]
    fn what_cant_be_is_refused_by_the_name_of_its_field() {
        let good: Wanted = serde_json::from_str(
            r#"{"title": "A", "query": {"by": "asn"}, "range": "-24h", "chart": "pie", "mask": null}"#,
        )
        .unwrap();
        assert_eq!(good.check(), Ok(()));
        let fixed = |from: &str, to: &str| When::Fixed { from: from.to_owned(), to: to.to_owned() };
        for (field, wrong) in [
            ("title", Wanted { title: "  ".to_owned(), ..good.clone() }),
            ("query.by", Wanted { query: Question::default(), ..good.clone() }),
            ("range", Wanted { range: When::Moving(String::new()), ..good.clone() }),
            ("range.from", Wanted { range: fixed("yesterday", "2026-11-21T14:03:00Z"), ..good.clone() }),
            ("range.to", Wanted { range: fixed("2026-11-21T14:03:00Z", "2026-11-21T14:03:00Z"), ..good }),
        ] {
            assert!(wrong.check().unwrap_err().starts_with(&format!("{field}: ")), "{field}");
        }
        assert!(
            serde_json::from_str::<Wanted>(
                r#"{"title": "A", "query": {"by": "asn", "bye": 1}, "range": "-24h", "chart": "pie"}"#
            )
            .is_err()
        );
    }
}
