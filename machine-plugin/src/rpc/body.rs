use crate::codec::{Interface, Struct, StructType, Type, TypeId, Types, Value};
use std::sync::{Arc, LazyLock};

pub(in crate::rpc) const REQUEST: TypeId = TypeId::new(100);
pub(in crate::rpc) const RESPONSE: TypeId = TypeId::new(101);
const EMPTY: TypeId = TypeId::new(102);
pub(in crate::rpc) const TEXTS: TypeId = TypeId::new(103);
pub(in crate::rpc) const FLAG_VALUES: TypeId = TypeId::new(104);
const FLAG_TABLE: TypeId = TypeId::new(105);
pub(in crate::rpc) const FLAG_LIST: TypeId = TypeId::new(106);
pub(in crate::rpc) const TEXT_FLAG: TypeId = TypeId::new(107);
pub(in crate::rpc) const INT_FLAG: TypeId = TypeId::new(108);
pub(in crate::rpc) const SWITCH_FLAG: TypeId = TypeId::new(109);
pub(in crate::rpc) const LIST_FLAG: TypeId = TypeId::new(110);

/// Types of both directions; the numbers are an encoder's own affair, and only those in use are
/// ever sent.
static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let text = |name| (name, TypeId::TEXT);
    let flag = [text("Name"), text("Usage"), text("EnvVar")];
    let flag_with = |value| flag.into_iter().chain([("Value", value)]);
    let header = [text("ServiceMethod"), ("Seq", TypeId::UINT), text("Error")];
    let name = "map[string]interface {}".to_owned();
    let mut types = Types::new();
    for (id, def) in [
        (REQUEST, Type::structure("Request", header.into_iter().take(2))),
        (RESPONSE, Type::structure("Response", header)),
        (EMPTY, Type::structure("", [])),
        (TEXTS, Type::slice(TypeId::TEXT)),
        (FLAG_VALUES, Type::structure("RPCFlags", [("Values", FLAG_TABLE)])),
        (FLAG_TABLE, Type::Map { name, key: TypeId::TEXT, elem: TypeId::INTERFACE }),
        (FLAG_LIST, Type::slice(TypeId::INTERFACE)),
        (TEXT_FLAG, Type::structure("StringFlag", flag_with(TypeId::TEXT))),
        (INT_FLAG, Type::structure("IntFlag", flag_with(TypeId::INT))),
        (SWITCH_FLAG, Type::structure("BoolFlag", flag)),
        (LIST_FLAG, Type::structure("StringSliceFlag", flag_with(TEXTS))),
    ] {
        types.define(id, def).ok(); // fresh ids: cannot fail
    }
    types
});

/// A gob value with its type, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) id: TypeId,
    pub(crate) value: Value,
}

impl Body {
    pub(crate) fn types() -> Types {
        TYPES.clone()
    }

    /// `struct{}`: the argument of most methods, and the answer of many.
    pub(crate) fn empty() -> Self {
        Self { id: EMPTY, value: Value::Struct(blank(EMPTY)) }
    }

    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self { id: TypeId::BYTES, value: Value::Bytes(bytes) }
    }
}

/// A struct of this type with no field set.
pub(in crate::rpc) fn blank(id: TypeId) -> Struct {
    let def: Arc<StructType> = match TYPES.get(id) {
        Ok(Type::Struct(def)) => def.clone(),
        _ => Arc::default(),
    };
    Struct::new(def)
}

pub(in crate::rpc) fn interface(name: &str, id: TypeId, value: Value) -> Value {
    Value::Interface(Some(Box::new(Interface { name: name.to_owned(), id, value })))
}

pub(in crate::rpc) fn texts(all: Vec<String>) -> Value {
    Value::List(all.into_iter().map(Value::Text).collect())
}

/// Value of a create flag, by the Go type that a driver asserts.
#[derive(Clone)]
pub(crate) enum FlagValue {
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<String>),
}
