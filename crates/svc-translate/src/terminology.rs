//! Custom terminologies: how a user's own terms must be translated.

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Settings, Writer};
use kogumo_model::translate::{
    DeleteTerminologyRequest, GetTerminologyRequest, GetTerminologyResponse, INVALID_PARAMETER_VALUE_EXCEPTION,
    ImportTerminologyRequest, ImportTerminologyResponse, ListTerminologiesRequest, ListTerminologiesResponse,
    RESOURCE_NOT_FOUND_EXCEPTION, TerminologyDataLocation, TerminologyProperties,
};
use kogumo_store::{Range, Table};
use kogumo_translation::terminology::Term;
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::terminology_file::{Format, read};
use crate::{download, tags};

/// By name.
pub static TERMINOLOGIES: Table<Terminology> = Table::new("translate/terminology");

/// What is kept of a terminology: its file, and its terms as they were read out of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Terminology {
    pub name: String,
    pub description: Option<String>,
    pub format: String,
    /// Any of its languages can be the source, not only the first.
    pub multi: bool,
    pub languages: Vec<String>,
    /// One row for each term: how it is written in each of the languages; empty where it is not.
    pub rows: Vec<Vec<String>>,
    pub skipped: usize,
    pub file: Vec<u8>,
    /// Signs the addresses under which the file can be downloaded.
    pub download_secret: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub tags: BTreeMap<String, String>,
}

impl Terminology {
    /// The terms for a pair of languages, in the order of the file; none if the terminology is not for that pair.
    pub fn terms(&self, source: &str, target: &str) -> Vec<Term> {
        let place = |code: &str| self.languages.iter().position(|language| language == code);
        let (Some(from), Some(to)) = (place(source), place(target)) else { return Vec::new() };
        if from == to || (from != 0 && !self.multi) {
            return Vec::new();
        }
        let term = |row: &Vec<String>| Some(Term { source: row.get(from)?.clone(), target: row.get(to)?.clone() });
        self.rows.iter().filter_map(term).filter(|term| !term.source.is_empty() && !term.target.is_empty()).collect()
    }

    fn properties(&self, arn: String) -> TerminologyProperties {
        let count = |number: usize| Some(i32::try_from(number).unwrap_or(i32::MAX));
        let (source, targets) = match self.languages.split_first() {
            Some((first, rest)) if !self.multi => (Some(first.clone()), rest.to_vec()),
            _ => (None, self.languages.clone()),
        };
        TerminologyProperties {
            name: Some(self.name.clone()),
            description: self.description.clone(),
            arn: Some(arn),
            source_language_code: source,
            target_language_codes: Some(targets),
            encryption_key: None,
            size_bytes: count(self.file.len()),
            term_count: count(self.rows.len()),
            created_at: Some(self.created),
            last_updated_at: Some(self.updated),
            directionality: Some(if self.multi { "MULTI" } else { "UNI" }.into()),
            message: None,
            skipped_term_count: count(self.skipped),
            format: Some(self.format.clone()),
        }
    }
}

fn resource(name: &str) -> String {
    format!("terminology/{name}/LATEST")
}

pub fn import_terminology(w: &mut Writer, input: ImportTerminologyRequest) -> Result<ImportTerminologyResponse, Fault> {
    if input.encryption_key.is_some() {
        return Err(Fault::not_implemented("The encryption key of a terminology"));
    }
    let scope = w.scope().clone();
    let invalid = |why: String| INVALID_PARAMETER_VALUE_EXCEPTION.because(why);
    let format = Format::of(&input.terminology_data.format).ok_or_else(|| invalid("Unknown format".into()))?;
    let contents = read(&input.terminology_data.file, format).map_err(invalid)?;
    let old = TERMINOLOGIES.get(w.tx, &scope, input.name.as_str())?;
    let arn = w.arn("translate", resource(&input.name));
    let mut tags = old.as_ref().map(|old| old.tags.clone()).unwrap_or_default();
    tags::add(&arn, &mut tags, input.tags.unwrap_or_default())?;
    let terminology = Terminology {
        description: input.description,
        format: input.terminology_data.format,
        multi: input.terminology_data.directionality.as_deref() == Some("MULTI"),
        languages: contents.languages,
        rows: contents.rows,
        skipped: contents.skipped,
        file: input.terminology_data.file.to_vec(),
        download_secret: kogumo_base::uuid(),
        created: old.map_or(w.now, |old| old.created),
        updated: w.now,
        tags,
        name: input.name,
    };
    TERMINOLOGIES.put(w.tx, &scope, terminology.name.as_str(), &terminology)?;
    Ok(ImportTerminologyResponse { terminology_properties: Some(terminology.properties(arn)), ..Default::default() })
}

pub fn get_terminology(r: &Reader, input: GetTerminologyRequest) -> Result<GetTerminologyResponse, Fault> {
    let found = TERMINOLOGIES.get(r.store, r.scope(), input.name.as_str())?.ok_or_else(|| not_found(&input.name))?;
    if input.terminology_data_format.as_ref().is_some_and(|format| *format != found.format) {
        return Err(Fault::not_implemented("A terminology in another format than it was imported in"));
    }
    let settings: &Settings = &r.cloud.settings;
    let location = TerminologyDataLocation {
        repository_type: "S3".into(),
        location: download::address(settings, r.scope(), &found, r.now),
    };
    Ok(GetTerminologyResponse {
        terminology_properties: Some(found.properties(r.arn("translate", resource(&found.name)))),
        terminology_data_location: Some(location),
        ..GetTerminologyResponse::default()
    })
}

pub fn list_terminologies(r: &Reader, input: ListTerminologiesRequest) -> Result<ListTerminologiesResponse, Fault> {
    const PAGE: i32 = 500;
    let limit = usize::try_from(input.max_results.unwrap_or(PAGE)).unwrap_or_default().max(1);
    // The name of the last one is the token: names are no secret of anybody who may list them.
    let range = match input.next_token.as_deref() {
        Some(last) => Range::all().after(last),
        None => Range::all(),
    };
    let mut page = Vec::new();
    let mut next_token = None;
    for row in TERMINOLOGIES.scan(r.store, r.scope(), &range) {
        let (_, terminology) = row?;
        if page.len() == limit {
            next_token = page.last().and_then(|last: &TerminologyProperties| last.name.clone());
            break;
        }
        page.push(terminology.properties(r.arn("translate", resource(&terminology.name))));
    }
    Ok(ListTerminologiesResponse { terminology_properties_list: Some(page), next_token })
}

pub fn delete_terminology(w: &mut Writer, input: DeleteTerminologyRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    TERMINOLOGIES.delete(w.tx, &scope, input.name.as_str())?.ok_or_else(|| not_found(&input.name))?;
    Ok(Unit::default())
}

fn not_found(name: &str) -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Terminology {name} not found"))
}
