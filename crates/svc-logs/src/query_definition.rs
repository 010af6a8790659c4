//! Queries that are kept under a name, to be started again.

use kogumo_base::{Timestamp, uuid};
use kogumo_door::{Reader, Writer};
use kogumo_model::logs::{
    DeleteQueryDefinitionRequest, DeleteQueryDefinitionResponse, DescribeQueryDefinitionsRequest,
    DescribeQueryDefinitionsResponse, INVALID_PARAMETER_EXCEPTION, PutQueryDefinitionRequest,
    PutQueryDefinitionResponse, QueryDefinition as Answer, RESOURCE_NOT_FOUND_EXCEPTION,
};
use kogumo_store::{Key, Range, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::page::{Page, decoded};

/// By id.
static DEFINITIONS: Table<QueryDefinition> = Table::new("logs/query-definition");

/// The only language that queries are answered in.
const LANGUAGE: &str = "CWLI";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct QueryDefinition {
    id: String,
    name: String,
    query: String,
    groups: Vec<String>,
    modified: Timestamp,
}

pub fn put_query_definition(
    w: &mut Writer,
    input: PutQueryDefinitionRequest,
) -> Result<PutQueryDefinitionResponse, Fault> {
    if input.query_language.as_deref().is_some_and(|language| language != LANGUAGE) {
        return Err(Fault::not_implemented("A query language besides CWLI"));
    }
    if input.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        return Err(Fault::not_implemented("Parameters of a query definition"));
    }
    let scope = w.scope().clone();
    let id = match input.query_definition_id {
        Some(id) => {
            DEFINITIONS.get(w.store(), &scope, id.as_str())?.ok_or_else(missing)?;
            id
        }
        None => uuid(),
    };
    for (_, other) in DEFINITIONS.scan(w.store(), &scope, &Range::all()).collect::<Result<Vec<_>, _>>()? {
        if other.name == input.name && other.id != id {
            let message = format!("Query definition with name {} already exists.", other.name);
            return Err(INVALID_PARAMETER_EXCEPTION.because(message));
        }
    }
    let definition = QueryDefinition {
        id: id.clone(),
        name: input.name,
        query: input.query_string,
        groups: input.log_group_names.unwrap_or_default(),
        modified: w.now,
    };
    DEFINITIONS.put(w.tx, &scope, id.as_str(), &definition)?;
    Ok(PutQueryDefinitionResponse { query_definition_id: Some(id) })
}

fn missing() -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because("The specified query definition does not exist.")
}

pub fn describe_query_definitions(
    r: &Reader,
    input: DescribeQueryDefinitionsRequest,
) -> Result<DescribeQueryDefinitionsResponse, Fault> {
    const PAGE: i32 = 1000;
    let range = match &input.next_token {
        Some(token) => Range::all().after(Key::new().str(&decoded(token)?)),
        None => Range::all(),
    };
    let prefix = input.query_definition_name_prefix.unwrap_or_default();
    let mut page = Page::new(input.max_results, PAGE);
    for row in DEFINITIONS.scan(r.store, r.scope(), &range) {
        let (_, definition) = row?;
        if !definition.name.starts_with(&prefix) {
            continue;
        }
        let id = definition.id.clone();
        if !page.push(&id, shown(definition)) {
            break;
        }
    }
    let (definitions, next_token) = page.finish();
    Ok(DescribeQueryDefinitionsResponse { query_definitions: Some(definitions), next_token })
}

fn shown(definition: QueryDefinition) -> Answer {
    Answer {
        query_language: Some(LANGUAGE.to_owned()),
        query_definition_id: Some(definition.id),
        name: Some(definition.name),
        query_string: Some(definition.query),
        last_modified: Some(definition.modified.0),
        log_group_names: Some(definition.groups).filter(|groups| !groups.is_empty()),
        ..Answer::default()
    }
}

pub fn delete_query_definition(
    w: &mut Writer,
    input: DeleteQueryDefinitionRequest,
) -> Result<DeleteQueryDefinitionResponse, Fault> {
    let scope = w.scope().clone();
    DEFINITIONS.delete(w.tx, &scope, input.query_definition_id.as_str())?.ok_or_else(missing)?;
    Ok(DeleteQueryDefinitionResponse { success: Some(true) })
}
