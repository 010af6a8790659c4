//! Java's regular expressions on the `regex` crate: the common language without back references
//! and look-around, which would not run in linear time.

use crate::error::Error;
use crate::value::Heap;
use regex::{Regex, RegexBuilder};

/// What compiling a pattern costs, in bytes of work.
const COMPILE_COST: usize = 64 << 10;

/// Compiles a pattern of a template, once, and pays for matching it against `text`.
pub(super) fn compile(pattern: &str, text: &str, heap: &mut Heap) -> Result<Regex, Error> {
    // A step of a matcher costs more than copying a byte.
    heap.work(text.len().saturating_mul(16))?;
    if let Some(known) = heap.patterns.get(pattern) {
        return Ok(known.clone());
    }
    heap.work(COMPILE_COST + pattern.len() * 64)?;
    let regex = RegexBuilder::new(pattern)
        .size_limit(128 << 10)
        .nest_limit(50)
        .build()
        .map_err(|_| Error::Call(format!("Regular expression is not valid or not supported: {pattern}")))?;
    heap.patterns.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

/// A replacement of Java (`$1`, `\$`) in the crate's syntax (`${1}`, `$$`).
pub(super) fn replacement(java: &str) -> String {
    let mut out = String::with_capacity(java.len());
    let mut chars = java.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(other) => out.push(other),
                None => {}
            },
            '$' => {
                let mut group = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    group.push(digit);
                }
                if group.is_empty() {
                    out.push_str("$$");
                } else {
                    out.push_str(&format!("${{{group}}}"));
                }
            }
            other => out.push(other),
        }
    }
    out
}
