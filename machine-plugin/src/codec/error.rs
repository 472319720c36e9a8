use crate::codec::TypeId;

/// Why a stream could not be read or written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// A message ended in the middle of a value.
    #[error("message ends inside a value")]
    Truncated,
    /// A message holds more than its value or definition.
    #[error("data after the end of a {0}")]
    TrailingData(&'static str),
    /// A number does not fit its place.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// A value of a type that was never defined.
    #[error("type {0} is not defined")]
    UndefinedType(TypeId),
    /// An id was defined before, or is one of gob's own.
    #[error("type {0} cannot be defined again")]
    DuplicateType(TypeId),
    /// A struct value names a field that its type lacks.
    #[error("struct has no field number {0}")]
    NoSuchField(u64),
    /// A [`crate::codec::Limits`] is exceeded.
    #[error("{0} over the limit")]
    TooLarge(&'static str),
    /// The value to be written is not of the type it is written as.
    #[error("value does not fit type {0}")]
    Mismatch(TypeId),
}
