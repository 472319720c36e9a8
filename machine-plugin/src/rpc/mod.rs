//! Go's `net/rpc`: a request and a reply are two gob values each, a header and a body.
mod body;
#[cfg(feature = "client")]
pub(crate) mod client;
mod http;
#[cfg(feature = "server")]
pub(crate) mod server;

pub(crate) use body::{Body, FlagValue};

/// Names of the service: since Docker Machine 0.5.1, and before.
pub(crate) const SERVICES: [&str; 2] = ["RPCServerDriver", "RpcServerDriver"];
/// The only version there is (docker/machine, `libmachine/version/version.go`).
pub(crate) const API_VERSION: i64 = 1;
