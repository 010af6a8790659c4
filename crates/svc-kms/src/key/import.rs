//! Keys of material that a customer brings: GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Context, Writer};
use kogumo_model::kms::{
    DeleteImportedKeyMaterialRequest, DeleteImportedKeyMaterialResponse, EXPIRED_IMPORT_TOKEN_EXCEPTION,
    GetParametersForImportRequest, GetParametersForImportResponse, INCORRECT_KEY_MATERIAL_EXCEPTION,
    INVALID_CIPHERTEXT_EXCEPTION, INVALID_IMPORT_TOKEN_EXCEPTION, ImportKeyMaterialRequest, ImportKeyMaterialResponse,
};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key as RowKey, Range, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{KEYS, Key, MATERIALS, Material, Origin};
use crate::spec::Spec;
use crate::target::{self, Target};
use crate::{faults, pair, secret};

/// The timer of material that expires.
pub const EXPIRY: &str = "kms/expire";

/// Wrapping keys, by key id and token.
static WRAPPINGS: Table<Wrapping> = Table::new("kms/wrapping");

/// Parameters are good for so long.
const PARAMETERS_SECONDS: i64 = 24 * 3600;
/// Material expires at the latest after so long.
const LONGEST_SECONDS: i64 = 365 * 24 * 3600;

#[derive(Serialize, Deserialize)]
struct Wrapping {
    private: Vec<u8>,
    algorithm: String,
    until: Timestamp,
}

pub async fn get_parameters_for_import(
    cx: Context,
    input: GetParametersForImportRequest,
) -> Result<GetParametersForImportResponse, Fault> {
    if !input.wrapping_algorithm.starts_with("RSAES_OAEP") {
        return Err(Fault::not_implemented(&format!("The wrapping algorithm {}", input.wrapping_algorithm)));
    }
    let wrapping_spec = Spec::named(&input.wrapping_key_spec).filter(|spec| spec.is_rsa());
    let wrapping_spec = wrapping_spec
        .ok_or_else(|| Fault::not_implemented(&format!("The wrapping key spec {}", input.wrapping_key_spec)))?;
    cx.write(|w: &mut Writer| importable(w, &input.key_id).map(drop))?;
    let private = secret::make(wrapping_spec).await?;
    let public = pair::public(wrapping_spec, &private)?;
    let until = cx.now().plus_seconds(PARAMETERS_SECONDS);
    let wrapping = Wrapping { private, algorithm: input.wrapping_algorithm, until };
    let token = kogumo_base::hex_id(64);
    let arn = cx.write(|w: &mut Writer| -> Result<String, Fault> {
        let target = importable(w, &input.key_id)?;
        forget_old(w, &target)?;
        WRAPPINGS.put(w.tx, &target.scope, RowKey::new().str(&target.key.id).str(&token), &wrapping)?;
        Ok(target.arn())
    })?;
    Ok(GetParametersForImportResponse {
        key_id: Some(arn),
        import_token: Some(token.into_bytes().into()),
        public_key: Some(public.into()),
        parameters_valid_to: Some(until),
    })
}

fn forget_old(w: &mut Writer, target: &Target) -> Result<(), Trouble> {
    let rows: Result<Vec<_>, _> =
        WRAPPINGS.scan(w.tx, &target.scope, &Range::prefix(RowKey::new().str(&target.key.id))).collect();
    for (place, _) in rows?.into_iter().filter(|(_, wrapping)| wrapping.until <= w.now) {
        WRAPPINGS.delete(w.tx, &target.scope, &place)?;
    }
    Ok(())
}

