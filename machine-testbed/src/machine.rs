//! The container that plays a machine.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bed::Bed;
use crate::error::{Error, Result};
use crate::network::Link;
use crate::platform::set_mode;
use crate::process::run;

/// What makes a container boot systemd and run an engine of its own. `--privileged` would ask for capabilities that
/// a test bed within a container or sandbox does not have itself.
const OPTIONS: &[&str] = &[
    "--device-cgroup-rule=a *:* rwm",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--security-opt=systempaths=unconfined",
    "--cgroupns=private",
    "--network=none",
    "--tmpfs=/run",
    "--tmpfs=/run/lock",
    "--tmpfs=/tmp:exec",
    // An overlay cannot lie on an overlay.
    "--volume=/var/lib/docker",
    "--stop-signal=SIGRTMIN+3",
    "--env=container=docker",
];

/// Bits of the capability sets, in the kernel's order. Those after the last are unknown to older engines.
const CAPABILITIES: &[&str] = &[
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
];

#[derive(Debug)]
pub(crate) struct Machine {
    bed: &'static Bed,
    container: String,
    pub(crate) link: Link,
}

impl Machine {
    /// Makes the container and does not start it.
    pub(crate) fn create(
        bed: &'static Bed,
        container: String,
        link: Link,
        image: &str,
        seed: &Path,
    ) -> Result<Self> {
        let machine = Self { bed, container, link };
        run(bed
            .engine
            .docker()
            .args(["create", "--name", &machine.container])
            .arg(format!("--label=owner={}", bed.owner.name))
            .args(OPTIONS)
            .args(capabilities()?)
            .arg(format!("--volume={}:/mnt/seed:ro", seed.display()))
            .args([image, "/usr/local/sbin/testbed-init"]))?;
        Ok(machine)
    }

    /// Starts and connects it.
    pub(crate) fn start(&self) -> Result<()> {
        self.docker(&["start"])?;
        let process = self.inspect("{{.State.Pid}}")?;
        self.link.attach(process.trim()).map_err(|error| {
            let log = self.docker(&["logs"]).unwrap_or_default();
            Error::wrap(format!("cannot connect the host; it said: {log}"), error)
        })
    }

    /// Waits for its end and gives back the exit status; `None` once it is removed.
    pub(crate) fn wait(&self) -> Option<String> {
        self.docker(&["wait"]).ok().map(|status| status.trim().to_owned())
    }

    pub(crate) fn inspect(&self, format: &str) -> Result<String> {
        self.docker(&["inspect", "--format", format])
    }

    /// One command of the engine's client, with the container as last argument.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Result<String> {
        run(self.bed.engine.docker().args(arguments).arg(&self.container))
    }

    /// A command that runs a shell script in it.
    pub(crate) fn inside(&self, script: &str) -> Command {
        let mut command = self.bed.engine.docker();
        command.args(["exec", "--interactive", &self.container, "/bin/sh", "-c", script]);
        command
    }
}

/// Every capability that this process may hand on.
fn capabilities() -> Result<Vec<String>> {
    let status = fs::read_to_string("/proc/self/status")
        .map_err(Error::doing("cannot read this process's capabilities"))?;
    let bounding = status
        .lines()
        .find_map(|line| line.strip_prefix("CapBnd:"))
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .ok_or_else(|| Error::new("the kernel lists no capabilities"))?;
    let held = CAPABILITIES.iter().enumerate().filter(|(bit, _)| bounding >> bit & 1 == 1);
    Ok(held.map(|(_, name)| format!("--cap-add={name}")).collect())
}

/// Writes what is laid over the image at the first boot.
pub(crate) fn write_seed(seed: &Path, name: &str, public_key: &str) -> Result<()> {
    let write = || {
        for (home, owner) in [("root", 0), ("home/deploy", 1000), ("home/guest", 1001)] {
            let folder = seed.join(home).join(".ssh");
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("authorized_keys"), public_key)?;
            set_mode(&folder.join("authorized_keys"), 0o600)?;
            set_mode(&folder, 0o700)?;
            set_mode(&seed.join(home), 0o700)?;
            for path in [seed.join(home), folder.clone(), folder.join("authorized_keys")] {
                crate::platform::give(&path, owner)?;
            }
        }
        let etc = seed.join("etc");
        fs::create_dir_all(etc.join("ssh"))?;
        fs::write(etc.join("hostname"), format!("{name}\n"))?;
        fs::write(
            etc.join("hosts"),
            format!("127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n::1\tlocalhost\n"),
        )?;
        fs::write(etc.join("resolv.conf"), "")?;
        set_mode(seed, 0o755)
    };
    write().map_err(Error::doing("cannot write the host's own files"))?;
    run(Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", &format!("root@{name}"), "-f"])
        .arg(seed.join("etc/ssh/ssh_host_ed25519_key")))?;
    Ok(())
}
