//! The pretended plugin binary, and the hypervisor below it. Errors are texts, as on the wire.
use machine_conformance::Faults;
use machine_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The plugin's own idea of its JSON: as in Go, what it does not know it drops.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DriverJson {
    pub(crate) machine_name: String,
    pub(crate) store_path: String,
    pub(crate) swarm_host: String,
    pub(crate) disk_id: String,
    pub(crate) memory: i64,
    pub(crate) color: String,
}

impl DriverJson {
    fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

#[derive(Clone, Default)]
pub(crate) struct Binary {
    things: Arc<Mutex<BTreeMap<String, String>>>,
    pub(crate) faults: Faults,
}

/// The driver's JSON after a call, and the call's error.
pub(crate) type Reply = (String, Result<(), String>);

impl Binary {
    fn things(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.things().keys().cloned().collect()
    }

    pub(crate) fn get_create_flags(&self) -> Vec<(String, &'static str)> {
        vec![("acme-memory".into(), "int"), ("acme-color".into(), "string")]
    }

    async fn put(&self, kind: &str, name: &str) -> Result<(), String> {
        let id = format!("{kind}-{name}");
        let effect = || match self.things().insert(id.clone(), name.to_owned()) {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::Other, "", format!("{id} already exists"))),
        };
        self.faults.call(effect).await.map_err(|e| e.to_string())
    }

    /// Two calls of its own; says in its JSON how far it came, also when it fails.
    pub(crate) async fn create(&self, json: &str) -> Reply {
        let mut driver = DriverJson::read(json);
        let name = driver.machine_name.clone();
        let mut made = self.put("disk", &name).await;
        if made.is_ok() {
            driver.disk_id = format!("disk-{name}");
            made = self.put("vm", &name).await;
        }
        (serde_json::to_string(&driver).unwrap_or_default(), made)
    }

    pub(crate) async fn remove(&self, json: &str) -> Reply {
        let mut driver = DriverJson::read(json);
        let name = driver.machine_name.clone();
        let mut done = Ok(());
        let mut any = false;
        for id in [format!("vm-{name}"), format!("disk-{name}")] {
            if done.is_ok() && self.things().contains_key(&id) {
                any = true;
                let effect = || {
                    self.things().remove(&id);
                    Ok(())
                };
                done = self.faults.delete(&id, effect).await.map_err(|e| e.to_string());
            }
        }
        if done.is_ok() {
            driver.disk_id.clear();
            done = if any { Ok(()) } else { Err("machine does not exist".to_owned()) };
        }
        (serde_json::to_string(&driver).unwrap_or_default(), done)
    }

    pub(crate) async fn exists(&self, json: &str) -> Result<bool> {
        let name = DriverJson::read(json).machine_name;
        let list = || self.things().values().filter(|n| **n == name).cloned().collect();
        Ok(!self.faults.list(list).await?.is_empty())
    }

    /// The number at the end of a machine's name, which its address is made of.
    pub(crate) fn running(&self, json: &str) -> Option<String> {
        let name = DriverJson::read(json).machine_name;
        let runs = self.things().contains_key(&format!("vm-{name}"));
        runs.then(|| name.rsplit('-').next().unwrap_or_default().to_owned())
    }
}
