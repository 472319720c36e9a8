use crate::codec::{Interface, Struct, StructType, Type, TypeId, Types, Value};
use std::sync::{Arc, LazyLock};

const REQUEST: TypeId = TypeId::new(100);
const EMPTY: TypeId = TypeId::new(101);
const TEXTS: TypeId = TypeId::new(102);
const FLAG_VALUES: TypeId = TypeId::new(103);
const FLAG_TABLE: TypeId = TypeId::new(104);

/// A client's types; the numbers are its own affair.
struct Known {
    types: Types,
    request: Arc<StructType>,
    empty: Arc<StructType>,
    flag_values: Arc<StructType>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut types = Types::new();
    let mut structure = |id: TypeId, name: &str, fields: &[(&str, TypeId)]| {
        let def = Type::structure(name, fields.iter().copied());
        let Type::Struct(inner) = &def else { return Arc::default() };
        let inner = inner.clone();
        // Fresh ids: cannot fail.
        types.define(id, def).ok();
        inner
    };
    let request =
        structure(REQUEST, "Request", &[("ServiceMethod", TypeId::TEXT), ("Seq", TypeId::UINT)]);
    let empty = structure(EMPTY, "", &[]);
    let flag_values = structure(FLAG_VALUES, "RPCFlags", &[("Values", FLAG_TABLE)]);
    types.define(TEXTS, Type::slice(TypeId::TEXT)).ok();
    let name = "map[string]interface {}".to_owned();
    types.define(FLAG_TABLE, Type::Map { name, key: TypeId::TEXT, elem: TypeId::INTERFACE }).ok();
    Known { types, request, empty, flag_values }
});

/// A gob value with its type, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) id: TypeId,
    pub(crate) value: Value,
}

impl Body {
    pub(crate) fn types() -> Types {
        KNOWN.types.clone()
    }

    pub(crate) fn request(method: String, seq: u64) -> Self {
        let header = Struct::new(KNOWN.request.clone())
            .with("ServiceMethod", Value::Text(method))
            .with("Seq", Value::Uint(seq));
        Self { id: REQUEST, value: Value::Struct(header) }
    }

    /// `struct{}`, the argument of most methods.
    pub(crate) fn empty() -> Self {
        Self { id: EMPTY, value: Value::Struct(Struct::new(KNOWN.empty.clone())) }
    }

    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self { id: TypeId::BYTES, value: Value::Bytes(bytes) }
    }

    /// The values of create flags, as Go's `RPCFlags`.
    pub(crate) fn flags(values: impl IntoIterator<Item = (String, FlagValue)>) -> Self {
        let boxed = |value: FlagValue| {
            let (name, id, value) = match value {
                FlagValue::Bool(on) => ("bool", TypeId::BOOL, Value::Bool(on)),
                FlagValue::Int(int) => ("int", TypeId::INT, Value::Int(int)),
                FlagValue::Text(text) => ("string", TypeId::TEXT, Value::Text(text)),
                FlagValue::Texts(all) => {
                    let all = all.into_iter().map(Value::Text).collect();
                    ("[]string", TEXTS, Value::List(all))
                }
            };
            Value::Interface(Some(Box::new(Interface { name: name.to_owned(), id, value })))
        };
        let table = values.into_iter().map(|(k, v)| (Value::Text(k), boxed(v))).collect();
        let value = Struct::new(KNOWN.flag_values.clone()).with("Values", Value::Map(table));
        let value = Value::Struct(value);
        let name = "*rpcdriver.RPCFlags".to_owned();
        let flags = Interface { name, id: FLAG_VALUES, value };
        Self { id: TypeId::INTERFACE, value: Value::Interface(Some(Box::new(flags))) }
    }
}

/// Value of a create flag, by the Go type that a driver asserts.
#[derive(Clone)]
pub(crate) enum FlagValue {
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<String>),
}
