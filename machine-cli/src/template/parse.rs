//! Grammar of a template (Go, `text/template/parse/parse.go`).

use super::lex::{Kind, Token, lex};
use super::tree::{Branch, Command, Expr, ExprKind, Node, Pipe, Tree};
use super::{Extra, functions, literal};
use crate::golang::quote;
use std::collections::VecDeque;
use std::fmt;

/// Actions and parentheses inside one another; deeper ones would only exhaust the stack.
const DEEPEST: usize = 100;

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
        self.add(name, body)?;
        Ok(true)
    }

    fn add(&mut self, name: String, body: Vec<Node>) -> Parsed<()> {
        let quoted = quote(&name);
        match self.tree.add(name, body) {
            true => Ok(()),
            false => self.error(format!("template: multiple definition of template {quoted}")),
        }
    }

    fn template_name(&mut self, context: &str) -> Parsed<String> {
        let token = self.next_word();
        match token.kind {
            Kind::Quoted => literal::quoted(&token.text).or_else(|text| self.error(text)),
            Kind::Raw => Ok(literal::raw(&token.text)),
            _ => self.unexpected(&token, context),
        }
    }

    fn list(&mut self) -> Parsed<(Vec<Node>, End)> {
        self.deeper()?;
        let mut nodes = Vec::new();
        while self.peek_word().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
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
        self.add(name.clone(), body)?;
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
            Kind::Number => literal::number(token.text.clone()).or_else(|text| self.error(text))?,
            Kind::Character => {
                literal::character(token.text.clone()).or_else(|text| self.error(text))?
            }
            Kind::Quoted => {
                let text = literal::quoted(&token.text).or_else(|text| self.error(text))?;
                ExprKind::Text(text, token.text.clone())
            }
            Kind::Raw => ExprKind::Text(literal::raw(&token.text), token.text.clone()),
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
}
