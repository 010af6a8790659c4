//! Which route a request meets: the best path first, then its own method before `ANY`, then `$default`.

use crate::definition::{Definition, Route};
use kogumo_execute_api::exchange::Pairs;
use kogumo_execute_api::pattern::matches;

/// The route for a request and the values of its path's parameters.
pub fn route<'d>(definition: &'d Definition, method: &str, path: &str) -> Option<(&'d Route, Pairs)> {
    let candidates = definition.routes.values().filter_map(|route| {
        let (own, pattern) = route.key.split_once(' ')?;
        if own != method && own != "ANY" {
            return None;
        }
        let (ranks, parameters) = matches(pattern, path)?;
        Some(((ranks, own == "ANY"), route, parameters))
    });
    let best = candidates.min_by(|(a, ..), (b, ..)| a.cmp(b));
    let default =
        || definition.routes.values().find(|route| route.key == "$default").map(|route| (route, Pairs::new()));
    best.map(|(_, route, parameters)| (route, parameters)).or_else(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_route_wins() {
        let keys = ["GET /pets/{id}", "ANY /pets/{id}", "GET /pets/mine", "ANY /{proxy+}", "$default"];
        let route_of = |key: &str| (key.to_owned(), Route { key: key.to_owned(), ..Route::default() });
        let mut definition = Definition { routes: keys.map(route_of).into(), ..Definition::default() };
        let met = |definition: &Definition, method: &str, path: &str| {
            route(definition, method, path).map(|(route, _)| route.key.clone())
        };
        assert_eq!(met(&definition, "GET", "/pets/7").as_deref(), Some("GET /pets/{id}"));
        assert_eq!(met(&definition, "PUT", "/pets/7").as_deref(), Some("ANY /pets/{id}"));
        assert_eq!(met(&definition, "GET", "/pets/mine").as_deref(), Some("GET /pets/mine"));
        assert_eq!(met(&definition, "GET", "/x/y").as_deref(), Some("ANY /{proxy+}"));
        assert_eq!(met(&definition, "GET", "/").as_deref(), Some("$default"));
        definition.routes.remove("$default");
        assert_eq!(met(&definition, "GET", "/"), None);
    }
}
