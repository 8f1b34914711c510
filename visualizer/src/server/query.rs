//! `/api/v1/query`: what history says, as a document or drawn. A question may take a while: it is asked in a thread of its own,
//! two at a time; who wants to see how far it is asks for a stream, and who closes the connection ends it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use analyzer::Facts;
use analyzer::flows::{Measure, Order, Per, Plan, Side};
use analyzer::query::Query;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query as Parameters, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::App;
use super::answers::Answers;
use super::api::refuse;
use crate::history::{self, Place, QueryError, Reader};
use crate::plot::{Chart, Theme, query_chart, query_figure};

/// Questions that go on; each may read much of the store.
static QUESTIONS: Semaphore = Semaphore::const_new(2);

/// Pixels of a PNG to a unit: 1600 across.
const PNG_SCALE: f64 = 2.0;

/// Keys of an answer at most.
const MOST_KEYS: usize = 1000;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Question {
    by: String,
    prefix_length: Option<u8>,
    measure: String,
    sort: Option<String>,
    order: String,
    top: usize,
    per: String,
    /// Seconds.
    interval: Option<i64>,
    from: Option<String>,
    to: Option<String>,
    filter: String,
    side: String,
    previous: bool,
    stream: bool,
    format: Format,
    /// Of a picture: the chart, its ground, and whether it shows shares.
    chart: Chart,
    theme: Theme,
    percent: bool,
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Svg,
    Png,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            by: "country".into(),
            prefix_length: None,
            measure: "bytes".into(),
            sort: None,
            order: "desc".into(),
            top: 10,
            per: "range".into(),
            interval: None,
            from: None,
            to: None,
            filter: String::new(),
            side: "both".into(),
            previous: false,
            stream: false,
            format: Format::default(),
            chart: Chart::default(),
            theme: Theme::default(),
            percent: false,
        }
    }
}

fn wrong(message: impl Into<String>) -> Box<Response> {
    Box::new(refuse(StatusCode::BAD_REQUEST, message))
}

fn word<T: Copy>(
    field: &str,
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Box<Response>> {
    all.iter().copied().find(|one| name(*one) == text).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        wrong(format!("{field}: expected one of {}", names.join(", ")))
    })
}

/// A time, or one so long before the end of what is kept.
fn second(field: &str, text: Option<&str>, place: &Place) -> Result<Option<i64>, Box<Response>> {
    let read = |text: &str| match text.strip_prefix('-') {
        Some(ago) => {
            let ago = ago.parse::<jiff::SignedDuration>().ok()?;
            let span = Reader::open(place).ok()?.span().ok()?;
            Some(span.within?.to.saturating_sub(ago.as_secs()))
        }
        None => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
    };
    let expected = || wrong(format!("{field}: expected a time such as 2026-11-21T14:03:00Z, or -24h"));
    text.map(|text| read(text).ok_or_else(expected)).transpose()
}

impl Question {
    fn plan(&self, place: &Place) -> Result<Plan, Box<Response>> {
        let measure = |field, text| word(field, text, Measure::ALL, Measure::name);
        let filter = match self.filter.trim() {
            "" => None,
            text => Some(Query::parse_records(text).map_err(|error| {
                Box::new((StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response())
            })?),
        };
        let top = if self.top == 0 { MOST_KEYS } else { self.top.min(MOST_KEYS) };
        Ok(Plan {
            prefix_length: self.prefix_length,
            measure: measure("measure", &self.measure)?,
            sort: self.sort.as_deref().map(|sort| measure("sort", sort)).transpose()?,
            order: word("order", &self.order, Order::ALL, Order::name)?,
            top,
            per: word("per", &self.per, Per::ALL, Per::name)?,
            interval: self.interval,
            from: second("from", self.from.as_deref(), place)?,
            // The moment itself is no longer in it.
            to: second("to", self.to.as_deref(), place)?.map(|to| to - 1),
            side: word("side", &self.side, Side::ALL, Side::name)?,
            filter,
            previous: self.previous,
            ..Plan::by(&self.by).map_err(|error| wrong(error.to_string()))?
        })
    }
}

fn failed(error: &QueryError) -> Response {
    let status = match error {
        QueryError::Plan(_) => StatusCode::BAD_REQUEST,
        QueryError::Store(_) | QueryError::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
    };
    refuse(status, error.to_string())
}

/// What a question is asked of, and under which name its answer is kept.
struct Asking {
    place: Arc<Place>,
    facts: Facts,
    answers: Arc<Answers>,
    name: Option<String>,
}

impl Asking {
    fn of(app: &App, plan: &Plan) -> Self {
        // Read before the question is asked: an answer from before a change is not kept as one from after it.
        let state = (app.status.generation(), app.status.store().rewritten);
        Self {
            name: Answers::name(plan, state),
            place: Arc::clone(&app.history),
            facts: app.status.known(),
            answers: Arc::clone(&app.answers),
        }
    }

