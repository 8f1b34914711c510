//! The samples of one family, in a fixed order.

use std::fmt;

use prometheus_client::encoding::{
    EncodeLabelSet, EncodeLabelValue, EncodeMetric, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;

/// A label's name and value. For our own families the value is a word of the program, never one from the wire.
pub(super) type Label<V> = (&'static str, V);

/// Counters or gauges, each with its labels.
#[derive(Debug)]
pub(super) enum Samples<V = &'static str> {
    /// Whole numbers that only rise.
    Counters(Vec<(Vec<Label<V>>, u64)>),
    /// What rises and falls.
    Gauges(Vec<(Vec<Label<V>>, f64)>),
}

impl Samples {
    /// One counter without labels.
    pub(super) fn counter(value: u64) -> Self {
        Self::Counters(vec![(Vec::new(), value)])
    }

    /// One gauge without labels.
    pub(super) fn gauge(value: f64) -> Self {
        Self::Gauges(vec![(Vec::new(), value)])
    }

    /// A counter for each value of a label.
    pub(super) fn counters(
        label: &'static str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> Self {
        Self::Counters(values.into_iter().map(|(value, n)| (vec![(label, value)], n)).collect())
    }

    /// A gauge for each value of a label.
    pub(super) fn gauges(label: &'static str, values: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        Self::Gauges(values.into_iter().map(|(value, n)| (vec![(label, value)], n)).collect())
    }
}

impl<V: EncodeLabelValue + fmt::Debug> EncodeMetric for Samples<V>
where
    Vec<Label<V>>: EncodeLabelSet,
{
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Counters(samples) => samples.iter().try_for_each(|(labels, value)| {
                if labels.is_empty() {
                    return encoder.encode_counter::<NoLabelSet, _, u64>(value, None);
                }
                encoder.encode_family(labels)?.encode_counter::<NoLabelSet, _, u64>(value, None)
            }),
            Self::Gauges(samples) => samples.iter().try_for_each(|(labels, value)| {
                if labels.is_empty() {
                    return encoder.encode_gauge(value);
                }
                encoder.encode_family(labels)?.encode_gauge(value)
            }),
        }
    }

    fn metric_type(&self) -> MetricType {
        match self {
            Self::Counters(_) => MetricType::Counter,
            Self::Gauges(_) => MetricType::Gauge,
        }
    }
}
