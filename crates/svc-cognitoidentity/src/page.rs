//! Cognito's pages: `MaxResults` and an opaque `NextToken`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_model::cognitoidentity::INVALID_PARAMETER_EXCEPTION;
use kogumo_wire::Fault;

/// One page of a list and the token of the next one. A token is the number of items before its page.
///
/// # Errors
/// A token that none of our pages ended with.
pub fn page<T>(items: Vec<T>, token: Option<&str>, most: i32) -> Result<(Vec<T>, Option<String>), Fault> {
    let read = |token: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?.parse::<usize>().ok();
    let start = match token {
        None => 0,
        Some(token) => read(token).ok_or_else(|| INVALID_PARAMETER_EXCEPTION.because("Invalid NextToken"))?,
    };
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(start).take(usize::try_from(most).unwrap_or(0)).collect();
    let end = start.saturating_add(items.len());
    Ok((items, (end < total).then(|| URL_SAFE_NO_PAD.encode(end.to_string()))))
}
