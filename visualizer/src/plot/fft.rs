//! The discrete Fourier transform of a series of sizes: which rhythms traffic has. Radix 2, in place (Cooley and Tukey,
//! 1965); a library would bring more code than the thirty lines here.

use std::f64::consts::TAU;

/// A complex number: real and imaginary part.
pub(crate) type Complex = (f64, f64);

/// The transform of real values, whose number is rounded up to a power of two by zeros: one number for each frequency from
/// zero to half the sampling rate, not divided by how many there are.
pub(crate) fn transform(values: &[f64]) -> Vec<Complex> {
    let count = values.len().next_power_of_two();
    let mut numbers: Vec<Complex> = values.iter().map(|&value| (value, 0.0)).collect();
    numbers.resize(count, (0.0, 0.0));
    reorder(&mut numbers);
    let mut size = 2;
    while size <= count {
        for block in numbers.chunks_mut(size) {
            combine(block);
        }
        size *= 2;
    }
    numbers.truncate(count / 2 + 1);
    numbers
}

/// Puts each number where the reversed bits of its place say.
fn reorder(numbers: &mut [Complex]) {
    let bits = numbers.len().trailing_zeros();
    for place in 0..numbers.len() {
        let other = if bits == 0 { place } else { place.reverse_bits() >> (usize::BITS - bits) };
        if place < other {
            numbers.swap(place, other);
        }
    }
}

/// Two transforms of half the size become one.
fn combine(block: &mut [Complex]) {
    let half = block.len() / 2;
    let (even, odd) = block.split_at_mut(half);
    for (place, (a, b)) in even.iter_mut().zip(odd).enumerate() {
        let (sin, cos) = (-TAU * place as f64 / (2 * half) as f64).sin_cos();
        let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
        *b = (a.0 - turned.0, a.1 - turned.1);
        *a = (a.0 + turned.0, a.1 + turned.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition.
    fn slow(values: &[f64], frequency: usize) -> Complex {
        values.iter().enumerate().fold((0.0, 0.0), |sum, (at, value)| {
            let (sin, cos) = (-TAU * (frequency * at) as f64 / values.len() as f64).sin_cos();
            (sum.0 + value * cos, sum.1 + value * sin)
        })
    }

    #[test]
    fn it_is_the_sum_that_the_definition_asks_for() {
        let values: Vec<f64> = (0..64u32).map(|n| f64::from(n * n * 7 % 31)).collect();
        let found = transform(&values);
        assert_eq!(found.len(), 33);
        for (frequency, (real, imaginary)) in found.into_iter().enumerate() {
            let (a, b) = slow(&values, frequency);
            assert!((real - a).abs() < 1e-6 && (imaginary - b).abs() < 1e-6, "{frequency}");
        }
    }

    #[test]
    fn a_rhythm_stands_out_at_its_frequency() {
        let wave: Vec<f64> = (0..128).map(|n| (TAU * 5.0 * f64::from(n) / 128.0).sin()).collect();
        let found = transform(&wave);
        let strongest = (0..found.len()).max_by(|&a, &b| found[a].1.abs().total_cmp(&found[b].1.abs()));
        assert_eq!(strongest, Some(5));
        assert_eq!(transform(&[3.0]), [(3.0, 0.0)]);
        assert_eq!(transform(&[]).len(), 1);
    }
}
