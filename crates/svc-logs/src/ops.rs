//! The operations of CloudWatch Logs that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::logs::{
    CreateLogGroup, CreateLogStream, DeleteLogGroup, DeleteLogStream, DeleteMetricFilter, DeleteQueryDefinition,
    DeleteResourcePolicy, DeleteRetentionPolicy, DeleteSubscriptionFilter, DescribeLogGroups, DescribeLogStreams,
    DescribeMetricFilters, DescribeQueries, DescribeQueryDefinitions, DescribeResourcePolicies,
    DescribeSubscriptionFilters, FilterLogEvents, GetLogEvents, GetLogRecord, GetQueryResults, ListLogGroups,
    ListTagsForResource, ListTagsLogGroup, PutLogEvents, PutMetricFilter, PutQueryDefinition, PutResourcePolicy,
    PutRetentionPolicy, PutSubscriptionFilter, StartLiveTail, StartQuery, StopQuery, TagLogGroup, TagResource,
    TestMetricFilter, UntagLogGroup, UntagResource,
};

use crate::events::{get_log_events, put_log_events};
use crate::filter::filter_log_events;
use crate::group::{
    create_log_group, delete_log_group, delete_retention_policy, describe_log_groups, list_log_groups,
    put_retention_policy,
};
use crate::insights::{describe_queries, get_log_record, get_query_results, start_query, stop_query};
use crate::live_tail::start_live_tail;
use crate::metric_filter::{delete_metric_filter, describe_metric_filters, put_metric_filter, test_metric_filter};
use crate::query_definition::{delete_query_definition, describe_query_definitions, put_query_definition};
use crate::resource_policy::{delete_resource_policy, describe_resource_policies, put_resource_policy};
use crate::stream::{create_log_stream, delete_log_stream, describe_log_streams};
use crate::subscription::{delete_subscription_filter, describe_subscription_filters, put_subscription_filter};
use crate::tags::{
    list_tags_for_resource, list_tags_log_group, tag_log_group, tag_resource, untag_log_group, untag_resource,
};

pub fn ops() -> Vec<Op> {
    vec![
        write::<CreateLogGroup>(create_log_group),
        write::<CreateLogStream>(create_log_stream),
        write::<DeleteQueryDefinition>(delete_query_definition),
        write::<DeleteResourcePolicy>(delete_resource_policy),
        read::<DescribeQueryDefinitions>(describe_query_definitions),
        read::<DescribeResourcePolicies>(describe_resource_policies),
        write::<PutQueryDefinition>(put_query_definition),
        write::<PutResourcePolicy>(put_resource_policy),
        write::<DeleteLogGroup>(delete_log_group),
        write::<DeleteLogStream>(delete_log_stream),
        write::<DeleteMetricFilter>(delete_metric_filter),
        write::<DeleteSubscriptionFilter>(delete_subscription_filter),
        read::<DescribeMetricFilters>(describe_metric_filters),
        read::<DescribeSubscriptionFilters>(describe_subscription_filters),
        write::<PutMetricFilter>(put_metric_filter),
        task::<PutSubscriptionFilter, _>(put_subscription_filter),
        write::<DeleteRetentionPolicy>(delete_retention_policy),
        read::<DescribeLogGroups>(describe_log_groups),
        read::<DescribeLogStreams>(describe_log_streams),
        read::<FilterLogEvents>(filter_log_events),
        read::<GetLogEvents>(get_log_events),
        read::<ListLogGroups>(list_log_groups),
        read::<ListTagsForResource>(list_tags_for_resource),
        read::<ListTagsLogGroup>(list_tags_log_group),
        write::<PutLogEvents>(put_log_events),
        write::<PutRetentionPolicy>(put_retention_policy),
        task::<StartLiveTail, _>(start_live_tail),
        read::<DescribeQueries>(describe_queries),
        read::<GetLogRecord>(get_log_record),
        read::<GetQueryResults>(get_query_results),
        task::<StartQuery, _>(start_query),
        write::<StopQuery>(stop_query),
        write::<TagLogGroup>(tag_log_group),
        write::<TagResource>(tag_resource),
        read::<TestMetricFilter>(test_metric_filter),
        write::<UntagLogGroup>(untag_log_group),
        write::<UntagResource>(untag_resource),
    ]
}
