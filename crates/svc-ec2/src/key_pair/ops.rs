//! The operations of key pairs.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::ec2::{KeyPair as Shown, *};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::KeyPair;
use super::ssh::{self, Format};
use crate::faults::{invalid_combination, invalid_value};
use crate::filter::{Filters, text};
use crate::resource::{Resource, all, chosen, delete, put};
use crate::tag::{self, Tags};

/// AWS takes names of printable ASCII up to this length.
const LONGEST_NAME: usize = 255;

/// The key pair of that name.
///
/// # Errors
/// `InvalidKeyPair.NotFound`.
pub fn named(read: &dyn Read, scope: &Scope, name: &str) -> Result<KeyPair, Fault> {
    let found = all::<KeyPair>(read, scope)?.into_iter().find(|pair| pair.name == name);
    found.ok_or_else(|| Fault::coded("InvalidKeyPair.NotFound", 400, format!("The key pair '{name}' does not exist")))
}

fn check_name(read: &dyn Read, scope: &Scope, name: &str) -> Result<(), Fault> {
    if name.trim().is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(invalid_value(format!(
            "Value ({name}) for parameter KeyName is invalid. Length exceeds maximum of 255, or it is not ASCII."
        )));
    }
    if all::<KeyPair>(read, scope)?.iter().any(|pair| pair.name == name) {
        let message = format!("The keypair already exists: {name}");
        return Err(Fault::coded("InvalidKeyPair.Duplicate", 400, message));
    }
    Ok(())
}

/// Makes the pair outside of the transaction: an RSA key takes a tenth of a second of computing.
pub async fn create_key_pair(context: Context, input: CreateKeyPairRequest) -> Result<Shown, Fault> {
    let name = input.key_name;
    context.read(|r| check_name(r.store, r.scope(), &name))?;
    let format = if input.key_format.as_deref() == Some("ppk") { Format::Ppk } else { Format::Pem };
    let kind = input.key_type.unwrap_or_else(|| "rsa".into());
    let (comment, wanted) = (name.clone(), kind.clone());
    let made = tokio::task::spawn_blocking(move || {
        if wanted == "rsa" { ssh::make_rsa(&comment, format) } else { ssh::make_ed25519(&comment, format) }
    });
    let made = made.await.map_err(|error| Trouble::from_cause("a key could not be made", error))??;
    context.write(|w| {
        check_name(w.store(), w.scope(), &name)?;
        let tags = tag::specified(w, input.tag_specifications.clone(), KeyPair::KIND)?;
        let pair = keep(w, &name, &kind, &made.fingerprint, &made.public_key, tags)?;
        Ok(Shown {
            tags: Tags::of_one(w.store(), w.scope(), &pair.id)?.shown_if_any(&pair.id),
            key_pair_id: Some(pair.id),
            key_name: Some(pair.name),
            key_fingerprint: Some(pair.fingerprint),
            key_material: Some(made.material.clone()),
        })
    })
}

fn keep(
    w: &mut Writer,
    name: &str,
    kind: &str,
    fingerprint: &str,
    public: &str,
    tags: Vec<Tag>,
) -> Result<KeyPair, Fault> {
    let pair = KeyPair {
        id: KeyPair::KIND.new_id(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        fingerprint: fingerprint.to_owned(),
        public_key: format!("{public} {name}"),
        created: w.now,
    };
    put(w, &pair)?;
    tag::mark(w, &pair, tags)?;
    Ok(pair)
}

pub fn import_key_pair(w: &mut Writer, input: ImportKeyPairRequest) -> Result<ImportKeyPairResult, Fault> {
    check_name(w.store(), w.scope(), &input.key_name)?;
    let brought = ssh::read(input.public_key_material.as_ref())
        .ok_or_else(|| Fault::coded("InvalidKey.Format", 400, "Key is not in valid OpenSSH public key format"))?;
    let tags = tag::specified(w, input.tag_specifications, KeyPair::KIND)?;
    let pair = keep(w, &input.key_name, brought.kind, &brought.fingerprint, &brought.public_key, tags)?;
    Ok(ImportKeyPairResult {
        tags: Tags::of_one(w.store(), w.scope(), &pair.id)?.shown_if_any(&pair.id),
        key_fingerprint: Some(pair.fingerprint),
        key_name: Some(pair.name),
        key_pair_id: Some(pair.id),
    })
}

/// One that is not there is no error.
pub fn delete_key_pair(w: &mut Writer, input: DeleteKeyPairRequest) -> Result<DeleteKeyPairResult, Fault> {
    let by_name = |pair: &KeyPair| input.key_name.as_deref().is_some_and(|name| pair.name == name);
    let by_id = |pair: &KeyPair| input.key_pair_id.as_deref().is_some_and(|id| pair.id == id);
    if input.key_name.is_none() && input.key_pair_id.is_none() {
        return Err(Fault::coded(
            "MissingParameter",
            400,
            "The request must contain the parameter KeyName or KeyPairId",
        ));
    }
    let found = all::<KeyPair>(w.store(), w.scope())?.into_iter().find(|pair| by_name(pair) || by_id(pair));
    if let Some(pair) = &found {
        delete::<KeyPair>(w, &pair.id)?;
    }
    Ok(DeleteKeyPairResult { return_: Some(true), key_pair_id: found.map(|pair| pair.id) })
}

static FILTERS: Filters<KeyPairInfo> = Filters {
    names: &[
        ("key-pair-id", |pair| text(&pair.key_pair_id)),
        ("fingerprint", |pair| text(&pair.key_fingerprint)),
        ("key-name", |pair| text(&pair.key_name)),
    ],
    tags: Some(|pair| pair.tags.as_ref()),
};

pub fn describe_key_pairs(r: &Reader, input: DescribeKeyPairsRequest) -> Result<DescribeKeyPairsResult, Fault> {
    let names = input.key_names.unwrap_or_default();
    let ids = input.key_pair_ids.unwrap_or_default();
    if !names.is_empty() && !ids.is_empty() {
        return Err(invalid_combination("The parameter KeyName cannot be used with the parameter KeyPairId"));
    }
    let mut pairs = if names.is_empty() {
        chosen::<KeyPair>(r.store, r.scope(), Some(&ids))?
    } else {
        names.iter().map(|name| named(r.store, r.scope(), name)).collect::<Result<_, _>>()?
    };
    pairs.sort_by(|one, other| one.name.cmp(&other.name));
    let tags = Tags::of_all(r.store, r.scope())?;
    let include = input.include_public_key == Some(true);
    let shown = pairs.into_iter().map(|pair| KeyPairInfo {
        tags: Some(tags.shown(&pair.id)),
        public_key: include.then(|| format!("{}\n", pair.public_key)),
        key_pair_id: Some(pair.id),
        key_type: Some(pair.kind),
        create_time: Some(pair.created),
        key_name: Some(pair.name),
        key_fingerprint: Some(pair.fingerprint),
    });
    Ok(DescribeKeyPairsResult { key_pairs: Some(FILTERS.select(shown.collect(), input.filters)?) })
}
