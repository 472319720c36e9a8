use super::config::Config;
use machine_core::Cx;
use serde::{Deserialize, Serialize};

/// The `Driver` object of `config.json`: Docker Machine's base fields that are known here, then
/// our own. Every field is always written: a skipped one would keep its old value.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct MemoryState {
    #[serde(rename = "IPAddress")]
    pub(super) ip: String,
    pub(super) machine_name: String,
    #[serde(rename = "SSHUser")]
    pub(super) ssh_user: String,
    #[serde(rename = "SSHPort")]
    pub(super) ssh_port: u16,
    pub(super) region: String,
    /// To be tried in this order.
    pub(super) zones: Vec<String>,
    /// The one that had room.
    pub(super) zone: String,
    pub(super) size: u32,
    pub(super) private: bool,
    pub(super) key_id: String,
    pub(super) group_id: String,
    pub(super) instance_id: String,
}

impl MemoryState {
    pub(super) fn new(cx: &Cx<'_>, config: Config) -> Self {
        Self {
            machine_name: cx.name.to_owned(),
            ssh_user: "docker".to_owned(),
            ssh_port: 22,
            region: config.region,
            zones: config.zones,
            size: config.size,
            private: config.private,
            ..Self::default()
        }
    }
}
