//! CreateTerms and its kin.

use std::collections::BTreeMap;

use kogumo_base::uuid;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};

use super::{SORTS, TERMS, Terms, get, key, missing, of_pool};
use crate::client;
use crate::faults::invalid;
use crate::page::page;
use crate::pool::{self, Pool};

fn shown(pool: &Pool, terms: Terms) -> TermsType {
    TermsType {
        terms_id: terms.id,
        user_pool_id: pool.id.clone(),
        client_id: terms.client,
        terms_name: terms.name,
        terms_source: "LINK".into(),
        enforcement: "NONE".into(),
        links: terms.links,
        creation_date: terms.created,
        last_modified_date: terms.modified,
    }
}

fn check(name: &str, links: &BTreeMap<String, String>) -> Result<(), Fault> {
    if !SORTS.iter().any(|sort| name.starts_with(sort)) {
        return Err(invalid("TermsName must begin with terms-of-use or privacy-policy."));
    }
    let secure = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    match links.values().all(secure) {
        true => Ok(()),
        false => Err(invalid("Links of terms documents must be URLs.")),
    }
}

pub fn create_terms(w: &mut Writer, input: CreateTermsRequest) -> Result<CreateTermsResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    client::get(w.store(), &pool, &input.client_id)?;
    let links = input.links.unwrap_or_default();
    check(&input.terms_name, &links)?;
    let terms =
        Terms { id: uuid(), client: input.client_id, name: input.terms_name, links, created: w.now, modified: w.now };
    let same = |other: &Terms| other.client == terms.client && other.sort() == terms.sort();
    if of_pool(w.store(), &pool)?.iter().any(same) {
        let message = format!("Terms document {} already exists for client {}.", terms.name, terms.client);
        return Err(TERMS_EXISTS_EXCEPTION.because(message));
    }
    TERMS.put(w.tx, &pool.scope, key(&pool, &terms.id), &terms)?;
    Ok(CreateTermsResponse { terms: Some(shown(&pool, terms)) })
}

pub fn update_terms(w: &mut Writer, input: UpdateTermsRequest) -> Result<UpdateTermsResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let old = get(w.store(), &pool, &input.terms_id)?;
    let terms = Terms {
        name: input.terms_name.unwrap_or(old.name.clone()),
        links: input.links.unwrap_or(old.links.clone()),
        modified: w.now,
        ..old.clone()
    };
    check(&terms.name, &terms.links)?;
    if terms.sort() != old.sort() {
        return Err(invalid("TermsName must keep its document type."));
    }
    TERMS.put(w.tx, &pool.scope, key(&pool, &terms.id), &terms)?;
    Ok(UpdateTermsResponse { terms: Some(shown(&pool, terms)) })
}

pub fn delete_terms(w: &mut Writer, input: DeleteTermsRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let gone = TERMS.delete(w.tx, &pool.scope, key(&pool, &input.terms_id))?;
    gone.map(|_| Unit).ok_or_else(missing)
}

pub fn describe_terms(r: &Reader, input: DescribeTermsRequest) -> Result<DescribeTermsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let terms = get(r.store, &pool, &input.terms_id)?;
    Ok(DescribeTermsResponse { terms: Some(shown(&pool, terms)) })
}

pub fn describe_terms_by_client(
    r: &Reader,
    input: DescribeTermsByClientRequest,
) -> Result<DescribeTermsByClientResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let asked = |terms: &Terms| terms.client == input.client_id && terms.name == input.terms_name;
    let terms = of_pool(r.store, &pool)?.into_iter().find(asked).ok_or_else(missing)?;
    Ok(DescribeTermsByClientResponse { terms: Some(shown(&pool, terms)) })
}

pub fn list_terms(r: &Reader, input: ListTermsRequest) -> Result<ListTermsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let (terms, next_token) = page(of_pool(r.store, &pool)?, input.next_token.as_deref(), input.max_results)?;
    let described = |terms: Terms| TermsDescriptionType {
        terms_id: terms.id,
        terms_name: terms.name,
        enforcement: "NONE".into(),
        creation_date: terms.created,
        last_modified_date: terms.modified,
    };
    Ok(ListTermsResponse { terms: terms.into_iter().map(described).collect(), next_token })
}
