//! Secondary indexes as a request describes them.

use kogumo_base::Scope;
use kogumo_model::dynamodb::{
    AttributeDefinition, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex, LocalSecondaryIndex,
};
use kogumo_store::Transaction;
use kogumo_wire::Fault;

use super::rules;
use crate::parameters::invalid;
use crate::record::{Index, Status, next_id};
use crate::schema::Keys;

/// The local indexes of a new table.
pub fn local(
    tx: &mut Transaction,
    scope: &Scope,
    given: &[LocalSecondaryIndex],
    definitions: &[AttributeDefinition],
    table: &Keys,
) -> Result<Vec<Index>, Fault> {
    let mut indexes = Vec::new();
    for index in given {
        let keys = rules::keys(&index.key_schema, definitions).map_err(invalid)?;
        rules::check_local(&index.index_name, &keys, table).map_err(invalid)?;
        indexes.push(Index {
            name: index.index_name.clone(),
            id: next_id(tx, scope)?,
            keys,
            projected: rules::projected(&index.projection).map_err(invalid)?,
            status: Status::Active,
            throughput: None,
        });
    }
    Ok(indexes)
}

/// A global index; one that is added to a table must be filled first.
pub fn global(
    tx: &mut Transaction,
    scope: &Scope,
    given: &GlobalSecondaryIndex,
    definitions: &[AttributeDefinition],
    on_demand: bool,
    status: Status,
) -> Result<Index, Fault> {
    if given.on_demand_throughput.is_some() || given.warm_throughput.is_some() {
        return Err(Fault::not_implemented("OnDemandThroughput and WarmThroughput of an index"));
    }
    let name = &given.index_name;
    Ok(Index {
        name: name.clone(),
        keys: rules::keys(&given.key_schema, definitions).map_err(invalid)?,
        projected: rules::projected(&given.projection).map_err(invalid)?,
        status,
        throughput: rules::index_throughput(name, on_demand, given.provisioned_throughput.as_ref()).map_err(invalid)?,
        id: next_id(tx, scope)?,
    })
}

/// The same index, as UpdateTable spells it.
pub fn of_action(action: CreateGlobalSecondaryIndexAction) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex {
        index_name: action.index_name,
        key_schema: action.key_schema,
        projection: action.projection,
        provisioned_throughput: action.provisioned_throughput,
        on_demand_throughput: action.on_demand_throughput,
        warm_throughput: action.warm_throughput,
    }
}
