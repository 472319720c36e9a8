//! Grammar of a template (Go, `text/template/parse/parse.go`).

use super::Extra;
use super::functions;
use super::lex::{Kind, Token, lex};
use crate::golang::{NumberError, parse_int, quote};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// Actions and parentheses inside one another; deeper ones would only exhaust the stack.
const DEEPEST: usize = 100;

/// What a template consists of.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) main: Vec<Node>,
    /// Bodies of `define` and `block`.
    pub(super) named: BTreeMap<String, Vec<Node>>,
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

/// Reads a template. Errors are whole sentences of Go's.
pub(super) fn parse(text: &str, extra: Extra) -> Result<Tree, String> {
    let mut parser = Parser {
        tokens: lex(text).into(),
        line: 1,
        action_line: 0,
        variables: vec!["$".to_owned()],
        loops: 0,
        depth: 0,
        extra,
        tree: Tree::default(),
    };
    let main = parser.top()?;
    let mut tree = parser.tree;
    tree.main = main;
    Ok(tree)
}

/// How a list of nodes ended.
#[derive(Debug, Eq, PartialEq)]
enum End {
    End,
    Else,
}

enum Item {
    Node(Node),
    End(End),
    Nothing,
}

struct Parser {
    tokens: VecDeque<Token>,
    line: usize,
    action_line: usize,
    variables: Vec<String>,
    loops: usize,
    depth: usize,
    extra: Extra,
    tree: Tree,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn error<T>(&self, message: impl fmt::Display) -> Parsed<T> {
        Err(format!("template: :{}: {message}", self.line))
    }

    fn peek(&self) -> Token {
        let end = || Token { kind: Kind::Eof, at: 0, line: self.line, text: String::new() };
        self.tokens.front().cloned().unwrap_or_else(end)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.tokens.pop_front();
        self.line = token.line;
        token
    }

    fn skip_space(&mut self) {
        while self.tokens.front().is_some_and(|t| t.kind == Kind::Space) {
            self.next();
        }
    }

    fn peek_word(&mut self) -> Token {
        self.skip_space();
        let token = self.peek();
        self.line = token.line;
        token
    }

    fn next_word(&mut self) -> Token {
        self.skip_space();
        self.next()
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_word();
        if token.kind != kind {
            return self.unexpected(&token, context);
        }
        Ok(token)
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Parsed<T> {
        if token.kind == Kind::Error {
            if self.action_line != 0 && self.action_line != token.line {
                let action = if token.text.ends_with(" action") { "" } else { " in action" };
                let started = format!("{action} started at :{}", self.action_line);
                return self.error(format_args!("{}{started}", token.text));
            }
            return self.error(&token.text);
        }
        let word = match token.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Keyword | Kind::Dot | Kind::Nil => format!("<{}>", token.text),
            _ if token.text.chars().count() > 10 => {
                format!("{}...", quote(&token.text.chars().take(10).collect::<String>()))
            }
            _ => quote(&token.text),
        };
        self.error(format_args!("unexpected {word} in {context}"))
    }

