//! Writing XML: S3's and the query protocols' answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::body::Body;
use crate::schema::{Kind, Member, TimeFormat};
use crate::sink::Sink;

/// A long text is passed on in blocks of this size, which the allocator has at hand: one that grows is copied again and
/// again, into memory that is new each time.
const BLOCK: usize = 64 << 10;
/// Room for what is written before anybody asks whether a block is full.
const MARGIN: usize = 4 << 10;

/// Writes XML elements. A start tag stays open until its attributes are written.
#[derive(Default)]
pub struct XmlSink {
    out: String,
    /// What comes before `out`.
    blocks: Vec<Bytes>,
    tag_open: bool,
    open: Vec<Inside>,
    /// EC2 names list items and members in its own way.
    ec2: bool,
}

enum Inside {
    Structure,
    /// A list around its items; the items' element name.
    List(&'static str),
    /// A flattened list has no element of its own.
    FlatList(&'static str),
    Map {
        entry: &'static str,
        value: &'static str,
    },
}

impl XmlSink {
    pub fn new() -> Self {
        XmlSink::default()
    }

    /// A sink for EC2's dialect: all lists have `item` elements, names are EC2's.
    pub fn ec2() -> Self {
        XmlSink { ec2: true, ..XmlSink::default() }
    }

    /// Begins with the declaration that documents have.
    pub fn declared(mut self) -> Self {
        self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self
    }

    pub fn finish(mut self) -> Bytes {
        self.close_tag();
        let last = Bytes::from(self.out);
        if self.blocks.is_empty() {
            return last;
        }
        self.blocks.push(last);
        self.blocks.concat().into()
    }

    /// As [`XmlSink::finish`], for texts that may be long.
    pub fn into_body(mut self) -> Body {
        self.close_tag();
        self.blocks.push(Bytes::from(self.out));
        Body::of_blocks(self.blocks)
    }

    #[cold]
    fn end_block(&mut self) {
        let full = std::mem::replace(&mut self.out, String::with_capacity(BLOCK + MARGIN));
        self.blocks.push(Bytes::from(full));
    }

    /// `<name xmlns="…">`; the namespace may be empty.
    pub fn start(&mut self, name: &str, xmlns: &str) {
        self.close_tag();
        self.out.push('<');
        self.out.push_str(name);
        if !xmlns.is_empty() {
            self.attribute("xmlns", xmlns);
        }
        self.tag_open = true;
    }

    pub fn end(&mut self, name: &str) {
        if std::mem::take(&mut self.tag_open) {
            self.out.push_str("/>");
            return;
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// `<name>text</name>`.
    pub fn element(&mut self, name: &str, text: &str) {
        self.start(name, "");
        self.close_tag();
        escape(&mut self.out, text);
        self.end(name);
    }

    /// Members written from here on are children of the element that `start` opened.
    pub fn enter_structure(&mut self) {
        self.open.push(Inside::Structure);
    }

    pub fn leave_structure(&mut self) {
        self.open.pop();
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.tag_open) {
            self.out.push('>');
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(&mut self.out, value);
        self.out.push('"');
    }

    /// The element name of what comes next.
    fn name(&self, at: &'static Member) -> &'static str {
        match self.open.last() {
            Some(Inside::List(item) | Inside::FlatList(item)) => item,
            Some(Inside::Map { value, .. }) => value,
            // EC2's own names are those of requests.
            Some(Inside::Structure) | None if self.ec2 => at.wire,
            Some(Inside::Structure) | None => at.query_name(),
        }
    }

    fn scalar(&mut self, at: &'static Member, text: &str) {
        if at.xml_attribute && self.tag_open {
            self.attribute(at.wire, text);
        } else {
            if self.out.len() >= BLOCK {
                self.end_block();
            }
            let name = self.name(at);
            // At once: `<name>text</name>` fills most of an answer.
            self.out.reserve(2 * name.len() + text.len() + 6);
            self.open_element(name, at);
            self.close_tag();
            escape(&mut self.out, text);
            self.end(name);
            self.leave_entry();
        }
    }

    fn open_element(&mut self, name: &'static str, at: &'static Member) {
        self.start(name, "");
        if let Some((attribute, uri)) = at.xmlns {
            self.attribute(attribute, uri);
        }
    }

    /// A map's value ends its entry.
    fn leave_entry(&mut self) {
        if let Some(Inside::Map { entry, .. }) = self.open.last() {
            let entry = *entry;
            self.end(entry);
        }
    }
}

impl Sink for XmlSink {
    fn boolean(&mut self, at: &'static Member, value: bool) {
        self.scalar(at, if value { "true" } else { "false" });
    }

    fn integer(&mut self, at: &'static Member, value: i64) {
        self.scalar(at, itoa::Buffer::new().format(value));
    }

    fn float(&mut self, at: &'static Member, value: f64) {
        self.scalar(at, &float_text(value));
    }

    fn string(&mut self, at: &'static Member, value: &str) {
        self.scalar(at, value);
    }

    fn blob(&mut self, at: &'static Member, value: &Bytes) {
        self.scalar(at, &STANDARD.encode(value));
    }

    fn timestamp(&mut self, at: &'static Member, value: Timestamp) {
        let text = match at.time.unwrap_or(TimeFormat::DateTime) {
            TimeFormat::EpochSeconds => value.seconds().to_string(),
            TimeFormat::DateTime => value.iso_millis(),
            TimeFormat::HttpDate => value.http_date(),
        };
        self.scalar(at, &text);
    }

    fn document(&mut self, at: &'static Member, value: &Value) {
        self.scalar(at, &value.to_string());
    }

    fn begin_structure(&mut self, at: &'static Member) {
        let name = self.name(at);
        self.open_element(name, at);
        self.open.push(Inside::Structure);
    }

    fn end_structure(&mut self, at: &'static Member) {
        self.open.pop();
        let name = self.name(at);
        self.end(name);
        self.leave_entry();
    }

    fn begin_list(&mut self, at: &'static Member, _: usize) {
        let Kind::List(element) = at.shape.kind else {
            return;
        };
        if at.flattened && !self.ec2 {
            let name = at.flat_name(element);
            self.open.push(Inside::FlatList(name));
        } else {
            let name = self.name(at);
            self.open_element(name, at);
            let item = if self.ec2 && element.wire == element.name { "item" } else { element.wire };
            self.open.push(Inside::List(item));
        }
    }

    fn end_list(&mut self, at: &'static Member) {
        if let Some(Inside::List(_)) = self.open.pop() {
            let name = self.name(at);
            self.end(name);
            self.leave_entry();
        }
    }

    fn begin_map(&mut self, at: &'static Member, _: usize) {
        let Kind::Map(_, value) = at.shape.kind else {
            return;
        };
        let name = self.name(at);
        if at.flattened {
            self.open.push(Inside::Map { entry: name, value: value.wire });
        } else {
            self.open_element(name, at);
            self.open.push(Inside::Map { entry: "entry", value: value.wire });
        }
    }

    fn key(&mut self, at: &'static Member, key: &str) {
        if let (Some(Inside::Map { entry, .. }), Kind::Map(key_member, _)) = (self.open.last(), &at.shape.kind) {
            let entry = *entry;
            self.start(entry, "");
            self.element(key_member.wire, key);
        }
    }

    fn end_map(&mut self, at: &'static Member) {
        self.open.pop();
        if !at.flattened {
            let name = self.name(at);
            self.end(name);
            self.leave_entry();
        }
    }
}

/// A float as XML and headers write it.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else {
        ryu::Buffer::new().format_finite(value).to_owned()
    }
}

/// Appends text with what XML would misread escaped. Control characters that XML 1.0 has no way to write become U+FFFD.
pub fn escape(out: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        out.push_str(text);
        return;
    }
    let mut plain = 0;
    for (index, character) in text.char_indices() {
        let replacement = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\r' => "&#xD;",
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => "\u{fffd}",
            _ => continue,
        };
        out.push_str(&text[plain..index]);
        out.push_str(replacement);
        plain = index + character.len_utf8();
    }
    out.push_str(&text[plain..]);
}

/// Whether nothing in a text is XML's own: nearly always. It is looked at in blocks, the last of which may overlap the one
/// before it; without a way out in the middle of a block the compiler looks at all of its bytes at once.
fn is_plain(text: &[u8]) -> bool {
    fn is_special(byte: u8) -> bool {
        (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == b'"')
    }
    fn is_plain_block<const N: usize>(block: &[u8; N]) -> bool {
        !block.iter().fold(false, |found, byte| found | is_special(*byte))
    }
    if let Some(last) = text.last_chunk::<16>() {
        return is_plain_block(last) && text.as_chunks::<16>().0.iter().all(is_plain_block);
    }
    match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => is_plain_block(first) && is_plain_block(last),
        _ => !text.iter().copied().any(is_special),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Shape;

    static TEXT: Shape = Shape::new("Text", Kind::String);
    static AT: Member = Member::new("text", &TEXT);

    fn written(count: usize) -> XmlSink {
        let mut sink = XmlSink::new();
        sink.start("all", "");
        sink.enter_structure();
        (0..count).for_each(|_| sink.string(&AT, "<&>"));
        sink.leave_structure();
        sink.end("all");
        sink
    }

    #[test]
    fn what_is_xmls_own_is_found_wherever_it_stands() {
        for length in 0..70 {
            let plain = "é".repeat(length / 2) + &"x".repeat(length % 2);
            assert!(is_plain(plain.as_bytes()), "{length}");
            for place in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[place] = b"&<>\"\r\n\x1f"[place % 7];
                assert!(!is_plain(&bytes), "{length} {place}");
            }
        }
    }

    #[test]
    fn a_long_text_is_whole_however_it_is_taken() {
        assert_eq!(written(1).finish(), "<all><text>&lt;&amp;&gt;</text></all>");
        let (count, whole) = (10_000, written(10_000).finish());
        assert_eq!(whole, format!("<all>{}</all>", "<text>&lt;&amp;&gt;</text>".repeat(count)));
        let body = written(count).into_body();
        assert_eq!(body.length(), Some(whole.len() as u64));
        let Body::Stream(mut blocks, _) = body else { panic!("it is longer than a block") };
        let mut taken = Vec::new();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        while let std::task::Poll::Ready(Some(block)) = blocks.as_mut().poll_next(&mut context) {
            taken.extend_from_slice(&block.expect("blocks that are there"));
        }
        assert_eq!(taken, whole);
    }
}
