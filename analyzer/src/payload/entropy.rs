//! How evenly byte values occur: Shannon's entropy (1948), of one byte.

/// Bytes of a flow that count: from a few hundred on the entropy of random data is within a hundredth of its limit.
const MOST: u32 = 4096;

/// How often each byte value came among the first 4096.
#[derive(Clone)]
pub struct Histogram {
    counts: [u16; 256],
    seen: u32,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; 256], seen: 0 }
    }
}

impl Histogram {
    /// Counts bytes, as far as there is room.
    pub fn add(&mut self, bytes: &[u8]) {
        let room = (MOST - self.seen) as usize;
        for &byte in bytes.iter().take(room) {
            self.counts[usize::from(byte)] += 1;
        }
        self.seen += bytes.len().min(room) as u32;
    }

    /// Bytes that were counted.
    pub const fn seen(&self) -> u32 {
        self.seen
    }

    /// Entropy as a part of the eight bits that a byte can have, 0 to 1.
    pub fn entropy(&self) -> f64 {
        let share = |count: &u16| f64::from(*count) / f64::from(self.seen);
        let bits = |share: f64| if share > 0.0 { -share * share.log2() } else { 0.0 };
        let sum: f64 =
            if self.seen == 0 { 0.0 } else { self.counts.iter().map(|count| bits(share(count))).sum() };
        sum / 8.0
    }

    /// How many of the bytes are printable ASCII, tabs and line ends, 0 to 1.
    pub fn printable(&self) -> f64 {
        let is_text = |byte: usize| matches!(byte, 0x09 | 0x0a | 0x0d | 0x20..=0x7e);
        let text: u32 = (0..256).filter(|byte| is_text(*byte)).map(|byte| u32::from(self.counts[byte])).sum();
        if self.seen == 0 { 0.0 } else { f64::from(text) / f64::from(self.seen) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_goes_from_one_value_to_all() {
        let of = |bytes: &[u8]| {
            let mut histogram = Histogram::default();
            histogram.add(bytes);
            histogram.entropy()
        };
        let all: Vec<u8> = (0..=255).cycle().take(2560).collect();
        assert_eq!([of(b""), of(&[7; 500]), of(&all)], [0.0, 0.0, 1.0]);
        assert!((of(&[0, 1].repeat(99)) - 0.125).abs() < 1e-12);
    }

    #[test]
    fn only_the_beginning_counts() {
        let mut histogram = Histogram::default();
        histogram.add(&[1; 5000]);
        histogram.add(&[2; 5000]);
        assert_eq!((histogram.seen(), histogram.entropy()), (4096, 0.0));
    }
}