    /// The answer that is kept, as a document.
    fn kept(&self) -> Option<Arc<str>> {
        self.answers.get(self.name.as_ref()?, Instant::now())
    }

    /// Asks, and keeps the answer when it is whole: a question that failed or was cancelled leaves nothing behind.
    fn ask(self, plan: Plan, progress: &mut dyn FnMut(u64, u64) -> bool) -> Result<Arc<str>, QueryError> {
        let end = history::end(&self.place).unwrap_or(i64::MIN);
        let answer = history::answer(&self.place, plan, &self.facts, progress)?;
        let text: Arc<str> =
            serde_json::to_string(&answer).map_err(|error| QueryError::Store(error.to_string()))?.into();
        if let Some(name) = self.name {
            self.answers.put(name, (&answer, &text), end, Instant::now());
        }
        Ok(text)
    }
}

/// `GET /api/v1/query`.
pub(super) async fn query(State(app): State<App>, Parameters(question): Parameters<Question>) -> Response {
    if question.stream && question.format != Format::Json {
        return *wrong("stream: pictures come as a whole; leave it out with format=svg and format=png");
    }
    let plan = match question.plan(&app.history) {
        Ok(plan) => plan,
        Err(response) => return *response,
    };
    let asking = Asking::of(&app, &plan);
    if let Some(text) = asking.kept() {
        return if question.stream { lines_of(&text) } else { shown(&text, &question) };
    }
    let Ok(turn) = tokio::time::timeout(super::api::PATIENCE, QUESTIONS.acquire()).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "two other questions go on; try again");
    };
    // Nobody closes the semaphore.
    let turn = turn.ok();
    if question.stream {
        return streamed(asking, plan, turn);
    }
    let gone = Arc::new(AtomicBool::new(false));
    let _guard = Gone(Arc::clone(&gone));
    let asked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        asking.ask(plan, &mut |_, _| !gone.load(Relaxed))
    });
    match asked.await {
        Ok(Ok(text)) => shown(&text, &question),
        Ok(Err(error)) => failed(&error),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the question failed"),
    }
}

/// A document as it is, or drawn.
fn shown(text: &str, question: &Question) -> Response {
    let Question { format, chart, theme, percent, .. } = *question;
    if format == Format::Json {
        return ([(header::CONTENT_TYPE, "application/json")], text.to_owned()).into_response();
    }
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let drawn = match format {
        Format::Png => query_figure(&document, chart, percent)
            .map_err(|error| error.to_string())
            .and_then(|figure| figure.png(theme, PNG_SCALE).map_err(|error| error.to_string()))
            .map(|bytes| ("image/png", bytes)),
        _ => query_chart(&document, chart, theme, percent)
            .map_err(|error| error.to_string())
            .map(|svg| ("image/svg+xml", svg.into_bytes())),
    };
    match drawn {
        Ok((kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("the picture failed: {error}")),
    }
}

/// Says, when it is dropped, that nobody waits any more.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// How lines come.
const LINES: &str = "application/x-ndjson";

/// Lines of how far it is, and the answer at last. The turn lasts as long as the question.
fn streamed(asking: Asking, plan: Plan, turn: Option<SemaphorePermit<'static>>) -> Response {
    let (lines, told) = mpsc::channel::<String>(64);
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        // A client that has gone takes no lines, which ends the question.
        let mut progress =
            |done: u64, of: u64| lines.blocking_send(line(&json!({"done": done, "of": of}))).is_ok();
        let last = match asking.ask(plan, &mut progress) {
            Ok(text) => format!("{text}\n"),
            Err(error) => line(&json!({"error": {"message": error.to_string()}})),
        };
        let _ = lines.blocking_send(last);
    });
    let lines = unfold(told, |mut told| async move {
        told.recv().await.map(|line| (Ok::<_, Infallible>(Bytes::from(line)), told))
    });
    ([(header::CONTENT_TYPE, LINES)], Body::from_stream(lines)).into_response()
}

