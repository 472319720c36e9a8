//! `config.json` of Docker Machine before 0.5, brought up to date in memory.
use super::object::Object;
use super::options::AuthOptions;
use machine_core::State;
use serde::Serialize;
use serde::de::Error as _;
use serde_json::Result;
use std::path::{Path, PathBuf};

/// What version 0 had no settings for: Go's zero values.
const BEFORE_1: &str = r#"{"Driver":"","Memory":0,"Disk":0,"EngineOptions":{"ArbitraryFlags":null,"Dns":null,"GraphDir":"","Env":null,"Ipv6":false,"InsecureRegistry":null,"Labels":null,"LogLevel":"","StorageDriver":"","SelinuxEnabled":false,"TlsVerify":true,"RegistryMirror":null,"InstallURL":"https://get.docker.com"},"SwarmOptions":{"IsSwarm":false,"Address":"","Discovery":"","Agent":false,"Master":false,"Host":"","Image":"","Strategy":"","Heartbeat":0,"Overcommit":0,"ArbitraryFlags":null,"ArbitraryJoinFlags":null,"Env":null,"IsExperimental":false},"AuthOptions":{}}"#;

/// Fields of `AuthOptions` in Go's order, with the list that no old file has.
const AUTH: &str = r#"{"CertDir":"","CaCertPath":"","CaPrivateKeyPath":"","CaCertRemotePath":"","ServerCertPath":"","ServerKeyPath":"","ClientKeyPath":"","ServerCertRemotePath":"","ServerKeyRemotePath":"","ClientCertPath":"","ServerCertSANs":null,"StorePath":""}"#;

/// From `version` (0 to 2) to 3. `others` are the top-level fields that version 3 does not have,
/// `store` is the store's root where the file does not tell it.
pub(crate) fn run(
    version: i64,
    host: &mut Object,
    others: &mut Object,
    driver: &mut State,
    store: &str,
) -> Result<()> {
    // The machine's folder: two levels below the root.
    let folder: PathBuf = take(others, "StorePath")?.unwrap_or_default();
    let root = match folder.parent().and_then(Path::parent) {
        Some(root) if root != Path::new("") => root.to_owned(),
        _ => PathBuf::from(store),
    };
    if version < 1 {
        *host = nest(others)?;
    }
    if version < 2 {
        let mut old: Object = host.read("AuthOptions")?.unwrap_or_default();
        let mut auth = Object::parse(AUTH)?;
        if let Some(key) = old.remove("PrivateKeyPath") {
            old.set("CaPrivateKeyPath", key);
        }
        for (key, value) in old.iter() {
            auth.set(key.to_owned(), value.to_owned());
        }
        let mut known: AuthOptions = serde_json::from_str(&serde_json::to_string(&auth)?)?;
        known.cert_dir = root.join("certs");
        known.store_path.clone_from(&root);
        auth.lay(&known)?;
        host.put("AuthOptions", &auth)?;
    }
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Added<'a> {
        store_path: &'a Path,
    }
    driver.write(&Added { store_path: &root }).map_err(serde_json::Error::custom)
}

/// Version 0 is flat.
fn nest(others: &mut Object) -> Result<Object> {
    let mut host = Object::parse(BEFORE_1)?;
    let mut auth = Object::default();
    for key in [
        "CaCertPath",
        "PrivateKeyPath",
        "ServerCertPath",
        "ServerKeyPath",
        "ClientKeyPath",
        "ClientCertPath",
    ] {
        if let Some(value) = others.remove(key) {
            auth.set(key, value);
        }
    }
    host.put("AuthOptions", &auth)?;
    let mut swarm: Object = host.read("SwarmOptions")?.unwrap_or_default();
    for (old, new) in
        [("SwarmHost", "Host"), ("SwarmMaster", "Master"), ("SwarmDiscovery", "Discovery")]
    {
        if let Some(value) = others.remove(old) {
            swarm.set(new, value);
        }
    }
    host.put("SwarmOptions", &swarm)?;
    Ok(host)
}

fn take<T: serde::de::DeserializeOwned>(object: &mut Object, key: &str) -> Result<Option<T>> {
    object.remove(key).map_or(Ok(None), |raw| serde_json::from_str(raw.get()))
}
