//! Terminology files: CSV and TSV with a first row of language codes, and TMX (Translation Memory eXchange 1.4).
//! Source: "Creating a custom terminology", Amazon Translate Developer Guide.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::languages::is_supported;

/// The most languages a file may have.
const MOST_LANGUAGES: usize = 10;
/// The longest term, in bytes.
const LONGEST_TERM: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Tsv,
    Tmx,
}

impl Format {
    pub fn of(name: &str) -> Option<Format> {
        Some(match name {
            "CSV" => Format::Csv,
            "TSV" => Format::Tsv,
            "TMX" => Format::Tmx,
            _ => return None,
        })
    }
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub languages: Vec<String>,
    /// A row for each term, a column for each language.
    pub rows: Vec<Vec<String>>,
    /// Terms that were left out: too long, or without a source.
    pub skipped: usize,
}

/// Reads a file; `Err` says in a sentence what is wrong with it.
pub fn read(file: &[u8], format: Format) -> Result<Contents, String> {
    let text = std::str::from_utf8(file).map_err(|_| "The terminology file is not encoded in UTF-8.".to_string())?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut contents = match format {
        Format::Csv => separated(text, b','),
        Format::Tsv => separated(text, b'\t'),
        Format::Tmx => tmx(text),
    }?;
    check_languages(&contents.languages)?;
    let all = contents.rows.len();
    contents.rows.retain(|row| fits(row));
    contents.skipped = all - contents.rows.len();
    match contents.rows.is_empty() {
        true => Err("The terminology file has no terms.".into()),
        false => Ok(contents),
    }
}

fn fits(row: &[String]) -> bool {
    row.iter().filter(|term| !term.is_empty()).count() >= 2 && row.iter().all(|term| term.len() <= LONGEST_TERM)
}

fn check_languages(languages: &[String]) -> Result<(), String> {
    if languages.len() < 2 || languages.len() > MOST_LANGUAGES {
        return Err(format!(
            "A terminology file has 2 to {MOST_LANGUAGES} languages; this one has {}.",
            languages.len()
        ));
    }
    for (at, language) in languages.iter().enumerate() {
        if !is_supported(language) {
            return Err(format!("Unsupported language code in the terminology file: {language}"));
        }
        if languages.iter().take(at).any(|before| before == language) {
            return Err(format!("The terminology file has two columns for {language}."));
        }
    }
    Ok(())
}

fn separated(text: &str, delimiter: u8) -> Result<Contents, String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records().map(|record| {
        let record = record.map_err(|error| format!("The terminology file cannot be read: {error}"))?;
        Ok(record.iter().map(|field| field.trim().to_string()).collect::<Vec<_>>())
    });
    let languages: Vec<String> = records.next().unwrap_or_else(|| Err("The terminology file is empty.".into()))?;
    let rows = records.collect::<Result<_, String>>()?;
    Ok(Contents { languages, rows, skipped: 0 })
}

/// `<tu><tuv xml:lang="en"><seg>term</seg></tuv>…</tu>`; the first language of the first unit is the source.
fn tmx(text: &str) -> Result<Contents, String> {
    let broken = |error: &dyn std::fmt::Display| format!("The TMX file cannot be read: {error}");
    let mut reader = Reader::from_str(text);
    let mut contents = Contents::default();
    let mut unit: Vec<(String, String)> = Vec::new();
    let mut language = None;
    let mut in_segment = false;
    loop {
        match reader.read_event().map_err(|error| broken(&error))? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "tu" => unit.clear(),
                "tuv" => language = language_of(&tag),
                "seg" => {
                    in_segment = true;
                    let language = language.clone().ok_or("A tuv of the TMX file has no xml:lang.")?;
                    unit.push((language, String::new()));
                }
                _ => {}
            },
            Event::Text(text) if in_segment => {
                push(&mut unit, &text);
            }
            Event::GeneralRef(reference) if in_segment => {
                let known = quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_string);
                let character = reference.resolve_char_ref().map_err(|error| broken(&error))?.map(String::from);
                push(&mut unit, &known.or(character).ok_or("The TMX file has an unknown entity.")?);
            }
            Event::End(tag) => match tag.local_name().as_ref() {
                "seg" => in_segment = false,
                "tu" => add(&mut contents, &unit),
                _ => {}
            },
            Event::Eof => return Ok(contents),
            _ => {}
        }
    }
}

fn push(unit: &mut [(String, String)], text: &str) {
    if let Some((_, term)) = unit.last_mut() {
        term.push_str(text);
    }
}

fn language_of(tag: &BytesStart) -> Option<String> {
    let attribute = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == "lang")?;
    let code = attribute.value.into_owned();
    Some(if is_supported(&code) { code } else { code.split('-').next()?.to_lowercase() })
}

fn add(contents: &mut Contents, unit: &[(String, String)]) {
    let mut row = vec![String::new(); contents.languages.len()];
    for (language, term) in unit {
        let place = contents.languages.iter().position(|known| known == language).unwrap_or_else(|| {
            contents.languages.push(language.clone());
            row.push(String::new());
            contents.languages.len() - 1
        });
        if let Some(cell) = row.get_mut(place) {
            *cell = term.trim().to_string();
        }
    }
    contents.rows.push(row);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_their_quotes() {
        let contents =
            read(b"\xEF\xBB\xBFen,ja\r\n\"Cloud, small\",\xE5\xB0\x8F\xE9\x9B\xB2\r\nonly,\r\n", Format::Csv);
        let expected = Contents {
            languages: vec!["en".into(), "ja".into()],
            rows: vec![vec!["Cloud, small".into(), "小雲".into()]],
            skipped: 1,
        };
        assert_eq!(contents, Ok(expected));
    }

    #[test]
    fn tmx_is_read_by_language() {
        let file = r#"<?xml version="1.0"?><tmx version="1.4"><header/><body>
            <tu><tuv xml:lang="en-US"><seg>Amazon &amp; Co&#33;</seg></tuv><tuv xml:lang="ja"><seg>アマゾン</seg></tuv></tu>
            <tu><tuv xml:lang="ja"><seg>雲</seg></tuv><tuv xml:lang="en-US"><seg>cloud</seg></tuv></tu></body></tmx>"#;
        let contents = read(file.as_bytes(), Format::Tmx).unwrap_or_default();
        assert_eq!(contents.languages, ["en", "ja"]);
        assert_eq!(contents.rows, [["Amazon & Co!", "アマゾン"], ["cloud", "雲"]]);
    }

    #[test]
    fn broken_files_are_told_what_is_wrong() {
        for (file, format) in [
            (&b""[..], Format::Csv),
            (b"en\nonly", Format::Csv),
            (b"en,xx\na,b", Format::Csv),
            (b"en,en\na,b", Format::Csv),
            (b"en,ja\na", Format::Csv),
            (b"\xff\xfe", Format::Tsv),
            (b"<tmx><tu>", Format::Tmx),
            (b"<tmx><tu><tuv><seg>a</seg></tuv></tu></tmx>", Format::Tmx),
        ] {
            assert!(read(file, format).is_err(), "{file:?}");
        }
    }
}
