//! GenerateMac and VerifyMac.

use hmac::{Hmac, KeyInit, Mac};
use kogumo_base::Trouble;
use kogumo_door::Reader;
use kogumo_model::kms::{
    GenerateMacRequest, GenerateMacResponse, KMS_INVALID_MAC_EXCEPTION, VerifyMacRequest, VerifyMacResponse,
};
use kogumo_wire::Fault;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::grant::check_tokens;
use crate::sign::private;
use crate::spec::Usage;
use crate::target::{self, Aliases, Target};

pub fn generate_mac(r: &Reader, input: GenerateMacRequest) -> Result<GenerateMacResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = target(r, &input.key_id, "GenerateMac", &input.mac_algorithm)?;
    let mac = mac(&input.mac_algorithm, &private(r, &target)?, &input.message)?;
    Ok(GenerateMacResponse {
        mac: Some(mac.into()),
        mac_algorithm: Some(input.mac_algorithm),
        key_id: Some(target.arn()),
    })
}

pub fn verify_mac(r: &Reader, input: VerifyMacRequest) -> Result<VerifyMacResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = target(r, &input.key_id, "VerifyMac", &input.mac_algorithm)?;
    let mac = mac(&input.mac_algorithm, &private(r, &target)?, &input.message)?;
    if !kogumo_base::equal_in_constant_time(&mac, &input.mac) {
        return Err(KMS_INVALID_MAC_EXCEPTION.because(""));
    }
    Ok(VerifyMacResponse {
        key_id: Some(target.arn()),
        mac_valid: Some(true),
        mac_algorithm: Some(input.mac_algorithm),
    })
}

fn target(r: &Reader, key: &str, operation: &str, algorithm: &str) -> Result<Target, Fault> {
    let target = target::read(r, key, Aliases::Taken)?;
    target.check_usable(Usage::GenerateVerifyMac, operation)?;
    target.check_algorithm(algorithm)?;
    Ok(target)
}

fn mac(algorithm: &str, secret: &[u8], message: &[u8]) -> Result<Vec<u8>, Trouble> {
    match algorithm {
        "HMAC_SHA_224" => compute::<Hmac<Sha224>>(secret, message),
        "HMAC_SHA_256" => compute::<Hmac<Sha256>>(secret, message),
        "HMAC_SHA_384" => compute::<Hmac<Sha384>>(secret, message),
        _ => compute::<Hmac<Sha512>>(secret, message),
    }
}

fn compute<M: Mac + KeyInit>(secret: &[u8], message: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).map_err(|_| Trouble::new("an HMAC key is of no length"))?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn macs_are_those_of_the_rfc() -> Result<(), Trouble> {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let of = |algorithm| mac(algorithm, b"Jefe", b"what do ya want for nothing?").map(hex);
        assert_eq!(of("HMAC_SHA_224")?, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44");
        assert_eq!(of("HMAC_SHA_256")?, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(of("HMAC_SHA_384")?.starts_with("af45d2e376484031617f78d2b58a6b1b"));
        assert!(of("HMAC_SHA_512")?.starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"));
        Ok(())
    }
}
