//! CreateTable.

use kogumo_door::{Context, Writer};
use kogumo_model::dynamodb::{CreateTableInput, CreateTableOutput, RESOURCE_IN_USE_EXCEPTION, StreamSpecification};
use kogumo_wire::Fault;

use super::{describe, encryption, indexes, rules};
use crate::parameters::{invalid, table_name};
use crate::record::{Index, Status, Stream, TableRecord, next_id};
use crate::{streaming, tags};

pub async fn create_table(cx: Context, mut input: CreateTableInput) -> Result<CreateTableOutput, Fault> {
    refuse_unbuilt(&input)?;
    encryption::name_key(&cx, input.sse_specification.as_mut()).await?;
    cx.write(|w| create(w, &input))
}

fn create(w: &mut Writer, input: &CreateTableInput) -> Result<CreateTableOutput, Fault> {
    let scope = w.scope().clone();
    let name = table_name(&scope, &input.table_name)
        .ok_or_else(|| Fault::validation("The table's ARN is not of this account and region"))?
        .to_owned();
    rules::check_name(&name).map_err(invalid)?;
    let table = new_table(w, input, name)?;
    if TableRecord::get(w.tx, &scope, &table.name)?.is_some() {
        return Err(RESOURCE_IN_USE_EXCEPTION.because(format!("Table already exists: {}", table.name)));
    }
    table.put(w.tx, &scope)?;
    streaming::follow(w, None, Some(&table))?;
    // When this is committed the table is there. The answer speaks of the time before, as AWS's does; waiters ask again.
    let description = describe::description(w.store(), &scope, &TableRecord { status: Status::Creating, ..table })?;
    Ok(CreateTableOutput { table_description: Some(description) })
}

/// What is not built says so.
fn refuse_unbuilt(input: &CreateTableInput) -> Result<(), Fault> {
    let unbuilt = [
        ("VectorIndexes", input.vector_indexes.is_some()),
        ("GlobalTableSourceArn", input.global_table_source_arn.is_some()),
        ("GlobalTableSettingsReplicationMode", input.global_table_settings_replication_mode.is_some()),
        ("WarmThroughput", input.warm_throughput.is_some()),
        ("OnDemandThroughput", input.on_demand_throughput.is_some()),
        ("ResourcePolicy", input.resource_policy.is_some()),
    ];
    match unbuilt.iter().find(|(_, given)| *given) {
        Some((parameter, _)) => Err(Fault::not_implemented(&format!("{parameter} of CreateTable"))),
        None => Ok(()),
    }
}

fn new_table(w: &mut Writer, input: &CreateTableInput, name: String) -> Result<TableRecord, Fault> {
    let scope = w.scope().clone();
    let missing = |at: &str| {
        Fault::validation(format!(
            "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
        ))
    };
    let definitions = input.attribute_definitions.as_deref().ok_or_else(|| missing("attributeDefinitions"))?;
    let schema = input.key_schema.as_deref().ok_or_else(|| missing("keySchema"))?;
    let mut billing =
        rules::billing(input.billing_mode.as_deref(), input.provisioned_throughput.as_ref()).map_err(invalid)?;
    billing.on_demand_since = billing.throughput.is_none().then_some(w.now);
    rules::check_definitions(definitions).map_err(invalid)?;
    let keys = rules::keys(schema, definitions).map_err(invalid)?;
    let on_demand = billing.throughput.is_none();
    refuse_empty("LocalSecondaryIndexes", input.local_secondary_indexes.as_deref())?;
    refuse_empty("GlobalSecondaryIndexes", input.global_secondary_indexes.as_deref())?;
    let given = input.local_secondary_indexes.as_deref().unwrap_or_default();
    let local_indexes = indexes::local(w.tx, &scope, given, definitions, &keys)?;
    let mut global_indexes = Vec::new();
    for given in input.global_secondary_indexes.as_deref().unwrap_or_default() {
        global_indexes.push(indexes::global(w.tx, &scope, given, definitions, on_demand, Status::Active)?);
    }
    let all = || local_indexes.iter().chain(&global_indexes);
    let named = all().map(|index: &Index| (index.name.as_str(), &index.projected));
    rules::check_indexes(local_indexes.len(), global_indexes.len(), named).map_err(invalid)?;
    let used = std::iter::once(&keys).chain(all().map(|index| &index.keys));
    rules::check_all_used(definitions, used).map_err(invalid)?;
    Ok(TableRecord {
        id: next_id(w.tx, &scope)?,
        uuid: kogumo_base::uuid(),
        created: w.now,
        status: Status::Active,
        attributes: definitions
            .iter()
            .map(|definition| (definition.attribute_name.clone(), definition.attribute_type.clone()))
            .collect(),
        billing,
        stream: stream(w, input.stream_specification.as_ref())?,
        encryption: encryption::wanted(input.sse_specification.as_ref()),
        table_class: input.table_class.clone(),
        deletion_protection: input.deletion_protection_enabled == Some(true),
        time_to_live: None,
        tags: tags::of_list(input.tags.as_deref().unwrap_or_default())?,
        name,
        keys,
        local_indexes,
        global_indexes,
    })
}

fn refuse_empty<T>(parameter: &str, list: Option<&[T]>) -> Result<(), Fault> {
    match list {
        Some([]) => {
            Err(Fault::validation(format!("One or more parameter values were invalid: List of {parameter} is empty")))
        }
        _ => Ok(()),
    }
}

/// The stream that a StreamSpecification asks for.
pub fn stream(w: &Writer, given: Option<&StreamSpecification>) -> Result<Option<Stream>, Fault> {
    let Some(given) = given.filter(|given| given.stream_enabled) else {
        return match given.and_then(|given| given.stream_view_type.as_ref()) {
            Some(_) => Err(Fault::validation(
                "One or more parameter values were invalid: StreamViewType cannot be specified when StreamEnabled is \
                 false",
            )),
            None => Ok(None),
        };
    };
    let view_type = given.stream_view_type.clone().ok_or_else(|| {
        Fault::validation(
            "One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true",
        )
    })?;
    let label = w.now.iso_millis().trim_end_matches('Z').to_owned();
    Ok(Some(Stream { view_type, label }))
}
