//! URI templates of the REST protocols: `/{Bucket}/{Key+}?uploads`.

use http::HeaderMap;

use crate::request::decode_label;
use crate::schema::{Location, Operation, Service};
use crate::source::Rejection;

/// Labels of a template and what stood in their place, decoded.
pub type Labels = Vec<(&'static str, String)>;

/// Finds the operation of a REST request. Of several that match, the most specific is meant: literal segments before
/// labels, labels before greedy ones, more demanded query parameters before fewer. S3 tells some apart only by their
/// required parameters and headers (`PutObject`, `UploadPart` and `CopyObject` share a template).
pub fn find_operation(
    service: &'static Service,
    method: &str,
    path: &str,
    query: &[(String, String)],
    headers: &HeaderMap,
) -> Option<&'static Operation> {
    let operations = || service.operations.iter().copied();
    let has_head = || operations().any(|operation| operation.method == "HEAD" && operation.path_matches(path));
    let method = if method == "HEAD" && !has_head() { "GET" } else { method };
    let matching = operations().filter(|operation| operation.method == method && operation.matches(path, query));
    matching.max_by_key(|operation| {
        let (required, present) = operation.bound_members(query, headers);
        (operation.specificity(), required == present, present, operation.built)
    })
}

impl Operation {
    fn path_template(&self) -> &'static str {
        self.uri.split('?').next().unwrap_or("/")
    }

    /// Query parameters that the template itself demands (`?list-type=2`).
    pub(crate) fn demanded(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let demanded = self.uri.split_once('?').map_or("", |(_, query)| query);
        demanded.split('&').filter(|part| !part.is_empty()).map(|part| match part.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (part, None),
        })
    }

    fn path_matches(&self, path: &str) -> bool {
        walk(self.path_template(), path, &mut |_, _| {})
    }

    fn matches(&self, path: &str, query: &[(String, String)]) -> bool {
        self.demanded().all(|(name, value)| {
            query.iter().any(|(key, found)| key == name && value.is_none_or(|value| value == found))
        }) && self.path_matches(path)
    }

    /// How many members are required in the query and the headers, and how many of those are there.
    fn bound_members(&self, query: &[(String, String)], headers: &HeaderMap) -> (usize, usize) {
        let mut counts = (0, 0);
        for member in self.input.layout().members.iter().filter(|member| member.required) {
            let present = match member.location {
                Location::Query => query.iter().any(|(key, _)| key == member.wire),
                Location::Header => headers.contains_key(member.wire),
                _ => continue,
            };
            counts.0 += 1;
            counts.1 += usize::from(present);
        }
        counts
    }

    fn specificity(&self) -> (usize, usize, usize) {
        let segments: Vec<&str> = self.path_template().split('/').collect();
        let literals = segments.iter().filter(|segment| !segment.starts_with('{')).count();
        let greedy = usize::from(segments.iter().any(|segment| segment.ends_with("+}")));
        (segments.len() - greedy, literals, self.demanded().count())
    }

    /// The labels of a path that matches this operation's template.
    ///
    /// # Errors
    /// Labels that are not UTF-8.
    pub fn labels(&self, path: &str) -> Result<Labels, Rejection> {
        let mut raw = Vec::new();
        walk(self.path_template(), path, &mut |name, value| raw.push((name, value.to_owned())));
        raw.into_iter().map(|(name, value)| Ok((name, decode_label(&value)?))).collect()
    }
}

/// Walks template and path together; tells each label. A trailing slash of the path does not count.
fn walk(template: &'static str, path: &str, label: &mut dyn FnMut(&'static str, &str)) -> bool {
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    let template = template.trim_matches('/');
    if template.is_empty() {
        return rest.is_empty();
    }
    let mut segments = template.split('/').peekable();
    while let Some(segment) = segments.next() {
        let greedy = segment.strip_prefix('{').and_then(|name| name.strip_suffix("+}"));
        if let Some(name) = greedy {
            // What follows a greedy label is fixed (`/{resource+}/tags` does not occur with labels behind).
            let tail: Vec<&str> = segments.collect();
            let tail = if tail.is_empty() { String::new() } else { format!("/{}", tail.join("/")) };
            let Some(value) = rest.strip_suffix(tail.as_str()) else {
                return false;
            };
            label(name, value);
            return !value.is_empty();
        }
        let (part, behind) = rest.split_once('/').map_or((rest, None), |(part, behind)| (part, Some(behind)));
        match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if part.is_empty() => return false,
            Some(name) => label(name, part),
            None if part == segment => {}
            None => return false,
        }
        match behind {
            Some(behind) => rest = behind,
            None => return segments.peek().is_none(),
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
        let mut labels = Vec::new();
        walk(template, path, &mut |name, value| labels.push((name, value.to_owned()))).then_some(labels)
    }

    #[test]
    fn labels_and_literals() {
        assert_eq!(labels_of("/{Bucket}", "/b"), Some(vec![("Bucket", "b".into())]));
        assert_eq!(labels_of("/{Bucket}", "/b/"), Some(vec![("Bucket", "b".into())]));
        assert_eq!(labels_of("/{Bucket}", "/"), None);
        assert_eq!(
            labels_of("/{Bucket}/{Key+}", "/b/x/y/"),
            Some(vec![("Bucket", "b".into()), ("Key", "x/y/".into())])
        );
        assert_eq!(labels_of("/{Bucket}/{Key+}", "/b/"), None);
        assert_eq!(labels_of("/functions/{Name}/policy", "/functions/f/policy"), Some(vec![("Name", "f".into())]));
        assert_eq!(labels_of("/functions/{Name}/policy", "/functions/f"), None);
        assert_eq!(labels_of("/", "/"), Some(vec![]));
    }
}
