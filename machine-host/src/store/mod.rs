//! Docker Machine's store, with what is ours beside it.
mod atomic;
mod config;
mod entry;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod json;
mod layout;
mod lock;
mod migrate;
mod object;
mod options;
mod place;
mod shown;

#[cfg(feature = "full")]
pub(crate) use atomic::{sync_folder_of, write_as};
pub(crate) use atomic::{write, write_unsynced};
pub use config::{Config, HostOptions};
pub use entry::{Entry, Own};
pub use layout::Store;
pub use lock::{Lock, LockName};
pub use options::{AuthOptions, AuthPaths, EngineOptions, SwarmOptions};
