//! Type definitions, which are themselves gob values.
use crate::codec::{Marshaler, Struct, Type, TypeId, Value};
use std::sync::{Arc, LazyLock};

/// gob's own types that describe types, in order of their ids from [`TypeId::WIRE_TYPE`] on.
static BUILTIN: LazyLock<[Type; 9]> = LazyLock::new(|| {
    let common = ("CommonType", TypeId::COMMON_TYPE);
    [
        Type::structure(
            "wireType",
            [
                ("ArrayT", TypeId::ARRAY_TYPE),
                ("SliceT", TypeId::SLICE_TYPE),
                ("StructT", TypeId::STRUCT_TYPE),
                ("MapT", TypeId::MAP_TYPE),
                ("GobEncoderT", TypeId::OPAQUE_TYPE),
                ("BinaryMarshalerT", TypeId::OPAQUE_TYPE),
                ("TextMarshalerT", TypeId::OPAQUE_TYPE),
            ],
        ),
        Type::structure("arrayType", [common, ("Elem", TypeId::INT), ("Len", TypeId::INT)]),
        Type::structure("CommonType", [("Name", TypeId::TEXT), ("Id", TypeId::INT)]),
        Type::structure("sliceType", [common, ("Elem", TypeId::INT)]),
        Type::structure("structType", [common, ("Field", TypeId::FIELD_LIST)]),
        Type::structure("fieldType", [("Name", TypeId::TEXT), ("Id", TypeId::INT)]),
        Type::slice(TypeId::FIELD_TYPE),
        Type::structure("mapType", [common, ("Key", TypeId::INT), ("Elem", TypeId::INT)]),
        Type::structure("gobEncoderType", [common]),
    ]
});

pub(crate) fn builtin(id: TypeId) -> Option<&'static Type> {
    let index = id.number().checked_sub(TypeId::WIRE_TYPE.number())?;
    BUILTIN.get(usize::try_from(index).ok()?)
}

/// Writes a definition; `None` for gob's own types, which have none.
pub(crate) fn compose(id: TypeId, def: &Type) -> Option<Value> {
    let common = |name: &str| {
        let common = blank(TypeId::COMMON_TYPE).with("Name", Value::Text(name.to_owned()));
        Value::Struct(common.with("Id", int(id)))
    };
    let (kind, def) = match def {
        Type::Array { name, elem, len } => {
            let array = blank(TypeId::ARRAY_TYPE).with("CommonType", common(name));
            let len = Value::Int(i64::try_from(*len).unwrap_or(i64::MAX));
            ("ArrayT", array.with("Elem", int(*elem)).with("Len", len))
        }
        Type::Slice { name, elem } => {
            let slice = blank(TypeId::SLICE_TYPE).with("CommonType", common(name));
            ("SliceT", slice.with("Elem", int(*elem)))
        }
        Type::Map { name, key, elem } => {
            let map = blank(TypeId::MAP_TYPE).with("CommonType", common(name));
            ("MapT", map.with("Key", int(*key)).with("Elem", int(*elem)))
        }
        Type::Struct(def) => {
            let fields = def.fields.iter().map(|field| {
                let def = blank(TypeId::FIELD_TYPE).with("Name", Value::Text(field.name.clone()));
                Value::Struct(def.with("Id", int(field.id)))
            });
            let fields = Value::List(fields.collect());
            let structure = blank(TypeId::STRUCT_TYPE).with("CommonType", common(&def.name));
            ("StructT", structure.with("Field", fields))
        }
        Type::Opaque { name, marshaler } => {
            let kind = match marshaler {
                Marshaler::Gob => "GobEncoderT",
                Marshaler::Binary => "BinaryMarshalerT",
                Marshaler::Text => "TextMarshalerT",
            };
            (kind, blank(TypeId::OPAQUE_TYPE).with("CommonType", common(name)))
        }
        _ => return None,
    };
    Some(Value::Struct(blank(TypeId::WIRE_TYPE).with(kind, Value::Struct(def))))
}

fn blank(id: TypeId) -> Struct {
    let def = match builtin(id) {
        Some(Type::Struct(def)) => def.clone(),
        _ => Arc::default(),
    };
    Struct::new(def)
}

fn int(id: TypeId) -> Value {
    Value::Int(i64::from(id.number()))
}
