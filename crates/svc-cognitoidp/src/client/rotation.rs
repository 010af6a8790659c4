//! AddUserPoolClientSecret and its kin: a client has two secrets for a while, so that programs can change from one to the
//! other.

use kogumo_base::random_from;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::ops::ALPHABET;
use super::record::{Client, Secret, get, put};
use crate::faults::invalid;
use crate::pool;

/// The id of a secret: the client's, and when it was made.
fn id(client: &Client, secret: &Secret) -> String {
    format!("{}--{}", client.id, secret.created.0)
}

fn shown(client: &Client, secret: &Secret, value: Option<String>) -> ClientSecretDescriptorType {
    ClientSecretDescriptorType {
        client_secret_id: Some(id(client, secret)),
        client_secret_value: value,
        client_secret_create_date: Some(secret.created),
    }
}

pub fn add_user_pool_client_secret(
    w: &mut Writer,
    input: AddUserPoolClientSecretRequest,
) -> Result<AddUserPoolClientSecretResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let mut client = get(w.store(), &pool, &input.client_id)?;
    if client.secret.is_none() {
        return Err(invalid("Client secrets can only be added to an app client that has a client secret."));
    }
    if client.second.is_some() {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because("An app client can have at most 2 client secrets."));
    }
    let generated = input.client_secret.is_none();
    let value = input.client_secret.unwrap_or_else(|| random_from(ALPHABET, 51));
    let secret = Secret { value: value.clone(), created: w.now };
    let shown = shown(&client, &secret, generated.then_some(value));
    client.second = Some(secret);
    client.modified = w.now;
    put(w.tx, &pool, &client)?;
    Ok(AddUserPoolClientSecretResponse { client_secret_descriptor: Some(shown) })
}

pub fn list_user_pool_client_secrets(
    r: &Reader,
    input: ListUserPoolClientSecretsRequest,
) -> Result<ListUserPoolClientSecretsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let client = get(r.store, &pool, &input.client_id)?;
    let listed = client.secrets().iter().map(|secret| shown(&client, secret, None)).collect();
    Ok(ListUserPoolClientSecretsResponse { client_secrets: Some(listed), next_token: None })
}

pub fn delete_user_pool_client_secret(
    w: &mut Writer,
    input: DeleteUserPoolClientSecretRequest,
) -> Result<DeleteUserPoolClientSecretResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let mut client = get(w.store(), &pool, &input.client_id)?;
    let (gone, kept): (Vec<Secret>, Vec<Secret>) =
        client.secrets().into_iter().partition(|secret| id(&client, secret) == input.client_secret_id);
    if gone.is_empty() {
        return Err(RESOURCE_NOT_FOUND_EXCEPTION.because("The client secret does not exist."));
    }
    let last = kept.into_iter().next();
    let last = last.ok_or_else(|| invalid("The last client secret of an app client cannot be deleted."))?;
    client.secret = Some(last.value);
    client.secret_created = Some(last.created);
    client.second = None;
    client.modified = w.now;
    put(w.tx, &pool, &client)?;
    Ok(DeleteUserPoolClientSecretResponse::default())
}
