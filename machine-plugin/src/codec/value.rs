use crate::codec::{StructType, TypeId};
use std::fmt;
use std::sync::Arc;

/// A decoded value. Which type it had is known from the stream, but for structs and interfaces,
/// which carry it.
///
/// `Debug` shows the shape and no content: a driver's settings hold secrets.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `bool`.
    Bool(bool),
    /// Signed integer.
    Int(i64),
    /// Unsigned integer.
    Uint(u64),
    /// Float.
    Float(f64),
    /// Complex number.
    Complex(f64, f64),
    /// `[]byte`.
    Bytes(Vec<u8>),
    /// `string`; bytes that are no UTF-8, which Go allows, are replaced.
    Text(String),
    /// Slice or array.
    List(Vec<Value>),
    /// Map, in the order sent.
    Map(Vec<(Value, Value)>),
    /// Struct.
    Struct(Struct),
    /// Interface; `None` is nil.
    Interface(Option<Box<Interface>>),
    /// What a type made of itself.
    Opaque(Vec<u8>),
}

impl Value {
    /// A text, as it is or inside an interface.
    pub fn as_text(&self) -> Option<&str> {
        match self.concrete() {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An integer, signed or not.
    pub fn as_int(&self) -> Option<i64> {
        match self.concrete() {
            Self::Int(int) => Some(*int),
            Self::Uint(uint) => i64::try_from(*uint).ok(),
            _ => None,
        }
    }

    /// A bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self.concrete() {
            Self::Bool(on) => Some(*on),
            _ => None,
        }
    }

    /// Bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.concrete() {
            Self::Bytes(bytes) | Self::Opaque(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self.concrete() {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// A struct.
    pub fn as_struct(&self) -> Option<&Struct> {
        match self.concrete() {
            Self::Struct(value) => Some(value),
            _ => None,
        }
    }

    /// What lies inside any interfaces; a nil one is itself.
    pub fn concrete(&self) -> &Self {
        let mut value = self;
        while let Self::Interface(Some(inner)) = value {
            value = &inner.value;
        }
        value
    }
}

/// A struct's fields, those that were sent: the others are zero.
#[derive(Clone, PartialEq)]
pub struct Struct {
    def: Arc<StructType>,
    /// By number, in rising order.
    fields: Vec<(usize, Value)>,
}

impl Struct {
    /// With no field set.
    pub fn new(def: Arc<StructType>) -> Self {
        Self { def, fields: Vec::new() }
    }

    pub(crate) fn from_parts(def: Arc<StructType>, fields: Vec<(usize, Value)>) -> Self {
        Self { def, fields }
    }

    /// Sets a field by name; one that the type lacks is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if let Some(number) = self.def.fields.iter().position(|f| f.name == name) {
            match self.fields.binary_search_by_key(&number, |(n, _)| *n) {
                Ok(at) => self.fields[at].1 = value,
                Err(at) => self.fields.insert(at, (number, value)),
            }
        }
        self
    }

    /// The type.
    pub fn def(&self) -> &StructType {
        &self.def
    }

    /// A field's value; `None` when it is zero or the type lacks it.
    pub fn field(&self, name: &str) -> Option<&Value> {
        let named = |(number, _): &&(usize, Value)| self.def.fields[*number].name == name;
        self.fields.iter().find(named).map(|(_, value)| value)
    }

    /// Fields that were sent, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(number, value)| (self.def.fields[*number].name.as_str(), value))
    }

    pub(crate) fn numbered(&self) -> &[(usize, Value)] {
        &self.fields
    }
}

/// What an interface holds.
#[derive(Clone, PartialEq)]
pub struct Interface {
    /// The name under which Go's side registered the type, such as `*mcnflag.StringFlag`.
    pub name: String,
    /// The type.
    pub id: TypeId,
    /// A value of it.
    pub value: Value,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(_) => f.write_str("bool"),
            Self::Int(_) | Self::Uint(_) => f.write_str("number"),
            Self::Float(_) | Self::Complex(..) => f.write_str("float"),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Text(text) => write!(f, "text of {} bytes", text.len()),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(pairs) => f.debug_list().entries(pairs).finish(),
            Self::Struct(value) => value.fmt(f),
            Self::Interface(inner) => inner.fmt(f),
            Self::Opaque(bytes) => write!(f, "opaque, {} bytes", bytes.len()),
        }
    }
}

impl fmt::Debug for Struct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(&self.def.name);
        for (name, value) in self.fields() {
            shown.field(name, value);
        }
        shown.finish()
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(&self.name).field(&self.value).finish()
    }
}
