//! Store, certificates, SSH, provisioning and life cycle of machines that run Docker.
#[cfg(feature = "full")]
mod platform;
mod progress;
#[cfg(feature = "full")]
mod ssh;

pub use progress::{Progress, ProgressSink};
#[cfg(feature = "full")]
pub use ssh::{
    ACCEPT_HOST_KEY, Patience, Reply, Session, Target, accepts_host_key, command as ssh_command,
};
