//! All that reaches stdout and stderr.
pub(crate) mod plain;
pub(crate) mod table;
