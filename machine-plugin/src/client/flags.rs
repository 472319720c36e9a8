use crate::codec::Value;
use crate::rpc::{Body, FlagValue};
use machine_core::{OptionKind, OptionSpec, OptionValue, Options};
use std::collections::BTreeMap;

/// What nearly every driver looks up beside its own flags; Go's drivers complain and misbehave
/// where one is missing.
const SHARED: [(&str, &str); 3] = [
    ("engine-install-url", "https://get.docker.com"),
    ("swarm-discovery", ""),
    ("swarm-host", "tcp://0.0.0.0:3376"),
];

/// Create flags, as a plugin declares them. Those of a type that is not known are left out: nothing
/// could be given for them.
pub(crate) fn specs(reply: &Value) -> Option<Vec<OptionSpec>> {
    let mut specs: Vec<OptionSpec> = Vec::new();
    for flag in reply.as_list()? {
        match spec(flag) {
            Some(spec) if specs.iter().all(|s| s.name != spec.name) => specs.push(spec),
            Some(spec) => tracing::warn!(flag = %spec.name, "create flag declared twice"),
            None => tracing::warn!("create flag of an unknown type"),
        }
    }
    Some(specs)
}

fn spec(flag: &Value) -> Option<OptionSpec> {
    let Value::Interface(Some(inner)) = flag else { return None };
    let flag = inner.value.as_struct()?;
    let text = |name| flag.field(name).and_then(Value::as_text).unwrap_or_default().to_owned();
    let value = flag.field("Value");
    // Forks have other import paths, of which the wire shows the last part.
    let (kind, default) = match inner.name.rsplit(['.', '*', '/']).next()? {
        "StringFlag" => {
            let text = value.and_then(Value::as_text).map(|t| OptionValue::Text(t.to_owned()));
            (OptionKind::Text, text)
        }
        "IntFlag" => {
            let int = value.and_then(Value::as_int).unwrap_or_default();
            (OptionKind::Int, Some(OptionValue::Int(int)))
        }
        "BoolFlag" => (OptionKind::Switch, None),
        "StringSliceFlag" => {
            let texts = value.and_then(Value::as_list).unwrap_or_default().iter();
            let texts: Vec<_> = texts.filter_map(|t| t.as_text().map(str::to_owned)).collect();
            (OptionKind::List, (!texts.is_empty()).then_some(OptionValue::List(texts)))
        }
        _ => return None,
    };
    let name = text("Name");
    let mut spec = OptionSpec::new(name, kind, text("Usage"));
    spec.env = Some(text("EnvVar")).filter(|env| !env.is_empty()).map(Into::into);
    spec.default = default;
    Some(spec).filter(|spec| !spec.name.is_empty())
}

/// What a driver gets: every flag of its own, each with its type, and the shared ones.
pub(crate) fn values(specs: &[OptionSpec], options: &Options, shared: &Options) -> Body {
    let mut values = BTreeMap::from([("swarm-master".to_owned(), FlagValue::Bool(false))]);
    for (name, default) in SHARED {
        values.insert(name.to_owned(), FlagValue::Text(default.to_owned()));
    }
    for (name, value) in shared.iter() {
        if let Some(value) = flag_value(value) {
            values.insert(name.to_owned(), value);
        }
    }
    for spec in specs {
        let given = options.iter().find(|(name, _)| *name == spec.name);
        let value = given.and_then(|(_, value)| flag_value(value));
        values.insert(spec.name.to_string(), value.unwrap_or_else(|| zero(spec.kind)));
    }
    Body::flag_values(values)
}

fn flag_value(value: &OptionValue) -> Option<FlagValue> {
    Some(match value {
        OptionValue::Switch(on) => FlagValue::Bool(*on),
        OptionValue::Text(text) => FlagValue::Text(text.clone()),
        OptionValue::Secret(secret) => FlagValue::Text(secret.expose().to_owned()),
        OptionValue::List(texts) => FlagValue::Texts(texts.clone()),
        OptionValue::Int(int) => FlagValue::Int(*int),
        _ => return None,
    })
}

fn zero(kind: OptionKind) -> FlagValue {
    match kind {
        OptionKind::Switch => FlagValue::Bool(false),
        OptionKind::Int => FlagValue::Int(0),
        OptionKind::List => FlagValue::Texts(Vec::new()),
        _ => FlagValue::Text(String::new()),
    }
}
