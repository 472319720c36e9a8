//! Store, certificates, SSH, provisioning and life cycle of machines that run Docker.
mod clock;
mod error;
mod journal;
mod keys;
mod platform;
mod progress;
mod store;

pub use clock::RealClock;
pub use journal::FileJournal;
pub use keys::generate_ssh_key;
pub use platform::{home_dir, user_name};
pub use progress::Progress;
pub use store::{
    AuthOptions, AuthPaths, Config, EngineOptions, Entry, HostOptions, Lock, LockName, Own, Store,
    SwarmOptions,
};
