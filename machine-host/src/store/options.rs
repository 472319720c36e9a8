use serde::{Deserialize, Deserializer, Serialize};
use std::path::{Path, PathBuf};

/// Go takes `null` for the zero value, and lists are often `null`.
fn zero<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// How the Docker Engine is set up. Default: that of a machine created with no flags.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct EngineOptions {
    /// `--engine-opt`: flags of the daemon, without their dashes.
    #[serde(default, deserialize_with = "zero")]
    pub arbitrary_flags: Vec<String>,
    /// Not used by any flag.
    #[serde(default, deserialize_with = "zero")]
    pub dns: Vec<String>,
    /// Not used by any flag.
    #[serde(default, deserialize_with = "zero")]
    pub graph_dir: String,
    /// `--engine-env`: `KEY=VALUE`.
    #[serde(default, deserialize_with = "zero")]
    pub env: Vec<String>,
    /// Not used by any flag.
    #[serde(default, deserialize_with = "zero")]
    pub ipv6: bool,
    /// `--engine-insecure-registry`.
    #[serde(default, deserialize_with = "zero")]
    pub insecure_registry: Vec<String>,
    /// `--engine-label`: `KEY=VALUE`; the `provider` label is not among them.
    #[serde(default, deserialize_with = "zero")]
    pub labels: Vec<String>,
    /// Not used by any flag.
    #[serde(default, deserialize_with = "zero")]
    pub log_level: String,
    /// `--engine-storage-driver`; empty leaves the choice to the host.
    #[serde(default, deserialize_with = "zero")]
    pub storage_driver: String,
    /// Not used by any flag.
    #[serde(default, deserialize_with = "zero")]
    pub selinux_enabled: bool,
    /// Always set.
    #[serde(default, deserialize_with = "zero")]
    pub tls_verify: bool,
    /// `--engine-registry-mirror`.
    #[serde(default, deserialize_with = "zero")]
    pub registry_mirror: Vec<String>,
    /// `--engine-install-url`.
    #[serde(default, deserialize_with = "zero", rename = "InstallURL")]
    pub install_url: String,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            arbitrary_flags: Vec::new(),
            dns: Vec::new(),
            graph_dir: String::new(),
            env: Vec::new(),
            ipv6: false,
            insecure_registry: Vec::new(),
            labels: Vec::new(),
            log_level: String::new(),
            storage_driver: String::new(),
            selinux_enabled: false,
            tls_verify: true,
            registry_mirror: Vec::new(),
            install_url: "https://get.docker.com".to_owned(),
        }
    }
}

/// Classic swarm. Default: that of a machine created with no flags.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SwarmOptions {
    /// `--swarm` or `--swarm-master`.
    #[serde(default, deserialize_with = "zero")]
    pub is_swarm: bool,
    /// `--swarm-addr`.
    #[serde(default, deserialize_with = "zero")]
    pub address: String,
    /// `--swarm-discovery`.
    #[serde(default, deserialize_with = "zero")]
    pub discovery: String,
    /// `--swarm`.
    #[serde(default, deserialize_with = "zero")]
    pub agent: bool,
    /// `--swarm-master`.
    #[serde(default, deserialize_with = "zero")]
    pub master: bool,
    /// `--swarm-host`: `tcp://ADDRESS:PORT`.
    #[serde(default, deserialize_with = "zero")]
    pub host: String,
    /// `--swarm-image`.
    #[serde(default, deserialize_with = "zero")]
    pub image: String,
    /// `--swarm-strategy`.
    #[serde(default, deserialize_with = "zero")]
    pub strategy: String,
    /// Not used by any flag.
    #[serde(default, deserialize_with = "zero")]
    pub heartbeat: i64,
    /// Not used by any flag.
    #[serde(default, deserialize_with = "zero")]
    pub overcommit: f64,
    /// `--swarm-opt`.
    #[serde(default, deserialize_with = "zero")]
    pub arbitrary_flags: Vec<String>,
    /// `--swarm-join-opt`.
    #[serde(default, deserialize_with = "zero")]
    pub arbitrary_join_flags: Vec<String>,
    /// Not stored by Docker Machine.
    #[serde(default, deserialize_with = "zero")]
    pub env: Vec<String>,
    /// `--swarm-experimental`.
    #[serde(default, deserialize_with = "zero")]
    pub is_experimental: bool,
}

