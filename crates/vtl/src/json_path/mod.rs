//! JSONPath as `$input.path()` and `$input.json()` take it.
//!
//! AWS runs Jayway's JsonPath, which differs from RFC 9535: a definite path answers the value
//! itself or nothing, any other the list of what matched; names may hold dashes; there are
//! functions (`length()`), `['a','b']` answers an object, filters know `in` and `=~`.

mod filter;
mod parse;

use crate::error::Error;
use filter::Filter;
use serde_json::Value as Json;

/// A parsed path.
#[derive(Debug)]
pub struct Path {
    segments: Vec<Segment>,
    function: Option<Function>,
}

#[derive(Debug)]
struct Segment {
    /// `..`: applies to every value within.
    descend: bool,
    selector: Selector,
}

#[derive(Debug)]
enum Selector {
    Names(Vec<String>),
    Indexes(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    All,
    Filter(Filter),
}

#[derive(Debug, Clone, Copy)]
enum Function {
    Length,
    Keys,
    Sum,
    Min,
    Max,
    Avg,
}

/// Pays for each value that is looked at.
pub type Spend<'a> = &'a mut dyn FnMut() -> Result<(), Error>;

impl Path {
    /// Parses a path; a leading `$.` may be left out.
    pub fn parse(text: &str) -> Result<Path, Error> {
        parse::parse(text)
    }

    /// The value at a definite path, or the list of all matches of any other.
    pub fn find(&self, document: &Json, spend: Spend<'_>) -> Result<Option<Json>, Error> {
        let found = self.select(document, document, spend)?;
        let result = if self.is_definite() {
            match (self.segments.last(), found.as_slice()) {
                (Some(Segment { selector: Selector::Names(names), .. }), [_, ..]) if names.len() > 1 => {
                    Some(self.subset(document, names, spend)?)
                }
                (_, [value, ..]) => Some((*value).clone()),
                (_, []) => None,
            }
        } else {
            Some(Json::Array(found.into_iter().cloned().collect()))
        };
        Ok(match (self.function, result) {
            (Some(function), Some(value)) => function.apply(&value),
            (_, result) => result,
        })
    }

    fn is_definite(&self) -> bool {
        self.segments.iter().all(|segment| {
            !segment.descend
                && match &segment.selector {
                    Selector::Names(_) => true,
                    Selector::Indexes(indexes) => indexes.len() == 1,
                    Selector::Slice(..) | Selector::All | Selector::Filter(_) => false,
                }
        })
    }

    /// `$.x['a','b']`: an object of the named properties that are there.
    fn subset(&self, document: &Json, names: &[String], spend: Spend<'_>) -> Result<Json, Error> {
        let mut subset = serde_json::Map::new();
        let parents = walk(&self.segments[..self.segments.len() - 1], document, document, spend)?;
        for parent in parents {
            for name in names {
                if let Some(value) = parent.get(name) {
                    subset.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(Json::Object(subset))
    }

    /// Every value that matches, starting at `start` (the `@` of a filter) in `root`.
    fn select<'d>(&self, start: &'d Json, root: &'d Json, spend: Spend<'_>) -> Result<Vec<&'d Json>, Error> {
        walk(&self.segments, start, root, spend)
    }
}

fn walk<'d>(segments: &[Segment], start: &'d Json, root: &'d Json, spend: Spend<'_>) -> Result<Vec<&'d Json>, Error> {
    let mut current = vec![start];
    for segment in segments {
        let mut next = Vec::new();
        for value in current {
            if segment.descend {
                for inner in descendants(value, spend)? {
                    segment.selector.select(inner, root, &mut next, spend)?;
                }
            } else {
                segment.selector.select(value, root, &mut next, spend)?;
            }
        }
        current = next;
    }
    Ok(current)
}

/// The value and everything within it, parents first.
fn descendants<'d>(value: &'d Json, spend: Spend<'_>) -> Result<Vec<&'d Json>, Error> {
    let mut stack = vec![value];
    let mut found = Vec::new();
    while let Some(value) = stack.pop() {
        spend()?;
        found.push(value);
        match value {
            Json::Array(items) => stack.extend(items.iter().rev()),
            Json::Object(object) => stack.extend(object.values().rev()),
            _ => {}
        }
    }
    Ok(found)
}

impl Selector {
    fn select<'d>(
        &self,
        value: &'d Json,
        root: &'d Json,
        out: &mut Vec<&'d Json>,
        spend: Spend<'_>,
    ) -> Result<(), Error> {
        spend()?;
        match (self, value) {
            (Selector::Names(names), Json::Object(object)) => {
                out.extend(names.iter().filter_map(|name| object.get(name)));
            }
            (Selector::Indexes(indexes), Json::Array(items)) => {
                out.extend(indexes.iter().filter_map(|index| items.get(place(*index, items.len()))));
            }
            (Selector::Slice(from, to), Json::Array(items)) => {
                let from = from.map_or(0, |from| place(from, items.len()).min(items.len()));
                let to = to.map_or(items.len(), |to| place(to, items.len()).min(items.len()));
                for item in items.get(from..to).unwrap_or_default() {
                    spend()?;
                    out.push(item);
                }
            }
            (Selector::All, Json::Array(items)) => {
                for item in items {
                    spend()?;
                    out.push(item);
                }
            }
            (Selector::All, Json::Object(object)) => {
                for item in object.values() {
                    spend()?;
                    out.push(item);
                }
            }
            (Selector::Filter(filter), Json::Array(items)) => {
                for item in items {
                    if filter.holds(item, root, spend)? {
                        out.push(item);
                    }
                }
            }
            (Selector::Filter(filter), Json::Object(_)) if filter.holds(value, root, spend)? => out.push(value),
            _ => {}
        }
        Ok(())
    }
}

