//! A command run to its end: how long it took, what it used, what it said.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::processor;

/// What a run took and said.
pub(crate) struct Measured {
    /// From start to end.
    pub(crate) time: Duration,
    /// User and system time of all its threads and of children it waited for, in steps of 10 ms.
    pub(crate) processor: Duration,
    /// The most that was resident, as seen every 2 ms.
    pub(crate) kilobytes: u64,
    /// What it wrote to standard output, if the command's output is piped.
    pub(crate) output: Vec<u8>,
}

/// Runs it, with nothing to read; fails if it fails. One at a time: processor time is that of all children.
pub(crate) fn measure(command: &mut Command) -> Result<Measured> {
    let name = command.get_program().display().to_string();
    let (began, processor) = (Instant::now(), processor::of_children());
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped());
    let child = child.spawn().with_context(|| format!("cannot start {name}"))?;
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || most_memory(Path::new(&status)));
    let output = child.wait_with_output()?;
    let time = began.elapsed();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint = complaint.lines().last().unwrap_or_default();
    ensure!(output.status.success(), "{name}: {}: {complaint}", output.status);
    let kilobytes = watch.join().unwrap_or_default();
    let processor = processor::of_children().saturating_sub(processor);
    Ok(Measured { time, processor, kilobytes, output: output.stdout })
}

/// The high-water mark as long as the process is there.
fn most_memory(status: &Path) -> u64 {
    let mut most = 0;
    while let Some(kilobytes) = memory(status, "VmHWM:") {
        most = kilobytes;
        std::thread::sleep(Duration::from_millis(2));
    }
    most
}

/// A line of a process's `status` (proc_pid_status(5)), kB: `VmRSS:` is what is resident, `VmHWM:` the most that was.
pub(crate) fn memory(status: &Path, line: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    text.lines().find_map(|found| found.strip_prefix(line))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_measured_and_a_failing_one_is_an_error() -> Result<()> {
        let script = "head -c 50000000 /dev/zero | tr '\\0' x > /dev/null; echo done; sleep 0.05";
        let run = measure(Command::new("sh").args(["-c", script]).stdout(Stdio::piped()))?;
        assert_eq!(run.output, b"done\n");
        assert!(run.kilobytes > 0 && run.time >= Duration::from_millis(50), "{} kB", run.kilobytes);
        let failed = measure(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).map(|_| ());
        assert!(failed.is_err_and(|error| error.to_string() == "sh: exit status: 3: why"));
        Ok(())
    }
}
