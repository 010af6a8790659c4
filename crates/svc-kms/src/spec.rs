//! Kinds of keys: which usages and algorithms each has.
//! Source: AWS KMS Developer Guide, "Key spec reference".

use serde::{Deserialize, Serialize};

/// What a key is made of. Names are AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spec {
    Symmetric,
    Hmac224,
    Hmac256,
    Hmac384,
    Hmac512,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    EccP256,
    EccP384,
    EccK256,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Usage {
    EncryptDecrypt,
    SignVerify,
    GenerateVerifyMac,
}

const NAMES: [(Spec, &str); 11] = [
    (Spec::Symmetric, "SYMMETRIC_DEFAULT"),
    (Spec::Hmac224, "HMAC_224"),
    (Spec::Hmac256, "HMAC_256"),
    (Spec::Hmac384, "HMAC_384"),
    (Spec::Hmac512, "HMAC_512"),
    (Spec::Rsa2048, "RSA_2048"),
    (Spec::Rsa3072, "RSA_3072"),
    (Spec::Rsa4096, "RSA_4096"),
    (Spec::EccP256, "ECC_NIST_P256"),
    (Spec::EccP384, "ECC_NIST_P384"),
    (Spec::EccK256, "ECC_SECG_P256K1"),
];

const RSA_SIGNING: [&str; 6] = [
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
];

impl Spec {
    /// The spec of that name; `None` for those that are not built.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(spec, _)| *spec)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    pub fn is_symmetric(self) -> bool {
        self == Spec::Symmetric
    }

    pub fn is_rsa(self) -> bool {
        matches!(self, Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096)
    }

    /// The length of secret keys in bytes; pairs have none.
    pub fn secret_length(self) -> Option<usize> {
        match self {
            Spec::Symmetric | Spec::Hmac256 => Some(32),
            Spec::Hmac224 => Some(28),
            Spec::Hmac384 => Some(48),
            Spec::Hmac512 => Some(64),
            _ => None,
        }
    }

    /// The usages that a key of this kind may have, the one it has by itself first.
    pub fn usages(self) -> &'static [Usage] {
        match self {
            Spec::Symmetric => &[Usage::EncryptDecrypt],
            Spec::Hmac224 | Spec::Hmac256 | Spec::Hmac384 | Spec::Hmac512 => &[Usage::GenerateVerifyMac],
            Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096 => &[Usage::EncryptDecrypt, Usage::SignVerify],
            Spec::EccP256 | Spec::EccP384 | Spec::EccK256 => &[Usage::SignVerify],
        }
    }

    /// What a key of this kind can do when it is for that.
    pub fn algorithms(self, usage: Usage) -> &'static [&'static str] {
        match (self, usage) {
            (Spec::Symmetric, Usage::EncryptDecrypt) => &["SYMMETRIC_DEFAULT"],
            (Spec::Hmac224, Usage::GenerateVerifyMac) => &["HMAC_SHA_224"],
            (Spec::Hmac256, Usage::GenerateVerifyMac) => &["HMAC_SHA_256"],
            (Spec::Hmac384, Usage::GenerateVerifyMac) => &["HMAC_SHA_384"],
            (Spec::Hmac512, Usage::GenerateVerifyMac) => &["HMAC_SHA_512"],
            (Spec::EccP256 | Spec::EccK256, Usage::SignVerify) => &["ECDSA_SHA_256"],
            (Spec::EccP384, Usage::SignVerify) => &["ECDSA_SHA_384"],
            (spec, Usage::EncryptDecrypt) if spec.is_rsa() => &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
            (spec, Usage::SignVerify) if spec.is_rsa() => &RSA_SIGNING,
            _ => &[],
        }
    }
}

impl Usage {
    pub fn named(name: &str) -> Option<Self> {
        [Usage::EncryptDecrypt, Usage::SignVerify, Usage::GenerateVerifyMac]
            .into_iter()
            .find(|usage| usage.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Usage::EncryptDecrypt => "ENCRYPT_DECRYPT",
            Usage::SignVerify => "SIGN_VERIFY",
            Usage::GenerateVerifyMac => "GENERATE_VERIFY_MAC",
        }
    }
}
