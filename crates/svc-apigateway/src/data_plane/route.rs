//! Which resource and method a request meets.
//!
//! AWS prefers, segment by segment, a literal to `{parameter}` and that to `{greedy+}`; a method
//! of its own to `ANY`. A resource without methods does not catch a request.

use crate::definition::{Definition, Method, Resource};
use kogumo_execute_api::exchange::Pairs;
use kogumo_execute_api::pattern::{Rank, matches};

/// What a request met.
#[derive(Debug, PartialEq)]
pub struct Route<'d> {
    pub resource: &'d Resource,
    pub method: &'d Method,
    /// Path parameters, percent-decoded.
    pub parameters: Pairs,
}

/// Finds the method for `path` (as sent, beginning with `/`, without the stage).
pub fn route<'d>(definition: &'d Definition, http_method: &str, path: &str) -> Option<Route<'d>> {
    let mut best: Option<(Vec<Rank>, Route<'d>)> = None;
    for resource in definition.resources.values() {
        let Some(method) = resource.methods.get(http_method).or_else(|| resource.methods.get("ANY")) else { continue };
        let Some((ranks, parameters)) = matches(&resource.path, path) else { continue };
        if best.as_ref().is_none_or(|(known, _)| ranks < *known) {
            best = Some((ranks, Route { resource, method, parameters }));
        }
    }
    best.map(|(_, route)| route)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(methods: &[(&str, &str)]) -> Definition {
        let mut definition = Definition::new("root".into());
        for (method, path) in methods {
            let id = if *path == "/" { "root".to_owned() } else { (*path).to_owned() };
            let resource = definition.resources.entry(id.clone()).or_insert_with(|| Resource {
                id,
                path: (*path).to_owned(),
                ..Resource::default()
            });
            resource
                .methods
                .insert((*method).to_owned(), Method { http_method: (*method).to_owned(), ..Method::default() });
        }
        definition
    }

    fn met(definition: &Definition, method: &str, path: &str) -> Option<(String, String, Vec<String>)> {
        let route = route(definition, method, path)?;
        let parameters = route.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some((route.resource.path.clone(), route.method.http_method.clone(), parameters))
    }

    #[test]
    fn literal_before_parameter_before_greedy() {
        let definition = api(&[
            ("GET", "/"),
            ("GET", "/pets"),
            ("GET", "/pets/{id}"),
            ("GET", "/pets/mine"),
            ("ANY", "/pets/{id}/{rest+}"),
            ("ANY", "/{proxy+}"),
            ("POST", "/pets/{id}"),
        ]);
        let case = |method: &str, path: &str| {
            met(&definition, method, path).map(|(path, method, p)| format!("{method} {path} {}", p.join(",")))
        };
        assert_eq!(case("GET", "/").as_deref(), Some("GET / "));
        assert_eq!(case("GET", "/pets/").as_deref(), Some("GET /pets "));
        assert_eq!(case("GET", "/pets/mine").as_deref(), Some("GET /pets/mine "));
        assert_eq!(case("GET", "/pets/a%20b").as_deref(), Some("GET /pets/{id} id=a b"));
        assert_eq!(case("POST", "/pets/mine").as_deref(), Some("POST /pets/{id} id=mine"));
        assert_eq!(case("PUT", "/pets/1").as_deref(), Some("ANY /{proxy+} proxy=pets/1"));
        assert_eq!(case("GET", "/pets/1/x/y").as_deref(), Some("ANY /pets/{id}/{rest+} id=1,rest=x/y"));
        assert_eq!(case("GET", "/other").as_deref(), Some("ANY /{proxy+} proxy=other"));
        assert_eq!(case("POST", "/"), None);
    }

    #[test]
    fn unknown_paths_meet_nothing() {
        let definition = api(&[("GET", "/a/b")]);
        for path in ["/", "/a", "/a/b/c", "/b", ""] {
            assert_eq!(met(&definition, "GET", path), None, "{path}");
        }
        assert_eq!(met(&definition, "POST", "/a/b"), None);
    }
}
