//! The WebSocket: one task a client. It holds subscriptions, sends at most one unacknowledged tick, slows down for slow
//! clients, packs what it sends them, and closes those that do not read.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::{Duration, Instant};

use analyzer::Measure;
use analyzer::history::Range;
use analyzer::query::Query;
use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use capturer::filter::Scope;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};

use crate::access::Who;
use crate::live::{Hub, SPAN, SubscribeError, Subscription, TIMELESS, TOPICS, TopicKey};
use crate::server::App;
use crate::server::packed::pack;
use crate::wire::{self, ClientMessage, Sub};

/// The first message must be there by then.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);

/// A send that is blocked for so long closes the connection.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// A tick comes at least so often, changes or not.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What is subscribed is answered so soon, when what is subscribed with it has come too.
const GATHERED: Duration = Duration::from_millis(10);

/// A client that has not acknowledged a tick for so long is closed.
const ACK_TIMEOUT: Duration = Duration::from_secs(30);

/// Times between ticks, from fast to slow: 4, 2, 1 and ½ a second.
const PACES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// A tick that takes longer than this to be acknowledged is too large for the line, and the next one gets less.
const TRANSIT: Duration = Duration::from_secs(1);

/// Bytes that the messages of a tick may have together before they are packed, at least and at most; the last one may go beyond.
const TICK_BYTES: (f64, f64) = (2048.0, 1_048_576.0);

/// So many acknowledgements in a row that come within [`PROMPT`] speed it up again.
const PROMPT_RUN: u32 = 8;
const PROMPT: Duration = Duration::from_millis(120);

/// Messages of a tick go into one write up to so many bytes: a call of the system for each would cost more than all else.
const WRITE_TOGETHER: usize = 16 << 10;

/// Bytes that may wait in the write buffer before sends fail.
const WRITE_BUFFER: usize = 4 << 20;

/// Close codes: the client broke the protocol, its session has ended, it reads too slowly, says too much.
const VIOLATION: u16 = 4400;
const LOGGED_OUT: u16 = 4401;
const TOO_SLOW: u16 = 4408;
const TOO_MANY: u16 = 4429;
const GOING_AWAY: u16 = 1001;

/// `GET /api/v1/ws`.
pub(super) async fn upgrade(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !app.hosts.allows_origin(&headers) {
        return (StatusCode::FORBIDDEN, "pages of other origins may not connect\n").into_response();
    }
    upgrade
        .protocols([wire::SUBPROTOCOL])
        .max_message_size(wire::MAX_MESSAGE)
        .max_frame_size(wire::MAX_MESSAGE)
        // The library clears as much at each read; more than a message never comes.
        .read_buffer_size(wire::MAX_MESSAGE)
        .write_buffer_size(WRITE_TOGETHER)
        .max_write_buffer_size(WRITE_BUFFER)
        .on_upgrade(move |socket| Client::run(app, who, socket))
}

/// The topic that a subscription names, in one spelling.
pub(super) fn topic_key(
    topic: &str,
    (query, range): (Option<&Query>, Option<Range>),
    measure: Measure,
    k: usize,
) -> Option<TopicKey> {
    let topic = TOPICS.iter().find(|known| known.name == topic)?;
    let filter = query.map(Query::to_string).unwrap_or_default();
    let range = range.filter(|_| !TIMELESS.contains(&topic.name));
    Some(TopicKey { topic: topic.name, filter, measure, k: k.clamp(1, topic.most), range })
}

/// What a filter must be asked of: the past is kept by flow, not by packet.
pub(super) fn scope(topic: &str, range: Option<Range>) -> Scope {
    if range.is_some() || topic == SPAN { Scope::Flow } else { Scope::Frame }
}

/// A range of seconds, if it is one.
pub(super) const fn range([from, to]: [i64; 2]) -> Option<Range> {
    if from < to { Some(Range { from, to }) } else { None }
}

