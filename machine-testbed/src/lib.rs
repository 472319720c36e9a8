//! Real Docker hosts for tests.
//!
//! A [`Host`] is a container that behaves like a Debian machine: systemd, sshd and, where asked for, an engine of
//! its own, on a network link of its own, ready in about a second. All test processes of a machine share one private
//! engine that runs these containers. It starts with the first [`Bed`] and ends by itself when nobody has used it
//! for a minute. What a killed process left behind is removed by the next one.
//!
//! ```no_run
//! # fn main() -> Result<(), machine_testbed::Error> {
//! use machine_testbed::{Bed, HostKind};
//!
//! let Some(bed) = Bed::or_skip() else { return Ok(()) };
//! let host = bed.host(HostKind::Docker)?;
//! println!("ssh -i {} root@{}", bed.client_key().display(), host.address());
//! assert_eq!(host.exec("systemctl is-active docker")?.trim(), "active");
//! # Ok(())
//! # }
//! ```
//!
//! Everything blocks; call it from a blocking thread where a runtime is in use. It needs Linux, root and the
//! programs of [`PACKAGES`]. Files live in `$MACHINE_TESTBED_CACHE`, else in `machine-testbed` under
//! `$XDG_CACHE_HOME` or `~/.cache`.

mod bed;
mod cache;
mod engine;
mod error;
mod faults;
mod host;
mod image;
mod machine;
mod moto;
mod network;
mod platform;
mod process;
mod proxy;
mod requirements;

pub use bed::{Bed, REQUIRED, Skip};
pub use engine::{shut_down, wipe};
pub use error::{Error, Result};
pub use faults::{DpkgLock, SmallDisk};
pub use host::{Host, Reply};
pub use image::HostKind;
pub use moto::{missing_for_moto, moto};
pub use proxy::Proxy;
pub use requirements::{PACKAGES, has_program, is_root, missing, missing_packages};
