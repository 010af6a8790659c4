//! Identity pools.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidentity::*;
use kogumo_store::{Index, Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::identity;
use crate::page::page;
use crate::principal_tags::TagMap;
use crate::role_choice::Mapping;

/// By id, in no account's scope: guests call without a signature, and so without an account.
static POOLS: Table<Pool> = Table::indexed(
    "cognitoidentity/pool",
    &[Index { name: "owner", key: |pool| Some(Key::new().str(&pool.scope.account).str(&pool.scope.region)) }],
);

const MOST_TAGS: usize = 50;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pool {
    /// `ap-northeast-1:1d394b04-1f10-41dc-a277-71b5c953794f`
    pub id: String,
    pub scope: Scope,
    pub name: String,
    pub unauthenticated: bool,
    pub classic: Option<bool>,
    /// `accounts.google.com` and the application's id there.
    pub login_providers: BTreeMap<String, String>,
    pub developer_provider: Option<String>,
    pub oidc_providers: Vec<String>,
    pub user_pools: Vec<UserPool>,
    pub saml_providers: Vec<String>,
    pub tags: BTreeMap<String, String>,
    pub created: Timestamp,
    /// `authenticated` and `unauthenticated` with the ARNs of their roles.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// By provider; a user pool's is `cognito-idp.…/pool:client`.
    #[serde(default)]
    pub mappings: BTreeMap<String, Mapping>,
    #[serde(default)]
    pub tag_maps: BTreeMap<String, TagMap>,
}

/// A user pool and its client whose tokens a pool accepts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserPool {
    /// `cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_abc`
    pub provider: String,
    pub client: String,
    pub server_side_check: bool,
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

pub fn missing(id: &str) -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because(format!("IdentityPool '{id}' not found."))
}

/// The pool, whoever asks.
///
/// # Errors
/// ResourceNotFoundException
pub fn find(read: &dyn Read, id: &str) -> Result<Pool, Fault> {
    POOLS.get(read, &everywhere(), id)?.ok_or_else(|| missing(id))
}

/// The caller's own pool.
///
/// # Errors
/// ResourceNotFoundException
pub fn own(read: &dyn Read, scope: &Scope, id: &str) -> Result<Pool, Fault> {
    let pool = POOLS.get(read, &everywhere(), id)?;
    pool.filter(|pool| pool.scope == *scope).ok_or_else(|| missing(id))
}

pub fn put(w: &mut Writer, pool: &Pool) -> Result<(), Fault> {
    Ok(POOLS.put(w.tx, &everywhere(), pool.id.as_str(), pool)?)
}

impl Pool {
    /// What the request says, in the pool's place.
    fn describe(&mut self, given: Given) -> Result<(), Fault> {
        let malformed = |message: &str| INVALID_PARAMETER_EXCEPTION.because(message);
        if given.tags.as_ref().is_some_and(|tags| tags.len() > MOST_TAGS) {
            return Err(malformed("The number of tags exceeds the limit of 50"));
        }
        let user_pools = given.user_pools.unwrap_or_default().into_iter().map(|provider| {
            match (provider.provider_name, provider.client_id) {
                (Some(name), Some(client)) => Ok(UserPool {
                    provider: name,
                    client,
                    server_side_check: provider.server_side_token_check.unwrap_or(false),
                }),
                _ => Err(malformed(
                    "Please provide both a provider name and a client id of each Cognito identity provider",
                )),
            }
        });
        self.user_pools = user_pools.collect::<Result<_, _>>()?;
        if let Some(odd) = self.user_pools.iter().find(|pool| !pool.provider.starts_with("cognito-idp.")) {
            return Err(malformed(&format!("Invalid Cognito identity provider: {}", odd.provider)));
        }
        self.oidc_providers = given.oidc_providers.unwrap_or_default();
        if let Some(odd) = self.oidc_providers.iter().find(|arn| !arn.contains(":oidc-provider/")) {
            return Err(malformed(&format!("Invalid OpenIdConnect provider ARN: {odd}")));
        }
        self.saml_providers = given.saml_providers.unwrap_or_default();
        self.name = given.name;
        self.unauthenticated = given.unauthenticated;
        self.classic = given.classic;
        self.login_providers = given.login_providers.unwrap_or_default();
        self.developer_provider = given.developer_provider;
        self.tags = given.tags.unwrap_or_default();
        Ok(())
    }
}

/// What both creating and updating say of a pool.
struct Given {
    name: String,
    unauthenticated: bool,
    classic: Option<bool>,
    login_providers: Option<BTreeMap<String, String>>,
    developer_provider: Option<String>,
    oidc_providers: Option<Vec<String>>,
    user_pools: Option<Vec<CognitoIdentityProvider>>,
    saml_providers: Option<Vec<String>>,
    tags: Option<BTreeMap<String, String>>,
}

