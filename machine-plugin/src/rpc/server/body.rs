use crate::codec::{TypeId, Value};
use crate::rpc::body::{
    FLAG_LIST, INT_FLAG, LIST_FLAG, RESPONSE, SWITCH_FLAG, TEXT_FLAG, blank, interface, texts,
};
use crate::rpc::{Body, FlagValue};

/// A create flag.
pub(crate) struct Flag {
    pub(crate) name: String,
    pub(crate) usage: String,
    /// Empty for none.
    pub(crate) env: String,
    pub(crate) default: FlagValue,
}

impl Body {
    /// An empty `error` is none.
    pub(super) fn response(method: String, seq: u64, error: String) -> Self {
        let header = blank(RESPONSE)
            .with("ServiceMethod", Value::Text(method))
            .with("Seq", Value::Uint(seq))
            .with("Error", Value::Text(error));
        Self { id: RESPONSE, value: Value::Struct(header) }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { id: TypeId::TEXT, value: Value::Text(text.into()) }
    }

    pub(crate) fn int(int: i64) -> Self {
        Self { id: TypeId::INT, value: Value::Int(int) }
    }

    /// Create flags, as Go's `[]mcnflag.Flag`.
    pub(crate) fn flags(flags: impl IntoIterator<Item = Flag>) -> Self {
        let boxed = |flag: Flag| {
            let (name, id, default) = match flag.default {
                FlagValue::Text(text) => ("StringFlag", TEXT_FLAG, Value::Text(text)),
                FlagValue::Int(int) => ("IntFlag", INT_FLAG, Value::Int(int)),
                FlagValue::Bool(on) => ("BoolFlag", SWITCH_FLAG, Value::Bool(on)),
                FlagValue::Texts(all) => ("StringSliceFlag", LIST_FLAG, texts(all)),
            };
            // A switch has no field for its default, which is then left out.
            let value = blank(id)
                .with("Name", Value::Text(flag.name))
                .with("Usage", Value::Text(flag.usage))
                .with("EnvVar", Value::Text(flag.env))
                .with("Value", default);
            interface(&format!("*mcnflag.{name}"), id, Value::Struct(value))
        };
        let flags = flags.into_iter().map(boxed).collect();
        Self { id: FLAG_LIST, value: Value::List(flags) }
    }
}
