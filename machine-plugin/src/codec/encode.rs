use crate::codec::cursor::Put;
use crate::codec::{CodecError, Type, TypeId, Types, Value, wire_type};
use std::collections::BTreeSet;

/// Writes values as the messages of one stream.
///
/// Every definition is a message of its own before the first value that needs it, which Go's
/// decoder takes anywhere. Go itself splits values in the middle instead.
#[derive(Clone, Debug)]
pub struct Encoder {
    types: Types,
    sent: BTreeSet<TypeId>,
}

impl Encoder {
    /// For a new stream, which will use these types.
    pub fn new(types: Types) -> Self {
        Self { types, sent: BTreeSet::new() }
    }

    /// Adds to `out` a value of type `id`, with the definitions that the peer lacks.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] or [`CodecError::UndefinedType`] when the value is not of this
    /// type; then nothing was added.
    pub fn encode(
        &mut self,
        id: TypeId,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let mut body = Vec::new();
        self.top(id, value, &mut body)?;
        let mut needed = Vec::new();
        self.need(id, &mut needed)?;
        self.need_inside(value, &mut needed)?;
        let mut definitions = Vec::new();
        for &id in &needed {
            if let Some(def) = wire_type::compose(id, self.types.get(id)?) {
                let mut message = Vec::new();
                message.int(-i64::from(id.number()));
                self.value(TypeId::WIRE_TYPE, &def, &mut message)?;
                definitions.bytes(&message);
            }
        }
        self.sent.extend(needed);
        out.append(&mut definitions);
        out.bytes(&body);
        Ok(())
    }

    /// Collects `id` and what it is made of, as far as the peer does not know it.
    fn need(&self, id: TypeId, needed: &mut Vec<TypeId>) -> Result<(), CodecError> {
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            let def = self.types.get(id)?;
            if id.is_definable() && !self.sent.contains(&id) && !needed.contains(&id) {
                needed.push(id);
                todo.extend(def.parts());
            }
        }
        Ok(())
    }

    /// The same for what interfaces inside `value` hold.
    fn need_inside(&self, value: &Value, needed: &mut Vec<TypeId>) -> Result<(), CodecError> {
        match value {
            Value::List(items) => items.iter().try_for_each(|v| self.need_inside(v, needed)),
            Value::Map(pairs) => pairs.iter().try_for_each(|(key, value)| {
                self.need_inside(key, needed)?;
                self.need_inside(value, needed)
            }),
            Value::Struct(value) => {
                value.fields().try_for_each(|(_, v)| self.need_inside(v, needed))
            }
            Value::Interface(Some(inner)) => {
                self.need(inner.id, needed)?;
                self.need_inside(&inner.value, needed)
            }
            _ => Ok(()),
        }
    }

    /// Type id and value, as at the start of a message.
    fn top(&self, id: TypeId, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.int(i64::from(id.number()));
        self.standing_alone(id, value, out)
    }

    fn standing_alone(
        &self,
        id: TypeId,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        if !self.types.get(id)?.is_struct() {
            out.uint(0);
        }
        self.value(id, value, out)
    }

    fn value(&self, id: TypeId, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match (self.types.get(id)?, value) {
            (Type::Bool, Value::Bool(on)) => out.uint(u64::from(*on)),
            (Type::Int, Value::Int(int)) => out.int(*int),
            (Type::Uint, Value::Uint(uint)) => out.uint(*uint),
            (Type::Float, Value::Float(float)) => out.float(*float),
            (Type::Complex, Value::Complex(real, imaginary)) => {
                out.float(*real);
                out.float(*imaginary);
            }
            (Type::Bytes, Value::Bytes(bytes)) | (Type::Opaque { .. }, Value::Opaque(bytes)) => {
                out.bytes(bytes);
            }
            (Type::Text, Value::Text(text)) => out.bytes(text.as_bytes()),
            (Type::Array { elem, len, .. }, Value::List(items)) if items.len() as u64 == *len => {
                self.list(*elem, items, out)?;
            }
            (Type::Slice { elem, .. }, Value::List(items)) => self.list(*elem, items, out)?,
            (Type::Map { key, elem, .. }, Value::Map(pairs)) => {
                out.uint(pairs.len() as u64);
                for (k, v) in pairs {
                    self.value(*key, k, out)?;
                    self.value(*elem, v, out)?;
                }
            }
            (Type::Struct(def), Value::Struct(value)) if **def == *value.def() => {
                let mut next = 0;
                for (number, value) in value.numbered().iter().filter(|(_, v)| !is_zero(v)) {
                    out.uint((number - next + 1) as u64);
                    self.value(def.fields[*number].id, value, out)?;
                    next = number + 1;
                }
                out.uint(0);
            }
            (Type::Interface, Value::Interface(None)) => out.uint(0),
            (Type::Interface, Value::Interface(Some(inner))) if !inner.name.is_empty() => {
                out.bytes(inner.name.as_bytes());
                out.int(i64::from(inner.id.number()));
                let mut body = Vec::new();
                self.standing_alone(inner.id, &inner.value, &mut body)?;
                out.bytes(&body);
            }
            _ => return Err(CodecError::Mismatch(id)),
        }
        Ok(())
    }

    fn list(&self, elem: TypeId, items: &[Value], out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.uint(items.len() as u64);
        items.iter().try_for_each(|item| self.value(elem, item, out))
    }
}

/// What Go leaves out of a struct.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(on) => !on,
        Value::Int(int) => *int == 0,
        Value::Uint(uint) => *uint == 0,
        Value::Float(float) => float.to_bits() == 0,
        Value::Complex(real, imaginary) => (real.to_bits() | imaginary.to_bits()) == 0,
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Interface(inner) => inner.is_none(),
        Value::Map(_) | Value::Struct(_) | Value::Opaque(_) => false,
    }
}
