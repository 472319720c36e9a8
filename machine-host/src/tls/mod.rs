//! Certificates: the authority of a store, its client, the servers it vouches for.
mod authority;
mod bootstrap;
mod certificate;
mod client;
mod server;

pub use bootstrap::bootstrap;
pub use certificate::certificate_expiry;
pub use client::{ClientConfigs, client_config};
pub use server::{ServerPair, copy_client_files, issue_server};

/// A file of certificates or keys is at most this long.
const MAX_FILE: u64 = 1 << 20;