/// Why a connection ends.
enum End {
    /// The client has gone, or the network.
    Gone,
    /// With a close code and a reason.
    Close(u16, &'static str),
}

struct Client {
    app: App,
    who: Who,
    out: SplitSink<WebSocket, Message>,
    subs: BTreeMap<u8, Held>,
    in_flight: Option<(u64, Instant)>,
    /// When new subscriptions are looked at, without waiting for a tick.
    look: Option<Instant>,
    /// Bytes of the tick in flight, and what a tick may have.
    bytes: usize,
    allowance: f64,
    last_sent: Instant,
    lag: Duration,
    /// A tick with news was acknowledged: something is known of the line.
    known: bool,
    pace: usize,
    prompt: u32,
    visible: bool,
    paused: bool,
    /// The client knows ticks of this very run.
    resumed: bool,
    /// The client unpacks.
    unpacks: bool,
    budget: Budget,
}

struct Held {
    subscription: Subscription,
    /// The tick the client's copy is of.
    sent: Option<u64>,
    least: Duration,
    last: Option<Instant>,
}

/// A token bucket for inbound messages.
struct Budget {
    tokens: f64,
    at: Instant,
}

impl Budget {
    fn spend(&mut self) -> bool {
        let (rate, burst) = wire::MESSAGES_PER_SECOND;
        let now = Instant::now();
        self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * rate).min(burst);
        self.at = now;
        self.tokens -= 1.0;
        self.tokens >= 0.0
    }
}

impl Client {
    async fn run(app: App, who: Who, socket: WebSocket) {
        let (out, mut inward) = socket.split();
        let mut client = Self {
            app,
            who,
            out,
            subs: BTreeMap::new(),
            in_flight: None,
            look: None,
            bytes: 0,
            allowance: TICK_BYTES.1,
            last_sent: Instant::now(),
            lag: Duration::ZERO,
            known: false,
            pace: 0,
            prompt: 0,
            visible: true,
            paused: false,
            resumed: false,
            unpacks: false,
            budget: Budget { tokens: wire::MESSAGES_PER_SECOND.1, at: Instant::now() },
        };
        let end = match timeout(HELLO_TIMEOUT, inward.next()).await {
            Ok(Some(Ok(first))) => match client.greet(&first).await {
                Ok(()) => client.converse(&mut inward).await,
                Err(end) => end,
            },
            Ok(_) => End::Gone,
            Err(_) => End::Close(VIOLATION, "expected hello within 5 s"),
        };
        if let End::Close(code, reason) = end {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // The client may have gone; closing is all that is left.
            let _ = timeout(SEND_TIMEOUT, client.out.send(close)).await;
        }
    }

    async fn greet(&mut self, first: &Message) -> Result<(), End> {
        let message = parse(first)?;
        let Some(ClientMessage::Hello { v, epoch, deflate, .. }) = message else {
            return Err(End::Close(VIOLATION, "expected hello first"));
        };
        if v != wire::PROTOCOL_VERSION {
            return Err(End::Close(VIOLATION, "this server speaks version 1"));
        }
        let hub = std::sync::Arc::clone(&self.app.hub);
        let resumed = epoch.as_deref() == Some(hub.epoch.as_str());
        self.resumed = resumed;
        self.unpacks = deflate;
        self.send(wire::welcome(&hub.epoch, hub.moment().seq, resumed)).await?;
        if epoch.is_some() && !resumed {
            self.send(wire::gap("restart")).await?;
        }
        Ok(())
    }

