//! What requests say, whichever operation they are of: the door asks before a handler has the typed input.

use kogumo_wire::{Shaped, Structure};

/// Whether an action has to do with encryption contexts and algorithms.
pub fn encrypts(action: &str) -> bool {
    let action = action.strip_prefix("kms:").unwrap_or(action);
    ["Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey"].iter().any(|start| action.starts_with(start))
}

/// The encryption context that goes with an action.
pub fn encryption_context(input: &dyn Structure, action: &str) -> Vec<(String, String)> {
    let name = match action {
        "kms:ReEncryptFrom" => "SourceEncryptionContext",
        "kms:ReEncryptTo" => "DestinationEncryptionContext",
        _ => "EncryptionContext",
    };
    let mut pairs = Vec::new();
    if let Some(context) = member(input, name) {
        context.each(&mut |key, value| {
            let value = value.as_text().unwrap_or_default().into_owned();
            pairs.extend(key.map(|key| (key.to_owned(), value)));
        });
    }
    pairs
}

pub fn algorithm(input: &dyn Structure, action: &str) -> String {
    let name = match action {
        "kms:ReEncryptFrom" => "SourceEncryptionAlgorithm",
        "kms:ReEncryptTo" => "DestinationEncryptionAlgorithm",
        _ => "EncryptionAlgorithm",
    };
    text(input, name).unwrap_or_else(|| crate::encrypt::SYMMETRIC.to_owned())
}

/// The name of the key that an action is about.
pub fn key_named(input: &dyn Structure, action: &str) -> Option<String> {
    match action {
        "kms:ReEncryptFrom" => text(input, "SourceKeyId"),
        "kms:ReEncryptTo" => text(input, "DestinationKeyId"),
        _ => text(input, "KeyId"),
    }
}

/// A member's text.
pub fn text(input: &dyn Structure, name: &str) -> Option<String> {
    member(input, name)?.as_text().map(|text| text.into_owned())
}

fn member<'a>(input: &'a dyn Structure, name: &str) -> Option<&'a dyn Shaped> {
    let index = input.shape().layout().members.iter().position(|member| member.name == name)?;
    Some(input.get(index)).filter(|value| value.present())
}
