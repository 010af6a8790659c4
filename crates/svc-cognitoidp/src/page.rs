//! Pages of lists: the token is the number of items before it, as text.

use kogumo_wire::Fault;

use crate::faults::invalid;

/// Cuts a page out of a list and answers it with the next page's token.
///
/// # Errors
/// A token that none of our pages ended with.
pub fn page<T>(items: Vec<T>, token: Option<&str>, most: Option<i32>) -> Result<(Vec<T>, Option<String>), Fault> {
    const DEFAULT: usize = 60;
    let start = match token {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("Invalid pagination token given."))?,
    };
    let most = most.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0).unwrap_or(DEFAULT);
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(start).take(most).collect();
    let end = start.saturating_add(items.len());
    Ok((items, (end < total).then(|| end.to_string())))
}
