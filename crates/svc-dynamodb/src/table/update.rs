//! UpdateTable.

use kogumo_base::Scope;
use kogumo_door::{Context, Writer};
use kogumo_dynamo::ValidationError;
use kogumo_model::dynamodb::{
    AttributeDefinition, GlobalSecondaryIndexUpdate, RESOURCE_IN_USE_EXCEPTION, RESOURCE_NOT_FOUND_EXCEPTION,
    UpdateTableInput, UpdateTableOutput,
};
use kogumo_store::{Key, timers};
use kogumo_wire::Fault;

use super::create::stream;
use super::lifecycle::{BACKFILL, SWEEP};
use super::{describe, encryption, find, indexes, rules};
use crate::parameters::invalid;
use crate::record::{Status, TableRecord};
use crate::{storage, streaming};

pub async fn update_table(cx: Context, mut input: UpdateTableInput) -> Result<UpdateTableOutput, Fault> {
    refuse_unbuilt(&input)?;
    encryption::name_key(&cx, input.sse_specification.as_mut()).await?;
    cx.write(|w| update(w, input.clone()))
}

fn update(w: &mut Writer, input: UpdateTableInput) -> Result<UpdateTableOutput, Fault> {
    let scope = w.scope().clone();
    let mut table = (*find(w.store(), &scope, &input.table_name)?).clone();
    let before = table.clone();
    let updates = input.global_secondary_index_updates.clone().unwrap_or_default();
    change_billing(w, &mut table, &input)?;
    if let Some(definitions) = &input.attribute_definitions {
        merge_definitions(&mut table, definitions);
    }
    for update in updates {
        change_index(w, &scope, &mut table, update)?;
    }
    let named = table.indexes().map(|index| (index.name.as_str(), &index.projected));
    rules::check_indexes(table.local_indexes.len(), table.global_indexes.len(), named).map_err(invalid)?;
    if let Some(given) = &input.stream_specification {
        change_stream(w, &mut table, given)?;
    }
    if let Some(given) = &input.sse_specification {
        table.encryption = encryption::wanted(Some(given));
    }
    if let Some(class) = input.table_class {
        table.table_class = Some(class);
    }
    if let Some(protection) = input.deletion_protection_enabled {
        table.deletion_protection = protection;
    }
    if table == before && input.deletion_protection_enabled.is_none() {
        return Err(invalid(ValidationError(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
             SSESpecification or ReplicaUpdates is required"
                .to_owned(),
        )));
    }
    forget_unused_definitions(&mut table);
    table.put(w.tx, &scope)?;
    streaming::follow(w, Some(&before), Some(&table))?;
    let description = describe::description(w.store(), &scope, &TableRecord { status: Status::Updating, ..table })?;
    Ok(UpdateTableOutput { table_description: Some(description) })
}

fn refuse_unbuilt(input: &UpdateTableInput) -> Result<(), Fault> {
    let unbuilt = [
        ("ReplicaUpdates", input.replica_updates.is_some()),
        ("MultiRegionConsistency", input.multi_region_consistency.is_some()),
        ("GlobalTableWitnessUpdates", input.global_table_witness_updates.is_some()),
        ("OnDemandThroughput", input.on_demand_throughput.is_some()),
        ("WarmThroughput", input.warm_throughput.is_some()),
        ("VectorIndexUpdates", input.vector_index_updates.is_some()),
        ("GlobalTableSettingsReplicationMode", input.global_table_settings_replication_mode.is_some()),
    ];
    match unbuilt.iter().find(|(_, given)| *given) {
        Some((parameter, _)) => Err(Fault::not_implemented(&format!("{parameter} of UpdateTable"))),
        None => Ok(()),
    }
}

