//! What must be on the machine.

use std::env;
use std::path::{Path, PathBuf};

use crate::platform;

/// The Debian packages that bring every program the test bed runs.
pub const PACKAGES: &[&str] = &[
    "busybox-static",
    "docker.io",
    "iproute2",
    "mmdebstrap",
    "openssh-client",
    "tar",
    "util-linux",
];

const PROGRAMS: &[(&str, &str)] = &[
    ("docker", "docker.io"),
    ("dockerd", "docker.io"),
    ("flock", "util-linux"),
    ("ip", "iproute2"),
    ("mmdebstrap", "mmdebstrap"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("tar", "tar"),
];

/// Why hosts cannot run here, in words for a person; `None` when they can.
#[must_use]
pub fn missing() -> Option<String> {
    if !platform::is_linux() {
        return Some("hosts for tests need Linux".to_owned());
    }
    if !is_root() {
        return Some("hosts for tests need root".to_owned());
    }
    let packages = missing_packages();
    match packages.is_empty() {
        true => None,
        false => Some(format!("programs are missing: apt-get install {}", packages.join(" "))),
    }
}

/// Which of [`PACKAGES`] must still be installed; none where the programs came another way.
#[must_use]
pub fn missing_packages() -> Vec<&'static str> {
    let mut packages: Vec<&str> =
        PROGRAMS.iter().filter(|(name, _)| !has_program(name)).map(|(_, from)| *from).collect();
    // The dynamic busybox has the same path; only the package tells them apart.
    if !Path::new("/usr/share/doc/busybox-static").exists() {
        packages.push("busybox-static");
    }
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Whether this process is root's.
#[must_use]
pub fn is_root() -> bool {
    platform::is_root()
}

/// Whether a program of this name is installed.
#[must_use]
pub fn has_program(name: &str) -> bool {
    program(name).is_some()
}

/// Where a program is: in `PATH`, or where Debian keeps those for root.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