impl Default for SwarmOptions {
    fn default() -> Self {
        Self {
            is_swarm: false,
            address: String::new(),
            discovery: String::new(),
            agent: false,
            master: false,
            host: "tcp://0.0.0.0:3376".to_owned(),
            image: "swarm:latest".to_owned(),
            strategy: "spread".to_owned(),
            heartbeat: 0,
            overcommit: 0.0,
            arbitrary_flags: Vec::new(),
            arbitrary_join_flags: Vec::new(),
            env: Vec::new(),
            is_experimental: false,
        }
    }
}

/// Where a machine's certificates are. As stored: see [`crate::Store::auth_paths`] for where they
/// are now.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct AuthOptions {
    /// The store's `certs` folder.
    #[serde(default, deserialize_with = "zero")]
    pub cert_dir: PathBuf,
    /// `--tls-ca-cert`.
    #[serde(default, deserialize_with = "zero")]
    pub ca_cert_path: PathBuf,
    /// `--tls-ca-key`.
    #[serde(default, deserialize_with = "zero")]
    pub ca_private_key_path: PathBuf,
    /// Empty on disk.
    #[serde(default, deserialize_with = "zero")]
    pub ca_cert_remote_path: String,
    /// `server.pem` in the machine's folder.
    #[serde(default, deserialize_with = "zero")]
    pub server_cert_path: PathBuf,
    /// `server-key.pem` in the machine's folder.
    #[serde(default, deserialize_with = "zero")]
    pub server_key_path: PathBuf,
    /// `--tls-client-key`.
    #[serde(default, deserialize_with = "zero")]
    pub client_key_path: PathBuf,
    /// Empty on disk.
    #[serde(default, deserialize_with = "zero")]
    pub server_cert_remote_path: String,
    /// Empty on disk.
    #[serde(default, deserialize_with = "zero")]
    pub server_key_remote_path: String,
    /// `--tls-client-cert`.
    #[serde(default, deserialize_with = "zero")]
    pub client_cert_path: PathBuf,
    /// `--tls-san`.
    #[serde(default, deserialize_with = "zero", rename = "ServerCertSANs")]
    pub server_cert_sans: Vec<String>,
    /// The machine's folder.
    #[serde(default, deserialize_with = "zero")]
    pub store_path: PathBuf,
}

impl AuthOptions {
    /// What a machine whose folder is `machine` gets when no flag names another place.
    pub(crate) fn in_store(certs: &Path, machine: &Path) -> Self {
        let paths = AuthPaths::in_folder(certs);
        Self {
            cert_dir: certs.to_owned(),
            ca_cert_path: paths.ca_cert,
            ca_private_key_path: paths.ca_key,
            client_cert_path: paths.client_cert,
            client_key_path: paths.client_key,
            server_cert_path: machine.join("server.pem"),
            server_key_path: machine.join("server-key.pem"),
            store_path: machine.to_owned(),
            ..Self::default()
        }
    }
}

/// The authority's and the client's certificates and keys, PEM each.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct AuthPaths {
    /// Certificate of the authority.
    pub ca_cert: PathBuf,
    /// Its private key.
    pub ca_key: PathBuf,
    /// Certificate of the client.
    pub client_cert: PathBuf,
    /// Its private key.
    pub client_key: PathBuf,
}

impl AuthPaths {
    /// Docker Machine's file names in one folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            ca_cert: folder.join("ca.pem"),
            ca_key: folder.join("ca-key.pem"),
            client_cert: folder.join("cert.pem"),
            client_key: folder.join("key.pem"),
        }
    }
}
