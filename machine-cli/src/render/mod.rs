//! All that reaches stdout and stderr.
mod bars;
pub(crate) mod env;
pub(crate) mod json;
pub(crate) mod plain;
pub(crate) mod progress;
pub(crate) mod reference;
pub(crate) mod table;
