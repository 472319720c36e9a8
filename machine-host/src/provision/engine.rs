//! The engine's configuration: what the host has, what the machine needs, and the two as one.
use super::error::ProvisionError;
use super::flags::{Flag, arguments, flags};
use super::systemd::{Effective, drop_in, quote};
use crate::EngineOptions;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Where the engine's certificates go.
pub(crate) const FOLDER: &str = "/etc/docker";
/// The engine's own socket.
const LOCAL: &str = "unix:///var/run/docker.sock";
/// Longest value of a key that goes into an error.
const SHOWN: usize = 200;

/// What the user asked of the engine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct EngineFlags<'a> {
    /// Flags of the daemon without their dashes, `NAME` or `NAME=VALUE`.
    pub arbitrary_flags: &'a [String],
    /// Environment of the daemon, `KEY=VALUE`.
    pub env: &'a [String],
    /// Registries that need no TLS.
    pub insecure_registry: &'a [String],
    /// Labels, `KEY=VALUE`.
    pub labels: &'a [String],
    /// Mirrors of the default registry.
    pub registry_mirror: &'a [String],
    /// Storage driver. Empty: the engine's own choice. (It has preferred overlay2 for years where
    /// the file system can do it; naming one would hide the images of an engine that uses another.)
    pub storage_driver: &'a str,
}

impl<'a> From<&'a EngineOptions> for EngineFlags<'a> {
    fn from(options: &'a EngineOptions) -> Self {
        Self {
            arbitrary_flags: &options.arbitrary_flags,
            env: &options.env,
            insecure_registry: &options.insecure_registry,
            labels: &options.labels,
            registry_mirror: &options.registry_mirror,
            storage_driver: &options.storage_driver,
        }
    }
}

/// The part of the host's answers that its engine reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host<'a> {
    pub effective: Effective,
    /// Variables of the service's environment files, and which file each is from.
    pub env: BTreeMap<String, (String, String)>,
    /// The daemon's configuration file, and its text where it exists.
    pub config: (&'a str, Option<&'a str>),
}

/// What goes to the host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Composed {
    /// Content of the drop-in.
    pub drop_in: String,
    /// Program and arguments of the daemon, with variables filled in, where a dry run can tell
    /// more than we know already.
    pub dry_run: Option<Vec<String>>,
}

/// Puts the host's options and the machine's together.
pub(crate) fn compose(
    host: &Host<'_>,
    asked: &EngineFlags<'_>,
    driver: &str,
    listen: &str,
) -> Result<Composed, ProvisionError> {
    let config = DaemonJson::parse(host.config.0, host.config.1)?;
    let command = &host.effective.command;
    let source = &host.effective.source;
    let program = command[0].value.trim_start_matches(['-', '@', ':', '+', '!', '|']);
    let head = match program.rsplit('/').next().unwrap_or_default() {
        name if name.starts_with("dockerd") => 1,
        "docker" if command.get(1).is_some_and(|w| w.value == "daemon") => 2,
        _ => {
            let (file, program) = (source.clone(), program.to_owned());
            return Err(ProvisionError::NotADaemon { file, program });
        }
    };
    let arguments = arguments(&command[head..], &host.env);
    let base = Base { source, flags: flags(&arguments) };

    let mut ours = Vec::new();
    let mut dropped = Vec::new();
    base.hosts(&config, listen, &mut ours, &mut dropped)?;
    let storage = unquoted(asked.storage_driver);
    if !storage.is_empty() && config.lacks("--engine-storage-driver", "storage-driver", storage)? {
        ours.extend(["--storage-driver".to_owned(), storage.to_owned()]);
    }
    base.tls(&config, &mut ours, &mut dropped)?;
    labels(&config, &base, asked, driver, &mut ours)?;
    for (option, flag, list) in [
        ("--engine-insecure-registry", "insecure-registry", asked.insecure_registry),
        ("--engine-registry-mirror", "registry-mirror", asked.registry_mirror),
    ] {
        for value in list.iter().map(|v| unquoted(v)) {
            if config.lacks(option, flag, value)? {
                ours.extend([format!("--{flag}"), value.to_owned()]);
            }
        }
    }
    for flag in asked.arbitrary_flags {
        arbitrary(&config, unquoted(flag), &mut ours)?;
    }

    let kept = |at: usize| !dropped.contains(&at);
    let words = command[head..].iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, w)| &w.raw);
    let raw: Vec<_> = command[..head].iter().map(|w| &w.raw).chain(words).cloned().collect();
    let line = raw.into_iter().chain(ours.iter().map(|w| quote(w))).collect::<Vec<_>>().join(" ");
    let env: Vec<_> = asked.env.iter().map(|e| unquoted(e).to_owned()).collect();

    let plain = EngineFlags { env: &[], ..*asked } == EngineFlags::default();
    let dry_run = (!plain || host.config.1.is_some()).then(|| {
        let head = std::iter::once(program).chain(command[1..head].iter().map(|w| &*w.value));
        let base = arguments.iter().filter(|a| kept(a.word)).map(|a| &*a.value);
        head.chain(base).chain(ours.iter().map(String::as_str)).map(str::to_owned).collect()
    });
    Ok(Composed { drop_in: drop_in(&line, &env), dry_run })
}

