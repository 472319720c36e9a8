use crate::codec::Value;
use crate::rpc::FlagValue;
use crate::rpc::server::Flag;
use machine_core::{OptionKind, OptionSpec, OptionValue};

/// A provider's options as create flags; other dialects' names are left out, as Docker Machine has
/// none.
pub(crate) fn flags(specs: &[OptionSpec]) -> Vec<Flag> {
    let flag = |spec: &OptionSpec| {
        let default = match (spec.kind, spec.default.clone()) {
            (OptionKind::Switch, _) => FlagValue::Bool(false),
            (_, Some(OptionValue::Int(int))) => FlagValue::Int(int),
            (OptionKind::Int, _) => FlagValue::Int(0),
            (_, Some(OptionValue::List(texts))) => FlagValue::Texts(texts),
            (OptionKind::List, _) => FlagValue::Texts(Vec::new()),
            (_, Some(OptionValue::Text(text))) => FlagValue::Text(text),
            _ => FlagValue::Text(String::new()),
        };
        let env = spec.env.as_deref().unwrap_or_default().to_owned();
        Flag { name: spec.name.to_string(), usage: spec.help.to_string(), env, default }
    };
    specs.iter().map(flag).collect()
}

/// Flag values that a host sends, by name.
pub(crate) fn values(body: &Value) -> Vec<(String, OptionValue)> {
    let Some(Value::Map(pairs)) = body.as_struct().and_then(|flags| flags.field("Values")) else {
        return Vec::new();
    };
    let value = |value: &Value| {
        Some(match value.concrete() {
            Value::Bool(on) => OptionValue::Switch(*on),
            Value::Int(int) => OptionValue::Int(*int),
            Value::Text(text) => OptionValue::Text(text.clone()),
            Value::List(texts) => {
                let texts = texts.iter().filter_map(|t| t.as_text().map(str::to_owned));
                OptionValue::List(texts.collect())
            }
            _ => return None,
        })
    };
    pairs.iter().filter_map(|(k, v)| Some((k.as_text()?.to_owned(), value(v)?))).collect()
}

/// Whether a host says thereby that nothing was given: it sends every flag there is.
pub(crate) fn is_unset(spec: &OptionSpec, value: &OptionValue) -> bool {
    let zero = match value {
        OptionValue::Switch(on) => !on,
        OptionValue::Int(int) => *int == 0,
        OptionValue::Text(text) => text.is_empty(),
        OptionValue::List(texts) => texts.is_empty(),
        _ => false,
    };
    zero && spec.default.is_none()
}

pub(crate) fn kind(value: &OptionValue) -> OptionKind {
    match value {
        OptionValue::Switch(_) => OptionKind::Switch,
        OptionValue::Int(_) => OptionKind::Int,
        OptionValue::List(_) => OptionKind::List,
        _ => OptionKind::Text,
    }
}
