//! SetRiskConfiguration: addresses that are always kept out, and those that never are. What would need a guess at a risk
//! (adaptive authentication, compromised credentials) is refused.

use std::net::IpAddr;

use ipnet::IpNet;
use kogumo_base::{Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::{Happened, mode, record, refuse_without};
use crate::auth::Flow;
use crate::client;
use crate::faults::{invalid, not_authorized, unbuilt};
use crate::pool::{self, Pool};
use crate::user::find;

/// Ranges of addresses.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Exceptions {
    blocked: Vec<String>,
    skipped: Vec<String>,
    modified: Timestamp,
}

/// By pool and client; that for all clients is at the empty name.
static EXCEPTIONS: Table<Exceptions> = Table::new("cognitoidp/risk");

fn key(pool: &Pool, client: Option<&str>) -> Key {
    Key::new().str(&pool.id).str(client.unwrap_or_default())
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    let keys: Result<Vec<Key>, Trouble> =
        EXCEPTIONS.scan(tx, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.0)).collect();
    for key in keys? {
        EXCEPTIONS.delete(tx, &pool.scope, key)?;
    }
    Ok(())
}

/// The client's own exceptions, else the pool's.
fn of_client(read: &dyn Read, pool: &Pool, client: &str) -> Result<Exceptions, Trouble> {
    let own = EXCEPTIONS.get(read, &pool.scope, key(pool, Some(client)))?;
    match own {
        Some(own) => Ok(own),
        None => Ok(EXCEPTIONS.get(read, &pool.scope, key(pool, None))?.unwrap_or_default()),
    }
}

impl Exceptions {
    fn blocks(&self, ip: IpAddr) -> bool {
        let among = |ranges: &[String]| ranges.iter().filter_map(|range| read(range)).any(|range| range.contains(&ip));
        among(&self.blocked) && !among(&self.skipped)
    }
}

/// `192.0.2.0/24`; an address alone is a range of one.
fn read(range: &str) -> Option<IpNet> {
    range.parse().ok().or_else(|| range.parse::<IpAddr>().ok().map(IpNet::from))
}

/// # Errors
/// The user is at an address that is kept out.
pub async fn refuse_blocked(flow: &Flow, username: &str) -> Result<(), Fault> {
    let pool = &flow.site.pool;
    let Some(ip) = flow.cx.caller.source_ip.filter(|_| mode(pool) == "ENFORCED") else { return Ok(()) };
    if !of_client(&flow.cx.snapshot(), pool, &flow.site.client.id)?.blocks(ip) {
        return Ok(());
    }
    if let Some(user) = find(&flow.cx.snapshot(), pool, username)? {
        let happened = Happened { blocked: true, ..Happened::new("SignIn", false, &flow.site.client.id) };
        record(&flow.cx, pool, &user, happened).await?;
    }
    Err(not_authorized("Unable to login because of security reasons."))
}

fn shown(pool: &Pool, client: Option<String>, exceptions: Exceptions) -> RiskConfigurationType {
    let some = |ranges: Vec<String>| (!ranges.is_empty()).then_some(ranges);
    RiskConfigurationType {
        user_pool_id: Some(pool.id.clone()),
        client_id: client,
        last_modified_date: (exceptions.modified != Timestamp::default()).then_some(exceptions.modified),
        risk_exception_configuration: Some(RiskExceptionConfigurationType {
            blocked_ip_range_list: some(exceptions.blocked),
            skipped_ip_range_list: some(exceptions.skipped),
        }),
        ..RiskConfigurationType::default()
    }
}

pub fn set_risk_configuration(
    w: &mut Writer,
    input: SetRiskConfigurationRequest,
) -> Result<SetRiskConfigurationResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    refuse_without(&pool)?;
    if let Some(client) = &input.client_id {
        client::get(w.store(), &pool, client)?;
    }
    if input.account_takeover_risk_configuration.is_some() {
        return Err(unbuilt("AccountTakeoverRiskConfiguration of user pools"));
    }
    if input.compromised_credentials_risk_configuration.is_some() {
        return Err(unbuilt("CompromisedCredentialsRiskConfiguration of user pools"));
    }
    let at = key(&pool, input.client_id.as_deref());
    let Some(given) = input.risk_exception_configuration else {
        EXCEPTIONS.delete(w.tx, &pool.scope, at)?;
        let nothing = shown(&pool, input.client_id, Exceptions::default());
        return Ok(SetRiskConfigurationResponse { risk_configuration: nothing });
    };
    let exceptions = Exceptions {
        blocked: given.blocked_ip_range_list.unwrap_or_default(),
        skipped: given.skipped_ip_range_list.unwrap_or_default(),
        modified: w.now,
    };
    if let Some(odd) = exceptions.blocked.iter().chain(&exceptions.skipped).find(|range| read(range).is_none()) {
        return Err(invalid(format!("Invalid IP range: {odd}.")));
    }
    EXCEPTIONS.put(w.tx, &pool.scope, at, &exceptions)?;
    Ok(SetRiskConfigurationResponse { risk_configuration: shown(&pool, input.client_id, exceptions) })
}

pub fn describe_risk_configuration(
    r: &Reader,
    input: DescribeRiskConfigurationRequest,
) -> Result<DescribeRiskConfigurationResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    refuse_without(&pool)?;
    let found = EXCEPTIONS.get(r.store, &pool.scope, key(&pool, input.client_id.as_deref()))?;
    Ok(DescribeRiskConfigurationResponse {
        risk_configuration: shown(&pool, input.client_id, found.unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_always_let_through_is_not_blocked() {
        let ranges = |all: &[&str]| all.iter().map(|range| (*range).to_owned()).collect();
        let exceptions = Exceptions {
            blocked: ranges(&["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]),
            skipped: ranges(&["192.0.2.9/32"]),
            modified: Timestamp(0),
        };
        let blocks = |ip: &str| exceptions.blocks(ip.parse().expect("an address"));
        assert!(blocks("192.0.2.8") && blocks("2001:db8::1") && blocks("198.51.100.7"));
        assert!(!blocks("192.0.2.9") && !blocks("203.0.113.1"));
        assert_eq!(read("nowhere"), None);
    }
}
