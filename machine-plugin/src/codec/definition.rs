//! Reads type definitions. They are gob values themselves, but of types that never change: read as
//! such, without the values between, for a session is half definitions.
use crate::codec::cursor::Cursor;
use crate::codec::{CodecError, Field, Marshaler, StructType, Type, TypeId};
use std::sync::Arc;

/// Reads a `wireType` of at most `limit` bytes of memory. As in Go, its kind is what counts: the ids
/// inside are checked on use.
pub(crate) fn read(from: &mut Cursor<'_>, limit: usize) -> Result<Type, CodecError> {
    let mut found = None;
    fields(from, 7, |kind, from| {
        let known = found.replace(read_kind(kind, from, limit)?);
        known.map_or(Ok(()), |_| Err(MALFORMED))
    })?;
    found.ok_or(MALFORMED)
}

const MALFORMED: CodecError = CodecError::Malformed("type definition");

/// Hands the fields that were sent to `take`, by number, until the struct ends.
fn fields<'a>(
    from: &mut Cursor<'a>,
    count: u64,
    mut take: impl FnMut(u64, &mut Cursor<'a>) -> Result<(), CodecError>,
) -> Result<(), CodecError> {
    let mut next = 0_u64;
    loop {
        let delta = from.uint()?;
        if delta == 0 {
            return Ok(());
        }
        let number = next.saturating_add(delta - 1);
        if number >= count {
            return Err(CodecError::NoSuchField(number));
        }
        take(number, from)?;
        next = number + 1;
    }
}

fn read_kind(kind: u64, from: &mut Cursor<'_>, limit: usize) -> Result<Type, CodecError> {
    let mut name = String::new();
    let mut ids = [TypeId::new(0); 2];
    let mut len = 0;
    let mut parts = Vec::new();
    // CommonType comes first in all.
    let count = [3, 2, 2, 3, 1, 1, 1].get(kind as usize).copied().unwrap_or_default();
    fields(from, count, |number, from| {
        match (kind, number) {
            (_, 0) => name = common_name(from)?,
            (0, 2) => len = from.int()?,
            (2, _) => parts = read_parts(from, limit)?,
            (_, number) => ids[(number - 1) as usize & 1] = TypeId::from_wire(from.int()?)?,
        }
        Ok(())
    })?;
    let [first, second] = ids;
    Ok(match kind {
        0 => {
            let len = u64::try_from(len).map_err(|_| CodecError::Malformed("array length"))?;
            Type::Array { name, elem: first, len }
        }
        1 => Type::Slice { name, elem: first },
        2 => Type::Struct(Arc::new(StructType { name, fields: parts })),
        3 => Type::Map { name, key: first, elem: second },
        4 => Type::Opaque { name, marshaler: Marshaler::Gob },
        5 => Type::Opaque { name, marshaler: Marshaler::Binary },
        _ => Type::Opaque { name, marshaler: Marshaler::Text },
    })
}

/// The `Name` of a `CommonType`. Its id is that of the definition once more.
fn common_name(from: &mut Cursor<'_>) -> Result<String, CodecError> {
    let mut name = String::new();
    fields(from, 2, |number, from| {
        match number {
            0 => name = from.text()?,
            _ => drop(from.int()?),
        }
        Ok(())
    })?;
    Ok(name)
}

fn read_parts(from: &mut Cursor<'_>, limit: usize) -> Result<Vec<Field>, CodecError> {
    let (mut left, mut spent, mut all) = (from.uint()?, 0_usize, Vec::new());
    while left > 0 {
        let (mut name, mut id) = (String::new(), TypeId::new(0));
        fields(from, 2, |number, from| {
            match number {
                0 => name = from.text()?,
                _ => id = TypeId::from_wire(from.int()?)?,
            }
            Ok(())
        })?;
        spent = spent.saturating_add(size_of::<Field>() + name.len());
        if spent > limit {
            return Err(CodecError::TooLarge("type definitions"));
        }
        all.push(Field { name, id });
        left -= 1;
    }
    Ok(all)
}
