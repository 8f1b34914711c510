//! HyperLogLog: how many different things were seen, in a few registers and with a known error.
//!
//! Flajolet, Fusy, Gandouet, Meunier: "HyperLogLog", AofA 2007, for the registers. The estimator is Ertl's ("New
//! cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6): without the bias tables and the
//! switch between ranges that the corrections of 2013 (Heule, Nunkesser, Hall) need, and as good. Hashes are 32 bits,
//! which is plenty below a hundred million things.

/// Takes a hash; `true` if that changed a register, which only a new one does. `registers` are a power of two in number, one byte each.
#[inline]
pub fn add(registers: &mut [u8], hash: u32) -> bool {
    let precision = registers.len().trailing_zeros();
    let index = (hash >> (32 - precision)) as usize;
    let rank = ((hash << precision).leading_zeros() + 1).min(33 - precision) as u8;
    let Some(register) = registers.get_mut(index) else { return false };
    let changes = rank > *register;
    *register = (*register).max(rank);
    changes
}

/// How likely a new hash changes a register. Each that did stands for the inverse of what this was before (Ting, "Streamed approximate
/// counting of distinct elements", KDD 2014).
pub fn chance(registers: &[u8]) -> f64 {
    let sum: f64 = registers.iter().map(|&register| (-f64::from(register)).exp2()).sum();
    sum / registers.len() as f64
}

/// How many different hashes were taken, about; see [`relative_error`].
pub fn estimate(registers: &[u8]) -> f64 {
    let of = registers.len() as f64;
    let most = 32 - registers.len().trailing_zeros() as usize;
    let mut histogram = [0u32; 34];
    for &register in registers {
        histogram[usize::from(register).min(33)] += 1;
    }
    let mut z = of * tau(1.0 - f64::from(histogram[most + 1]) / of);
    for &count in histogram[1..=most].iter().rev() {
        z = 0.5 * (z + f64::from(count));
    }
    z += of * sigma(f64::from(histogram[0]) / of);
    of * of / (2.0 * std::f64::consts::LN_2 * z)
}

/// The standard error of an estimate by so many registers, as a share of it: two thirds of estimates are within it, 95 in
/// a hundred within twice as much.
pub fn relative_error(registers: usize) -> f64 {
    1.04 / (registers as f64).sqrt()
}

/// Corrects for registers that nothing met.
fn sigma(mut x: f64) -> f64 {
    let (mut y, mut z) = (1.0, x);
    while x < 1.0 {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
    f64::INFINITY
}

/// Corrects for registers that can grow no further.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use ahash::RandomState;

    use super::*;

    fn count(registers: usize, different: u32, seed: u64) -> f64 {
        let mut sketch = vec![0; registers];
        let hasher = RandomState::with_seeds(seed, 2, 3, 4);
        for n in 0..different {
            (0..1 + n % 3).for_each(|_| {
                add(&mut sketch, hasher.hash_one(n) as u32);
            });
        }
        estimate(&sketch)
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(estimate(&[0; 1024]), 0.0);
    }

    #[test]
    fn one_estimate_in_many_is_further_off_than_three_standard_errors() {
        for registers in [128, 1024] {
            for different in [33, 100, 1000, 10_000, 300_000] {
                let errors: Vec<f64> = (0..20)
                    .map(|seed| count(registers, different, seed) / f64::from(different) - 1.0)
                    .collect();
                let bound = relative_error(registers);
                assert!(errors.iter().filter(|error| error.abs() > 3.0 * bound).count() <= 1, "{errors:?}");
                let mean = errors.iter().sum::<f64>() / errors.len() as f64;
                assert!(mean.abs() < bound, "biased at {different}: {mean}");
            }
        }
    }
}