/// A negative index counts from the end; one before the start is out of every list.
fn place(index: i64, length: usize) -> usize {
    let index = if index < 0 { index.saturating_add(length as i64) } else { index };
    usize::try_from(index).unwrap_or(usize::MAX)
}

impl Function {
    fn apply(self, value: &Json) -> Option<Json> {
        let numbers = || -> Vec<f64> { value.as_array().into_iter().flatten().filter_map(Json::as_f64).collect() };
        let some = |numbers: Vec<f64>| {
            if numbers.is_empty() { None } else { Some(numbers) }
        };
        match (self, value) {
            (Function::Length, Json::Array(items)) => Some(items.len().into()),
            (Function::Length, Json::Object(object)) => Some(object.len().into()),
            (Function::Length, Json::String(text)) => Some(text.chars().count().into()),
            (Function::Keys, Json::Object(object)) => Some(object.keys().cloned().collect::<Vec<_>>().into()),
            (Function::Length | Function::Keys, _) => None,
            (Function::Sum, _) => some(numbers()).map(|n| n.iter().sum::<f64>().into()),
            (Function::Min, _) => some(numbers()).map(|n| n.into_iter().fold(f64::INFINITY, f64::min).into()),
            (Function::Max, _) => some(numbers()).map(|n| n.into_iter().fold(f64::NEG_INFINITY, f64::max).into()),
            (Function::Avg, _) => some(numbers()).map(|n| (n.iter().sum::<f64>() / n.len() as f64).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(path: &str) -> Option<Json> {
        let document = json!({
            "store": {"book": [
                {"title": "A", "price": 8, "tags": ["x", "y"]},
                {"title": "B", "price": 12, "isbn": "1"},
                {"title": "C", "price": 22}
            ], "my-name": 1, "none": null},
            "limit": 10
        });
        Path::parse(path).expect(path).find(&document, &mut || Ok(())).expect(path)
    }

    #[test]
    fn definite_paths_answer_the_value() {
        assert_eq!(find("$.limit"), Some(json!(10)));
        assert_eq!(find("limit"), Some(json!(10)));
        assert_eq!(find("$.store.book[0].title"), Some(json!("A")));
        assert_eq!(find("$['store']['my-name']"), Some(json!(1)));
        assert_eq!(find("$.store.my-name"), Some(json!(1)));
        assert_eq!(find("$.store.book[-1].title"), Some(json!("C")));
        assert_eq!(find("$.store.none"), Some(Json::Null));
        assert_eq!(find("$.store.absent.deeper"), None);
        assert_eq!(find("$.store.book[7]"), None);
        assert_eq!(find("$.store.book[0]['title','price','zip']"), Some(json!({"title": "A", "price": 8})));
    }

    #[test]
    fn other_paths_answer_lists() {
        assert_eq!(find("$.store.book[*].title"), Some(json!(["A", "B", "C"])));
        assert_eq!(find("$..title"), Some(json!(["A", "B", "C"])));
        assert_eq!(find("$.store.book[0:2].price"), Some(json!([8, 12])));
        assert_eq!(find("$.store.book[-2:].price"), Some(json!([12, 22])));
        assert_eq!(find("$.store.book[0,2].price"), Some(json!([8, 22])));
        assert_eq!(find("$..absent"), Some(json!([])));
        assert_eq!(find("$.store.book[0].tags.*"), Some(json!(["x", "y"])));
    }

    #[test]
    fn filters() {
        assert_eq!(find("$.store.book[?(@.price < 10)].title"), Some(json!(["A"])));
        assert_eq!(find("$.store.book[?(@.price > $.limit && @.isbn)].title"), Some(json!(["B"])));
        assert_eq!(find("$.store.book[?(!@.isbn)].title"), Some(json!(["A", "C"])));
        assert_eq!(find("$.store.book[?(@.title == 'C' || @.price == 8)].title"), Some(json!(["A", "C"])));
        assert_eq!(find("$.store.book[?(@.title in ['A','B'])].price"), Some(json!([8, 12])));
        assert_eq!(find("$.store.book[?(@.title =~ /[ab]/i)].price"), Some(json!([8, 12])));
    }

    #[test]
    fn functions() {
        assert_eq!(find("$.store.book.length()"), Some(json!(3)));
        assert_eq!(find("$.store.book[*].price.sum()"), Some(json!(42.0)));
    }

    #[test]
    fn what_is_not_a_path_is_an_error() {
        for text in ["", "$.", "$[", "$['a", "$[?(@.a ==)]", "$.a.nope()", "$[a]", "$[?(((((((((((((((((((((((((@)"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }
}
