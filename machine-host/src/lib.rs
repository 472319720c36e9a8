//! Store, certificates, SSH, provisioning and life cycle of machines that run Docker.
mod clock;
#[cfg(feature = "full")]
mod engine;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod journal;
mod keys;
#[cfg(feature = "full")]
mod lifecycle;
mod locked;
mod platform;
mod progress;
#[cfg(feature = "full")]
mod provision;
#[cfg(feature = "full")]
mod ssh;
mod store;
#[cfg(feature = "full")]
mod tls;

pub use clock::RealClock;
#[cfg(feature = "full")]
pub use engine::{Endpoint, EngineError, EngineVersion};
pub use journal::FileJournal;
pub use keys::generate_ssh_key;
#[cfg(feature = "full")]
pub use lifecycle::{
    Connection, CreateError, CreateSpec, Interrupt, Interrupter, Keeper, Look, Machines, Orphan,
    OrphanPart, Orphans, OrphansSpec, Power, Regenerate, Registry, Removal, Settings, Stage,
    check_name, keep,
};
pub use platform::{home_dir, user_name};
pub use progress::{Progress, ProgressSink};
#[cfg(feature = "full")]
pub use provision::{
    Certificates, EngineFlags, Install, Plan, Provisioned, Upgraded, detect, provision, run_script,
    upgrade,
};
#[cfg(feature = "full")]
pub use ssh::{
    ACCEPT_HOST_KEY, Patience, Reply, Session, SshClient, Target, accepts_host_key,
    command as ssh_command,
};
#[cfg(feature = "native-ssh")]
pub use ssh::{Size, Terminal};
pub use store::{
    AuthOptions, AuthPaths, Config, EngineOptions, Entry, HostOptions, Lock, LockName, Own, Store,
    SwarmOptions,
};
#[cfg(feature = "full")]
pub use tls::{
    ClientConfigs, ServerPair, bootstrap, certificate_expiry, client_config, copy_client_files,
    issue_server,
};
