//! What is kept of a pool, and how its settings are asked.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_model::cognitoidp::FEATURE_UNAVAILABLE_IN_TIER_EXCEPTION;
use kogumo_store::{Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::schema::Attribute;
use crate::faults::no_pool;
use crate::place::{self, Place, Sort};
use crate::user_session::settings::Tracking;

/// A user pool.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pool {
    pub id: String,
    pub name: String,
    pub scope: Scope,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// AWS's members by AWS's names, as CreateUserPool and UpdateUserPool take them.
    pub settings: Map<String, Value>,
    /// What SetUserPoolMfaConfig sets besides.
    #[serde(default)]
    pub mfa: Map<String, Value>,
    pub schema: Vec<Attribute>,
    pub tags: BTreeMap<String, String>,
    /// The prefix of the pool's domain below Amazon's.
    pub domain: Option<String>,
    /// Devices of this pool's users are in this group (the "DeviceGroupKey").
    pub device_group: String,
    #[serde(default)]
    pub custom_domain: Option<CustomDomain>,
    /// Which pages the domain below Amazon's has: 2 for managed login.
    #[serde(default)]
    pub login_version: u8,
    /// Where events go, as SetLogDeliveryConfiguration takes it.
    #[serde(default)]
    pub log_configurations: Vec<Value>,
    /// Whether sign-ins are shown as sessions, and how many a user may have.
    #[serde(default)]
    pub tracking: Tracking,
}

/// A domain of the customer's own.
#[derive(Clone, Serialize, Deserialize)]
pub struct CustomDomain {
    pub name: String,
    /// The "CustomDomainConfig".
    pub config: Map<String, Value>,
    /// The name that the customer's own is to be an alias of.
    pub distribution: String,
    /// 2 for managed login.
    #[serde(default)]
    pub login_version: u8,
}

static POOLS: Table<Pool> = Table::new("cognitoidp/pool");

/// The pool of that id in that account and region.
pub fn get(read: &dyn Read, scope: &Scope, id: &str) -> Result<Pool, Fault> {
    POOLS.get(read, scope, id)?.ok_or_else(|| no_pool(id))
}

/// The pool of that id, wherever it is.
pub fn find(read: &dyn Read, id: &str) -> Result<Option<Pool>, Trouble> {
    match place::find(read, Sort::Pool, id)? {
        Some(place) => POOLS.get(read, &place.scope, id),
        None => Ok(None),
    }
}

pub fn put(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    POOLS.put(tx, &pool.scope, &pool.id, pool)?;
    place::put(tx, Sort::Pool, &pool.id, &Place { scope: pool.scope.clone(), pool: pool.id.clone() })
}

pub fn delete(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    POOLS.delete(tx, &pool.scope, &pool.id)?;
    place::delete(tx, Sort::Pool, &pool.id)
}

/// All pools of an account and region.
pub fn listed(read: &dyn Read, scope: &Scope) -> Result<Vec<Pool>, Trouble> {
    POOLS.scan(read, scope, &Range::all()).map(|row| Ok(row?.1)).collect()
}

impl Pool {
    /// A setting by its JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        let mut parts = pointer.split('/').skip(1);
        let first = self.settings.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer).and_then(Value::as_str)
    }

    pub fn flag(&self, pointer: &str) -> bool {
        self.at(pointer).and_then(Value::as_bool).unwrap_or(false)
    }

    pub fn number(&self, pointer: &str) -> Option<i64> {
        self.at(pointer).and_then(Value::as_i64)
    }

    pub fn texts(&self, pointer: &str) -> Vec<&str> {
        let list = self.at(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).collect()
    }

    /// What SRP hashes for the pool: its id behind the region.
    pub fn srp_name(&self) -> &str {
        self.id.split_once('_').map_or(&self.id, |(_, name)| name)
    }

    /// The name under which the hosted pages are found: the customer's own, else the one below Amazon's.
    pub fn pages_host(&self) -> Option<String> {
        let own = self.custom_domain.as_ref().map(|domain| domain.name.clone());
        let region = &self.scope.region;
        own.or_else(|| self.domain.as_ref().map(|prefix| format!("{prefix}.auth.{region}.amazoncognito.com")))
    }

    pub fn arn(&self) -> String {
        Arn::new("cognito-idp", &self.scope.region, &self.scope.account, format!("userpool/{}", self.id)).to_string()
    }

    /// Who its tokens say has issued them.
    pub fn issuer(&self) -> String {
        format!("https://cognito-idp.{}.amazonaws.com/{}", self.scope.region, self.id)
    }

    pub fn is_case_sensitive(&self) -> bool {
        self.flag("/UsernameConfiguration/CaseSensitive")
    }

    /// # Errors
    /// The pool's plan is too small for a feature.
    pub fn refuse_lite(&self, feature: &str) -> Result<(), Fault> {
        match self.text("/UserPoolTier") {
            Some("LITE") => Err(FEATURE_UNAVAILABLE_IN_TIER_EXCEPTION
                .because(format!("{feature} is not available in the LITE tier of the user pool."))),
            _ => Ok(()),
        }
    }

    /// A name as it is compared.
    pub fn folded(&self, name: &str) -> String {
        if self.is_case_sensitive() { name.to_owned() } else { name.to_lowercase() }
    }

    /// Whether users are named by e-mail address or phone number; their own names are then made up.
    pub fn names_by_attribute(&self) -> bool {
        !self.texts("/UsernameAttributes").is_empty()
    }

    pub fn mfa_mode(&self) -> &str {
        self.text("/MfaConfiguration").unwrap_or("OFF")
    }

    /// Whether a second factor of that kind can be used: `SMS_MFA`, `SOFTWARE_TOKEN_MFA`, `EMAIL_OTP`.
    pub fn allows_mfa(&self, kind: &str) -> bool {
        if self.mfa_mode() == "OFF" {
            return false;
        }
        match kind {
            "SMS_MFA" => self.mfa.contains_key("SmsMfaConfiguration") || self.settings.contains_key("SmsConfiguration"),
            "SOFTWARE_TOKEN_MFA" => {
                self.mfa
                    .get("SoftwareTokenMfaConfiguration")
                    .and_then(|setting| setting.get("Enabled"))
                    .and_then(Value::as_bool)
                    == Some(true)
            }
            "EMAIL_OTP" => self.mfa.contains_key("EmailMfaConfiguration"),
            _ => false,
        }
    }

    /// The function of a trigger.
    pub fn trigger(&self, name: &str) -> Option<&str> {
        let plain = format!("/LambdaConfig/{name}");
        self.text(&plain).or_else(|| self.text(&format!("{plain}/LambdaArn")))
    }

    /// First factors that the sign-in policy offers (USER_AUTH).
    pub fn first_factors(&self) -> Vec<&str> {
        self.texts("/Policies/SignInPolicy/AllowedFirstAuthFactors")
    }

    pub fn tracks_devices(&self) -> bool {
        self.settings.contains_key("DeviceConfiguration")
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.schema.iter().find(|attribute| attribute.name == name)
    }
}