    async fn converse(
        &mut self,
        inward: &mut (impl StreamExt<Item = Result<Message, axum::Error>> + Unpin),
    ) -> End {
        let mut ticks = self.app.hub.ticks();
        let mut closing = self.app.closing.clone();
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                message = inward.next() => match message {
                    Some(Ok(message)) => self.hear(&message).await,
                    _ => Err(End::Gone),
                },
                changed = async { if ticks.changed().await.is_err() { pending::<()>().await } } => {
                    let () = changed;
                    self.tell(false).await
                },
                () = at(self.look) => {
                    self.look = None;
                    self.tell(false).await
                }
                _ = heartbeat.tick() => self.beat().await,
                () = closed(&mut closing) => {
                    let _ = self.send(wire::bye(1000)).await;
                    Err(End::Close(GOING_AWAY, "the server is stopping"))
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Once a second: whether the client may stay, and a sign of life.
    async fn beat(&mut self) -> Result<(), End> {
        if !self.app.access.still(&self.who) {
            return Err(End::Close(LOGGED_OUT, "the session has ended"));
        }
        self.tell(true).await
    }

    async fn hear(&mut self, message: &Message) -> Result<(), End> {
        let parsed = parse(message)?;
        // The acknowledgement of the tick in flight was asked for: there is one a tick, and it costs nothing.
        let asked = matches!((&parsed, self.in_flight), (Some(ClientMessage::Ack { seq }), Some((sent, _))) if *seq == sent);
        if !asked && !self.budget.spend() {
            return Err(End::Close(TOO_MANY, "too many messages"));
        }
        match parsed {
            None => Ok(()),
            Some(ClientMessage::Hello { .. }) => Err(End::Close(VIOLATION, "hello comes once")),
            Some(ClientMessage::Sub(sub)) => self.subscribe(sub).await,
            Some(ClientMessage::Unsub { id }) => {
                self.subs.remove(&id);
                Ok(())
            }
            Some(ClientMessage::Pause) => {
                self.paused = true;
                Ok(())
            }
            Some(ClientMessage::Resume) => {
                self.paused = false;
                self.tell(false).await
            }
            Some(ClientMessage::Visible { visible }) => {
                self.visible = visible;
                Ok(())
            }
            Some(ClientMessage::Ack { seq }) => self.acknowledged(seq).await,
        }
    }

    async fn subscribe(&mut self, sub: Sub) -> Result<(), End> {
        let id = json!({"sub": sub.id});
        if self.subs.len() >= wire::MAX_SUBS && !self.subs.contains_key(&sub.id) {
            return self.send(wire::error("limit", "too many subscriptions", id)).await;
        }
        let range = match sub.range.map(range) {
            Some(None) => return self.send(wire::error("range", "a range ends after it begins", id)).await,
            asked => asked.flatten(),
        };
        let query = match Query::parse_for(&sub.filter, scope(&sub.topic, range)) {
            Ok(query) => (!query.is_empty()).then_some(query),
            Err(error) => {
                let more = json!({"sub": sub.id, "at": error.at, "len": error.len, "expected": error.expected, "instead": error.hint});
                return self.send(wire::error("filter", &error.message, more)).await;
            }
        };
        let Some(key) = topic_key(&sub.topic, (query.as_ref(), range), sub.metric, sub.k) else {
            return self.send(wire::error("topic", "there is no such topic", id)).await;
        };
        // The old share is given back after the new one is taken, so that a filter in use is not thrown away.
        let hub: &std::sync::Arc<Hub> = &self.app.hub;
        let subscription = match hub.subscribe(key, query) {
            Ok(subscription) => subscription,
            Err(error) => {
                let hint = match error {
                    SubscribeError::Filters => "too many different filters are in use on this server",
                    SubscribeError::Topics => "too many different topics are in use on this server",
                };
                return self.send(wire::error("limit", hint, id)).await;
            }
        };
        let least = Duration::from_secs_f64(1.0 / sub.max_hz.clamp(0.1, 4.0))
            .saturating_sub(Duration::from_millis(50));
        self.subs.insert(
            sub.id,
            Held { subscription, sent: sub.last_seq.filter(|_| self.resumed), least, last: None },
        );
        self.look.get_or_insert_with(|| Instant::now() + GATHERED);
        Ok(())
    }

    async fn acknowledged(&mut self, seq: u64) -> Result<(), End> {
        let Some((_, sent)) = self.in_flight.take_if(|(expected, _)| *expected == seq) else { return Ok(()) };
        self.lag = sent.elapsed();
        self.known |= self.bytes > 0;
        self.allowance = allowance(self.allowance, self.bytes, self.lag);
        let before = self.pace;
        // As late as the next pace; a pace slower than the line would leave it idle.
        if PACES.get(self.pace + 1).is_some_and(|slower| self.lag >= *slower) {
            self.pace += 1;
            self.prompt = 0;
        } else if self.lag <= PROMPT {
            self.prompt += 1;
            if self.prompt >= PROMPT_RUN {
                self.prompt = 0;
                self.pace = self.pace.saturating_sub(1);
            }
        }
        if self.pace != before {
            self.send(wire::lag(1.0 / PACES[self.pace].as_secs_f64())).await?;
        }
        if self.is_asked() { self.tell(false).await } else { Ok(()) }
    }

    /// Whether a subscription has not been answered yet: that does not wait for the pace.
    fn is_asked(&self) -> bool {
        self.subs.values().any(|held| held.last.is_none())
    }

    /// Sends what is new, if the client is ready for it; a heartbeat at least now and then.
    async fn tell(&mut self, heartbeat: bool) -> Result<(), End> {
        if let Some((_, sent)) = self.in_flight {
            return if sent.elapsed() > ACK_TIMEOUT {
                Err(End::Close(TOO_SLOW, "no acknowledgement"))
            } else {
                Ok(())
            };
        }
        let due = self.is_asked() || self.last_sent.elapsed() + Duration::from_millis(20) >= PACES[self.pace];
        let quiet = !self.visible || self.paused;
        if heartbeat && self.last_sent.elapsed() + Duration::from_millis(20) < HEARTBEAT {
            return Ok(());
        }
        if !heartbeat && (!due || quiet) {
            return Ok(());
        }
        let moment = self.app.hub.moment();
        let mut news = Vec::new();
        self.bytes = 0;
        if !quiet {
            news = self.news();
        }
        if news.is_empty() && !heartbeat {
            return Ok(());
        }
        let packed = self.unpacks && self.is_narrow() && !news.is_empty();
        news.push(wire::tick(moment.seq, moment.at_ms, self.lag.as_millis() as u64));
        self.last_sent = Instant::now();
        self.in_flight = Some((moment.seq, self.last_sent));
        if packed {
            return self.put(Message::Binary(pack(&news).into())).await;
        }
        for text in news {
            in_time(self.out.feed(Message::Text(text.into()))).await?;
        }
        in_time(self.out.flush()).await
    }

    /// Whether the line does not take all that there may be to say, or nothing is known of it yet.
    fn is_narrow(&self) -> bool {
        !self.known || self.allowance < TICK_BYTES.1
    }

    /// What is new, as far as the line can take it: first what waited for longest.
    fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        let mut turns: Vec<_> = self.subs.iter_mut().collect();
        turns.sort_by_key(|(_, held)| held.last);
        for (&id, held) in turns {
            if self.bytes as f64 >= self.allowance {
                break;
            }
            if let Some(text) = held.news(id, &self.app.hub) {
                self.bytes += text.len();
                news.push(text);
            }
        }
        news
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.put(Message::Text(text.into())).await
    }

    async fn put(&mut self, message: Message) -> Result<(), End> {
        in_time(self.out.send(message)).await
    }
}

/// A step of sending, unless it is blocked for too long.
async fn in_time(step: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
    match timeout(SEND_TIMEOUT, step).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(TOO_SLOW, "the client does not read")),
    }
}

