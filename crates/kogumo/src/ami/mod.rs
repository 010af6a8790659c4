//! `kogumo ami import`: sends a root file system to a running cloud, which makes an image of it.

mod debootstrap;
mod source;

use std::path::PathBuf;

use kogumo_base::Trouble;
use lexopt::prelude::{Long, Value, ValueExt};

use crate::remote;
pub use source::Chunks;
use source::Source;

/// What `kogumo ami import` was told.
pub struct Import {
    /// A tar, a folder, an OCI layout; or a suite for debootstrap.
    pub from: From,
    pub name: Option<String>,
    pub description: String,
    pub architecture: String,
    pub account: Option<String>,
    pub region: Option<String>,
    /// GiB of the root volume.
    pub size: Option<u32>,
}

pub enum From {
    Path(PathBuf),
    Debootstrap { suite: String, mirror: Option<String>, include: Option<String> },
}

/// Reads what follows `ami`.
///
/// # Errors
/// What a person should be told.
pub fn parse(parser: &mut lexopt::Parser) -> Result<Import, lexopt::Error> {
    match parser.next()? {
        Some(Value(word)) if word == "import" => {}
        Some(other) => return Err(other.unexpected()),
        None => return Err("say 'kogumo ami import PATH --name NAME'".into()),
    }
    let (mut path, mut suite, mut mirror, mut include) = (None, None, None, None);
    let mut import = Import {
        from: From::Path(PathBuf::new()),
        name: None,
        description: String::new(),
        architecture: "x86_64".into(),
        account: None,
        region: None,
        size: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) if path.is_none() => path = Some(PathBuf::from(word)),
            Long("debootstrap") => suite = Some(parser.value()?.string()?),
            Long("mirror") => mirror = Some(parser.value()?.string()?),
            Long("include") => include = Some(parser.value()?.string()?),
            Long("name") => import.name = Some(parser.value()?.string()?),
            Long("description") => import.description = parser.value()?.string()?,
            Long("architecture") => import.architecture = parser.value()?.string()?,
            Long("account") => import.account = Some(parser.value()?.string()?),
            Long("region") => import.region = Some(parser.value()?.string()?),
            Long("size") => import.size = Some(parser.value()?.parse()?),
            other => return Err(other.unexpected()),
        }
    }
    import.from = match (path, suite) {
        (Some(path), None) => From::Path(path),
        (None, Some(suite)) => From::Debootstrap { suite, mirror, include },
        _ => return Err("name a tar, a folder or an OCI image to import, or a suite with --debootstrap".into()),
    };
    Ok(import)
}

/// Sends it, tells what it lacks on standard error, and prints the image's id.
///
/// # Errors
/// The source cannot be read, no cloud answers, or the cloud refuses.
pub fn import(import: &Import) -> Result<(), Trouble> {
    let (source, suggested) = match &import.from {
        From::Path(path) => (Source::open(path)?, name_of(path)),
        From::Debootstrap { suite, mirror, include } => {
            let made = debootstrap::run(suite, mirror.as_deref(), include.as_deref())?;
            (Source::Made(made), suite.clone())
        }
    };
    let size = import.size.map(|size| size.to_string());
    let query = [
        ("name", Some(import.name.clone().unwrap_or(suggested))),
        ("description", Some(import.description.clone())),
        ("architecture", Some(import.architecture.clone())),
        ("account", import.account.clone().or_else(account)),
        ("region", import.region.clone().or_else(region)),
        ("size", size),
    ];
    let query: Vec<(&str, String)> = query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let answer = remote::send("/_kogumo/ami", &query, source.stream()?)?;
    if let Some(error) = answer["error"].as_str() {
        return Err(Trouble::new(error));
    }
    for lack in answer["lacks"].as_array().into_iter().flatten().filter_map(|lack| lack.as_str()) {
        eprintln!("kogumo: mind that {lack}");
    }
    if answer["devices"].as_u64().unwrap_or_default() > 0 {
        eprintln!("kogumo: {} device files were left out: instances have their own", answer["devices"]);
    }
    println!("{}", answer["imageId"].as_str().ok_or_else(|| Trouble::new("the cloud's answer has no image"))?);
    Ok(())
}

/// The file's name without what says how it is packed, as far as the name of an image may have it.
fn name_of(path: &std::path::Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for end in [".gz", ".zst", ".xz", ".tgz", ".txz", ".tar"] {
        name = name.strip_suffix(end).unwrap_or(&name).to_owned();
    }
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c) { c } else { '-' };
    let name: String = name.chars().map(allowed).take(128).collect();
    if name.len() < 3 { format!("image-{name}") } else { name }
}

/// As the clients of AWS choose it: a key of twelve digits is an account's.
fn account() -> Option<String> {
    let key = std::env::var("AWS_ACCESS_KEY_ID").ok()?;
    (key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit())).then_some(key)
}

/// None means every region.
fn region() -> Option<String> {
    let set = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    set.filter(|region| !region.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_files() {
        assert_eq!(name_of("/x/debian-12.tar.zst".as_ref()), "debian-12");
        assert_eq!(name_of("/x/os.tgz".as_ref()), "image-os");
        assert_eq!(name_of("/x/a:b_c".as_ref()), "a-b_c");
    }
}