/// Values come through shells and configuration files that leave literal quotes round them.
pub(crate) fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote)) {
            return inner;
        }
    }
    value
}

/// The flags that the host's own files give.
struct Base<'a> {
    source: &'a str,
    flags: Vec<Flag<'a>>,
}

impl Base<'_> {
    fn conflict(&self, flag: &Flag<'_>, wanted: String) -> ProvisionError {
        ProvisionError::Conflict {
            file: flag.file.unwrap_or(self.source).to_owned(),
            key: format!("--{}", flag.name),
            value: shown(flag.value),
            wanted,
        }
    }

    /// Sockets: ours in front, then those that the host has, or the usual one where it has none.
    fn hosts(
        &self,
        config: &DaemonJson<'_>,
        listen: &str,
        ours: &mut Vec<String>,
        dropped: &mut Vec<usize>,
    ) -> Result<(), ProvisionError> {
        if let Some(value) = config.get("hosts") {
            let list = strings(value);
            if !list.iter().any(|h| same_port(h, listen) == Some(true)) {
                let wanted = format!("the machine must listen on {listen}");
                return Err(config.conflict("hosts", wanted));
            }
            // The daemon does not start with sockets in both places.
            self.named("host").for_each(|f| dropped.extend(f.words()));
            return Ok(());
        }
        let tls = self.flags.iter().any(|f| f.name == "tlsverify" && f.value != "false");
        let (mut local, mut listens, mut kept) = (false, false, Vec::new());
        for flag in self.named("host") {
            match same_port(flag.value, listen) {
                Some(true) if flag.file.is_none() => dropped.extend(flag.words()),
                Some(true) => listens = true,
                Some(false) => {
                    let wanted = format!("the machine must listen on {listen}");
                    return Err(self.conflict(flag, wanted));
                }
                None if flag.value.contains("://") && !flag.value.starts_with("tcp://") => {
                    local = true;
                    if flag.file.is_none() {
                        dropped.extend(flag.words());
                        kept.extend(["-H".to_owned(), flag.value.to_owned()]);
                    }
                }
                None if tls => {}
                None => {
                    let wanted = "with the machine's TLS, that port would ask for certificates";
                    return Err(self.conflict(flag, wanted.to_owned()));
                }
            }
        }
        if !listens {
            ours.extend(["-H".to_owned(), listen.to_owned()]);
        }
        ours.append(&mut kept);
        if !local {
            ours.extend(["-H".to_owned(), LOCAL.to_owned()]);
        }
        Ok(())
    }

    fn tls(
        &self,
        config: &DaemonJson<'_>,
        ours: &mut Vec<String>,
        dropped: &mut Vec<usize>,
    ) -> Result<(), ProvisionError> {
        for key in ["tlsverify", "tlscacert", "tlscert", "tlskey"] {
            let wanted = tls_value(key);
            let mut set = false;
            for flag in self.named(key) {
                let is_on = key == "tlsverify" && matches!(flag.value, "" | "1" | "t" | "T");
                if flag.value != wanted && !is_on {
                    return Err(self.conflict(flag, format!("the machine needs {wanted}")));
                }
                if flag.file.is_none() {
                    dropped.extend(flag.words());
                } else {
                    set = true;
                }
            }
            match config.get(key) {
                Some(Value::Bool(true)) if key == "tlsverify" => continue,
                Some(Value::String(path)) if *path == wanted => continue,
                Some(_) => return Err(config.conflict(key, format!("the machine needs {wanted}"))),
                None if set => {}
                None if key == "tlsverify" => ours.push("--tlsverify".to_owned()),
                None => ours.extend([format!("--{key}"), wanted]),
            }
        }
        if let Some(Value::Bool(false)) = config.get("tls") {
            return Err(config.conflict("tls", "the machine needs true".to_owned()));
        }
        Ok(())
    }

    fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Flag<'b>> {
        self.flags.iter().filter(move |f| f.name == name)
    }
}

/// What a TLS option must be for the machine.
fn tls_value(key: &str) -> String {
    match key {
        "tlscacert" => format!("{FOLDER}/ca.pem"),
        "tlscert" => format!("{FOLDER}/server.pem"),
        "tlskey" => format!("{FOLDER}/server-key.pem"),
        _ => "true".to_owned(),
    }
}

/// For a TCP socket on `listen`'s port: whether clients from everywhere reach it. None: another.
fn same_port(host: &str, listen: &str) -> Option<bool> {
    let place = host.strip_prefix("tcp://").or((!host.contains("://")).then_some(host))?;
    let (address, port) = place.trim_end_matches('/').rsplit_once(':')?;
    let (_, wanted) = listen.rsplit_once(':')?;
    (port == wanted).then_some(matches!(address, "" | "0.0.0.0" | "[::]"))
}

