//! The operations of ECR that are built: repositories. Images are not kept yet.

use kogumo_door::{Op, read, write};
use kogumo_model::ecr::*;

use crate::{lifecycle, policy, repository, tags};

pub fn ops() -> Vec<Op> {
    vec![
        write::<CreateRepository>(repository::create_repository),
        write::<DeleteLifecyclePolicy>(lifecycle::delete_lifecycle_policy),
        write::<DeleteRepository>(repository::delete_repository),
        write::<DeleteRepositoryPolicy>(policy::delete_repository_policy),
        read::<DescribeRepositories>(repository::describe_repositories),
        read::<GetLifecyclePolicy>(lifecycle::get_lifecycle_policy),
        read::<GetRepositoryPolicy>(policy::get_repository_policy),
        read::<ListImages>(repository::list_images),
        read::<ListTagsForResource>(tags::list_tags_for_resource),
        write::<PutImageScanningConfiguration>(repository::put_image_scanning_configuration),
        write::<PutImageTagMutability>(repository::put_image_tag_mutability),
        write::<PutLifecyclePolicy>(lifecycle::put_lifecycle_policy),
        write::<SetRepositoryPolicy>(policy::set_repository_policy),
        write::<TagResource>(tags::tag_resource),
        write::<UntagResource>(tags::untag_resource),
    ]
}
