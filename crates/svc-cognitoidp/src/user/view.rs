//! Users as AWS shows them.

use kogumo_model::cognitoidp::{MFAOptionType, UserType};

use super::User;
use super::attributes::shown;

pub fn user_type(user: &User) -> UserType {
    UserType {
        username: Some(user.name.clone()),
        attributes: Some(shown(&user.all_attributes())),
        user_create_date: Some(user.created),
        user_last_modified_date: Some(user.modified),
        enabled: Some(user.enabled),
        user_status: Some(user.status.text().to_owned()),
        mfa_options: None,
    }
}

/// The old way to say that a user has SMS as second factor.
pub fn mfa_options(user: &User) -> Option<Vec<MFAOptionType>> {
    user.mfa.enabled.contains("SMS_MFA").then(|| {
        vec![MFAOptionType { delivery_medium: Some("SMS".into()), attribute_name: Some("phone_number".into()) }]
    })
}

pub fn mfa_list(user: &User) -> Option<Vec<String>> {
    (!user.mfa.enabled.is_empty()).then(|| user.mfa.enabled.iter().cloned().collect())
}
