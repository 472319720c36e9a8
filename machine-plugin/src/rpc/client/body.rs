use crate::codec::{TypeId, Value};
use crate::rpc::body::{FLAG_VALUES, REQUEST, TEXTS, blank, interface, texts};
use crate::rpc::{Body, FlagValue};

impl Body {
    pub(super) fn request(method: String, seq: u64) -> Self {
        let header =
            blank(REQUEST).with("ServiceMethod", Value::Text(method)).with("Seq", Value::Uint(seq));
        Self { id: REQUEST, value: Value::Struct(header) }
    }

    /// The values of create flags, as Go's `RPCFlags`.
    pub(crate) fn flag_values(values: impl IntoIterator<Item = (String, FlagValue)>) -> Self {
        let boxed = |value: FlagValue| match value {
            FlagValue::Bool(on) => interface("bool", TypeId::BOOL, Value::Bool(on)),
            FlagValue::Int(int) => interface("int", TypeId::INT, Value::Int(int)),
            FlagValue::Text(text) => interface("string", TypeId::TEXT, Value::Text(text)),
            FlagValue::Texts(all) => interface("[]string", TEXTS, texts(all)),
        };
        let table = values.into_iter().map(|(k, v)| (Value::Text(k), boxed(v))).collect();
        let value = Value::Struct(blank(FLAG_VALUES).with("Values", Value::Map(table)));
        let value = interface("*rpcdriver.RPCFlags", FLAG_VALUES, value);
        Self { id: TypeId::INTERFACE, value }
    }
}
