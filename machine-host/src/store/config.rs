use super::json;
use super::migrate;
use super::object::{Key, Object};
use super::options::{AuthOptions, EngineOptions, SwarmOptions};
use crate::error::plain;
use machine_core::{Error, ErrorKind, Result, State};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// The `ConfigVersion` that is written.
pub(crate) const VERSION: i64 = 3;

/// `HostOptions` as Docker Machine writes it for a machine that was created with no flags: lists
/// that no flag fills are `null` there, the others are empty.
pub(super) const FRESH: &str = r#"{"Driver":"","Memory":0,"Disk":0,"EngineOptions":{"ArbitraryFlags":[],"Dns":null,"GraphDir":"","Env":[],"Ipv6":false,"InsecureRegistry":[],"Labels":[],"LogLevel":"","StorageDriver":"","SelinuxEnabled":false,"TlsVerify":true,"RegistryMirror":[],"InstallURL":"https://get.docker.com"},"SwarmOptions":{"IsSwarm":false,"Address":"","Discovery":"","Agent":false,"Master":false,"Host":"tcp://0.0.0.0:3376","Image":"swarm:latest","Strategy":"spread","Heartbeat":0,"Overcommit":0,"ArbitraryFlags":[],"ArbitraryJoinFlags":[],"Env":null,"IsExperimental":false},"AuthOptions":{"CertDir":"","CaCertPath":"","CaPrivateKeyPath":"","CaCertRemotePath":"","ServerCertPath":"","ServerKeyPath":"","ClientKeyPath":"","ServerCertRemotePath":"","ServerKeyRemotePath":"","ClientCertPath":"","ServerCertSANs":[],"StorePath":""}}"#;

const NO_MACHINE: &str = "config.json describes no machine";

/// The content of `config.json`, version 3. Fields that we do not know survive a save.
#[derive(Clone)]
pub struct Config {
    /// The provider's part.
    pub driver: State,
    /// The provider's name; empty in a damaged file.
    pub driver_name: String,
    /// How the engine, swarm and certificates are set up.
    pub host: HostOptions,
    /// The machine's name. The folder's name wins over what the file says.
    pub name: String,
    /// Fields that we do not know.
    others: Object,
}

/// The `HostOptions` object. Its parts are decoded when asked for.
#[derive(Clone, Default)]
pub struct HostOptions(pub(crate) Object);

impl Config {
    /// A machine that is about to be created.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] when a path is not UTF-8, which JSON cannot hold.
    pub fn new(
        name: &str,
        driver_name: &str,
        driver: State,
        engine: &EngineOptions,
        swarm: &SwarmOptions,
        auth: &AuthOptions,
    ) -> Result<Self> {
        let fresh = Object::parse(FRESH).map_err(|e| bad("HostOptions", e))?;
        let mut host = HostOptions(fresh);
        host.set_engine(engine)?;
        host.set_swarm(swarm)?;
        host.set_auth(auth)?;
        let (driver_name, name) = (driver_name.to_owned(), name.to_owned());
        Ok(Self { driver, driver_name, host, name, others: Object::default() })
    }

    /// The text of the file: Go's layout, without a newline at the end.
    pub fn to_json(&self) -> String {
        // Strings and sound JSON only: cannot fail.
        json::indent(&serde_json::to_string(self).unwrap_or_default())
    }

    /// Reads a file's content; older versions are brought up to date in memory, where `store` is
    /// the folder that stands in for one that is not named. Errors are what follows
    /// `Error getting migrated host: ` in Docker Machine.
    pub(crate) fn parse(name: &str, bytes: &[u8], store: &str) -> Result<(Self, i64), String> {
        json::check_depth(bytes)?;
        let lossy = String::from_utf8_lossy(bytes); // what Go does
        let found: Found = serde_json::from_str(&lossy).map_err(|e| explain(bytes, &e))?;
        let version = found.version()?;
        if version > VERSION {
            let text = "config version is from the future -- you should upgrade your Docker Machine client";
            return Err(text.to_owned());
        }
        let mut config = Self {
            driver: found.driver.unwrap_or_default(),
            driver_name: found.driver_name.unwrap_or_default(),
            host: HostOptions(found.host.unwrap_or_default()),
            name: found.name.unwrap_or_default(),
            others: found.others,
        };
        if version < VERSION {
            let text = |e: serde_json::Error| format!("version {version}: {e}");
            let (host, others) = (&mut config.host.0, &mut config.others);
            migrate::run(version, host, others, &mut config.driver, store).map_err(text)?;
            // What was flat is nested now, and must still be readable once it is saved.
            json::check_depth(config.to_json().as_bytes())?;
        }
        name.clone_into(&mut config.name);
        Ok((config, version))
    }
}

impl HostOptions {
    /// The engine's part; none where the file has none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] when a field has the wrong type.
    pub fn engine(&self) -> Result<Option<EngineOptions>> {
        self.part("EngineOptions")
    }

    /// Classic swarm's part; none where the file has none.
    ///
    /// # Errors
    /// As [`HostOptions::engine`].
    pub fn swarm(&self) -> Result<Option<SwarmOptions>> {
        self.part("SwarmOptions")
    }

