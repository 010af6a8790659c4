//! Names of the model as Rust spells them.

/// `KMSKeyId` becomes `kms_key_id`, `type` becomes `type_`.
pub fn field(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (index, &letter) in letters.iter().enumerate() {
        if matches!(letter, '-' | '.' | ':' | '_') {
            out.push('_');
            continue;
        }
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let starts_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if starts_word && !out.ends_with('_') {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    if KEYWORDS.contains(&out.as_str()) {
        out.push('_');
    }
    out
}

const KEYWORDS: [&str; 24] = [
    "type", "match", "ref", "self", "use", "where", "enum", "struct", "fn", "in", "for", "loop", "move", "mod", "pub",
    "static", "const", "trait", "async", "await", "dyn", "abstract", "final", "return",
];

/// The type of a structure. Names that would hide Rust's own get a suffix.
pub fn type_name(shape: &str) -> String {
    const TAKEN: [&str; 24] = [
        "Option",
        "String",
        "Vec",
        "Box",
        "Result",
        "Some",
        "None",
        "Ok",
        "Err",
        "Default",
        "Clone",
        "BTreeMap",
        "Body",
        "Bytes",
        "Timestamp",
        "Document",
        "Shape",
        "Member",
        "Operation",
        "Service",
        "Structure",
        "Shaped",
        "Protocol",
        "Self",
    ];
    let mut name: String = shape.chars().filter(char::is_ascii_alphanumeric).collect();
    if let Some(first) = name.get(..1) {
        name = first.to_ascii_uppercase() + &name[1..];
    }
    if TAKEN.contains(&name.as_str()) { name + "Shape" } else { name }
}

/// `NoSuchBucket` becomes `NO_SUCH_BUCKET`.
pub fn constant(name: &str) -> String {
    field(name).trim_end_matches('_').to_ascii_uppercase()
}

/// The variant of a union's member.
pub fn variant(member: &str) -> String {
    let name = type_name(member);
    if member.starts_with(|first: char| first.is_ascii_lowercase()) {
        name.trim_end_matches("Shape").to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_as_rust() {
        assert_eq!(field("KMSKeyId"), "kms_key_id");
        assert_eq!(field("Type"), "type_");
        assert_eq!(field("ETag"), "e_tag");
        assert_eq!(field("x-amz-id-2"), "x_amz_id_2");
        assert_eq!(field("S3Bucket"), "s3_bucket");
        assert_eq!(constant("NoSuchBucket"), "NO_SUCH_BUCKET");
    }
}
