//! Two network namespaces with a pair of virtual interfaces between them, gone when dropped.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The interface that captures, in [`Lab::receiving`].
pub(crate) const CAPTURING: &str = "cap";

/// Nobody has this address, so nobody answers, and the receiving machine passes over its frames.
pub(crate) const TARGET: &str = "10.77.0.99";

/// Batches of datagrams are cut into frames before the interface, not behind it (ip-link(8), `gso_max_segs`).
const SENDER: [&str; 5] = [
    "link set gen gso_max_segs 1",
    "addr add 10.77.0.2/24 dev gen",
    "link set gen up",
    "neigh add 10.77.0.99 lladdr 02:00:00:00:00:99 dev gen",
    "route add default via 10.77.0.99",
];

/// The namespaces' names.
pub(crate) struct Lab {
    pub(crate) receiving: String,
    pub(crate) sending: String,
}

impl Lab {
    /// Makes the namespaces; IPv6 is off, so that nothing speaks unasked.
    pub(crate) fn new() -> Result<Self> {
        let name = |side| format!("wireglobe-bench-{}-{side}", std::process::id());
        let lab = Self { receiving: name("a"), sending: name("b") };
        for namespace in [&lab.receiving, &lab.sending] {
            ip(&format!("netns add {namespace}"))?;
            let off = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done";
            ensure!(lab.inside(namespace, "sh").args(["-c", off]).status()?.success(), "IPv6 stays on");
        }
        let Self { receiving, sending } = &lab;
        ip(&format!("link add {CAPTURING} netns {receiving} type veth peer name gen netns {sending}"))?;
        ip(&format!("-n {receiving} link set {CAPTURING} up"))?;
        ip(&format!("-n {receiving} link set lo up"))?;
        SENDER.iter().try_for_each(|line| ip(&format!("-n {sending} {line}")))?;
        Ok(lab)
    }

    /// A program inside one of the namespaces.
    pub(crate) fn inside(&self, namespace: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, program]);
        command
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in [&self.receiving, &self.sending] {
            let _ = Command::new("ip").args(["netns", "del", namespace]).stderr(Stdio::null()).status();
        }
    }
}

fn ip(arguments: &str) -> Result<()> {
    let status = Command::new("ip").args(arguments.split(' ')).status().context("running ip")?;
    ensure!(status.success(), "ip {arguments}: {status}");
    Ok(())
}