/// The user's labels, then the driver's, which gives way to any other `provider`.
fn labels(
    config: &DaemonJson<'_>,
    base: &Base<'_>,
    asked: &EngineFlags<'_>,
    driver: &str,
    ours: &mut Vec<String>,
) -> Result<(), ProvisionError> {
    let mut list: Vec<&str> = Vec::new();
    for label in asked.labels.iter().map(|l| unquoted(l)) {
        if config.lacks("--engine-label", "label", label)? && !list.contains(&label) {
            list.push(label);
        }
    }
    let provider = format!("provider={driver}");
    let is_provider = |label: &str| label.split('=').next() == Some("provider");
    let taken = list.iter().any(|l| is_provider(l))
        || base.named("label").any(|f| is_provider(f.value))
        || config.get("labels").is_some();
    if !taken {
        list.push(&provider);
    }
    ours.extend(list.into_iter().flat_map(|l| ["--label".to_owned(), l.to_owned()]));
    Ok(())
}

/// A flag in the user's own words. `NAME VALUE` is two words, as Docker Machine made of it.
fn arbitrary(
    config: &DaemonJson<'_>,
    flag: &str,
    ours: &mut Vec<String>,
) -> Result<(), ProvisionError> {
    let flag = flag.trim_start_matches('-');
    let end = flag.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(flag.len());
    let (name, rest) = flag.split_at(end);
    let option = || format!("--engine-opt {flag}");
    if name.is_empty() {
        let why = "it names no flag of the daemon".to_owned();
        return Err(ProvisionError::Option { option: option(), why });
    }
    let value = rest.strip_prefix('=').unwrap_or_else(|| rest.trim_start());
    if matches!(name, "tlsverify" | "tlscacert" | "tlscert" | "tlskey" | "tls") {
        let wanted = tls_value(name);
        if value != wanted && !(value.is_empty() && wanted == "true") {
            let why = format!("the machine needs {wanted}");
            return Err(ProvisionError::Option { option: option(), why });
        }
        return Ok(());
    }
    if config.lacks(&option(), name, value)? {
        if rest.is_empty() || rest.starts_with('=') {
            ours.push(format!("--{flag}"));
        } else {
            ours.extend([format!("--{name}"), value.to_owned()]);
        }
    }
    Ok(())
}

/// The daemon's configuration file: what stands there must not come as a flag too.
struct DaemonJson<'a> {
    file: &'a str,
    keys: Map<String, Value>,
}

impl<'a> DaemonJson<'a> {
    fn parse(file: &'a str, text: Option<&str>) -> Result<Self, ProvisionError> {
        let text = text.unwrap_or_default().trim_start_matches('\u{feff}').trim();
        let name = || file.to_owned();
        let keys = match text {
            "" => Map::new(),
            text => match serde_json::from_str(text) {
                Ok(Value::Object(keys)) => keys,
                Ok(_) => return Err(ProvisionError::DaemonJsonShape { file: name() }),
                Err(source) => return Err(ProvisionError::DaemonJson { file: name(), source }),
            },
        };
        Ok(Self { file, keys })
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.keys.get(key)
    }

    /// Whether the flag must be given: false where the file says the same already.
    fn lacks(&self, option: &str, flag: &str, value: &str) -> Result<bool, ProvisionError> {
        let key = key_of(flag);
        let Some(set) = self.get(&key) else { return Ok(true) };
        let same = match set {
            Value::Bool(on) => value == on.to_string() || (*on && value.is_empty()),
            Value::String(text) => text == value,
            Value::Number(n) => n.to_string() == value,
            Value::Array(_) => strings(set).contains(&value),
            Value::Object(map) => value
                .split_once('=')
                .is_some_and(|(k, v)| map.get(k).is_some_and(|set| set.as_str() == Some(v))),
            Value::Null => false,
        };
        if same {
            return Ok(false);
        }
        let asks = if value.is_empty() || option.ends_with(value) {
            format!("{option} asks for another")
        } else {
            format!("{option} asks for {value}")
        };
        Err(self.conflict(&key, asks))
    }

    fn conflict(&self, key: &str, wanted: String) -> ProvisionError {
        let value = self.get(key).map(Value::to_string).unwrap_or_default();
        let (file, key) = (self.file.to_owned(), format!("{key:?}"));
        ProvisionError::Conflict { file, key, value: shown(&value), wanted }
    }
}

/// The file's name for what a flag sets: lists have their plural there.
fn key_of(flag: &str) -> String {
    match flag {
        "insecure-registry" => "insecure-registries".to_owned(),
        "add-runtime" => "runtimes".to_owned(),
        "host"
        | "label"
        | "registry-mirror"
        | "dns-opt"
        | "exec-opt"
        | "log-opt"
        | "storage-opt"
        | "cluster-store-opt"
        | "authorization-plugin"
        | "default-ulimit"
        | "default-address-pool"
        | "default-network-opt"
        | "node-generic-resource"
        | "cdi-spec-dir" => format!("{flag}s"),
        other => other.to_owned(),
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

fn shown(value: &str) -> String {
    if value.len() <= SHOWN {
        return value.to_owned();
    }
    let end = value.char_indices().map(|(i, _)| i).take_while(|i| *i <= SHOWN).last();
    format!("{}…", &value[..end.unwrap_or(0)])
}

#[cfg(test)]
mod tests;
