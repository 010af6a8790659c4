//! The operations of SSM that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::ssm::{
    AddTagsToResource, DeleteParameter, DeleteParameters, DescribeParameters, GetParameter, GetParameterHistory,
    GetParameters, GetParametersByPath, LabelParameterVersion, ListTagsForResource, PutParameter,
    RemoveTagsFromResource, UnlabelParameterVersion,
};

use crate::describe::describe_parameters;
use crate::get::{get_parameter, get_parameter_history, get_parameters, get_parameters_by_path};
use crate::labels::{label_parameter_version, unlabel_parameter_version};
use crate::put::{delete_parameter, delete_parameters, put_parameter};
use crate::tags::{add_tags_to_resource, list_tags_for_resource, remove_tags_from_resource};

pub fn ops() -> Vec<Op> {
    vec![
        write::<AddTagsToResource>(add_tags_to_resource),
        write::<DeleteParameter>(delete_parameter),
        write::<DeleteParameters>(delete_parameters),
        read::<DescribeParameters>(describe_parameters),
        task::<GetParameter, _>(get_parameter),
        task::<GetParameterHistory, _>(get_parameter_history),
        task::<GetParameters, _>(get_parameters),
        task::<GetParametersByPath, _>(get_parameters_by_path),
        write::<LabelParameterVersion>(label_parameter_version),
        read::<ListTagsForResource>(list_tags_for_resource),
        task::<PutParameter, _>(put_parameter),
        write::<RemoveTagsFromResource>(remove_tags_from_resource),
        write::<UnlabelParameterVersion>(unlabel_parameter_version),
    ]
}
