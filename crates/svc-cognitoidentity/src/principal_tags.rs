//! Attributes for access control: which claims of a provider become tags of the session.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidentity::*;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pool::{self, Pool};
use crate::role_choice::text;

/// A provider's map of tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagMap {
    pub defaults: bool,
    /// Tag and claim.
    pub tags: BTreeMap<String, String>,
}

impl TagMap {
    /// The tags that these claims give. The defaults are the user's id and the application's.
    pub fn tags(&self, claims: &Map<String, Value>) -> BTreeMap<String, String> {
        let defaults = || {
            BTreeMap::from(
                [("client", "aud"), ("username", "sub")].map(|(tag, claim)| (tag.to_owned(), claim.to_owned())),
            )
        };
        let map = if self.defaults { defaults() } else { self.tags.clone() };
        map.into_iter().filter_map(|(tag, claim)| Some((tag, text(claims, &claim)?))).collect()
    }
}

/// A map is for a provider that the pool knows.
fn check_provider(pool: &Pool, provider: &str) -> Result<(), Fault> {
    let known = pool.user_pools.iter().any(|user_pool| user_pool.provider == provider)
        || pool
            .oidc_providers
            .iter()
            .chain(&pool.saml_providers)
            .any(|arn| arn == provider || arn.ends_with(&format!("/{provider}")))
        || pool.login_providers.contains_key(provider)
        || pool.developer_provider.as_deref() == Some(provider);
    let missing = || RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Identity provider '{provider}' not found."));
    if known { Ok(()) } else { Err(missing()) }
}

pub fn set_principal_tag_attribute_map(
    w: &mut Writer,
    input: SetPrincipalTagAttributeMapInput,
) -> Result<SetPrincipalTagAttributeMapResponse, Fault> {
    let mut pool = pool::own(w.store(), w.scope(), &input.identity_pool_id)?;
    check_provider(&pool, &input.identity_provider_name)?;
    let map = TagMap { defaults: input.use_defaults.unwrap_or(false), tags: input.principal_tags.unwrap_or_default() };
    pool.tag_maps.insert(input.identity_provider_name.clone(), map.clone());
    pool::put(w, &pool)?;
    Ok(SetPrincipalTagAttributeMapResponse {
        identity_pool_id: Some(pool.id),
        identity_provider_name: Some(input.identity_provider_name),
        use_defaults: Some(map.defaults),
        principal_tags: Some(map.tags),
    })
}

pub fn get_principal_tag_attribute_map(
    r: &Reader,
    input: GetPrincipalTagAttributeMapInput,
) -> Result<GetPrincipalTagAttributeMapResponse, Fault> {
    let pool = pool::own(r.store, r.scope(), &input.identity_pool_id)?;
    check_provider(&pool, &input.identity_provider_name)?;
    let map = pool.tag_maps.get(&input.identity_provider_name).cloned().unwrap_or_default();
    Ok(GetPrincipalTagAttributeMapResponse {
        identity_pool_id: Some(pool.id),
        identity_provider_name: Some(input.identity_provider_name),
        use_defaults: Some(map.defaults),
        principal_tags: Some(map.tags),
    })
}
