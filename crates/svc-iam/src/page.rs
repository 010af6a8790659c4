//! IAM's pages: `Marker`, `MaxItems`, `IsTruncated`.

use kogumo_wire::Fault;

/// One page of a list.
pub struct Page<T> {
    pub items: Vec<T>,
    pub is_truncated: Option<bool>,
    pub marker: Option<String>,
}

/// Cuts a page out of a list. The marker is the number of items before it.
///
/// # Errors
/// A marker that none of our pages ended with.
pub fn page<T>(items: Vec<T>, marker: Option<&str>, most: Option<i32>) -> Result<Page<T>, Fault> {
    const DEFAULT: usize = 100;
    let start = match marker {
        None => 0,
        Some(marker) => marker.parse().map_err(|_| Fault::validation("Invalid Marker."))?,
    };
    let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(DEFAULT);
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(start).take(most).collect();
    let end = start.saturating_add(items.len());
    let truncated = end < total;
    Ok(Page { items, is_truncated: Some(truncated), marker: truncated.then(|| end.to_string()) })
}
