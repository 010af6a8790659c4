//! Pages of lists: `position` is the key of the last item that was seen.

use crate::faults::bad_request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_wire::Fault;

const DEFAULT_LIMIT: i32 = 25;
const MAX_LIMIT: i32 = 500;

/// One page of items that are sorted by their keys, and the position of the next.
pub fn page<T>(
    items: Vec<(String, T)>,
    position: Option<String>,
    limit: Option<i32>,
) -> Result<(Option<Vec<T>>, Option<String>), Fault> {
    let invalid = || bad_request("Invalid position parameter");
    let after = match position {
        Some(position) => {
            let bytes = URL_SAFE_NO_PAD.decode(position).map_err(|_| invalid())?;
            Some(String::from_utf8(bytes).map_err(|_| invalid())?)
        }
        None => None,
    };
    let limit = match limit.unwrap_or(DEFAULT_LIMIT) {
        0 => DEFAULT_LIMIT,
        limit => limit.clamp(1, MAX_LIMIT),
    };
    let limit = usize::try_from(limit).unwrap_or(1);
    let mut rest = items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let page: Vec<(String, T)> = rest.by_ref().take(limit).collect();
    let last = page.last().map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
    let position = if rest.next().is_some() { last } else { None };
    Ok((Some(page.into_iter().map(|(_, item)| item).collect()), position))
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn pages_join_to_the_whole() {
        let items: Vec<(String, i32)> = (0..7).map(|n| (format!("k{n}"), n)).collect();
        let (mut seen, mut position) = (Vec::new(), None);
        loop {
            let (some, next) = page(items.clone(), position, Some(3)).expect("a page");
            seen.extend(some.unwrap_or_default());
            position = next;
            if position.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
        assert!(page(items, Some("%".into()), None).is_err());
    }
}
