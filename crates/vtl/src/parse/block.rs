//! Text and directives.

use super::Parser;
use crate::ast::{Block, Expr, Macro, Node};
use crate::error::Error;

/// What ended a block.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Closer {
    Source,
    End,
    Else,
    ElseIf,
}

/// Directives that exist and may therefore be escaped with a backslash.
const DIRECTIVES: [&str; 11] =
    ["set", "if", "elseif", "else", "end", "foreach", "break", "stop", "macro", "define", "include"];
/// Velocity's directives that AWS's templates cannot use.
const REFUSED: [&str; 3] = ["include", "parse", "evaluate"];

impl Parser<'_, '_> {
    /// The whole text as one block.
    pub(super) fn whole(&mut self) -> Result<Block, Error> {
        let (block, end) = self.nested(Self::block)?;
        match end {
            Closer::Source => Ok(block),
            Closer::End => Err(self.error("#end without a directive that it ends")),
            Closer::Else | Closer::ElseIf => Err(self.error("#else without #if")),
        }
    }

    /// A block that must be closed by `#end`.
    fn closed(&mut self, directive: &str) -> Result<Block, Error> {
        match self.nested(Self::block)? {
            (block, Closer::End) => Ok(block),
            (_, Closer::Source) => Err(self.error(format!("#{directive} without #end"))),
            _ => Err(self.error("#else without #if")),
        }
    }

    fn block(&mut self) -> Result<(Block, Closer), Error> {
        let mut block = Block::new();
        let mut text = String::new();
        loop {
            let Some(next) = self.peek() else {
                flush(&mut text, &mut block);
                return Ok((block, Closer::Source));
            };
            match next {
                '\\' => self.backslashes(&mut text, &mut block)?,
                '$' => self.reference_or_text(0, &mut text, &mut block)?,
                '#' => {
                    if let Some(end) = self.hash(&mut text, &mut block)? {
                        flush(&mut text, &mut block);
                        return Ok((block, end));
                    }
                }
                _ => {
                    text.push(next);
                    self.bump();
                }
            }
        }
    }

    fn reference_or_text(&mut self, backslashes: usize, text: &mut String, block: &mut Block) -> Result<(), Error> {
        match self.reference()? {
            Some(reference) => {
                flush(text, block);
                block.push(Node::Reference { reference, backslashes });
            }
            None => {
                (0..backslashes).for_each(|_| text.push('\\'));
                text.push('$');
                self.bump();
            }
        }
        Ok(())
    }

    /// A run of backslashes escapes a reference or directive behind it, else it is text.
    fn backslashes(&mut self, text: &mut String, block: &mut Block) -> Result<(), Error> {
        let count = self.rest().bytes().take_while(|byte| *byte == b'\\').count();
        self.at += count;
        if self.peek() == Some('$') {
            return self.reference_or_text(count, text, block);
        }
        let directive = self.directive_name().is_some_and(|(name, _)| DIRECTIVES.contains(&name.as_str()));
        let kept = if directive { count / 2 } else { count };
        (0..kept).for_each(|_| text.push('\\'));
        if directive && count % 2 == 1 {
            text.push('#');
            self.bump();
        }
        Ok(())
    }

    /// The name of `#name` or `#{name}` that comes next, and its length.
    fn directive_name(&self) -> Option<(String, usize)> {
        let rest = self.rest().strip_prefix('#')?;
        let (name, braces) = match rest.strip_prefix('{') {
            Some(inner) => (inner, 2),
            None => (rest, 0),
        };
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        if end == 0 || (braces > 0 && !name[end..].starts_with('}')) {
            return None;
        }
        let mut word = &name[..end];
        // `#elsefoo` and `#endfoo` are `#else` and `#end` before text.
        if braces == 0 && self.find_macro(word).is_none() {
            for short in ["else", "end"] {
                if word.starts_with(short) && word != "elseif" {
                    word = short;
                }
            }
        }
        Some((word.to_owned(), 1 + braces + word.len()))
    }

    /// What starts with `#`: a comment, literal text, a directive, or nothing special.
    fn hash(&mut self, text: &mut String, block: &mut Block) -> Result<Option<Closer>, Error> {
        if self.eat("##") {
            let rest = self.rest();
            self.at += rest.find('\n').map_or(rest.len(), |newline| newline + 1);
            return Ok(None);
        }
        if self.eat("#*") {
            let end = self.rest().find("*#").ok_or_else(|| self.error("Comment without *#"))?;
            self.at += end + 2;
            return Ok(None);
        }
        if self.eat("#[[") {
            let end = self.rest().find("]]#").ok_or_else(|| self.error("Literal without ]]#"))?;
            text.push_str(&self.rest()[..end]);
            self.at += end + 3;
            return Ok(None);
        }
        match self.directive_name() {
            Some((name, length)) => self.directive(&name, length, text, block),
            None => {
                text.push('#');
                self.bump();
                Ok(None)
            }
        }
    }

