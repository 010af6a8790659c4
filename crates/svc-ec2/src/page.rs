//! Pages: `MaxResults` and `NextToken`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_wire::Fault;

use crate::faults::{invalid_combination, invalid_value};

/// What a client asks for.
pub struct Wanted<'a> {
    pub token: Option<&'a str>,
    pub most: Option<i32>,
    /// Whether resources were named, and by which parameter: that does not go with `MaxResults`.
    pub named: Option<&'a str>,
}

/// One page of a list.
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_token: Option<String>,
}

/// Pages hold so many items at most.
const MOST: usize = 1000;

/// As [`cut`], where AWS refuses pages of fewer than five items, and takes more than a thousand for a thousand.
///
/// # Errors
/// As of [`cut`].
pub fn cut_fives<T>(items: Vec<T>, wanted: Wanted, key: fn(&T) -> String) -> Result<Page<T>, Fault> {
    match wanted.most {
        Some(most) if most < 5 && wanted.named.is_none() => {
            let message =
                format!("Value ( {most} ) for parameter maxResults is invalid. Expecting a value greater than 5.");
            Err(invalid_value(message))
        }
        most => cut(items, Wanted { most: most.map(|most| most.min(1000)), ..wanted }, key),
    }
}

/// Cuts a page out of a list. A token names the last item of the page before it, so that what comes and goes
/// meanwhile neither hides nor repeats others.
///
/// # Errors
/// A token that none of our pages ended with; `MaxResults` together with named resources.
pub fn cut<T>(mut items: Vec<T>, wanted: Wanted, key: fn(&T) -> String) -> Result<Page<T>, Fault> {
    if let (Some(named), Some(_)) = (wanted.named, wanted.most) {
        let message = format!("The parameter {named} cannot be used with the parameter maxResults");
        return Err(invalid_combination(message));
    }
    let most = match wanted.most {
        Some(most) if !(1..=1000).contains(&most) => {
            let message = format!("Value ( {most} ) for parameter maxResults is invalid.");
            return Err(invalid_value(message));
        }
        Some(most) => usize::try_from(most).unwrap_or(MOST),
        None => MOST,
    };
    items.sort_by_cached_key(key);
    if let Some(token) = wanted.token {
        let last = read(token)
            .ok_or_else(|| Fault::coded("InvalidNextToken", 400, "The specified NextToken is not valid."))?;
        items.retain(|item| key(item) > last);
    }
    let more = items.len() > most;
    items.truncate(most);
    let next_token = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(format!("after:{}", key(last))));
    Ok(Page { items, next_token })
}

fn read(token: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("after:").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(token: Option<&str>, most: Option<i32>) -> Result<Page<String>, Fault> {
        let items = ["c", "a", "b"].map(str::to_owned).to_vec();
        cut(items, Wanted { token, most, named: None }, String::clone)
    }

    #[test]
    fn pages_follow_each_other() {
        let first = page(None, Some(2)).expect("a page");
        assert_eq!(first.items, ["a", "b"]);
        let second = page(first.next_token.as_deref(), Some(2)).expect("a page");
        assert_eq!(second.items, ["c"]);
        assert_eq!(second.next_token, None);
    }

    #[test]
    fn a_token_of_nobody_is_refused() {
        assert!(page(Some("x"), None).is_err_and(|fault| fault.message.contains("NextToken")));
        assert!(page(None, Some(0)).is_err());
    }

    #[test]
    fn some_pages_have_at_least_five_items() {
        let page =
            |most| cut_fives(vec![String::new()], Wanted { token: None, most: Some(most), named: None }, String::clone);
        assert!(page(4).is_err_and(|fault| fault.message.ends_with("Expecting a value greater than 5.")));
        assert!(page(5).is_ok() && page(5000).is_ok());
    }
}
