//! Go's `text/template`, as far as `--format` reaches: the language of `ls` and `inspect`.
//!
//! Of our own, because what is at hand in Rust accepts what Go refuses (an `{{end}}` too many, an
//! unknown function until it is called), prints numbers otherwise and knows no structs; and scripts
//! depend on all of that. The words of errors are Go's too.
mod exec;
mod format;
mod functions;
mod json;
mod lex;
mod literal;
mod parse;
mod tree;
mod value;

pub(crate) use json::read;
pub(crate) use value::{Struct, Value};

use std::fmt;

/// Why a template could not be read or carried out, in Go's words.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Functions beside Go's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extra {
    /// None: `ls`.
    Nothing,
    /// `json` and `prettyjson`: `inspect`.
    Json,
}

/// A template that has been read.
#[derive(Debug)]
pub(crate) struct Template {
    text: String,
    tree: tree::Tree,
}

impl Template {
    /// Reads a template.
    pub(crate) fn parse(text: &str, extra: Extra) -> Result<Self, TemplateError> {
        let tree = parse::parse(text, extra).map_err(TemplateError)?;
        Ok(Self { text: text.to_owned(), tree })
    }

    /// Writes the template over `data` to the end of `out`, up to where it fails.
    pub(crate) fn execute(&self, data: &Value, out: &mut String) -> Result<(), TemplateError> {
        exec::execute(&self.tree, &self.text, data, out).map_err(TemplateError)
    }
}

#[cfg(test)]
mod tests;
