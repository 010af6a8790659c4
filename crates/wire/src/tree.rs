//! Reading XML and query strings: both are first made a small tree of names, texts and children.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_base::Timestamp;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

use crate::checks::Checks;
use crate::schema::{Kind, Member, TimeFormat};
use crate::source::{Each, Rejection, Source};
use crate::text::{parse_boolean, parse_float, parse_integer, parse_time};

/// An element of XML or a dotted name of a query string.
#[derive(Debug, Default)]
pub struct Node {
    pub name: String,
    pub text: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

/// Which dialect a tree was read from: they differ in how lists and maps stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Xml,
    /// `Names.member.1`, or `Names.1` where the list is flattened.
    Query,
    /// EC2: all lists are flat, names are EC2's.
    Ec2,
}

/// Deeper trees are refused: the readers recurse.
const DEEPEST: usize = 64;

impl Node {
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Reads one XML document. Namespaces' prefixes are dropped; DTDs are refused.
    ///
    /// # Errors
    /// Text that is not well-formed.
    pub fn from_xml(text: &[u8]) -> Result<Node, Rejection> {
        let text = std::str::from_utf8(text).map_err(|_| Rejection::new("the XML is not UTF-8"))?;
        let mut reader = quick_xml::Reader::from_str(text);
        let mut open: Vec<Node> = vec![Node::default()];
        loop {
            match reader.read_event().map_err(malformed)? {
                Event::Start(tag) if open.len() > DEEPEST => {
                    return Err(Rejection::new(format!("{:?} is nested too deeply", tag.local_name())));
                }
                Event::Start(tag) => open.push(element(&tag)?),
                Event::Empty(tag) => close(&mut open, element(&tag)?),
                Event::End(_) => {
                    let Some(done) = open.pop() else {
                        return Err(Rejection::new("an end without a start"));
                    };
                    close(&mut open, done);
                }
                Event::Text(text) => append(&mut open, &text),
                Event::CData(text) => append(&mut open, &text),
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref().map_err(malformed)? {
                        Some(character) => character,
                        None => named_entity(&reference)?,
                    };
                    append(&mut open, resolved.encode_utf8(&mut [0; 4]));
                }
                Event::DocType(_) => return Err(Rejection::new("a DTD is not allowed")),
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
        match (open.pop(), open.is_empty()) {
            (Some(mut document), true) if document.children.len() == 1 => {
                document.children.pop().ok_or_else(|| Rejection::new("empty"))
            }
            _ => Err(Rejection::new("the XML is not one closed element")),
        }
    }

    /// Makes a tree of `A.B.1=x&A.B.2=y`. Parameters without a dot are leaves of the root.
    ///
    /// # Errors
    /// Names that are nested too deeply.
    pub fn from_query<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Result<Node, Rejection> {
        let mut root = Node::default();
        for (name, value) in pairs {
            let mut at = &mut root;
            for (depth, part) in name.split('.').enumerate() {
                if depth > DEEPEST {
                    return Err(Rejection::new(format!("{name} is nested too deeply")));
                }
                at = at.child_or_new(part);
            }
            at.text = value;
        }
        Ok(root)
    }

    /// Parameters of one list or structure mostly follow each other, so the last child is looked at first.
    fn child_or_new(&mut self, name: &str) -> &mut Node {
        let found = self.children.iter().rposition(|child| child.name == name);
        let index = found.unwrap_or_else(|| {
            self.children.push(Node { name: name.to_owned(), ..Node::default() });
            self.children.len() - 1
        });
        &mut self.children[index]
    }

    /// Children named by numbers, in the order of the numbers.
    fn numbered(&self) -> Vec<&Node> {
        let mut items: Vec<(u64, &Node)> =
            self.children.iter().filter_map(|child| Some((child.name.parse().ok()?, child))).collect();
        items.sort_by_key(|(number, _)| *number);
        items.into_iter().map(|(_, node)| node).collect()
    }
}

fn malformed(error: impl std::fmt::Display) -> Rejection {
    Rejection::new(error.to_string())
}

fn element(tag: &BytesStart) -> Result<Node, Rejection> {
    let name = tag.local_name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(malformed)?;
        let key = attribute.key.as_ref().to_owned();
        let value = quick_xml::escape::unescape(&attribute.value).map_err(malformed)?.into_owned();
        attributes.push((key, value));
    }
    Ok(Node { name, attributes, ..Node::default() })
}

fn close(open: &mut [Node], done: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(done);
    }
}

fn append(open: &mut [Node], text: &str) {
    if let Some(at) = open.last_mut() {
        at.text.push_str(text);
    }
}

fn named_entity(name: &str) -> Result<char, Rejection> {
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(Rejection::new(format!("the entity &{name}; is not defined"))),
    }
}

