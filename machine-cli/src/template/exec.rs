//! Carries a template out (Go, `text/template/exec.go`).

use super::format;
use super::functions;
use super::tree::{Branch, Command, Expr, ExprKind, Node, Pipe, Tree};
use super::value::Value;
use crate::golang::quote;
use std::fmt::Display;

/// `{{template}}` inside one another; Go's own limit would exhaust our stack.
const DEEPEST: usize = 200;
/// Rounds of all ranges together over numbers and lists that a template may make.
const MOST_ROUNDS: usize = 1_000_000;

/// Writes `tree` over `data` to `out`, up to where it fails.
pub(super) fn execute(
    tree: &Tree,
    text: &str,
    data: &Value,
    out: &mut String,
) -> Result<(), String> {
    let mut run = Run {
        tree,
        text,
        out,
        variables: vec![("$".to_owned(), data.clone())],
        name: String::new(),
        depth: 0,
        rounds: 0,
    };
    match run.list(&tree.main, data) {
        Ok(()) | Err(Stop::Break | Stop::Continue) => Ok(()),
        Err(Stop::Failed(text)) => Err(text),
    }
}

enum Stop {
    Failed(String),
    Break,
    Continue,
}

type Done<T> = Result<T, Stop>;

/// A value, and whether it came out of a Go interface: errors name that type then.
struct Found {
    value: Value,
    interface: bool,
}

struct Run<'a> {
    tree: &'a Tree,
    text: &'a str,
    out: &'a mut String,
    variables: Vec<(String, Value)>,
    /// Of the `{{define}}` that is carried out.
    name: String,
    depth: usize,
    rounds: usize,
}

