//! The operations of DynamoDB that are built.

use kogumo_door::{Op, prepared, read, task, write};
use kogumo_model::dynamodb::*;

use crate::account::{describe_continuous_backups, describe_endpoints, describe_limits};
use crate::batch::{batch_get_item, batch_write_item};
use crate::expiry::{describe_time_to_live, update_time_to_live};
use crate::item::{delete_item, get_item, put_item, read_deletion, read_put, read_update, update_item};
use crate::page::{query, scan};
use crate::table::{create_table, delete_table, describe_table, list_tables, update_table};
use crate::tags::{list_tags_of_resource, tag_resource, untag_resource};
use crate::transact::{transact_get_items, transact_write_items};

pub fn ops() -> Vec<Op> {
    vec![
        read::<BatchGetItem>(batch_get_item),
        write::<BatchWriteItem>(batch_write_item),
        task::<CreateTable, _>(create_table),
        prepared::<DeleteItem, _>(read_deletion, delete_item),
        write::<DeleteTable>(delete_table),
        read::<DescribeContinuousBackups>(describe_continuous_backups),
        read::<DescribeEndpoints>(describe_endpoints),
        read::<DescribeLimits>(describe_limits),
        read::<DescribeTable>(describe_table),
        read::<DescribeTimeToLive>(describe_time_to_live),
        read::<GetItem>(get_item),
        read::<ListTables>(list_tables),
        read::<ListTagsOfResource>(list_tags_of_resource),
        prepared::<PutItem, _>(read_put, put_item),
        read::<Query>(query),
        read::<Scan>(scan),
        write::<TagResource>(tag_resource),
        read::<TransactGetItems>(transact_get_items),
        write::<TransactWriteItems>(transact_write_items),
        write::<UntagResource>(untag_resource),
        prepared::<UpdateItem, _>(read_update, update_item),
        task::<UpdateTable, _>(update_table),
        write::<UpdateTimeToLive>(update_time_to_live),
    ]
}