    /// The certificates' part; none where the file has none.
    ///
    /// # Errors
    /// As [`HostOptions::engine`].
    pub fn auth(&self) -> Result<Option<AuthOptions>> {
        self.part("AuthOptions")
    }

    /// Writes the fields that differ; all others keep their text.
    ///
    /// # Errors
    /// As [`HostOptions::engine`].
    pub fn set_engine(&mut self, engine: &EngineOptions) -> Result<()> {
        self.set_part("EngineOptions", engine)
    }

    /// As [`HostOptions::set_engine`].
    ///
    /// # Errors
    /// As [`HostOptions::engine`].
    pub fn set_swarm(&mut self, swarm: &SwarmOptions) -> Result<()> {
        self.set_part("SwarmOptions", swarm)
    }

    /// As [`HostOptions::set_engine`].
    ///
    /// # Errors
    /// As [`HostOptions::engine`]; also when a path is not UTF-8.
    pub fn set_auth(&mut self, auth: &AuthOptions) -> Result<()> {
        self.set_part("AuthOptions", auth)
    }

    fn part<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.0.read(key).map_err(|e| bad(key, e))
    }

    fn set_part<T: Serialize + DeserializeOwned>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        let mut lay = || {
            let mut part: Object = match self.0.read(key)? {
                Some(part) => part,
                None => Object::parse(FRESH)?.read(key)?.unwrap_or_default(),
            };
            part.lay(value)?;
            self.0.put(key, &part)
        };
        lay().map_err(|e| bad(key, e))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, driver_name) = (&self.name, &self.driver_name);
        let mut out = f.debug_struct("Config");
        out.field("name", name).field("driver_name", driver_name).finish_non_exhaustive()
    }
}

impl fmt::Debug for HostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostOptions { .. }")
    }
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("ConfigVersion", &VERSION)?;
        map.serialize_entry("Driver", &self.driver)?;
        map.serialize_entry("DriverName", &self.driver_name)?;
        map.serialize_entry("HostOptions", &self.host.0)?;
        map.serialize_entry("Name", &self.name)?;
        for (key, value) in self.others.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

fn bad(part: &str, error: serde_json::Error) -> Error {
    plain(ErrorKind::InvalidOption, format!("{part} in config.json: {error}"))
}

/// What stands in a file of any version.
#[derive(Default)]
struct Found {
    version: Option<Box<RawValue>>,
    driver: Option<State>,
    driver_name: Option<String>,
    host: Option<Object>,
    name: Option<String>,
    others: Object,
}

impl Found {
    fn version(&self) -> Result<i64, String> {
        let Some(raw) = &self.version else {
            if self.driver.is_none() {
                return Err(NO_MACHINE.to_owned());
            }
            return Ok(0);
        };
        let number: Option<i64> = serde_json::from_str(raw.get()).map_err(|_| {
            let kind = go_kind(raw.get());
            format!(
                "json: cannot unmarshal {kind} into Go struct field MetadataV0.ConfigVersion of type int"
            )
        })?;
        match number {
            Some(VERSION) => Ok(VERSION),
            Some(older @ ..VERSION) if self.driver.is_some() => Ok(older.max(0)),
            Some(newer) if newer > VERSION => Ok(newer),
            _ => Err(NO_MACHINE.to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Found;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
                let mut found = Found::default();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    match &*key.0 {
                        "ConfigVersion" => found.version = Some(map.next_value()?),
                        "Driver" => {
                            let state: State = map.next_value()?;
                            found.driver = match state.as_json().as_bytes().first() {
                                Some(b'{') => Some(state),
                                Some(b'n') => None,
                                _ => return Err(serde::de::Error::custom("Driver is no object")),
                            };
                        }
                        "DriverName" => found.driver_name = map.next_value()?,
                        "HostOptions" => found.host = map.next_value()?,
                        "Name" => found.name = map.next_value()?,
                        // Of early releases; `Driver` says the same.
                        "RawDriver" => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                        _ => found.others.set(key.0.into_owned(), map.next_value()?),
                    }
                }
                Ok(found)
            }
        }
        from.deserialize_map(Fields)
    }
}

/// Go's words where it has some.
fn explain(bytes: &[u8], error: &serde_json::Error) -> String {
    if let Err(text) = json::check(bytes) {
        return text;
    }
    match String::from_utf8_lossy(bytes).trim_start() {
        text if text.starts_with('{') => error.to_string(),
        text if text.starts_with("null") => NO_MACHINE.to_owned(),
        text => {
            format!(
                "json: cannot unmarshal {} into Go value of type host.MetadataV0",
                go_kind(text)
            )
        }
    }
}

fn go_kind(json: &str) -> String {
    match json.as_bytes().first() {
        Some(b'"') => "string".to_owned(),
        Some(b'[') => "array".to_owned(),
        Some(b'{') => "object".to_owned(),
        Some(b't' | b'f') => "bool".to_owned(),
        _ => format!("number {}", json.trim_end()),
    }
}
