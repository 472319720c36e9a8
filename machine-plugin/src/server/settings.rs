use machine_core::State;
use serde::{Deserialize, Serialize};

/// Fields of the machine's settings that are not the provider's: Docker Machine's base driver's, and
/// our own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Settings {
    pub(crate) machine_name: String,
    pub(crate) store_path: String,
    #[serde(rename = "SSHUser")]
    pub(crate) ssh_user: String,
    #[serde(rename = "SSHPort")]
    pub(crate) ssh_port: i64,
    #[serde(rename = "SSHKeyPath")]
    pub(crate) ssh_key_path: String,
    /// The machine's own id.
    pub(crate) plugin_machine_id: String,
    /// Where its credentials come from.
    pub(crate) plugin_credentials: Option<String>,
}

impl Settings {
    /// What can be read of them: a field of the wrong type is the provider's to complain of.
    pub(crate) fn of(state: &State) -> Self {
        state.read().unwrap_or_default()
    }
}

/// What is laid over the state that a provider prepared.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Overlay<'a> {
    pub(crate) machine_name: &'a str,
    pub(crate) store_path: &'a str,
    pub(crate) swarm_master: bool,
    pub(crate) swarm_host: &'a str,
    pub(crate) swarm_discovery: &'a str,
    pub(crate) plugin_machine_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plugin_credentials: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct OwnId<'a> {
    #[serde(rename = "PluginMachineId")]
    pub(crate) id: &'a str,
}

#[derive(Serialize)]
pub(crate) struct KeyPath<'a> {
    #[serde(rename = "SSHKeyPath")]
    pub(crate) path: &'a str,
}