/// What a tick may have after one of so many bytes took so long: what would have taken [`TRANSIT`], at most twice of what was
/// allowed. A small tick that came soon says nothing of a larger one, so nothing grows by it.
fn allowance(allowed: f64, bytes: usize, lag: Duration) -> f64 {
    let factor = TRANSIT.div_duration_f64(lag.max(Duration::from_millis(1))).min(2.0);
    let proven = bytes as f64 * factor;
    let next = if factor < 1.0 { proven } else { proven.max(allowed) };
    next.clamp(TICK_BYTES.0, TICK_BYTES.1)
}

impl Held {
    /// The message that brings the client's copy up to date.
    fn news(&mut self, id: u8, hub: &Hub) -> Option<String> {
        if self.last.is_some_and(|last| last.elapsed() < self.least) {
            return None;
        }
        let key = &self.subscription.key;
        let (seq, snapshot, body) = hub.body(key, self.sent)?;
        self.sent = Some(seq);
        self.last = Some(Instant::now());
        Some(wire::state(id, key.topic, snapshot, &body))
    }
}

/// Waits for a moment; for ever, if there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => pending().await,
    }
}

/// Waits until the process is to end.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the sender has gone, and with it the process.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// A client's message; `None` for control frames, which are answered below.
fn parse(message: &Message) -> Result<Option<ClientMessage>, End> {
    match message {
        Message::Text(text) => serde_json::from_str(text)
            .map(Some)
            .map_err(|_| End::Close(VIOLATION, "not a message of the protocol")),
        Message::Binary(_) => Err(End::Close(VIOLATION, "messages are text")),
        Message::Ping(_) | Message::Pong(_) => Ok(None),
        Message::Close(_) => Err(End::Gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of 6250 bytes a second, and one that only takes long.
    #[test]
    fn a_tick_gets_what_the_line_takes_in_a_second() {
        let mut allowed = TICK_BYTES.1;
        for _ in 0..20 {
            let bytes = (allowed as usize).min(40_000);
            allowed = allowance(allowed, bytes, Duration::from_secs_f64(bytes as f64 / 6250.0));
        }
        assert!((6200.0..6300.0).contains(&allowed), "{allowed}");
        assert_eq!(allowance(allowed, 400, Duration::from_millis(64)), allowed, "a small one proves nothing");
        for _ in 0..20 {
            allowed = allowance(allowed, allowed as usize, Duration::from_millis(600));
        }
        assert_eq!(allowed, TICK_BYTES.1, "distance alone takes nothing away");
        assert_eq!(allowance(allowed, 4000, Duration::from_millis(600)), TICK_BYTES.1);
        assert_eq!(allowance(allowed, 10, Duration::from_secs(9)), TICK_BYTES.0, "something is always sent");
    }
}