pub fn import_key_material(
    w: &mut Writer,
    input: ImportKeyMaterialRequest,
) -> Result<ImportKeyMaterialResponse, Fault> {
    let mut target = importable(w, &input.key_id)?;
    let valid_to = valid_to(w.now, input.expiration_model.as_deref(), input.valid_to)?;
    let invalid = || INVALID_IMPORT_TOKEN_EXCEPTION.because("");
    let token = std::str::from_utf8(&input.import_token).map_err(|_| invalid())?;
    let place = RowKey::new().str(&target.key.id).str(token);
    let wrapping = WRAPPINGS.get(w.tx, &target.scope, &place)?.ok_or_else(invalid)?;
    if wrapping.until <= w.now {
        return Err(EXPIRED_IMPORT_TOKEN_EXCEPTION.because(""));
    }
    let opened = pair::decrypt(&wrapping.private, &wrapping.algorithm, &input.encrypted_key_material)?;
    let secret = opened.ok_or_else(|| INVALID_CIPHERTEXT_EXCEPTION.because(""))?;
    check_material(&target.key, &secret)?;
    let id = material_id(&target.key.id, &secret);
    let is_new = target.key.materials.is_empty();
    match input.import_type.as_deref() {
        Some("NEW_KEY_MATERIAL") if !is_new => {
            return Err(Fault::not_implemented("A second material of a KMS key (ImportType NEW_KEY_MATERIAL)"));
        }
        Some("EXISTING_KEY_MATERIAL") if is_new => return Err(another_material()),
        _ => {}
    }
    if !is_new && target.key.materials.iter().all(|known| known.id != id) {
        return Err(another_material());
    }
    let material = Material { id: id.clone(), since: w.now, rotated: None, gone: false, valid_to };
    MATERIALS.put(w.tx, &target.scope, &target.key.id, &id, &secret);
    target.key.materials = vec![material];
    target.put(w)?;
    timers::cancel(w.tx, EXPIRY, &target.scope, target.key.id.as_str())?;
    if let Some(due) = valid_to {
        timers::put(w.tx, due, EXPIRY, &target.scope, target.key.id.as_str(), b"")?;
    }
    Ok(ImportKeyMaterialResponse { key_id: Some(target.arn()), key_material_id: Some(id) })
}

fn another_material() -> Fault {
    INCORRECT_KEY_MATERIAL_EXCEPTION
        .because("The key material is not the one that was imported into this KMS key before.")
}

pub fn delete_imported_key_material(
    w: &mut Writer,
    input: DeleteImportedKeyMaterialRequest,
) -> Result<DeleteImportedKeyMaterialResponse, Fault> {
    let target = target::write(w, &input.key_id)?;
    if target.key.origin != Origin::External {
        return Err(faults::unsupported(format!(
            "{} origin is AWS_KMS which is not valid for this operation.",
            target.arn()
        )));
    }
    let arn = target.arn();
    let current = target.key.current().map(|material| material.id.clone());
    timers::cancel(w.tx, EXPIRY, &target.scope, target.key.id.as_str())?;
    drop_material(w, &target.scope, target.key)?;
    Ok(DeleteImportedKeyMaterialResponse { key_id: Some(arn), key_material_id: current })
}

/// Material's time is over.
///
/// # Errors
/// Trouble with the store.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some(id) = timer.id.reader().str() else { return Ok(()) };
    match KEYS.get(w.tx, &timer.scope, id.as_str())? {
        Some(key) => drop_material(w, &timer.scope, key),
        None => Ok(()),
    }
}

/// Takes the secret away and remembers which it was: nothing else may be imported.
fn drop_material(w: &mut Writer, scope: &Scope, mut key: Key) -> Result<(), Trouble> {
    for material in &mut key.materials {
        MATERIALS.delete(w.tx, scope, &key.id, &material.id);
        material.gone = true;
        material.valid_to = None;
    }
    KEYS.put(w.tx, scope, key.id.as_str(), &key)
}

/// A key whose material a customer brings.
fn importable(w: &Writer, key: &str) -> Result<Target, Fault> {
    let target = target::write(w, key)?;
    if target.key.origin != Origin::External {
        return Err(faults::unsupported(format!(
            "{} origin is AWS_KMS which is not valid for this operation.",
            target.arn()
        )));
    }
    target.check_alive()?;
    Ok(target)
}

fn valid_to(now: Timestamp, model: Option<&str>, until: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
    match (model, until) {
        (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), None) => Ok(None),
        (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), Some(_)) => Err(Fault::validation(
            "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        (_, None) => {
            Err(Fault::validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"))
        }
        (_, Some(until)) if until <= now || until > now.plus_seconds(LONGEST_SECONDS) => {
            Err(Fault::validation("The validTo date must be in the future, and at most 365 days away"))
        }
        (_, until) => Ok(until),
    }
}

/// Whether bytes can be what such a key is made of.
fn check_material(key: &Key, secret: &[u8]) -> Result<(), Fault> {
    let fits = match key.spec.secret_length() {
        Some(length) => secret.len() == length,
        None => pair::public(key.spec, secret).is_ok(),
    };
    match fits {
        true => Ok(()),
        false => Err(INCORRECT_KEY_MATERIAL_EXCEPTION
            .because(format!("The key material is not that of a KMS key of spec {}.", key.spec.name()))),
    }
}

/// The same material in the same key has the same id.
fn material_id(key: &str, secret: &[u8]) -> String {
    let hash = Sha256::new().chain_update(key).chain_update(b"/").chain_update(secret).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn expiration_model(material: &Material) -> &'static str {
    if material.valid_to.is_some() { "KEY_MATERIAL_EXPIRES" } else { "KEY_MATERIAL_DOES_NOT_EXPIRE" }
}
