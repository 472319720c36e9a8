//! What a template consists of.

use std::collections::BTreeMap;
use std::fmt;

/// What a template consists of.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) main: Vec<Node>,
    /// Bodies of `define` and `block`.
    pub(super) named: BTreeMap<String, Vec<Node>>,
}

impl Tree {
    /// Adds a body, unless there is one of that name; one that says nothing gives way, and may
    /// come too late.
    pub(super) fn add(&mut self, name: String, body: Vec<Node>) -> bool {
        let says = |body: &Vec<Node>| {
            body.iter().any(|node| !matches!(node, Node::Text(text) if text.trim().is_empty()))
        };
        if self.named.get(&name).is_some_and(says) {
            return !says(&body);
        }
        self.named.insert(name, body);
        true
    }
}

#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    Action(Pipe),
    If(Branch),
    Range(Branch),
    With(Branch),
    Template { at: usize, name: String, pipe: Option<Pipe> },
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Option<Vec<Node>>,
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) at: usize,
    pub(super) variables: Vec<String>,
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) at: usize,
    pub(super) args: Vec<Expr>,
}

#[derive(Debug)]
pub(super) struct Expr {
    pub(super) at: usize,
    pub(super) kind: ExprKind,
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Dot,
    Nil,
    Bool(bool),
    Int(i64, String),
    Float(f64, String),
    /// Value, and how it was written.
    Text(String, String),
    Field(Vec<String>),
    /// A variable and fields of it.
    Variable(String, Vec<String>),
    Identifier(String),
    Chain(Box<Expr>, Vec<String>),
    Pipe(Pipe),
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = |f: &mut fmt::Formatter<'_>, names: &[String]| {
            names.iter().try_for_each(|name| write!(f, ".{name}"))
        };
        match &self.kind {
            ExprKind::Dot => f.write_str("."),
            ExprKind::Nil => f.write_str("nil"),
            ExprKind::Bool(truth) => write!(f, "{truth}"),
            ExprKind::Int(_, text) | ExprKind::Float(_, text) | ExprKind::Text(_, text) => {
                f.write_str(text)
            }
            ExprKind::Field(names) => fields(f, names),
            ExprKind::Variable(name, names) => f.write_str(name).and_then(|()| fields(f, names)),
            ExprKind::Identifier(name) => f.write_str(name),
            ExprKind::Chain(inner, names) => write!(f, "{inner}").and_then(|()| fields(f, names)),
            ExprKind::Pipe(pipe) => write!(f, "({pipe})"),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arg) in self.args.iter().enumerate() {
            let blank = if index > 0 { " " } else { "" };
            write!(f, "{blank}{arg}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.assigns { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            let bar = if index > 0 { " | " } else { "" };
            write!(f, "{bar}{command}")?;
        }
        Ok(())
    }
}
