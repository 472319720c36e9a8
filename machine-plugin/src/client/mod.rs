//! Runs a driver binary as a provider.
mod connection;
mod driver;
mod error;
mod fields;
mod flags;
mod folder;
mod held;
mod installed;
mod limits;
mod listener;
mod machine;
mod method;
mod output;
mod plugin;
mod process;
mod provider;
mod session;
mod status;

pub use driver::{Driver, DriverSearch};
pub use installed::{Installed, InstalledDrivers};
pub use limits::TimeLimits;
pub use provider::PluginProvider;
