use crate::codec::CodecError;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Number of a type within one stream.
///
/// Up to 63 they are gob's own, from 64 on each encoder hands them out as it likes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TypeId(i32);

impl TypeId {
    /// `bool`.
    pub const BOOL: Self = Self(1);
    /// Signed integers of any size.
    pub const INT: Self = Self(2);
    /// Unsigned integers of any size.
    pub const UINT: Self = Self(3);
    /// Floats of any size.
    pub const FLOAT: Self = Self(4);
    /// `[]byte`.
    pub const BYTES: Self = Self(5);
    /// `string`.
    pub const TEXT: Self = Self(6);
    /// Complex numbers of any size.
    pub const COMPLEX: Self = Self(7);
    /// Any interface type.
    pub const INTERFACE: Self = Self(8);
    pub(crate) const WIRE_TYPE: Self = Self(16);
    pub(crate) const ARRAY_TYPE: Self = Self(17);
    pub(crate) const COMMON_TYPE: Self = Self(18);
    pub(crate) const SLICE_TYPE: Self = Self(19);
    pub(crate) const STRUCT_TYPE: Self = Self(20);
    pub(crate) const FIELD_TYPE: Self = Self(21);
    pub(crate) const FIELD_LIST: Self = Self(22);
    pub(crate) const MAP_TYPE: Self = Self(23);
    /// Of the three kinds that marshal themselves.
    pub(crate) const OPAQUE_TYPE: Self = Self(24);
    const FIRST_DEFINED: i32 = 64;

    /// A number from the wire or a program; definitions may use 64 and up.
    pub const fn new(number: i32) -> Self {
        Self(number)
    }

    pub(crate) fn from_wire(number: i64) -> Result<Self, CodecError> {
        i32::try_from(number).map(Self).map_err(|_| CodecError::Malformed("type id"))
    }

    /// The number itself.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Whether a stream may define it.
    pub fn is_definable(self) -> bool {
        self.0 >= Self::FIRST_DEFINED
    }
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A struct's field: receivers match it by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// Go's name.
    pub name: String,
    /// Its type.
    pub id: TypeId,
}

/// A struct's definition.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StructType {
    /// Go's name; empty for an anonymous one.
    pub name: String,
    /// In order of declaration.
    pub fields: Vec<Field>,
}

/// Who marshals a [`Type::Opaque`], for the definition's sake; the value is bytes in all cases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Marshaler {
    /// Go's `GobEncoder`.
    Gob,
    /// Go's `encoding.BinaryMarshaler`.
    Binary,
    /// Go's `encoding.TextMarshaler`.
    Text,
}

/// What a stream says about a type.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Type {
    /// `bool`.
    Bool,
    /// Signed integer.
    Int,
    /// Unsigned integer.
    Uint,
    /// Float.
    Float,
    /// `[]byte`.
    Bytes,
    /// `string`.
    Text,
    /// Complex number.
    Complex,
    /// Any value, with the name of its type.
    Interface,
    /// A list of fixed length.
    Array {
        /// Go's name, often empty.
        name: String,
        /// Of each element.
        elem: TypeId,
        /// Number of elements.
        len: u64,
    },
    /// A list.
    Slice {
        /// Go's name, often empty.
        name: String,
        /// Of each element.
        elem: TypeId,
    },
    /// A map.
    Map {
        /// Go's name.
        name: String,
        /// Of each key.
        key: TypeId,
        /// Of each value.
        elem: TypeId,
    },
    /// A struct.
    Struct(Arc<StructType>),
    /// A type that marshals itself: bytes for all that gob knows.
    Opaque {
        /// Go's name.
        name: String,
        /// How.
        marshaler: Marshaler,
    },
}

impl Type {
    /// A list of `elem`.
    pub fn slice(elem: TypeId) -> Self {
        Self::Slice { name: String::new(), elem }
    }

    /// A struct with these fields.
    pub fn structure<'a>(name: &str, fields: impl IntoIterator<Item = (&'a str, TypeId)>) -> Self {
        let fields = fields.into_iter().map(|(name, id)| Field { name: name.to_owned(), id });
        Self::Struct(Arc::new(StructType { name: name.to_owned(), fields: fields.collect() }))
    }

    /// Whether a value stands alone in its message, without the zero that leads all others.
    pub(crate) fn is_struct(&self) -> bool {
        matches!(self, Self::Struct(_))
    }

    /// Memory that the definition takes, roughly.
    pub(crate) fn weight(&self) -> usize {
        let own = match self {
            Self::Array { name, .. }
            | Self::Slice { name, .. }
            | Self::Map { name, .. }
            | Self::Opaque { name, .. } => name.len(),
            Self::Struct(def) => {
                let fields = def.fields.iter().map(|f| size_of::<Field>() + f.name.len());
                def.name.len() + fields.sum::<usize>()
            }
            _ => 0,
        };
        own + size_of::<Self>()
    }

    /// Types that this one is made of.
    pub(crate) fn parts(&self) -> Vec<TypeId> {
        match self {
            Self::Array { elem, .. } | Self::Slice { elem, .. } => vec![*elem],
            Self::Map { key, elem, .. } => vec![*key, *elem],
            Self::Struct(def) => def.fields.iter().map(|f| f.id).collect(),
            _ => Vec::new(),
        }
    }
}

/// The types of one stream.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Types(BTreeMap<TypeId, Type>);

impl Types {
    /// gob's own types alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a definition.
    ///
    /// # Errors
    /// [`CodecError::DuplicateType`] when the id is taken or is not [`TypeId::is_definable`].
    pub fn define(&mut self, id: TypeId, def: Type) -> Result<(), CodecError> {
        if !id.is_definable() || self.0.contains_key(&id) {
            return Err(CodecError::DuplicateType(id));
        }
        self.0.insert(id, def);
        Ok(())
    }

    /// Definitions by id.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.0.iter().map(|(id, def)| (*id, def))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A type that may be gob's own.
    ///
    /// # Errors
    /// [`CodecError::UndefinedType`].
    pub fn get(&self, id: TypeId) -> Result<&Type, CodecError> {
        let known = if id.is_definable() { self.0.get(&id) } else { builtin(id) };
        known.ok_or(CodecError::UndefinedType(id))
    }
}

fn builtin(id: TypeId) -> Option<&'static Type> {
    Some(match id {
        TypeId::BOOL => &Type::Bool,
        TypeId::INT => &Type::Int,
        TypeId::UINT => &Type::Uint,
        TypeId::FLOAT => &Type::Float,
        TypeId::BYTES => &Type::Bytes,
        TypeId::TEXT => &Type::Text,
        TypeId::COMPLEX => &Type::Complex,
        TypeId::INTERFACE => &Type::Interface,
        _ => return crate::codec::wire_type::builtin(id),
    })
}
