//! Which operation of a REST service a request is for: the URI templates of the service, taken apart once.

use http::HeaderMap;

use crate::schema::{Location, Operation, Service};
use crate::uri::path_matches;

/// The operations of a service by their paths.
pub struct Routes {
    /// The most specific path first: more segments before fewer, literal ones before labels.
    paths: Vec<Path>,
}

/// One path template, and the operations that share it.
struct Path {
    template: &'static str,
    specificity: (usize, usize),
    operations: Vec<Candidate>,
}

/// An operation, and what of a request tells it from others with the same path.
struct Candidate {
    operation: &'static Operation,
    /// Query parameters that the template demands (`?list-type=2`).
    demanded: Vec<(&'static str, Option<&'static str>)>,
    /// Required members in the query and the headers. S3 tells some operations apart only by these (`PutObject`,
    /// `UploadPart` and `CopyObject` share a template).
    required: Vec<(Location, &'static str)>,
}

impl Routes {
    /// Takes a service's templates apart.
    pub fn new(service: &'static Service) -> Self {
        let mut paths: Vec<Path> = Vec::new();
        for operation in service.operations {
            let (template, query) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
            let candidate = Candidate::new(operation, query);
            match paths.iter_mut().find(|path| path.template == template) {
                Some(path) => path.operations.push(candidate),
                None => paths.push(Path { template, specificity: specificity(template), operations: vec![candidate] }),
            }
        }
        paths.sort_by_key(|path| std::cmp::Reverse(path.specificity));
        Routes { paths }
    }

    /// Finds the operation of a request. Of several that match, the most specific is meant: the more specific path,
    /// more demanded query parameters before fewer, then the one whose required members are there.
    pub fn find(
        &self,
        method: &str,
        path: &str,
        query: &[(String, String)],
        headers: &HeaderMap,
    ) -> Option<&'static Operation> {
        let matching: Vec<&Path> = self.paths.iter().filter(|known| path_matches(known.template, path)).collect();
        // An operation answers HEAD like GET where the service has no HEAD of its own there.
        let has =
            |method: &str| matching.iter().any(|path| path.operations.iter().any(|it| it.operation.method == method));
        let method = if method == "HEAD" && !has("HEAD") { "GET" } else { method };
        let possible = matching.iter().flat_map(|path| path.operations.iter().map(|it| (path.specificity, it)));
        let possible = possible.filter(|(_, it)| it.operation.method == method && it.is_demanded_by(query));
        let best = possible.max_by_key(|(specificity, it)| {
            let present = it.present(query, headers);
            (*specificity, it.demanded.len(), present == it.required.len(), present, it.operation.built)
        });
        best.map(|(_, it)| it.operation)
    }
}

impl Candidate {
    fn new(operation: &'static Operation, query: &'static str) -> Self {
        let demanded = query.split('&').filter(|part| !part.is_empty()).map(|part| match part.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (part, None),
        });
        let members = operation.input.layout().members.iter();
        let bound = members.filter(|it| it.required && matches!(it.location, Location::Query | Location::Header));
        Candidate {
            operation,
            demanded: demanded.collect(),
            required: bound.map(|member| (member.location, member.wire)).collect(),
        }
    }

    fn is_demanded_by(&self, query: &[(String, String)]) -> bool {
        self.demanded.iter().all(|(name, value)| {
            query.iter().any(|(key, found)| key == name && value.is_none_or(|value| value == found))
        })
    }

    /// How many of the required members are there.
    fn present(&self, query: &[(String, String)], headers: &HeaderMap) -> usize {
        let is_there = |(location, name): &&(Location, &'static str)| match location {
            Location::Query => query.iter().any(|(key, _)| key == name),
            _ => headers.contains_key(*name),
        };
        self.required.iter().filter(is_there).count()
    }
}

/// How many segments (a greedy one counts nothing), and how many of them are literal.
fn specificity(template: &str) -> (usize, usize) {
    let segments = || template.split('/');
    let greedy = usize::from(segments().any(|segment| segment.ends_with("+}")));
    (segments().count() - greedy, segments().filter(|segment| !segment.starts_with('{')).count())
}