    fn directive(
        &mut self,
        name: &str,
        length: usize,
        text: &mut String,
        block: &mut Block,
    ) -> Result<Option<Closer>, Error> {
        let start = self.at;
        self.at += length;
        if REFUSED.contains(&name) {
            return Err(Error::Refused(name.to_owned()));
        }
        let node = match name {
            "end" | "else" => {
                self.gobble();
                return Ok(Some(if name == "end" { Closer::End } else { Closer::Else }));
            }
            "elseif" => return Ok(Some(Closer::ElseIf)),
            "set" => self.set()?,
            "if" => self.conditional()?,
            "foreach" => self.foreach()?,
            "define" => self.define()?,
            "macro" => {
                self.define_macro()?;
                return Ok(None);
            }
            "break" => Node::Break,
            "stop" => Node::Stop,
            _ => match self.find_macro(name) {
                Some(macro_index) => Node::Call { macro_index, arguments: self.macro_arguments()? },
                None => {
                    text.push_str(&self.source[start..self.at]);
                    return Ok(None);
                }
            },
        };
        if matches!(node, Node::Break | Node::Stop) {
            self.gobble();
        }
        flush(text, block);
        block.push(node);
        Ok(None)
    }

    fn set(&mut self) -> Result<Node, Error> {
        self.open()?;
        let target = self.reference()?.ok_or_else(|| self.error("Expected a reference"))?;
        self.spaces();
        self.expect("=")?;
        let value = self.expression()?;
        self.close()?;
        Ok(Node::Set { target, value })
    }

    fn conditional(&mut self) -> Result<Node, Error> {
        let mut arms: Vec<(Expr, Block)> = Vec::new();
        let mut otherwise = Block::new();
        let mut condition = Some(self.condition()?);
        loop {
            let (block, end) = self.nested(Self::block)?;
            match condition.take() {
                Some(condition) => arms.push((condition, block)),
                None => otherwise = block,
            }
            match end {
                Closer::End => return Ok(Node::If { arms, otherwise }),
                Closer::ElseIf => condition = Some(self.condition()?),
                Closer::Else => {}
                Closer::Source => return Err(self.error("#if without #end")),
            }
        }
    }

    fn condition(&mut self) -> Result<Expr, Error> {
        self.open()?;
        let condition = self.expression()?;
        self.close()?;
        Ok(condition)
    }

    fn foreach(&mut self) -> Result<Node, Error> {
        self.open()?;
        let variable = self.reference()?.ok_or_else(|| self.error("Expected a reference"))?.root;
        self.spaces();
        self.expect("in")?;
        let items = self.expression()?;
        self.close()?;
        Ok(Node::Foreach { variable, items, body: self.closed("foreach")? })
    }

    fn define(&mut self) -> Result<Node, Error> {
        self.open()?;
        let variable = self.reference()?.ok_or_else(|| self.error("Expected a reference"))?.root;
        self.close()?;
        let body = self.closed("define")?;
        Ok(Node::Define { variable, block: self.template.keep(body) })
    }

    /// `#macro(name $a $b) … #end`. The name is known inside its own body.
    fn define_macro(&mut self) -> Result<(), Error> {
        self.open()?;
        let name = self.identifier().ok_or_else(|| self.error("Expected the name of the macro"))?;
        let mut parameters = Vec::new();
        loop {
            self.separators();
            match self.reference()? {
                Some(reference) => parameters.push(reference.root),
                None => break,
            }
        }
        self.close()?;
        let index = self.template.macros.len();
        let block = self.template.keep(Block::new());
        self.template.macros.push(Macro { name, parameters, block });
        let body = self.closed("macro")?;
        self.template.blocks[block] = body;
        debug_assert!(index < self.template.macros.len());
        Ok(())
    }

    fn macro_arguments(&mut self) -> Result<Vec<Expr>, Error> {
        self.open()?;
        let mut arguments = Vec::new();
        loop {
            self.separators();
            if self.peek() == Some(')') || self.peek().is_none() {
                break;
            }
            arguments.push(self.nested(Self::primary)?);
        }
        self.expect(")")?;
        Ok(arguments)
    }

    fn separators(&mut self) {
        while self.peek().is_some_and(|c| c.is_whitespace() || c == ',') {
            self.bump();
        }
    }

    fn open(&mut self) -> Result<(), Error> {
        self.spaces();
        self.expect("(")?;
        self.spaces();
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        self.spaces();
        self.expect(")")?;
        self.gobble();
        Ok(())
    }

    /// A directive takes the rest of its line with it when nothing else stands there.
    fn gobble(&mut self) {
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let after = &rest[blank..];
        if after.starts_with("\r\n") {
            self.at += blank + 2;
        } else if after.starts_with('\n') {
            self.at += blank + 1;
        }
    }
}

fn flush(text: &mut String, block: &mut Block) {
    if !text.is_empty() {
        block.push(Node::Text(std::mem::take(text)));
    }
}
