//! Where the statements of a document stand in its text: what the simulator shows.

use serde_json::value::RawValue;
use std::collections::HashMap;

/// A place in a text, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// The beginning and the end of each statement. A text that is no policy has none.
pub fn spans(text: &str) -> Vec<(Place, Place)> {
    let Ok(policy) = serde_json::from_str::<HashMap<&str, &RawValue>>(text) else { return Vec::new() };
    let Some(statement) = policy.get("Statement").map(|raw| raw.get()) else { return Vec::new() };
    let statements = match serde_json::from_str::<Vec<&RawValue>>(statement) {
        Ok(list) => list.into_iter().map(RawValue::get).collect(),
        Err(_) => vec![statement],
    };
    let span = |statement: &str| {
        let start = (statement.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        (place(text, start), place(text, start + statement.len()))
    };
    statements.into_iter().map(span).collect()
}

fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place { line: before.matches('\n').count() + 1, column: before.len() - line_start + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_in_their_text() {
        let text = "{\"Statement\": [{\"a\": 1},\n {\"b\": 2}]}";
        let found = spans(text);
        assert_eq!(found.first(), Some(&(Place { line: 1, column: 16 }, Place { line: 1, column: 24 })));
        assert_eq!(found.get(1), Some(&(Place { line: 2, column: 2 }, Place { line: 2, column: 10 })));
        assert_eq!(spans("{\"Statement\": {\"a\": 1}}").len(), 1);
        assert!(spans("[]").is_empty());
    }
}