/// A kept answer as the one line of a stream.
fn lines_of(text: &str) -> Response {
    ([(header::CONTENT_TYPE, LINES)], format!("{text}\n")).into_response()
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// `GET /api/v1/query/span`: what history holds.
pub(super) async fn span(State(app): State<App>) -> Response {
    let place = Arc::clone(&app.history);
    let read = tokio::task::spawn_blocking(move || {
        let reader = Reader::open(&place)?;
        reader.span().map_err(|error| error.to_string())
    });
    let span = match read.await {
        Ok(Ok(span)) => span,
        Ok(Err(message)) => return refuse(StatusCode::SERVICE_UNAVAILABLE, message),
        Err(_) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, "the question failed"),
    };
    let time = |second: i64| jiff::Timestamp::from_second(second).ok().map(|at| at.to_string());
    let steps: Vec<Value> =
        span.steps.iter().map(|(length, from)| json!({"seconds": length, "from": time(*from)})).collect();
    Json(json!({
        "schema": 1,
        "enabled": true,
        "kept": matches!(*app.history, Place::File(_)),
        "from": span.within.and_then(|within| time(within.from)),
        "to": span.within.and_then(|within| time(within.to)),
        "steps": steps,
        "flows_from": span.flows_from.and_then(time),
        "records_from": span.records_from.and_then(time),
        "bytes": app.status.store().bytes,
    }))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use analyzer::LocalNetworks;
    use analyzer::geo::Geo;

    /// The first minutes of this time, of all that a store holds.
    const AT: i64 = 1_781_721_000;

    fn asking(place: &Place, answers: &Arc<Answers>) -> (Asking, Plan) {
        let plan = Plan { from: Some(AT), to: Some(AT + 599), ..Plan::by("country").unwrap() };
        let asking = Asking {
            place: Arc::new(place.clone()),
            facts: Facts { geo: Geo::empty(), local: LocalNetworks::default() },
            name: Answers::name(&plan, (0, 0)),
            answers: Arc::clone(answers),
        };
        (asking, plan)
    }

    #[test]
    fn a_question_that_is_cancelled_leaves_no_answer_behind_and_one_that_ends_does() {
        let place = Place::Memory("a-cancelled-question".to_owned());
        let _store = history::store_of(&place, AT..AT + 1200);
        let answers = Arc::new(Answers::default());
        let (cancelled, plan) = asking(&place, &answers);
        let mut asked = 0;
        let said = cancelled.ask(plan, &mut |_, _| {
            asked += 1;
            false
        });
        assert!(matches!(said, Err(QueryError::Cancelled)), "{said:?}");
        assert_eq!((asked, answers.figures().answers, answers.figures().bytes), (1, 0, 0));
        let (whole, plan) = asking(&place, &answers);
        assert!(whole.kept().is_none());
        let text = whole.ask(plan, &mut |_, _| true).unwrap();
        assert_eq!(asking(&place, &answers).0.kept(), Some(text));
    }

    #[test]
    fn a_question_that_fails_leaves_no_answer_behind() {
        let answers = Arc::new(Answers::default());
        let (asking, plan) = asking(&Place::File("/nowhere/history.sqlite".into()), &answers);
        assert!(asking.kept().is_none());
        assert!(matches!(asking.ask(plan, &mut |_, _| true), Err(QueryError::Store(_))));
        assert_eq!((answers.figures().answers, answers.figures().misses), (0, 1));
    }
}
