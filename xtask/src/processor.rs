//! Processor time: of this thread, of a process, of the children that have ended.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

/// What this thread has used, to the nanosecond.
pub(crate) fn of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// What a process has used, all its threads, in ticks of 10 ms (proc(5), fields 14 and 15 of `stat`).
pub(crate) fn of_process(id: u32) -> Result<Duration> {
    Ok(ticks(&fs::read_to_string(format!("/proc/{id}/stat"))?, 11))
}

/// What a thread or process has used, by its directory in `/proc`, to the nanosecond (`schedstat`).
pub(crate) fn of_task(directory: &str) -> Result<Duration> {
    let path = format!("{directory}/schedstat");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
    Ok(Duration::from_nanos(nanoseconds.context(path)?))
}

/// What the children have used that have ended, in ticks of 10 ms (proc(5), fields 16 and 17 of `stat`).
pub(crate) fn of_children() -> Duration {
    ticks(&fs::read_to_string("/proc/self/stat").unwrap_or_default(), 13)
}

/// The sum of two fields; `skip` fields after the name, which alone may hold blanks.
fn ticks(stat: &str, skip: usize) -> Duration {
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(skip).take(2);
    Duration::from_millis(ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_a_name_with_blanks_and_brackets() {
        let stat = "42 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 7 5 30 20 20 0";
        assert_eq!(ticks(stat, 11), Duration::from_millis(120));
        assert_eq!(ticks(stat, 13), Duration::from_millis(500));
    }
}
