//! seccomp: the system calls that Wireglobe makes after its start; all others are answered as if the kernel had none of them. There is no
//! execve, no fork, no ptrace, no mount, no new namespace, and no memory that is made executable.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod table;

/// Closes system calls off in all threads; `raw` lets packet sockets be opened (by who has the capability).
///
/// # Errors
/// In words, if the system or this processor has no seccomp.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn close(raw: bool) -> Result<(), String> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let absent = SeccompAction::Errno(libc::ENOSYS as u32);
    let rules = table::rules(raw).map_err(|error| error.to_string())?;
    let filter = SeccompFilter::new(rules, absent, SeccompAction::Allow, arch);
    let program: BpfProgram =
        filter.and_then(TryInto::try_into).map_err(|error: seccompiler::BackendError| error.to_string())?;
    seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())
}

/// There is no table for this processor.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn close(_raw: bool) -> Result<(), String> {
    Err("there is no list of system calls for this processor".to_owned())
}
