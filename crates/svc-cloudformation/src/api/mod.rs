//! The operations of CloudFormation, as clients call them.

mod change_sets;
mod exports;
pub mod find;
mod history;
mod nested_change_sets;
mod policy;
mod show;
mod stacks;
mod templates;

pub use change_sets::{
    create_change_set, delete_change_set, describe_change_set, execute_change_set, list_change_sets,
};
pub use exports::{list_exports, list_imports};
pub use history::{
    describe_stack_events, describe_stack_resource, describe_stack_resources, describe_stacks, list_stack_resources,
    list_stacks,
};
pub use policy::{get_stack_policy, set_stack_policy, signal_resource, update_termination_protection};
pub use stacks::{cancel_update_stack, continue_update_rollback, create_stack, delete_stack, update_stack};
pub use templates::{describe_account_limits, get_template, get_template_summary, validate_template};
