//! Sizes over time, exact as long as there are few: every moment has a bucket of its own until there are too many, then
//! buckets are joined two and two. Sums and extremes stay exact; only the times grow coarser, and how coarse is told.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use ahash::RandomState;
use capturer::Timestamp;

/// Buckets of all courses together: some 64 MB.
const MOST: usize = 1 << 20;

/// Courses; what comes under further keys is counted in [`Courses::left_out`].
const MOST_KEYS: usize = 1 << 16;

/// What came in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Sum of the sizes, in bytes.
    pub bytes: u64,
    /// How many packets.
    pub packets: u64,
    /// The smallest, in bytes.
    pub least: u32,
    /// The largest, in bytes.
    pub most: u32,
}

impl Bucket {
    const fn of(size: u32) -> Self {
        Self { bytes: size as u64, packets: 1, least: size, most: size }
    }

    /// Both together.
    pub fn merge(&mut self, further: &Self) {
        self.bytes += further.bytes;
        self.packets += further.packets;
        self.least = self.least.min(further.least);
        self.most = self.most.max(further.most);
    }
}

/// Buckets by the number of their span since the epoch.
pub type Course = BTreeMap<i64, Bucket>;

/// A course for each key, all with spans of the same width.
#[derive(Clone)]
pub struct Courses<K> {
    width: i64,
    courses: HashMap<K, Course, RandomState>,
    buckets: usize,
    left_out: Bucket,
}

impl<K: Copy + Eq + Hash> Courses<K> {
    /// With spans of so many nanoseconds, at least 1, as long as they suffice.
    pub fn new(width: i64) -> Self {
        let left_out = Bucket { bytes: 0, packets: 0, least: 0, most: 0 };
        Self { width: width.max(1), courses: HashMap::default(), buckets: 0, left_out }
    }

    /// Counts a packet.
    pub fn add(&mut self, key: K, at: Timestamp, size: u32) {
        if self.courses.len() >= MOST_KEYS && !self.courses.contains_key(&key) {
            self.left_out.merge(&Bucket::of(size));
            return;
        }
        let span = at.as_nanos().div_euclid(self.width);
        let course = self.courses.entry(key).or_default();
        let before = course.len();
        course.entry(span).and_modify(|bucket| bucket.merge(&Bucket::of(size))).or_insert(Bucket::of(size));
        self.buckets += course.len() - before;
        while self.buckets > MOST {
            self.widen(self.width.saturating_mul(2));
        }
    }

    /// Joins buckets to spans of so many nanoseconds, a multiple of the width.
    pub fn widen(&mut self, width: i64) {
        let by = (width / self.width).max(1);
        if by == 1 {
            return;
        }
        self.width = self.width.saturating_mul(by);
        self.buckets = 0;
        for course in self.courses.values_mut() {
            let mut wide = Course::new();
            for (span, bucket) in std::mem::take(course) {
                wide.entry(span.div_euclid(by)).and_modify(|sum| sum.merge(&bucket)).or_insert(bucket);
            }
            self.buckets += wide.len();
            *course = wide;
        }
    }

    /// How wide spans are, in nanoseconds.
    pub const fn width(&self) -> i64 {
        self.width
    }

    /// Every course with its key, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &Course)> {
        self.courses.iter().map(|(key, course)| (*key, course))
    }

    /// What came under keys beyond the cap.
    pub const fn left_out(&self) -> &Bucket {
        &self.left_out
    }

    /// Takes another's courses, of other packets, in.
    pub fn merge(&mut self, mut further: Self) {
        let width = self.width.max(further.width);
        // Widths are the first one times powers of two, so the wider is a multiple of the narrower.
        self.widen(width);
        further.widen(width);
        self.left_out.merge(&further.left_out);
        for (key, course) in further.courses {
            let mine = self.courses.entry(key).or_default();
            let before = mine.len();
            for (span, bucket) in course {
                mine.entry(span).and_modify(|sum| sum.merge(&bucket)).or_insert(bucket);
            }
            self.buckets += mine.len() - before;
        }
        while self.buckets > MOST {
            self.widen(self.width.saturating_mul(2));
        }
    }
}