    fn top(&mut self) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        while self.peek().kind != Kind::Eof {
            if self.define()? {
                continue;
            }
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::Nothing => {}
                Item::End(End::End) => return self.error("unexpected {{end}}"),
                Item::End(End::Else) => return self.error("unexpected {{else}}"),
            }
        }
        Ok(nodes)
    }

    /// `{{define "name"}}…{{end}}`, which stands at the top level alone.
    fn define(&mut self) -> Parsed<bool> {
        let words = || self.tokens.iter().filter(|t| t.kind != Kind::Space);
        let opens = words().next().is_some_and(|t| t.kind == Kind::Open);
        let defines = words().nth(1).is_some_and(|t| t.kind == Kind::Keyword && t.text == "define");
        if !opens || !defines {
            return Ok(false);
        }
        self.next();
        self.next_word();
        let name = self.template_name("define clause")?;
        self.expect(Kind::Close, "define clause")?;
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let (body, end) = self.list()?;
        if end != End::End {
            return self.error("unexpected {{else}} in define clause");
        }
        (self.variables, self.loops) = (outer, loops);
        self.tree.named.insert(name, body);
        Ok(true)
    }

    fn template_name(&mut self, context: &str) -> Parsed<String> {
        let token = self.next_word();
        match token.kind {
            Kind::Quoted | Kind::Raw => self.unquoted(&token),
            _ => self.unexpected(&token, context),
        }
    }

    fn list(&mut self) -> Parsed<(Vec<Node>, End)> {
        self.deeper()?;
        let mut nodes = Vec::new();
        while self.peek_word().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::Nothing => {}
                Item::End(end) => {
                    self.depth -= 1;
                    return Ok((nodes, end));
                }
            }
        }
        self.error("unexpected EOF")
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.error("nested too deeply");
        }
        Ok(())
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_word();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text))),
            Kind::Open => {
                self.action_line = token.line;
                let item = self.action();
                self.action_line = 0;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.peek_word();
        if token.kind != Kind::Keyword {
            let pipe = self.pipeline("command", Kind::Close)?;
            return Ok(Item::Node(Node::Action(pipe)));
        }
        self.next();
        match token.text.as_str() {
            "if" => Ok(Item::Node(Node::If(self.branch("if")?))),
            "range" => Ok(Item::Node(Node::Range(self.branch("range")?))),
            "with" => Ok(Item::Node(Node::With(self.branch("with")?))),
            "template" => self.template(),
            "block" => self.block(),
            "end" => self.expect(Kind::Close, "end").map(|_| Item::End(End::End)),
            "else" if self.chained() => Ok(Item::End(End::Else)),
            "else" => self.expect(Kind::Close, "else").map(|_| Item::End(End::Else)),
            word @ ("break" | "continue") => {
                let close = self.next_word();
                if close.kind != Kind::Close {
                    return self.unexpected(&close, &format!("{{{{{word}}}}}"));
                }
                if self.loops == 0 {
                    return self.error(format_args!("{{{{{word}}}}} outside {{{{range}}}}"));
                }
                Ok(Item::Node(if word == "break" { Node::Break } else { Node::Continue }))
            }
            _ => self.unexpected(&token, "command"),
        }
    }

    fn template(&mut self) -> Parsed<Item> {
        let at = self.peek_word().at;
        let name = self.template_name("template clause")?;
        let mut pipe = None;
        if self.peek_word().kind == Kind::Close {
            self.next();
        } else {
            pipe = Some(self.pipeline("template clause", Kind::Close)?);
        }
        Ok(Item::Node(Node::Template { at, name, pipe }))
    }

    fn block(&mut self) -> Parsed<Item> {
        let at = self.peek_word().at;
        let name = self.template_name("block clause")?;
        let pipe = self.pipeline("block clause", Kind::Close)?;
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let (body, end) = self.list()?;
        if end != End::End {
            return self.error("unexpected {{else}} in block clause");
        }
        (self.variables, self.loops) = (outer, loops);
        self.tree.named.insert(name.clone(), body);
        Ok(Item::Node(Node::Template { at, name, pipe: Some(pipe) }))
    }

    fn branch(&mut self, context: &str) -> Parsed<Branch> {
        let known = self.variables.len();
        let pipe = self.pipeline(context, Kind::Close)?;
        self.loops += usize::from(context == "range");
        let (body, end) = self.list()?;
        self.loops -= usize::from(context == "range");
        let mut otherwise = None;
        if end == End::Else {
            // `{{else if` opens an `if` whose end is also ours.
            if self.chained() {
                if self.next_word().text != context {
                    return self.error(format_args!("unexpected {{{{else}}}} in {context}"));
                }
                self.deeper()?;
                let inner = self.branch(context)?;
                self.depth -= 1;
                let wrap = if context == "if" { Node::If } else { Node::With };
                otherwise = Some(vec![wrap(inner)]);
            } else {
                let (nodes, end) = self.list()?;
                if end != End::End {
                    return self.error("expected end; found {{else}}");
                }
                otherwise = Some(nodes);
            }
        }
        self.variables.truncate(known);
        Ok(Branch { pipe, body, otherwise })
    }

    /// Whether `{{else if` or `{{else with` stands here.
    fn chained(&mut self) -> bool {
        let word = self.peek_word();
        word.kind == Kind::Keyword && matches!(word.text.as_str(), "if" | "with")
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        self.deeper()?;
        let first = self.peek_word();
        let mut pipe =
            Pipe { at: first.at, variables: Vec::new(), assigns: false, commands: Vec::new() };
        self.declarations(context, &mut pipe)?;
        loop {
            let token = self.peek_word();
            match token.kind {
                kind if kind == end => {
                    self.next();
                    self.check(&pipe, context)?;
                    self.depth -= 1;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::Character
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::Raw
                | Kind::Quoted
                | Kind::Variable
                | Kind::LeftParen => {
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => {
                    self.next();
                    return self.unexpected(&token, context);
                }
            }
        }
    }

    /// `$x :=`, `$x =`, and in a range `$i, $x :=`.
    fn declarations(&mut self, context: &str, pipe: &mut Pipe) -> Parsed<()> {
        while self.peek_word().kind == Kind::Variable {
            let mut words = self.tokens.iter().skip(1).filter(|t| t.kind != Kind::Space);
            let Some(after) = words.next().map(|t| (t.kind, t.text.clone())) else { break };
            let name = self.peek().text;
            match after.0 {
                Kind::Assign | Kind::Declare => {
                    self.next();
                    self.next_word();
                    pipe.assigns = after.0 == Kind::Assign;
                    if pipe.assigns && !self.variables.contains(&name) {
                        return self.error(format_args!("undefined variable {}", quote(&name)));
                    }
                    pipe.variables.push(name.clone());
                    self.variables.push(name);
                    break;
                }
                Kind::Mark if after.1 == "," => {
                    self.next();
                    self.next_word();
                    pipe.variables.push(name.clone());
                    self.variables.push(name);
                    if context != "range" || pipe.variables.len() > 1 {
                        return self.error(format_args!("too many declarations in {context}"));
                    }
                    let next = self.peek_word().kind;
                    if !matches!(next, Kind::Variable | Kind::Close | Kind::RightParen) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ => break,
            }
        }
        Ok(())
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return self.error(format_args!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if let Some(first) = command.args.first()
                && matches!(
                    first.kind,
                    ExprKind::Bool(_)
                        | ExprKind::Dot
                        | ExprKind::Nil
                        | ExprKind::Int(..)
                        | ExprKind::Float(..)
                        | ExprKind::Text(..)
                )
            {
                let stage = index + 1;
                return self
                    .error(format_args!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command { at: self.peek_word().at, args: Vec::new() };
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let token = self.peek();
            match token.kind {
                Kind::Space => continue,
                Kind::Close | Kind::RightParen => break,
                Kind::Pipe => {
                    self.next();
                    break;
                }
                _ => {
                    self.next();
                    return self.unexpected(&token, "operand");
                }
            }
        }
        if command.args.is_empty() {
            return self.error("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Parsed<Option<Expr>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let mut names = Vec::new();
        let at = self.peek().at;
        while self.peek().kind == Kind::Field {
            names.push(self.next().text[1..].to_owned());
        }
        if names.is_empty() {
            return Ok(Some(term));
        }
        let kind = match term.kind {
            ExprKind::Field(mut fields) => {
                fields.append(&mut names);
                ExprKind::Field(fields)
            }
            ExprKind::Variable(name, mut fields) => {
                fields.append(&mut names);
                ExprKind::Variable(name, fields)
            }
            ExprKind::Bool(_)
            | ExprKind::Text(..)
            | ExprKind::Int(..)
            | ExprKind::Float(..)
            | ExprKind::Nil
            | ExprKind::Dot => {
                let term = quote(&term.to_string());
                return self.error(format_args!("unexpected . after term {term}"));
            }
            _ => ExprKind::Chain(Box::new(term), names),
        };
        Ok(Some(Expr { at, kind }))
    }

    fn term(&mut self) -> Parsed<Option<Expr>> {
        let token = self.peek_word();
        let kind = match token.kind {
            Kind::Identifier => {
                self.next();
                if !functions::known(&token.text, self.extra) {
                    let name = quote(&token.text);
                    return self.error(format_args!("function {name} not defined"));
                }
                ExprKind::Identifier(token.text.clone())
            }
            Kind::Dot => ExprKind::Dot,
            Kind::Nil => ExprKind::Nil,
            Kind::Bool => ExprKind::Bool(token.text == "true"),
            Kind::Field => ExprKind::Field(vec![token.text[1..].to_owned()]),
            Kind::Variable => {
                if !self.variables.contains(&token.text) {
                    let name = quote(&token.text);
                    return self.error(format_args!("undefined variable {name}"));
                }
                ExprKind::Variable(token.text.clone(), Vec::new())
            }
            Kind::Number | Kind::Character => self.number(&token)?,
            Kind::Quoted | Kind::Raw => ExprKind::Text(self.unquoted(&token)?, token.text.clone()),
            Kind::LeftParen => {
                self.next();
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                return Ok(Some(Expr { at: token.at, kind: ExprKind::Pipe(pipe) }));
            }
            _ => return Ok(None),
        };
        if token.kind != Kind::Identifier {
            self.next();
        }
        Ok(Some(Expr { at: token.at, kind }))
    }

    fn number(&self, token: &Token) -> Parsed<ExprKind> {
        let text = token.text.clone();
        if token.kind == Kind::Character {
            let inner = &text[1..text.len() - 1];
            let mut letters = unescape(inner, '\'').unwrap_or_default().into_iter();
            return match (letters.next(), letters.next()) {
                (Some(code), None) => Ok(ExprKind::Int(i64::from(code), text)),
                _ => self.error(format_args!("malformed character constant: {text}")),
            };
        }
        match parse_int(&text) {
            Ok(number) => return Ok(ExprKind::Int(number, text)),
            Err(NumberError::Range) => {
                return self.error(format_args!("integer overflow: {}", quote(&text)));
            }
            Err(NumberError::Syntax) => {}
        }
        let plain = text.replace('_', "");
        match plain.parse::<f64>() {
            Ok(_) if !plain.contains(['.', 'e', 'E']) => {
                self.error(format_args!("integer overflow: {}", quote(&text)))
            }
            Ok(number) if number.is_finite() && !plain.contains(['n', 'N', 'i']) => {
                Ok(ExprKind::Float(number, text))
            }
            _ => self.error(format_args!("illegal number syntax: {}", quote(&text))),
        }
    }

    fn unquoted(&self, token: &Token) -> Parsed<String> {
        let inner = &token.text[1..token.text.len() - 1];
        if token.kind == Kind::Raw {
            return Ok(inner.replace('\r', ""));
        }
        let codes = unescape(inner, '"').map(|codes| {
            codes.into_iter().map(|c| char::from_u32(c).unwrap_or('\u{fffd}')).collect()
        });
        match codes {
            Some(text) => Ok(text),
            None => self.error("invalid syntax"),
        }
    }
}

/// Code points of what stands between `quote`s.
fn unescape(text: &str, quote: char) -> Option<Vec<u32>> {
    let mut codes = Vec::new();
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        if c != '\\' {
            codes.push(u32::from(c));
            continue;
        }
        let escape = letters.next()?;
        let mut digits = |count: usize, radix: u32, first: &str| {
            let mut text = first.to_owned();
            text.extend(letters.by_ref().take(count));
            (text.chars().count() == count + first.len())
                .then(|| u32::from_str_radix(&text, radix).ok())
                .flatten()
        };
        codes.push(match escape {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' => 92,
            'x' => digits(2, 16, "")?,
            'u' => digits(4, 16, "")?,
            'U' => digits(8, 16, "")?,
            c @ '0'..='7' => digits(2, 8, &c.to_string()).filter(|code| *code < 256)?,
            c if c == quote => u32::from(c),
            _ => return None,
        });
    }
    Some(codes)
}