fn shown(pool: &Pool) -> IdentityPool {
    let some = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone());
    let user_pools = pool.user_pools.iter().map(|pool| CognitoIdentityProvider {
        provider_name: Some(pool.provider.clone()),
        client_id: Some(pool.client.clone()),
        server_side_token_check: Some(pool.server_side_check),
    });
    let user_pools: Vec<_> = user_pools.collect();
    IdentityPool {
        identity_pool_id: pool.id.clone(),
        identity_pool_name: pool.name.clone(),
        allow_unauthenticated_identities: pool.unauthenticated,
        allow_classic_flow: pool.classic,
        supported_login_providers: (!pool.login_providers.is_empty()).then(|| pool.login_providers.clone()),
        developer_provider_name: pool.developer_provider.clone(),
        open_id_connect_provider_ar_ns: some(&pool.oidc_providers),
        cognito_identity_providers: (!user_pools.is_empty()).then_some(user_pools),
        saml_provider_ar_ns: some(&pool.saml_providers),
        identity_pool_tags: Some(pool.tags.clone()),
    }
}

pub fn create_identity_pool(w: &mut Writer, input: CreateIdentityPoolInput) -> Result<IdentityPool, Fault> {
    let mut pool = Pool {
        id: format!("{}:{}", w.caller.region(), kogumo_base::uuid()),
        scope: w.scope().clone(),
        name: String::new(),
        unauthenticated: false,
        classic: None,
        login_providers: BTreeMap::new(),
        developer_provider: None,
        oidc_providers: Vec::new(),
        user_pools: Vec::new(),
        saml_providers: Vec::new(),
        tags: BTreeMap::new(),
        created: w.now,
        roles: BTreeMap::new(),
        mappings: BTreeMap::new(),
        tag_maps: BTreeMap::new(),
    };
    pool.describe(Given {
        name: input.identity_pool_name,
        unauthenticated: input.allow_unauthenticated_identities,
        classic: input.allow_classic_flow,
        login_providers: input.supported_login_providers,
        developer_provider: input.developer_provider_name,
        oidc_providers: input.open_id_connect_provider_ar_ns,
        user_pools: input.cognito_identity_providers,
        saml_providers: input.saml_provider_ar_ns,
        tags: input.identity_pool_tags,
    })?;
    put(w, &pool)?;
    Ok(shown(&pool))
}

/// The whole description is given anew; the developer provider's name stays once it is set.
pub fn update_identity_pool(w: &mut Writer, input: IdentityPool) -> Result<IdentityPool, Fault> {
    let mut pool = own(w.store(), w.scope(), &input.identity_pool_id)?;
    if let (Some(old), Some(new)) = (&pool.developer_provider, &input.developer_provider_name)
        && old != new
    {
        return Err(INVALID_PARAMETER_EXCEPTION.because("The developer provider name cannot be changed once it is set"));
    }
    let developer_provider = input.developer_provider_name.or(pool.developer_provider.take());
    let tags = input.identity_pool_tags.unwrap_or_else(|| pool.tags.clone());
    pool.describe(Given {
        name: input.identity_pool_name,
        unauthenticated: input.allow_unauthenticated_identities,
        classic: input.allow_classic_flow,
        login_providers: input.supported_login_providers,
        developer_provider,
        oidc_providers: input.open_id_connect_provider_ar_ns,
        user_pools: input.cognito_identity_providers,
        saml_providers: input.saml_provider_ar_ns,
        tags: Some(tags),
    })?;
    put(w, &pool)?;
    Ok(shown(&pool))
}

pub fn describe_identity_pool(r: &Reader, input: DescribeIdentityPoolInput) -> Result<IdentityPool, Fault> {
    own(r.store, r.scope(), &input.identity_pool_id).map(|pool| shown(&pool))
}

pub fn list_identity_pools(r: &Reader, input: ListIdentityPoolsInput) -> Result<ListIdentityPoolsResponse, Fault> {
    let owner = Range::prefix(Key::new().str(r.caller.account()).str(r.caller.region()));
    let mut pools = Vec::new();
    for row in POOLS.by_index(r.store, &everywhere(), "owner", &owner) {
        pools.push(row?.1);
    }
    pools.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    let (pools, next_token) = page(pools, input.next_token.as_deref(), input.max_results)?;
    let short = |pool: Pool| IdentityPoolShortDescription {
        identity_pool_id: Some(pool.id),
        identity_pool_name: Some(pool.name),
    };
    Ok(ListIdentityPoolsResponse { identity_pools: Some(pools.into_iter().map(short).collect()), next_token })
}

/// Its identities go with it.
pub fn delete_identity_pool(w: &mut Writer, input: DeleteIdentityPoolInput) -> Result<Unit, Fault> {
    let pool = own(w.store(), w.scope(), &input.identity_pool_id)?;
    for identity in identity::of_pool(w.store(), &pool.id)? {
        identity::delete(w, &identity)?;
    }
    POOLS.delete(w.tx, &everywhere(), pool.id.as_str())?;
    Ok(Unit)
}
