//! Pages of lists: the token is the key of the last item that was seen.

use crate::faults::bad_request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_wire::Fault;

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 500;

/// One page of items that are sorted by their keys, and the token of the next.
pub fn page<T>(
    items: Vec<(String, T)>,
    token: Option<String>,
    limit: Option<String>,
) -> Result<(Option<Vec<T>>, Option<String>), Fault> {
    let invalid = || bad_request("Invalid nextToken");
    let after = match token {
        Some(token) => {
            let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
            Some(String::from_utf8(bytes).map_err(|_| invalid())?)
        }
        None => None,
    };
    let limit = match limit {
        Some(limit) => limit.parse::<usize>().map_err(|_| bad_request("Invalid maxResults"))?.clamp(1, MAX_LIMIT),
        None => DEFAULT_LIMIT,
    };
    let mut rest = items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let page: Vec<(String, T)> = rest.by_ref().take(limit).collect();
    let last = page.last().map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
    let token = if rest.next().is_some() { last } else { None };
    Ok((Some(page.into_iter().map(|(_, item)| item).collect()), token))
}
