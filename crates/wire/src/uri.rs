//! URI templates of the REST protocols: `/{Bucket}/{Key+}?uploads`.

use crate::request::decode_label;
use crate::schema::Operation;
use crate::source::Rejection;

/// Labels of a template and what stood in their place, decoded.
pub type Labels = Vec<(&'static str, String)>;

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

/// Whether a path has the form of a path template (`/{Bucket}/{Key+}`).
pub(crate) fn path_matches(template: &'static str, path: &str) -> bool {
    walk(template, path, &mut |_, _| {})
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
