//! Store, certificates, SSH, provisioning and life cycle of machines that run Docker.
mod clock;
mod error;
mod journal;
mod keys;
mod platform;
mod progress;
#[cfg(feature = "full")]
mod ssh;
mod store;

pub use clock::RealClock;
pub use journal::FileJournal;
pub use keys::generate_ssh_key;
pub use platform::{home_dir, user_name};
pub use progress::{Progress, ProgressSink};
#[cfg(feature = "full")]
pub use ssh::{
    ACCEPT_HOST_KEY, Patience, Reply, Session, Target, accepts_host_key, command as ssh_command,
};
pub use store::{
    AuthOptions, AuthPaths, Config, EngineOptions, Entry, HostOptions, Lock, LockName, Own, Store,
    SwarmOptions,
};
