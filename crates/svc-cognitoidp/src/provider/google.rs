//! Google: OpenID Connect at addresses that everybody knows. It is asked over the internet, where this machine has one.

use std::collections::BTreeMap;

/// What the details of such a provider say besides those that were given.
/// Source: Google's discovery document; "Google" in the API reference of CreateIdentityProvider.
const DETAILS: [(&str, &str); 7] = [
    ("attributes_url", "https://openidconnect.googleapis.com/v1/userinfo"),
    ("attributes_url_add_attributes", "false"),
    ("authorize_url", "https://accounts.google.com/o/oauth2/v2/auth"),
    ("jwks_uri", "https://www.googleapis.com/oauth2/v3/certs"),
    ("oidc_issuer", "https://accounts.google.com"),
    ("token_request_method", "POST"),
    ("token_url", "https://oauth2.googleapis.com/token"),
];

/// Completes the details; Google's own are not the administrator's to change.
pub fn complete(details: &mut BTreeMap<String, String>) {
    details.extend(DETAILS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // Without this scope there is no id token. Administrators put blanks between scopes, as Google does.
    let scopes = details.entry("authorize_scopes".into()).or_default();
    if !scopes.split(' ').any(|scope| scope == "openid") {
        *scopes = format!("openid {scopes}").trim_end().to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_stays_and_the_rest_is_googles() {
        let given = [("client_id", "x"), ("authorize_scopes", "email profile"), ("token_url", "https://else.example")];
        let mut details: BTreeMap<String, String> =
            given.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        complete(&mut details);
        assert_eq!(details["client_id"], "x");
        assert_eq!(details["authorize_scopes"], "openid email profile");
        assert_eq!(details["token_url"], "https://oauth2.googleapis.com/token");
    }
}
