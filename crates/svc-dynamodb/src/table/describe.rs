//! DescribeTable and ListTables: tables as clients see them.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::Reader;
use kogumo_model::dynamodb::{
    AttributeDefinition, BillingModeSummary, DescribeTableInput, DescribeTableOutput, GlobalSecondaryIndexDescription,
    KeySchemaElement, ListTablesInput, ListTablesOutput, LocalSecondaryIndexDescription, Projection,
    ProvisionedThroughputDescription, SSEDescription, StreamSpecification, TableClassSummary, TableDescription,
};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::find;
use crate::record::{Index, Status, TableRecord, Throughput};
use crate::schema::{Keys, Projected};
use crate::storage::{Size, sizes};

/// Names in one page.
const PAGE: usize = 100;

pub fn describe_table(r: &Reader, input: DescribeTableInput) -> Result<DescribeTableOutput, Fault> {
    let table = find(r.store, r.scope(), &input.table_name)?;
    Ok(DescribeTableOutput { table: Some(description(r.store, r.scope(), &table)?) })
}

pub fn list_tables(r: &Reader, input: ListTablesInput) -> Result<ListTablesOutput, Fault> {
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE).min(PAGE);
    let after = input.exclusive_start_table_name.as_deref();
    let mut names = TableRecord::names(r.store, r.scope(), after, limit + 1)?;
    let more = names.len() > limit;
    names.truncate(limit);
    let last = names.last().filter(|_| more).cloned();
    Ok(ListTablesOutput { table_names: Some(names), last_evaluated_table_name: last })
}

/// A table's TableDescription.
pub fn description(read: &dyn Read, scope: &Scope, table: &TableRecord) -> Result<TableDescription, Trouble> {
    let sizes = sizes(read, scope, table)?;
    let (size, index_sizes) = match sizes.split_first() {
        Some((first, rest)) => (*first, rest),
        None => (Size::default(), &[][..]),
    };
    let (local_sizes, global_sizes) = index_sizes.split_at(table.local_indexes.len().min(index_sizes.len()));
    let arn = table.arn(scope).to_string();
    let definition = |(name, kind): &(String, String)| AttributeDefinition {
        attribute_name: name.clone(),
        attribute_type: kind.clone(),
    };
    let stream_arn = table.stream.as_ref().map(|stream| format!("{arn}/stream/{}", stream.label));
    let locals = table.local_indexes.iter().zip(local_sizes).map(|(index, size)| local(index, *size, &arn));
    let globals = table.global_indexes.iter().zip(global_sizes).map(|(index, size)| global(index, *size, &arn));
    let not_empty = |count: usize| count > 0;
    Ok(TableDescription {
        attribute_definitions: Some(table.attributes.iter().map(definition).collect()),
        table_name: Some(table.name.clone()),
        key_schema: Some(key_schema(&table.keys)),
        table_status: Some(table.status.name().to_owned()),
        creation_date_time: Some(table.created),
        provisioned_throughput: Some(throughput(table.billing.throughput)),
        table_size_bytes: Some(size.bytes),
        item_count: Some(size.items),
        table_id: Some(table.uuid.clone()),
        billing_mode_summary: table.billing.on_demand_since.map(|since| billing_mode(table, since)),
        local_secondary_indexes: not_empty(table.local_indexes.len()).then(|| locals.collect()),
        global_secondary_indexes: not_empty(table.global_indexes.len()).then(|| globals.collect()),
        stream_specification: table.stream.as_ref().map(|stream| StreamSpecification {
            stream_enabled: true,
            stream_view_type: Some(stream.view_type.clone()),
        }),
        latest_stream_label: table.stream.as_ref().map(|stream| stream.label.clone()),
        latest_stream_arn: stream_arn,
        sse_description: table.encryption.as_ref().map(|encryption| SSEDescription {
            status: Some("ENABLED".to_owned()),
            sse_type: Some("KMS".to_owned()),
            kms_master_key_arn: Some(encryption.key_arn.clone()),
            ..SSEDescription::default()
        }),
        table_class_summary: table
            .table_class
            .as_ref()
            .map(|class| TableClassSummary { table_class: Some(class.clone()), ..TableClassSummary::default() }),
        deletion_protection_enabled: Some(table.deletion_protection),
        table_arn: Some(arn),
        ..TableDescription::default()
    })
}

fn billing_mode(table: &TableRecord, since: Timestamp) -> BillingModeSummary {
    let mode = if table.billing.throughput.is_some() { "PROVISIONED" } else { "PAY_PER_REQUEST" };
    BillingModeSummary { billing_mode: Some(mode.to_owned()), last_update_to_pay_per_request_date_time: Some(since) }
}

fn throughput(throughput: Option<Throughput>) -> ProvisionedThroughputDescription {
    let units = throughput.unwrap_or(Throughput { read: 0, write: 0 });
    ProvisionedThroughputDescription {
        number_of_decreases_today: Some(0),
        read_capacity_units: Some(units.read),
        write_capacity_units: Some(units.write),
        ..ProvisionedThroughputDescription::default()
    }
}

fn key_schema(keys: &Keys) -> Vec<KeySchemaElement> {
    let kinds = ["HASH", "RANGE"];
    let element = |(attribute, kind): (&crate::schema::KeyAttribute, &str)| KeySchemaElement {
        attribute_name: attribute.name.clone(),
        key_type: kind.to_owned(),
    };
    keys.attributes().zip(kinds).map(element).collect()
}

fn projection(projected: &Projected) -> Projection {
    let (kind, names) = match projected {
        Projected::All => ("ALL", None),
        Projected::KeysOnly => ("KEYS_ONLY", None),
        Projected::Include(names) => ("INCLUDE", Some(names.clone())),
    };
    Projection { projection_type: Some(kind.to_owned()), non_key_attributes: names }
}

fn local(index: &Index, size: Size, table: &str) -> LocalSecondaryIndexDescription {
    LocalSecondaryIndexDescription {
        index_name: Some(index.name.clone()),
        key_schema: Some(key_schema(&index.keys)),
        projection: Some(projection(&index.projected)),
        index_size_bytes: Some(size.bytes),
        item_count: Some(size.items),
        index_arn: Some(format!("{table}/index/{}", index.name)),
    }
}

fn global(index: &Index, size: Size, table: &str) -> GlobalSecondaryIndexDescription {
    GlobalSecondaryIndexDescription {
        index_name: Some(index.name.clone()),
        key_schema: Some(key_schema(&index.keys)),
        projection: Some(projection(&index.projected)),
        index_status: Some(index.status.name().to_owned()),
        backfilling: (index.status == Status::Creating).then_some(true),
        provisioned_throughput: Some(throughput(index.throughput)),
        index_size_bytes: Some(size.bytes),
        item_count: Some(size.items),
        index_arn: Some(format!("{table}/index/{}", index.name)),
        ..GlobalSecondaryIndexDescription::default()
    }
}
