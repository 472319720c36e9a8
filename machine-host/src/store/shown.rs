//! A machine as `inspect` shows it. Docker Machine decodes a file and encodes it again, so every field
//! that it knows is there: files of its older versions lack some.

use super::config::{Config, FRESH, HostOptions};
use super::object::Object;
use machine_core::State;
use serde_json::value::RawValue;

/// The fields of every driver (Docker Machine, `libmachine/drivers/base.go`).
const BASE: &str = r#"{"IPAddress":"","MachineName":"","SSHUser":"","SSHPort":0,"SSHKeyPath":"","StorePath":"","SwarmMaster":false,"SwarmHost":"","SwarmDiscovery":""}"#;

impl Config {
    /// [`Config::to_json`] with all fields of version 3, in its order. Those that the file lacks have
    /// Go's zero value; those that nobody knows follow.
    pub fn to_full_json(&self) -> String {
        let mut full = self.clone();
        if let Ok(host) = filled(&self.host.0, FRESH) {
            full.host = HostOptions(host);
        }
        let driver = Object::parse(self.driver.as_json());
        // A driver that does not stand on that base has no such fields.
        let driver = driver.ok().filter(|driver| driver.get("MachineName").is_some());
        let driver = driver.and_then(|driver| State::new(&filled(&driver, BASE).ok()?).ok());
        full.driver = driver.unwrap_or(full.driver);
        full.to_json()
    }
}

/// The fields of `model`, then those that are `object`'s alone.
fn filled(object: &Object, model: &str) -> serde_json::Result<Object> {
    let mut full = Object::default();
    for (key, model) in Object::parse(model)?.iter() {
        match object.get(key) {
            None => full.set(key.to_owned(), zero(model)?),
            Some(part) if part.get().starts_with('{') && model.get().starts_with('{') => {
                let part = filled(&Object::parse(part.get())?, model.get())?;
                full.set(key.to_owned(), serde_json::value::to_raw_value(&part)?);
            }
            Some(value) => full.set(key.to_owned(), value.to_owned()),
        }
    }
    for (key, value) in object.iter() {
        full.set(key.to_owned(), full.get(key).unwrap_or(value).to_owned());
    }
    Ok(full)
}

/// What Go has in a field of that type when the file says nothing.
fn zero(model: &RawValue) -> serde_json::Result<Box<RawValue>> {
    let zero = match model.get().as_bytes().first() {
        Some(b'"') => "\"\"",
        Some(b't' | b'f') => "false",
        Some(b'0'..=b'9') => "0",
        _ => "null",
    };
    RawValue::from_string(zero.to_owned())
}
