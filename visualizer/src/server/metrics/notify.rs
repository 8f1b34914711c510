//! The channels of `[[notify]]`, if there are any: their names are settings, so they are few and none comes from the wire.

use prometheus_client::registry::Registry;

use super::samples::{Label, Samples};
use crate::notify::Notify;

type Labels = Vec<Label<String>>;

/// Adds the families of the channels.
pub(super) fn register(registry: &mut Registry, notify: &Notify) {
    let messages = "Messages of a channel, by what became of them; retried counts tries";
    registry.register("wireglobe_notify_messages", messages, Samples::Counters(messages_of(notify)));
    let notices = "Alerts and faults that a channel told in a sum only, or had no room for";
    registry.register("wireglobe_notify_notices", notices, Samples::Counters(notices_of(notify)));
    let up = "1 unless the last message of a channel was given up";
    registry.register("wireglobe_notify_up", up, Samples::Gauges(up_of(notify)));
    let missed = "Alerts that were stored too many at once to be told to anybody";
    registry.register("wireglobe_notify_missed", missed, Samples::counter(notify.missed()));
}

fn labels(channel: &str, fate: &str) -> Labels {
    vec![("channel", channel.to_owned()), ("fate", fate.to_owned())]
}

fn messages_of(notify: &Notify) -> Vec<(Labels, u64)> {
    let of = |(name, account): (&str, &crate::notify::Account)| {
        let figures = account.figures();
        let fates = [("sent", figures.sent), ("failed", figures.failed), ("retried", figures.retried)];
        fates.map(|(fate, count)| (labels(name, fate), count))
    };
    notify.accounts().flat_map(of).collect()
}

fn notices_of(notify: &Notify) -> Vec<(Labels, u64)> {
    let of = |(name, account): (&str, &crate::notify::Account)| {
        let fates = [("digested", account.figures().digested), ("dropped", account.dropped())];
        fates.map(|(fate, count)| (labels(name, fate), count))
    };
    notify.accounts().flat_map(of).collect()
}

fn up_of(notify: &Notify) -> Vec<(Labels, f64)> {
    let of = |(name, account): (&str, &crate::notify::Account)| {
        (vec![("channel", name.to_owned())], f64::from(u8::from(account.fault().is_none())))
    };
    notify.accounts().map(of).collect()
}
