//! What templates work on: Go's values, as far as a store's machines have them.

use std::collections::BTreeMap;
use std::rc::Rc;

/// A value, with the Go type that printing and comparing depend on.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// No value at all: a map's missing key.
    Missing,
    /// A nil interface: JSON's null.
    Null,
    Bool(bool),
    Int(i64),
    /// One byte of a string.
    Byte(u8),
    Float(f64),
    Text(Rc<str>),
    List(Rc<[Value]>),
    Map(Rc<BTreeMap<String, Value>>),
    Struct(Rc<Struct>),
    /// A nil pointer to a struct of that type, such as `*swarm.Options`.
    NilPointer(&'static str),
    /// A number that prints as words: Go type, number, words.
    Named(&'static str, i64, Rc<str>),
}

/// A Go struct.
#[derive(Debug)]
pub(crate) struct Struct {
    /// Go's name of the type that a template sees, `*` first for a pointer.
    pub(crate) type_name: &'static str,
    /// Fields in their order.
    pub(crate) fields: Vec<(&'static str, Value)>,
}

impl Struct {
    /// The field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// A Go list of strings.
impl From<&[String]> for Value {
    fn from(list: &[String]) -> Self {
        Self::List(list.iter().map(|item| item.as_str().into()).collect())
    }
}

impl Value {
    /// Whether `if` takes it for true.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Missing | Self::Null | Self::NilPointer(_) => false,
            Self::Bool(truth) => *truth,
            Self::Int(number) | Self::Named(_, number, _) => *number != 0,
            Self::Byte(byte) => *byte != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Struct(_) => true,
        }
    }

    /// Go's name of the type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Null => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
            Self::Struct(s) => s.type_name,
            Self::NilPointer(name) | Self::Named(name, ..) => name,
        }
    }

    /// What a method answers, of those without arguments that Go's states and durations have.
    pub(crate) fn method(&self, name: &str) -> Option<Value> {
        let Self::Named(type_name, number, words) = self else { return None };
        let is_duration = *type_name == "time.Duration";
        let units = |nanoseconds: f64| Some(Self::Float(*number as f64 / nanoseconds));
        match name {
            "String" => Some(Self::Text(words.clone())),
            "Nanoseconds" if is_duration => Some(Self::Int(*number)),
            "Microseconds" if is_duration => Some(Self::Int(*number / 1_000)),
            "Milliseconds" if is_duration => Some(Self::Int(*number / 1_000_000)),
            "Seconds" if is_duration => units(1e9),
            "Minutes" if is_duration => units(60e9),
            "Hours" if is_duration => units(3600e9),
            _ => None,
        }
    }

    /// A whole number, for `index` and `slice`.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Int(number) | Self::Named(_, number, _) => Some(*number),
            Self::Byte(byte) => Some(i64::from(*byte)),
            _ => None,
        }
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Missing | Self::Null)
    }
}
