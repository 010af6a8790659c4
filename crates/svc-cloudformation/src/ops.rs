//! The operations of CloudFormation that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::cloudformation::*;

use crate::api::*;

pub fn ops() -> Vec<Op> {
    vec![
        task::<CancelUpdateStack, _>(cancel_update_stack),
        task::<ContinueUpdateRollback, _>(continue_update_rollback),
        task::<CreateChangeSet, _>(create_change_set),
        task::<CreateStack, _>(create_stack),
        write::<DeleteChangeSet>(delete_change_set),
        task::<DeleteStack, _>(delete_stack),
        read::<DescribeAccountLimits>(describe_account_limits),
        read::<DescribeChangeSet>(describe_change_set),
        read::<DescribeStackEvents>(describe_stack_events),
        read::<DescribeStackResource>(describe_stack_resource),
        read::<DescribeStackResources>(describe_stack_resources),
        read::<DescribeStacks>(describe_stacks),
        task::<ExecuteChangeSet, _>(execute_change_set),
        read::<GetStackPolicy>(get_stack_policy),
        read::<GetTemplate>(get_template),
        task::<GetTemplateSummary, _>(get_template_summary),
        read::<ListChangeSets>(list_change_sets),
        read::<ListExports>(list_exports),
        read::<ListImports>(list_imports),
        read::<ListStackResources>(list_stack_resources),
        read::<ListStacks>(list_stacks),
        write::<SetStackPolicy>(set_stack_policy),
        write::<SignalResource>(signal_resource),
        task::<UpdateStack, _>(update_stack),
        write::<UpdateTerminationProtection>(update_termination_protection),
        task::<ValidateTemplate, _>(validate_template),
    ]
}
