//! How Cognito names the session that a token comes from. User pools list sessions under these names; identity pools look
//! for the one of a token that they are shown.

/// The name of the session that tokens with that `origin_jti` come from: 28 characters, as the API reference has it.
/// `None` if it is no UUID.
pub fn session_of(origin: &str) -> Option<String> {
    named("tkn", origin)
}

/// The name of a browser's session at the hosted pages.
pub fn browser_session_of(origin: &str) -> Option<String> {
    named("sso", origin)
}

/// A UUID's 128 bits are 25 digits to the base of 36.
fn named(prefix: &str, uuid: &str) -> Option<String> {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = u128::from_str_radix(&uuid.replace('-', ""), 16).ok()?;
    let mut digits = Vec::with_capacity(25);
    for _ in 0..25 {
        digits.push(char::from(*DIGITS.get(usize::try_from(rest % 36).ok()?)?));
        rest /= 36;
    }
    Some(prefix.chars().chain(digits.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_long_as_they_are_to_be() {
        let name = session_of("ffffffff-ffff-ffff-ffff-ffffffffffff").expect("a name");
        assert_eq!(name, "tknf5lxx1zz5pnorynqglhzmsp33");
        assert_eq!(browser_session_of("00000000-0000-0000-0000-000000000001").map(|name| name.len()), Some(28));
        assert_eq!(session_of("else"), None);
    }
}
