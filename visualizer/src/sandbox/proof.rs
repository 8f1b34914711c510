//! What holds for each thread, as the kernel says it in `/proc/self/task/*/status` (proc_pid_status(5)).

use std::fs;

/// CAP_NET_RAW and CAP_DAC_READ_SEARCH as bits of `CapEff`.
const NET_RAW: u64 = 1 << 13;
const READ_SEARCH: u64 = 1 << 2;

/// What threads may have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct May {
    /// CAP_NET_RAW, the capture thread alone.
    pub(super) raw: bool,
    /// CAP_DAC_READ_SEARCH, each of them.
    pub(super) read: bool,
    /// Every system call.
    pub(super) call: bool,
}

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Thread {
    pub(super) name: String,
    /// The effective user.
    pub(super) uid: u32,
    /// Whether any of its users is root.
    is_root: bool,
    /// Effective and permitted ones together.
    pub(super) capabilities: u64,
    pub(super) no_new_privs: bool,
    pub(super) seccomp: bool,
}

impl Thread {
    fn read(status: &str) -> Option<Self> {
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let bits = |name| u64::from_str_radix(field(name)?, 16).ok();
        let users: Vec<u32> = field("Uid:")?.split_whitespace().filter_map(|id| id.parse().ok()).collect();
        Some(Self {
            name: field("Name:")?.to_owned(),
            uid: *users.get(1)?,
            is_root: users.contains(&0),
            capabilities: bits("CapEff:")? | bits("CapPrm:")?,
            no_new_privs: field("NoNewPrivs:")? == "1",
            // 2 is a filter; a kernel without seccomp has no such line.
            seccomp: field("Seccomp:") == Some("2"),
        })
    }

    /// Whether it may open packet sockets.
    pub(super) const fn has_raw(&self) -> bool {
        self.capabilities & NET_RAW != 0
    }

    /// What it has that it should not have, or lacks.
    pub(super) fn fault(&self, may: May) -> Option<String> {
        let name = &self.name;
        let raw = if may.raw && name == "capture" { NET_RAW } else { 0 };
        let allowed = raw | if may.read { READ_SEARCH } else { 0 };
        if self.is_root {
            Some(format!("thread {name} is still root"))
        } else if self.capabilities & !allowed != 0 {
            Some(format!("thread {name} has the capabilities {:x}", self.capabilities))
        } else if !self.no_new_privs {
            Some(format!("thread {name} could gain privileges"))
        } else if !may.call && !self.seccomp {
            Some(format!("thread {name} may call everything"))
        } else {
            None
        }
    }
}

/// Every thread of this process; `None` where they can't be read.
pub(super) fn threads() -> Option<Vec<Thread>> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let mut threads = Vec::new();
    for task in tasks.flatten() {
        // A thread that has just ended has none.
        let Ok(status) = fs::read_to_string(task.path().join("status")) else { continue };
        threads.push(Thread::read(&status)?);
    }
    (!threads.is_empty()).then_some(threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &str, uid: u32, capabilities: &str, no_new_privs: u8, seccomp: u8) -> Thread {
        let text = format!(
            "Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nCapPrm:\t{capabilities}\nCapEff:\t{capabilities}\n\
             NoNewPrivs:\t{no_new_privs}\nSeccomp:\t{seccomp}\n"
        );
        Thread::read(&text).unwrap()
    }

    #[test]
    fn a_thread_with_too_much_is_told() {
        let (none, raw, more) = ("0000000000000000", "0000000000002000", "0000000000003000");
        let reads = "0000000000000004";
        let is_fault = |thread: Thread, raw| thread.fault(May { raw, ..May::default() }).is_some();
        assert!(!is_fault(status("web", 99, none, 1, 2), true));
        assert!(!is_fault(status("capture", 99, raw, 1, 2), true));
        for (thread, kept) in [
            (status("capture", 99, raw, 1, 2), false),
            (status("capture", 99, more, 1, 2), true),
            (status("web", 99, raw, 1, 2), true),
            (status("web", 0, none, 1, 2), true),
            (status("web", 99, none, 0, 2), true),
            (status("web", 99, none, 1, 0), true),
            (status("web", 99, reads, 1, 2), true),
        ] {
            assert!(is_fault(thread.clone(), kept), "{thread:?}");
        }
        let may = |read, call| May { raw: true, read, call };
        assert_eq!(status("web", 99, none, 1, 0).fault(may(false, true)), None);
        assert_eq!(status("web", 99, reads, 1, 2).fault(may(true, false)), None);
        assert!(status("web", 99, raw, 1, 2).fault(may(true, false)).is_some());
        assert_eq!(Thread::read("Name:\tx\n"), None);
    }
}
