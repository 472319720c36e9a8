use crate::error::Failure;
use machine_core::Cx;
use serde::{Deserialize, Serialize};

/// Port of Docker over TLS: Docker Machine's default on every host.
pub(crate) const ENGINE_PORT: u16 = 2376;
/// Port of SSH where the state names none.
pub(crate) const SSH_PORT: u16 = 22;
/// Login name where the state names none.
pub(crate) const SSH_USER: &str = "root";

/// The fields that every driver of Docker Machine stores, in its order.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Base {
    #[serde(rename = "IPAddress")]
    pub(crate) ip_address: String,
    pub(crate) machine_name: String,
    #[serde(rename = "SSHUser")]
    pub(crate) ssh_user: String,
    #[serde(rename = "SSHPort")]
    pub(crate) ssh_port: i64,
    #[serde(rename = "SSHKeyPath")]
    pub(crate) ssh_key_path: String,
    pub(crate) store_path: String,
    pub(crate) swarm_master: bool,
    pub(crate) swarm_host: String,
    pub(crate) swarm_discovery: String,
}

impl Base {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        let store_path = cx.store.display().to_string();
        Self { machine_name: cx.name.to_owned(), store_path, ..Self::default() }
    }
}

/// `Driver` of a machine with driver `none`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct NoneState {
    #[serde(flatten)]
    pub(crate) base: Base,
    #[serde(rename = "URL")]
    pub(crate) url: String,
}

/// The part of [`NoneState`] that its status tells; reading no more is what makes it quick for a
/// long list.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Address {
    #[serde(rename = "IPAddress")]
    pub(crate) ip_address: String,
    #[serde(rename = "URL")]
    pub(crate) url: String,
}

/// `Driver` of a machine with driver `generic`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct GenericState {
    #[serde(flatten)]
    pub(crate) base: Base,
    pub(crate) engine_port: i64,
    /// The user's own path; the imported copy is `SSHKeyPath`.
    #[serde(rename = "SSHKey")]
    pub(crate) ssh_key: String,
}

impl Default for GenericState {
    fn default() -> Self {
        Self { base: Base::default(), engine_port: i64::from(ENGINE_PORT), ssh_key: String::new() }
    }
}

/// A stored port; 0 stands for `default`, as in Docker Machine.
pub(crate) fn port(field: &'static str, value: i64, default: u16) -> Result<u16, Failure> {
    match value {
        0 => Ok(default),
        _ => u16::try_from(value).map_err(|_| Failure::StoredPort { field, value }),
    }
}
