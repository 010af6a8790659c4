//! `kogumo template params FILE...`

use std::path::PathBuf;

use kogumo_base::Trouble;
use kogumo_template::params::{Format, render};

/// Prints the parameters of the files.
///
/// # Errors
/// A file that cannot be read. The others are printed all the same.
pub fn params(files: &[PathBuf], format: Format) -> Result<(), Trouble> {
    let mut texts = Vec::new();
    let mut unread = None;
    for file in files {
        match std::fs::read_to_string(file) {
            Ok(text) => texts.push((file.display().to_string(), text)),
            Err(error) => unread = Some(Trouble::from_cause(format!("cannot read {}", file.display()), error)),
        }
    }
    let rendered = render(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())), format);
    print!("{}", rendered.text);
    match unread {
        Some(trouble) => Err(trouble),
        None if rendered.complete => Ok(()),
        None => Err(Trouble::new("not every file could be read as a template")),
    }
}