/// One node of a tree, as a source.
pub struct TreeSource<'n, 'c> {
    pub node: &'n Node,
    pub dialect: Dialect,
    pub checks: &'c mut Checks,
    /// A flattened list's further elements stand beside its first.
    pub siblings: &'n [Node],
}

impl<'n, 'c> TreeSource<'n, 'c> {
    pub fn new(node: &'n Node, dialect: Dialect, checks: &'c mut Checks) -> Self {
        TreeSource { node, dialect, checks, siblings: &[] }
    }

    fn hand(&mut self, node: &'n Node, name: &str, each: Each<'_>) -> Result<(), Rejection> {
        each(name, &mut TreeSource { node, dialect: self.dialect, checks: self.checks, siblings: &self.node.children })
    }

    /// The elements of an XML list: inside of it, or beside it where it is flattened.
    fn xml_items(&self, at: &'static Member) -> Vec<&'n Node> {
        if at.flattened {
            self.siblings.iter().filter(|sibling| sibling.name == self.node.name).collect()
        } else {
            self.node.children.iter().collect()
        }
    }

    /// The items of a list in a query string. Clients write `.member.1`, the element's own name, or only numbers.
    fn query_items(&self, at: &'static Member) -> Vec<&'n Node> {
        let element = match at.shape.kind {
            Kind::List(element) => element.wire,
            _ => "member",
        };
        let inner = self
            .node
            .child(element)
            .or_else(|| self.node.child("member"))
            .filter(|_| !at.flattened && self.dialect == Dialect::Query);
        inner.unwrap_or(self.node).numbered()
    }
}

impl Source for TreeSource<'_, '_> {
    fn boolean(&mut self) -> Result<bool, Rejection> {
        parse_boolean(self.node.text.trim())
    }

    fn integer(&mut self) -> Result<i64, Rejection> {
        parse_integer(self.node.text.trim())
    }

    fn float(&mut self) -> Result<f64, Rejection> {
        parse_float(self.node.text.trim())
    }

    fn string(&mut self) -> Result<String, Rejection> {
        Ok(self.node.text.clone())
    }

    fn blob(&mut self) -> Result<Bytes, Rejection> {
        STANDARD.decode(self.node.text.trim()).map(Bytes::from).map_err(|_| Rejection::new("a blob is not base64"))
    }

    fn timestamp(&mut self, format: Option<TimeFormat>) -> Result<Timestamp, Rejection> {
        parse_time(self.node.text.trim(), format)
    }

    fn document(&mut self) -> Result<Value, Rejection> {
        Ok(Value::String(self.node.text.clone()))
    }

    fn fields(&mut self, members: &'static [Member], each: Each<'_>) -> Result<(), Rejection> {
        let node = self.node;
        for member in members {
            let wire = match self.dialect {
                Dialect::Xml => member.wire,
                Dialect::Query => member.query_name(),
                Dialect::Ec2 => member.query,
            };
            if member.xml_attribute {
                let local = wire.rsplit(':').next().unwrap_or(wire);
                let found =
                    node.attributes.iter().find(|(key, _)| key == wire || key.rsplit(':').next() == Some(local));
                if let Some((_, value)) = found {
                    let text = Node { text: value.clone(), ..Node::default() };
                    each(member.wire, &mut TreeSource::new(&text, self.dialect, self.checks))?;
                }
                continue;
            }
            let flat_name = match member.shape.kind {
                Kind::List(element) if self.dialect != Dialect::Ec2 && member.flattened => member.flat_name(element),
                _ => wire,
            };
            if let Some(child) = node.child(flat_name) {
                self.hand(child, member.wire, each)?;
            }
        }
        Ok(())
    }

    fn list(&mut self, at: &'static Member, each: Each<'_>) -> Result<(), Rejection> {
        let items = match self.dialect {
            Dialect::Xml => self.xml_items(at),
            Dialect::Query | Dialect::Ec2 => self.query_items(at),
        };
        items.into_iter().try_for_each(|item| self.hand(item, "", each))
    }

    fn map(&mut self, at: &'static Member, each: Each<'_>) -> Result<(), Rejection> {
        let Kind::Map(key_member, value_member) = at.shape.kind else {
            return Err(Rejection::new("not a map"));
        };
        let entries = match self.dialect {
            Dialect::Xml => self.xml_items(at),
            Dialect::Query | Dialect::Ec2 => {
                self.node.child("entry").filter(|_| !at.flattened).unwrap_or(self.node).numbered()
            }
        };
        for entry in entries {
            let key = entry.child(key_member.wire).ok_or_else(|| Rejection::new("an entry without a key"))?;
            if let Some(value) = entry.child(value_member.wire) {
                self.hand(value, &key.text, each)?;
            }
        }
        Ok(())
    }

    fn checks(&mut self) -> &mut Checks {
        self.checks
    }
}
