//! One SSH connection for everything a command does on a host.
mod error;
mod frame;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod host_keys;
mod link;
#[cfg(feature = "native-ssh")]
mod native;
mod open;
mod session;
mod system;
mod target;
mod transfer;

pub use host_keys::{ACCEPT_HOST_KEY, accepts_host_key};
#[cfg(feature = "native-ssh")]
pub use native::{Size, Terminal};
pub use open::Patience;
pub use session::{Reply, Session};
pub use system::command;
pub use target::{SshClient, Target};
