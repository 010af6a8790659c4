//! The operations of Lambda that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::lambda::*;

use crate::{
    account, alias, code_change, concurrency, create, delete, event_invoke, function, invoke, layer, layer_policy,
};
use crate::{mapping_ops, policy, publish, settings_change, stream_answer, tags, url};

pub fn ops() -> Vec<Op> {
    vec![
        task::<CreateFunction, _>(create::create_function),
        read::<GetFunction>(function::get_function),
        read::<GetFunctionConfiguration>(function::get_function_configuration),
        read::<ListFunctions>(function::list_functions),
        task::<UpdateFunctionCode, _>(code_change::update_function_code),
        task::<UpdateFunctionConfiguration, _>(settings_change::update_function_configuration),
        task::<DeleteFunction, _>(delete::delete_function),
        write::<PublishVersion>(publish::publish_version),
        read::<ListVersionsByFunction>(publish::list_versions_by_function),
        task::<Invoke, _>(invoke::invoke),
        task::<InvokeWithResponseStream, _>(stream_answer::invoke_with_response_stream),
        task::<InvokeAsync, _>(invoke::invoke_async),
        write::<CreateAlias>(alias::create_alias),
        read::<GetAlias>(alias::get_alias),
        write::<UpdateAlias>(alias::update_alias),
        write::<DeleteAlias>(alias::delete_alias),
        read::<ListAliases>(alias::list_aliases),
        task::<PublishLayerVersion, _>(layer::publish_layer_version),
        read::<GetLayerVersion>(layer::get_layer_version),
        read::<GetLayerVersionByArn>(layer::get_layer_version_by_arn),
        read::<ListLayers>(layer::list_layers),
        read::<ListLayerVersions>(layer::list_layer_versions),
        write::<DeleteLayerVersion>(layer::delete_layer_version),
        write::<AddLayerVersionPermission>(layer_policy::add_layer_version_permission),
        write::<RemoveLayerVersionPermission>(layer_policy::remove_layer_version_permission),
        read::<GetLayerVersionPolicy>(layer_policy::get_layer_version_policy),
        write::<PutFunctionConcurrency>(concurrency::put_function_concurrency),
        read::<GetFunctionConcurrency>(concurrency::get_function_concurrency),
        write::<DeleteFunctionConcurrency>(concurrency::delete_function_concurrency),
        write::<PutFunctionEventInvokeConfig>(event_invoke::put_function_event_invoke_config),
        write::<UpdateFunctionEventInvokeConfig>(event_invoke::update_function_event_invoke_config),
        read::<GetFunctionEventInvokeConfig>(event_invoke::get_function_event_invoke_config),
        write::<DeleteFunctionEventInvokeConfig>(event_invoke::delete_function_event_invoke_config),
        read::<ListFunctionEventInvokeConfigs>(event_invoke::list_function_event_invoke_configs),
        write::<CreateFunctionUrlConfig>(url::create_function_url_config),
        read::<GetFunctionUrlConfig>(url::get_function_url_config),
        write::<UpdateFunctionUrlConfig>(url::update_function_url_config),
        write::<DeleteFunctionUrlConfig>(url::delete_function_url_config),
        read::<ListFunctionUrlConfigs>(url::list_function_url_configs),
        write::<AddPermission>(policy::add_permission),
        write::<RemovePermission>(policy::remove_permission),
        read::<GetPolicy>(policy::get_policy),
        write::<TagResource>(tags::tag_resource),
        write::<UntagResource>(tags::untag_resource),
        read::<ListTags>(tags::list_tags),
        read::<GetAccountSettings>(account::get_account_settings),
        read::<GetFunctionCodeSigningConfig>(account::get_function_code_signing_config),
        read::<GetRuntimeManagementConfig>(account::get_runtime_management_config),
        task::<CreateEventSourceMapping, _>(mapping_ops::create_event_source_mapping),
        read::<GetEventSourceMapping>(mapping_ops::get_event_source_mapping),
        write::<UpdateEventSourceMapping>(mapping_ops::update_event_source_mapping),
        write::<DeleteEventSourceMapping>(mapping_ops::delete_event_source_mapping),
        read::<ListEventSourceMappings>(mapping_ops::list_event_source_mappings),
    ]
}
