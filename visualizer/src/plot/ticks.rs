//! Where ticks stand: multiples of 1, 2 or 5 on axes of numbers, of what clocks divide by on axes of time.

use jiff::tz::TimeZone;

/// Ticks of an axis, and how many digits behind the point they need.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    pub(super) at: Vec<f64>,
    pub(super) digits: usize,
}

/// Round numbers within a span, about `wanted` of them.
pub(super) fn numbers(least: f64, most: f64, wanted: usize) -> Ticks {
    let rough = (most - least) / wanted.max(1) as f64;
    if !rough.is_finite() || rough <= 0.0 {
        return Ticks { at: vec![least], digits: 0 };
    }
    let power = rough.log10().floor();
    let unit = 10f64.powf(power);
    let step =
        unit * [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * unit >= rough * 0.999).unwrap_or(10.0);
    let digits = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    Ticks { at: every(least, most, step), digits }
}

/// Multiples of a step within a span.
fn every(least: f64, most: f64, step: f64) -> Vec<f64> {
    let (first, last) = ((least / step - 1e-9).ceil() as i64, (most / step + 1e-9).floor() as i64);
    (first..=last).map(|index| index as f64 * step).collect()
}

/// Steps of clocks and calendars from a second on, in seconds.
const CLOCK: [f64; 20] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
    21_600.0, 43_200.0, 86_400.0, 172_800.0, 604_800.0,
];

/// Moments in UTC within a span of seconds since the epoch, each with its label.
pub(super) fn moments(from: f64, to: f64, wanted: usize) -> Vec<(f64, String)> {
    let rough = (to - from) / wanted.max(1) as f64;
    if rough < 1.0 {
        let ticks = numbers(from, to, wanted);
        return ticks.at.iter().map(|&at| (at, below_a_second(at, ticks.digits))).collect();
    }
    let Some(step) = CLOCK.into_iter().find(|step| *step >= rough * 0.999) else {
        // Weeks and months: so many whole weeks.
        let step = (rough / 604_800.0).ceil() * 604_800.0;
        return every(from, to, step).into_iter().map(|at| (at, clock(at, "%m-%d"))).collect();
    };
    let format = match step {
        step if step < 60.0 => "%H:%M:%S",
        step if step < 86_400.0 => "%H:%M",
        _ => "%m-%d",
    };
    every(from, to, step).into_iter().map(|at| (at, clock(at, format))).collect()
}

fn below_a_second(at: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", at.rem_euclid(1.0));
    // What rounds up to a whole second is that second.
    let carried = text.starts_with('1');
    let whole = clock(at.floor() + f64::from(u8::from(carried)), "%H:%M:%S");
    format!("{whole}{}", &text[1..])
}

/// A moment in UTC.
pub(super) fn clock(at: f64, format: &str) -> String {
    let moment = jiff::Timestamp::from_second(at as i64).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(numbers(0.0, 97.0, 5), Ticks { at: vec![0.0, 20.0, 40.0, 60.0, 80.0], digits: 0 });
        assert_eq!(
            numbers(0.0, 0.3, 3),
            Ticks { at: vec![0.0, 0.1, 0.2, 0.300_000_000_000_000_04], digits: 1 }
        );
        assert_eq!(numbers(5.0, 5.0, 4).at, [5.0]);
        assert!(numbers(f64::NAN, 1.0, 4).at.len() == 1);
    }

    #[test]
    fn clocks_tick_as_clocks_do() {
        let day: Vec<String> = moments(0.0, 86_400.0, 6).into_iter().map(|(_, label)| label).collect();
        assert_eq!(day, ["00:00", "06:00", "12:00", "18:00", "00:00"]);
        assert_eq!(moments(1_767_225_600.0, 1_767_225_600.4, 4)[1].1, "00:00:00.1");
    }
}