fn change_billing(w: &Writer, table: &mut TableRecord, input: &UpdateTableInput) -> Result<(), Fault> {
    let given = input.provisioned_throughput.as_ref();
    let was_on_demand = table.billing.throughput.is_none();
    match input.billing_mode.as_deref() {
        Some("PAY_PER_REQUEST") => {
            rules::billing(Some("PAY_PER_REQUEST"), given).map_err(invalid)?;
            if !was_on_demand {
                table.billing.on_demand_since = Some(w.now);
            }
            table.billing.throughput = None;
            table.global_indexes.iter_mut().for_each(|index| index.throughput = None);
        }
        mode @ Some(_) => {
            table.billing.throughput = rules::billing(mode, given).map_err(invalid)?.throughput;
            let units = table.billing.throughput;
            table.global_indexes.iter_mut().for_each(|index| index.throughput = index.throughput.or(units));
        }
        None => match given {
            Some(_) if was_on_demand => {
                return Err(invalid(ValidationError::parameter(
                    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is \
                     PAY_PER_REQUEST",
                )));
            }
            Some(units) => {
                let units = rules::throughput(units);
                if table.billing.throughput == Some(units) {
                    return Err(Fault::validation(format!(
                        "The provisioned throughput for the table will not change. The requested value equals the \
                         current value. Current ReadCapacityUnits provisioned for the table: {}. Requested \
                         ReadCapacityUnits: {}. Current WriteCapacityUnits provisioned for the table: {}. Requested \
                         WriteCapacityUnits: {}. Refer to the Amazon DynamoDB Developer Guide for current limits and \
                         how to request higher limits.",
                        units.read, units.read, units.write, units.write
                    )));
                }
                table.billing.throughput = Some(units);
            }
            None => {}
        },
    }
    Ok(())
}

/// New definitions come in beside those that are there.
fn merge_definitions(table: &mut TableRecord, definitions: &[AttributeDefinition]) {
    for definition in definitions {
        if !table.attributes.iter().any(|(name, _)| *name == definition.attribute_name) {
            table.attributes.push((definition.attribute_name.clone(), definition.attribute_type.clone()));
        }
    }
}

/// Definitions of attributes that are no key of anything any more are dropped.
fn forget_unused_definitions(table: &mut TableRecord) {
    let (keys, local, global) = (&table.keys, &table.local_indexes, &table.global_indexes);
    let used = |name: &String| keys.contains(name) || local.iter().chain(global).any(|index| index.keys.contains(name));
    table.attributes.retain(|(name, _)| used(name));
}

fn change_index(
    w: &mut Writer,
    scope: &Scope,
    table: &mut TableRecord,
    update: GlobalSecondaryIndexUpdate,
) -> Result<(), Fault> {
    match (update.create, update.update, update.delete) {
        (Some(create), None, None) => {
            let definition = |(name, kind): &(String, String)| AttributeDefinition {
                attribute_name: name.clone(),
                attribute_type: kind.clone(),
            };
            let definitions: Vec<AttributeDefinition> = table.attributes.iter().map(definition).collect();
            let on_demand = table.billing.throughput.is_none();
            let given = indexes::of_action(create);
            let index = indexes::global(w.tx, scope, &given, &definitions, on_demand, Status::Creating)?;
            table.global_indexes.push(index);
            Ok(timers::put(w.tx, w.now, BACKFILL, scope, &table.name, &[])?)
        }
        (None, Some(update), None) => {
            let on_demand = table.billing.throughput.is_none();
            let name = &update.index_name;
            let units = rules::index_throughput(name, on_demand, update.provisioned_throughput.as_ref());
            let position = position(table, name)?;
            if let Some(index) = table.global_indexes.get_mut(position) {
                index.throughput = units.map_err(invalid)?;
            }
            Ok(())
        }
        (None, None, Some(delete)) => {
            let position = position(table, &delete.index_name)?;
            let mut sizes = storage::sizes(w.store(), scope, table)?;
            sizes.remove(1 + table.local_indexes.len() + position);
            let index = table.global_indexes.remove(position);
            storage::put_sizes(w.tx, scope, table, &sizes);
            Ok(timers::put(w.tx, w.now, SWEEP, scope, Key::new().u64(table.id).u64(index.id), &[])?)
        }
        _ => Err(invalid(ValidationError::parameter(
            "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, \
             GlobalSecondaryIndexUpdate.Delete must not be null",
        ))),
    }
}

fn position(table: &TableRecord, name: &str) -> Result<usize, Fault> {
    table
        .global_indexes
        .iter()
        .position(|index| index.name == name)
        .ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("Requested resource not found"))
}

fn change_stream(
    w: &Writer,
    table: &mut TableRecord,
    given: &kogumo_model::dynamodb::StreamSpecification,
) -> Result<(), Fault> {
    match (&table.stream, given.stream_enabled) {
        (Some(_), true) => Err(RESOURCE_IN_USE_EXCEPTION
            .because(format!("Table already has an enabled stream: TableName: {}", table.name))),
        (None, false) => Err(Fault::validation("Table is already disabled for streams.".to_owned())),
        _ => {
            table.stream = stream(w, Some(given))?;
            Ok(())
        }
    }
}