impl Run<'_> {
    fn fail<T>(&self, at: usize, context: impl Display, message: impl Display) -> Done<T> {
        let before = &self.text[..at];
        let line = 1 + before.matches('\n').count();
        let column = at - before.rfind('\n').map_or(0, |newline| newline + 1);
        Err(Stop::Failed(format!(
            "template: :{line}:{column}: executing {} at <{context}>: {message}",
            quote(&self.name)
        )))
    }

    fn list(&mut self, nodes: &[Node], dot: &Value) -> Done<()> {
        nodes.iter().try_for_each(|node| self.node(node, dot))
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Done<()> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    format::print_action(&value, self.out);
                }
            }
            Node::If(branch) => self.scoped(|run| {
                let value = run.pipe(&branch.pipe, dot)?;
                run.choose(branch, value.truth(), dot, dot)
            })?,
            Node::With(branch) => self.scoped(|run| {
                let value = run.pipe(&branch.pipe, dot)?;
                run.choose(branch, value.truth(), &value, dot)
            })?,
            Node::Range(branch) => self.scoped(|run| run.range(branch, dot))?,
            Node::Template { at, name, pipe } => self.template(*at, name, pipe.as_ref(), dot)?,
            Node::Break => return Err(Stop::Break),
            Node::Continue => return Err(Stop::Continue),
        }
        Ok(())
    }

    fn scoped<T>(&mut self, work: impl FnOnce(&mut Self) -> Done<T>) -> Done<T> {
        let known = self.variables.len();
        let done = work(self);
        self.variables.truncate(known);
        done
    }

    fn choose(&mut self, branch: &Branch, yes: bool, inner: &Value, dot: &Value) -> Done<()> {
        match &branch.otherwise {
            _ if yes => self.list(&branch.body, inner),
            Some(nodes) => self.list(nodes, dot),
            None => Ok(()),
        }
    }

    fn range(&mut self, branch: &Branch, dot: &Value) -> Done<()> {
        let known = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        if !branch.pipe.assigns {
            self.variables.truncate(known);
        }
        let count = |number: i64| {
            let rounds = number.clamp(0, MOST_ROUNDS as i64 + 1);
            (0..rounds).map(|n| (Value::Int(n), Value::Int(n))).collect()
        };
        let items: Vec<(Value, Value)> = match &value {
            Value::Int(number) if branch.pipe.variables.len() < 2 => count(*number),
            Value::List(list) => list
                .iter()
                .enumerate()
                .map(|(index, item)| (Value::Int(index as i64), item.clone()))
                .collect(),
            Value::Map(map) => {
                map.iter().map(|(key, item)| (key.as_str().into(), item.clone())).collect()
            }
            Value::Missing | Value::Null => Vec::new(),
            other => {
                let mut text = String::new();
                format::verb_v(other, &mut text);
                let message = format_args!("range can't iterate over {text}");
                return match last_of(&branch.pipe) {
                    Some(last) => self.fail(last.at, last, message),
                    None => self.fail(branch.pipe.at, &branch.pipe, message),
                };
            }
        };
        if items.is_empty() {
            return match &branch.otherwise {
                Some(nodes) => self.list(nodes, dot),
                None => Ok(()),
            };
        }
        for (key, item) in items {
            self.rounds += 1;
            if self.rounds > MOST_ROUNDS {
                return self.fail(branch.pipe.at, &branch.pipe, "range has too many rounds");
            }
            let round = self.scoped(|run| {
                let names = &branch.pipe.variables;
                let values = match names.len() {
                    0 => vec![],
                    1 => vec![item.clone()],
                    _ => vec![key, item.clone()],
                };
                for (name, value) in names.iter().zip(values) {
                    match branch.pipe.assigns {
                        true => run.assign(name, value),
                        false => run.variables.push((name.clone(), value)),
                    }
                }
                run.list(&branch.body, &item)
            });
            match round {
                Ok(()) | Err(Stop::Continue) => {}
                Err(Stop::Break) => break,
                Err(failed) => return Err(failed),
            }
        }
        Ok(())
    }

    fn template(&mut self, at: usize, name: &str, pipe: Option<&Pipe>, dot: &Value) -> Done<()> {
        let tree = self.tree;
        let argument = pipe.map(|pipe| format!(" {pipe}")).unwrap_or_default();
        let context = format!("{{{{template {}{argument}}}}}", quote(name));
        let Some(nodes) = tree.named.get(name) else {
            let message = format!("template {} not defined", quote(name));
            return self.fail(at, context, message);
        };
        if self.depth == DEEPEST {
            return self.fail(at, context, "exceeded maximum template depth");
        }
        let inner = match pipe {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Value::Missing,
        };
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), inner.clone())]);
        let outer_name = std::mem::replace(&mut self.name, name.to_owned());
        self.depth += 1;
        let done = self.list(nodes, &inner);
        self.depth -= 1;
        self.variables = outer;
        self.name = outer_name;
        done
    }

    fn assign(&mut self, name: &str, value: Value) {
        if let Some(known) = self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            known.1 = value;
        }
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Done<Value> {
        let mut last = None;
        for command in &pipe.commands {
            let found = self.command(command, last, dot)?;
            last = Some(plain(found.value));
        }
        let value = last.unwrap_or(Value::Missing);
        for name in &pipe.variables {
            match pipe.assigns {
                true => self.assign(name, value.clone()),
                false => self.variables.push((name.clone(), value.clone())),
            }
        }
        Ok(value)
    }

    fn command(&mut self, command: &Command, last: Option<Value>, dot: &Value) -> Done<Found> {
        let Some((first, args)) = command.args.split_first() else {
            return Ok(Found { value: Value::Missing, interface: false });
        };
        if let ExprKind::Identifier(name) = &first.kind {
            let value = self.call(name, first, command, args, last, dot)?;
            return Ok(Found { value, interface: false });
        }
        let has_arguments = !args.is_empty() || last.is_some();
        match &first.kind {
            ExprKind::Field(names) if has_arguments => {
                let (value, rest) = (dot.clone(), names);
                self.refuse_arguments(first, value, rest)
            }
            ExprKind::Variable(name, names) if has_arguments && !names.is_empty() => {
                let value = self.variable(name);
                self.refuse_arguments(first, value, names)
            }
            _ if has_arguments => {
                let message = format!("can't give argument to non-function {first}");
                self.fail(first.at, first, message)
            }
            ExprKind::Nil => self.fail(first.at, first, "nil is not a command"),
            _ => self.expression(first, dot),
        }
    }

    /// A field is no method: an argument to it is an error, after the fields before it are found.
    fn refuse_arguments(&self, expr: &Expr, value: Value, names: &[String]) -> Done<Found> {
        let Some((last, before)) = names.split_last() else {
            return self.fail(expr.at, expr, "has arguments but cannot be invoked as function");
        };
        let found = self.fields(expr, Found { value, interface: false }, before)?;
        let message = match found.value {
            Value::Map(_) => format!("{last} is not a method but has arguments"),
            _ => format!("{last} has arguments but cannot be invoked as function"),
        };
        self.fail(expr.at, expr, message)
    }

    fn expression(&mut self, expr: &Expr, dot: &Value) -> Done<Found> {
        let typed = |value| Ok(Found { value, interface: false });
        match &expr.kind {
            ExprKind::Dot => typed(dot.clone()),
            ExprKind::Nil => typed(Value::Null),
            ExprKind::Bool(truth) => typed(Value::Bool(*truth)),
            ExprKind::Int(number, _) => typed(Value::Int(*number)),
            ExprKind::Float(number, _) => typed(Value::Float(*number)),
            ExprKind::Text(text, _) => typed(text.as_str().into()),
            ExprKind::Field(names) => {
                let found = Found { value: dot.clone(), interface: false };
                self.fields(expr, found, names)
            }
            ExprKind::Variable(name, names) => {
                let found = Found { value: self.variable(name), interface: false };
                self.fields(expr, found, names)
            }
            ExprKind::Chain(inner, names) => {
                let mut found = match &inner.kind {
                    ExprKind::Pipe(pipe) => {
                        Found { value: self.nested(pipe, dot)?, interface: false }
                    }
                    _ => self.expression(inner, dot)?,
                };
                found.value = plain(found.value);
                self.fields(expr, found, names)
            }
            ExprKind::Identifier(name) => {
                let command = Command { at: expr.at, args: Vec::new() };
                typed(self.call(name, expr, &command, &[], None, dot)?)
            }
            ExprKind::Pipe(pipe) => typed(self.nested(pipe, dot)?),
        }
    }

    /// A pipeline in parentheses: its variables end with it.
    fn nested(&mut self, pipe: &Pipe, dot: &Value) -> Done<Value> {
        self.scoped(|run| run.pipe(pipe, dot))
    }

    fn variable(&self, name: &str) -> Value {
        let known = self.variables.iter().rev().find(|(known, _)| known == name);
        known.map_or(Value::Missing, |(_, value)| value.clone())
    }

    fn fields(&self, expr: &Expr, mut found: Found, names: &[String]) -> Done<Found> {
        for name in names {
            let type_name = match found.interface {
                true => "interface {}",
                false => found.value.type_name(),
            };
            found = match &found.value {
                Value::Missing => Found { value: Value::Missing, interface: false },
                Value::Null => {
                    let message = format!("nil pointer evaluating interface {{}}.{name}");
                    return self.fail(expr.at, expr, message);
                }
                Value::Map(map) => {
                    let value = map.get(name).cloned().unwrap_or(Value::Missing);
                    Found { value, interface: true }
                }
                Value::Struct(s) if s.field(name).is_some() => {
                    let value = s.field(name).cloned().unwrap_or(Value::Missing);
                    Found { value, interface: false }
                }
                value if value.method(name).is_some() => {
                    Found { value: value.method(name).unwrap_or(Value::Missing), interface: false }
                }
                Value::NilPointer(_) => {
                    let message = format!("nil pointer evaluating {type_name}.{name}");
                    return self.fail(expr.at, expr, message);
                }
                _ => {
                    let message = format!("can't evaluate field {name} in type {type_name}");
                    return self.fail(expr.at, expr, message);
                }
            };
        }
        Ok(found)
    }

    fn call(
        &mut self,
        name: &str,
        function: &Expr,
        command: &Command,
        args: &[Expr],
        last: Option<Value>,
        dot: &Value,
    ) -> Done<Value> {
        let given = args.len() + usize::from(last.is_some());
        if let Err(message) = functions::check_count(name, given) {
            return self.fail(function.at, function, message);
        }
        // These two evaluate no more than they must.
        let stops_at = match name {
            "and" => Some(false),
            "or" => Some(true),
            _ => None,
        };
        let mut values = Vec::with_capacity(given);
        for arg in args {
            let value = self.argument(arg, dot)?;
            if name == "printf" && values.is_empty() {
                self.check_format(arg, &value)?;
            }
            if stops_at == Some(value.truth()) {
                return Ok(value);
            }
            values.push(value);
        }
        if name == "printf" && args.is_empty() {
            self.check_format(function, last.as_ref().unwrap_or(&Value::Missing))?;
        }
        values.extend(last);
        if stops_at.is_some() {
            return Ok(values.pop().unwrap_or(Value::Missing));
        }
        let done = match (name, args.first()) {
            // Said as it was written.
            ("call", Some(arg)) if !values[0].is_nil() => {
                Err(format!("non-function {arg} of type {}", values[0].type_name()))
            }
            _ => functions::call(name, &values),
        };
        match done {
            Ok(value) => Ok(value),
            Err(message) => {
                let message = format!("error calling {name}: {message}");
                match command.args.is_empty() {
                    true => self.fail(function.at, function, message),
                    false => self.fail(command.at, command, message),
                }
            }
        }
    }

    /// The one argument whose type is known before the call.
    fn check_format(&self, at: &Expr, value: &Value) -> Done<()> {
        let message = match (&at.kind, value) {
            (_, Value::Text(_)) => return Ok(()),
            (ExprKind::Nil, _) => "cannot assign nil to string".to_owned(),
            (ExprKind::Bool(_) | ExprKind::Int(..) | ExprKind::Float(..), _) => {
                format!("expected string; found {at}")
            }
            (_, Value::Missing) => "invalid value; expected string".to_owned(),
            (_, Value::Null) => {
                "wrong type for value; expected string; got interface {}".to_owned()
            }
            (_, other) => {
                format!("wrong type for value; expected string; got {}", other.type_name())
            }
        };
        let at = last_within(at);
        self.fail(at.at, at, message)
    }

    fn argument(&mut self, arg: &Expr, dot: &Value) -> Done<Value> {
        self.expression(arg, dot).map(|found| found.value)
    }
}

/// Out of its interface: a nil one holds no value.
fn plain(value: Value) -> Value {
    match value {
        Value::Null => Value::Missing,
        other => other,
    }
}

/// What a pipeline evaluates last, which errors of its value point at.
fn last_of(pipe: &Pipe) -> Option<&Expr> {
    let (first, args) = pipe.commands.last()?.args.split_first()?;
    match &first.kind {
        ExprKind::Identifier(_) => Some(args.last().map_or(first, last_within)),
        _ => Some(last_within(first)),
    }
}

fn last_within(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Pipe(pipe) => last_of(pipe).unwrap_or(expr),
        _ => expr,
    }
}
