use crate::codec::cursor::Cursor;
use crate::codec::{
    CodecError, Interface, Limits, Struct, StructType, Type, TypeId, Types, Value, definition,
};
use std::sync::Arc;

/// Turns the messages of one stream into values.
///
/// It does no input itself and never waits: a value that spans messages is continued by the next
/// call. Nesting is kept on the heap, so that a hostile stream cannot exhaust the stack. After an
/// error the stream is lost: definitions may be missing.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    types: Types,
    /// Memory of the definitions so far.
    weight: usize,
    /// Memory of the value so far.
    spent: usize,
    open: Vec<Frame>,
    /// Type of the value that `open` belongs to.
    top: Option<TypeId>,
}

/// Fields for which there is room from the start.
const FEW: usize = 4;

/// A value whose parts are still to come.
#[derive(Debug)]
enum Frame {
    List { elem: TypeId, left: u64, items: Vec<Value> },
    Map { key: TypeId, elem: TypeId, left: u64, pairs: Vec<(Value, Value)>, pending: Option<Value> },
    Struct { def: Arc<StructType>, next: usize, fields: Vec<(usize, Value)> },
    Interface { name: String, id: Option<TypeId>, value: Option<Value> },
}

enum Step {
    Begin(TypeId),
    Advance,
    End(Value),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Decoder {
    /// For a new stream.
    pub fn new(limits: Limits) -> Self {
        Self { limits, types: Types::new(), weight: 0, spent: 0, open: Vec::new(), top: None }
    }

    /// Types defined so far.
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// Takes one message without its length. Gives a value and its type once it is whole; `None`
    /// after a definition, or when the value goes on in the next message.
    ///
    /// # Errors
    /// Any [`CodecError`]; the stream cannot be read on.
    pub fn message(&mut self, body: &[u8]) -> Result<Option<(TypeId, Value)>, CodecError> {
        if body.len() > self.limits.message {
            return Err(CodecError::TooLarge("message"));
        }
        let mut from = Cursor::new(body);
        let mut step = Step::Advance;
        if self.top.is_none() {
            self.spent = 0;
        }
        let top = match self.top {
            Some(top) => top,
            None if from.is_empty() => return Ok(None),
            None => {
                let id = from.int()?;
                if id < 0 {
                    self.define(&mut from, id)?;
                    return match from.is_empty() {
                        true => Ok(None),
                        false => Err(CodecError::TrailingData("definition")),
                    };
                }
                let id = TypeId::from_wire(id)?;
                self.singleton(&mut from, id)?;
                self.top = Some(id);
                step = Step::Begin(id);
                id
            }
        };
        let mut open = std::mem::take(&mut self.open);
        let value = self.run(&mut from, &mut open, step)?;
        self.open = open;
        let Some(value) = value else { return Ok(None) };
        self.top = None;
        match from.is_empty() {
            true => Ok(Some((top, value))),
            false => Err(CodecError::TrailingData("value")),
        }
    }

    /// Works until the value is whole or the message ends where it may.
    fn run(
        &mut self,
        from: &mut Cursor<'_>,
        open: &mut Vec<Frame>,
        mut step: Step,
    ) -> Result<Option<Value>, CodecError> {
        loop {
            step = match step {
                Step::Begin(id) => self.begin(from, open, id)?,
                Step::End(value) => match open.last_mut() {
                    None => return Ok(Some(value)),
                    Some(frame) => {
                        charge(&mut self.spent, self.limits.value, size_of::<Value>())?;
                        frame.put(value);
                        Step::Advance
                    }
                },
                Step::Advance => match self.advance(from, open)? {
                    Some(step) => step,
                    None => return Ok(None),
                },
            }
        }
    }

    fn begin(
        &mut self,
        from: &mut Cursor<'_>,
        open: &mut Vec<Frame>,
        id: TypeId,
    ) -> Result<Step, CodecError> {
        let frame = match self.types.get(id)? {
            Type::Bool => match from.uint()? {
                0 => return Ok(Step::End(Value::Bool(false))),
                1 => return Ok(Step::End(Value::Bool(true))),
                _ => return Err(CodecError::Malformed("bool")),
            },
            Type::Int => return Ok(Step::End(Value::Int(from.int()?))),
            Type::Uint => return Ok(Step::End(Value::Uint(from.uint()?))),
            Type::Float => return Ok(Step::End(Value::Float(from.float()?))),
            Type::Complex => {
                return Ok(Step::End(Value::Complex(from.float()?, from.float()?)));
            }
            Type::Bytes => {
                let bytes = from.bytes()?;
                charge(&mut self.spent, self.limits.value, bytes.len())?;
                return Ok(Step::End(Value::Bytes(bytes.to_vec())));
            }
            Type::Opaque { .. } => {
                let bytes = from.bytes()?;
                charge(&mut self.spent, self.limits.value, bytes.len())?;
                return Ok(Step::End(Value::Opaque(bytes.to_vec())));
            }
            Type::Text => {
                let text = from.text()?;
                charge(&mut self.spent, self.limits.value, text.len())?;
                return Ok(Step::End(Value::Text(text)));
            }
            Type::Array { elem, len, .. } => {
                let left = from.uint()?;
                if left != *len {
                    return Err(CodecError::Malformed("array length"));
                }
                Frame::List { elem: *elem, left, items: Vec::new() }
            }
            Type::Slice { elem, .. } => {
                Frame::List { elem: *elem, left: from.uint()?, items: Vec::new() }
            }
            Type::Map { key, elem, .. } => Frame::Map {
                key: *key,
                elem: *elem,
                left: from.uint()?,
                pairs: Vec::new(),
                pending: None,
            },
            Type::Struct(def) => {
                let fields = Vec::with_capacity(def.fields.len().min(FEW));
                Frame::Struct { def: def.clone(), next: 0, fields }
            }
            Type::Interface => {
                let name = from.text()?;
                if name.is_empty() {
                    return Ok(Step::End(Value::Interface(None)));
                }
                charge(&mut self.spent, self.limits.value, size_of::<Interface>() + name.len())?;
                Frame::Interface { name, id: None, value: None }
            }
        };
        if open.len() >= self.limits.depth {
            return Err(CodecError::TooLarge("nesting"));
        }
        open.push(frame);
        Ok(Step::Advance)
    }

    /// The next part of the innermost open value; `None` when the message ends before it.
    fn advance(
        &mut self,
        from: &mut Cursor<'_>,
        open: &mut Vec<Frame>,
    ) -> Result<Option<Step>, CodecError> {
        match open.last_mut() {
            None => return Err(CodecError::Truncated),
            Some(Frame::List { elem, left: left @ 1.., .. }) => {
                *left -= 1;
                return Ok(Some(Step::Begin(*elem)));
            }
            Some(Frame::Map { key, elem, left, pending, .. }) => {
                if pending.is_some() {
                    return Ok(Some(Step::Begin(*elem)));
                }
                if *left > 0 {
                    *left -= 1;
                    return Ok(Some(Step::Begin(*key)));
                }
            }
            Some(Frame::Struct { def, next, .. }) => {
                let delta = from.uint()?;
                if delta > 0 {
                    let number = (*next as u64).saturating_add(delta - 1);
                    let index = usize::try_from(number).unwrap_or(usize::MAX);
                    let field = def.fields.get(index).ok_or(CodecError::NoSuchField(number))?;
                    *next = index + 1;
                    return Ok(Some(Step::Begin(field.id)));
                }
            }
            Some(Frame::Interface { id, .. }) if id.is_none() => {
                let Some(concrete) = self.concrete_type(from)? else { return Ok(None) };
                *id = Some(concrete);
                from.uint()?; // a byte count, wrong when definitions follow inside
                self.singleton(from, concrete)?;
                return Ok(Some(Step::Begin(concrete)));
            }
            _ => {}
        }
        Ok(open.pop().map(|frame| Step::End(frame.close())))
    }

    /// Type of an interface's value, past the definitions before it; `None` when it is in the
    /// next message.
    fn concrete_type(&mut self, from: &mut Cursor<'_>) -> Result<Option<TypeId>, CodecError> {
        while !from.is_empty() {
            let id = from.int()?;
            if id >= 0 {
                return TypeId::from_wire(id).map(Some);
            }
            self.define(from, id)?;
            if !from.is_empty() {
                from.uint()?; // length of what follows, in place of a message's
            }
        }
        Ok(None)
    }

    fn define(&mut self, from: &mut Cursor<'_>, negative: i64) -> Result<(), CodecError> {
        let id = negative.checked_neg().ok_or(CodecError::Malformed("type id"))?;
        let id = TypeId::from_wire(id)?;
        if self.types.len() >= self.limits.types {
            return Err(CodecError::TooLarge("number of types"));
        }
        // A definition holds no interface, so it never goes on in another message.
        let def = definition::read(from, self.limits.definitions)?;
        self.weight = self.weight.saturating_add(def.weight());
        if self.weight > self.limits.definitions {
            return Err(CodecError::TooLarge("type definitions"));
        }
        self.types.define(id, def)
    }

    /// What is no struct has a zero before it, as if it were a field.
    fn singleton(&self, from: &mut Cursor<'_>, id: TypeId) -> Result<(), CodecError> {
        if self.types.get(id)?.is_struct() || from.uint()? == 0 {
            return Ok(());
        }
        Err(CodecError::Malformed("value"))
    }
}

impl Frame {
    fn put(&mut self, value: Value) {
        match self {
            Self::List { items, .. } => items.push(value),
            Self::Map { pairs, pending, .. } => match pending.take() {
                Some(key) => pairs.push((key, value)),
                None => *pending = Some(value),
            },
            Self::Struct { next, fields, .. } => fields.push((*next - 1, value)),
            Self::Interface { value: held, .. } => *held = Some(value),
        }
    }

    fn close(self) -> Value {
        match self {
            Self::List { items, .. } => Value::List(items),
            Self::Map { pairs, .. } => Value::Map(pairs),
            Self::Struct { def, fields, .. } => Value::Struct(Struct::from_parts(def, fields)),
            Self::Interface { name, id, value } => Value::Interface(
                id.zip(value).map(|(id, value)| Box::new(Interface { name, id, value })),
            ),
        }
    }
}

fn charge(spent: &mut usize, limit: usize, more: usize) -> Result<(), CodecError> {
    *spent = spent.saturating_add(more);
    if *spent > limit { Err(CodecError::TooLarge("value")) } else { Ok(()) }
}
