//! One SSH connection for everything a command does on a host.
mod error;
mod frame;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod host_keys;
mod open;
mod session;
mod system;
mod target;
mod transfer;

pub use host_keys::{ACCEPT_HOST_KEY, accepts_host_key};
pub use open::Patience;
pub use session::{Reply, Session};
pub use system::command;
pub use target::Target;
