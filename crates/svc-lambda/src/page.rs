//! Lambda's pages: `Marker` and `MaxItems` in, `NextMarker` out.

/// A page of these items, which are in the order of their keys. The marker is the last key of the page before.
pub fn page<T>(
    items: impl IntoIterator<Item = (String, T)>,
    marker: Option<&str>,
    max_items: Option<i32>,
    usual: usize,
) -> (Vec<T>, Option<String>) {
    let size = max_items.and_then(|size| usize::try_from(size).ok()).unwrap_or(usual).clamp(1, 10_000);
    let after = |key: &str| marker.filter(|marker| !marker.is_empty()).is_none_or(|marker| key > marker);
    let mut rest = items.into_iter().filter(|(key, _)| after(key)).peekable();
    let (mut found, mut last) = (Vec::new(), None);
    while found.len() < size {
        let Some((key, item)) = rest.next() else { return (found, None) };
        found.push(item);
        last = Some(key);
    }
    (found, last.filter(|_| rest.peek().is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_meet_and_end() {
        let items = || ["a", "b", "c"].map(|name| (name.to_owned(), name));
        assert_eq!(page(items(), None, Some(2), 50), (vec!["a", "b"], Some("b".to_owned())));
        assert_eq!(page(items(), Some("b"), Some(2), 50), (vec!["c"], None));
        assert_eq!(page(items(), None, Some(3), 50), (vec!["a", "b", "c"], None));
        assert_eq!(page(items(), Some("z"), None, 50), (vec![], None));
    }
}
