//! Which system calls, and with which arguments where that matters.

use std::collections::BTreeMap;

use libc::{
    AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, CLONE_THREAD, PR_GET_NAME, PR_SET_NAME, PROT_EXEC,
    TIOCLINUX, TIOCSTI,
};
use seccompiler::{
    BackendError, SeccompCmpArgLen as Length, SeccompCmpOp as Is, SeccompCondition as Condition,
    SeccompRule as Rule,
};

/// glibc and std name their memory for those who look at it (`PR_SET_VMA` of prctl(2)).
const PR_SET_VMA: i32 = 0x5356_4d41;

/// Calls that any arguments may have.
const PLAIN: &[i64] = &[
    // What is open.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    // Files and folders; Landlock says which.
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_mkdirat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_utimensat,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_umask,
    // Memory.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_msync,
    libc::SYS_mincore,
    libc::SYS_brk,
    // Threads and signals.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time and waiting.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // Sockets.
    libc::SYS_socketpair,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_accept4,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    // Who and what we are.
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrusage,
    libc::SYS_prlimit64,
    libc::SYS_capget,
];

/// The older forms that some C libraries still use.
#[cfg(target_arch = "x86_64")]
const OLDER: &[i64] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_chmod,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_wait,
    libc::SYS_time,
    libc::SYS_getrlimit,
];

#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[i64] = &[];

/// Each call with the arguments it may have; none: any.
pub(super) fn rules(raw: bool) -> Result<BTreeMap<i64, Vec<Rule>>, BackendError> {
    let plain = PLAIN.iter().chain(OLDER).map(|call| (*call, Vec::new()));
    let mut rules: BTreeMap<i64, Vec<Rule>> = plain.collect();
    rules.insert(libc::SYS_mmap, vec![never(2, PROT_EXEC)?]);
    rules.insert(libc::SYS_mprotect, vec![never(2, PROT_EXEC)?]);
    // A thread, not a process. clone3 can't be looked into, so there is none; C libraries go on with clone.
    let threads = Condition::new(0, Length::Qword, Is::MaskedEq(CLONE_THREAD as u64), CLONE_THREAD as u64)?;
    rules.insert(libc::SYS_clone, vec![Rule::new(vec![threads])?]);
    let families = [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].into_iter().chain(raw.then_some(AF_PACKET));
    rules.insert(libc::SYS_socket, families.map(|family| equal(0, family)).collect::<Result<_, _>>()?);
    let names = [PR_SET_NAME, PR_GET_NAME, PR_SET_VMA].into_iter();
    rules.insert(libc::SYS_prctl, names.map(|option| equal(0, option)).collect::<Result<_, _>>()?);
    // Nothing is typed into somebody's terminal.
    let other = |request| Condition::new(1, Length::Dword, Is::Ne, request);
    rules.insert(libc::SYS_ioctl, vec![Rule::new(vec![other(TIOCSTI)?, other(TIOCLINUX)?])?]);
    Ok(rules)
}

fn equal(argument: u8, value: i32) -> Result<Rule, BackendError> {
    Rule::new(vec![Condition::new(argument, Length::Dword, Is::Eq, u64::from(value.cast_unsigned()))?])
}

/// Without these bits.
fn never(argument: u8, bits: i32) -> Result<Rule, BackendError> {
    let mask = u64::from(bits.cast_unsigned());
    Rule::new(vec![Condition::new(argument, Length::Dword, Is::MaskedEq(mask), 0)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_taken_over_process_would_want_is_not_there() {
        let rules = rules(true).unwrap();
        for call in [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_clone3,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_io_uring_setup,
            libc::SYS_init_module,
            libc::SYS_kexec_load,
            libc::SYS_keyctl,
            libc::SYS_userfaultfd,
            libc::SYS_memfd_create,
            libc::SYS_setuid,
            libc::SYS_setresuid,
            libc::SYS_capset,
            libc::SYS_listen,
            libc::SYS_kill,
        ] {
            assert!(!rules.contains_key(&call), "{call}");
        }
        let sockets = |raw| super::rules(raw).unwrap()[&libc::SYS_socket].len();
        assert_eq!((sockets(false), sockets(true)), (4, 5));
    }
}
