//! Service-linked roles: their name, path and trust are the service's.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::Table;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aws_managed;
use crate::entity::{self, Entity, Kind, RoleDetails};
use crate::role::{DEFAULT_SESSION, shown};

/// Services whose roles are not named by the service's own name: service, role, and the policy that it has
/// ("AWS services that work with IAM" and the services' pages on their service-linked roles).
const KNOWN: [(&str, &str, &str); 24] = [
    ("autoscaling", "AutoScaling", "AutoScalingServiceRolePolicy"),
    ("batch", "Batch", "BatchServiceRolePolicy"),
    ("cloudtrail", "CloudTrail", "CloudTrailServiceRolePolicy"),
    ("cognito-idp", "AmazonCognitoIdp", "AmazonCognitoIdpServiceRolePolicy"),
    ("config", "Config", "AWSConfigServiceRolePolicy"),
    ("connect", "AmazonConnect", "AmazonConnectServiceLinkedRolePolicy"),
    ("dax", "DAX", "DAXServiceRolePolicy"),
    ("ecs", "ECS", "AmazonECSServiceRolePolicy"),
    ("eks", "AmazonEKS", "AmazonEKSServiceRolePolicy"),
    ("elasticache", "ElastiCache", "ElastiCacheServiceRolePolicy"),
    ("elasticfilesystem", "AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    ("elasticloadbalancing", "ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    ("email.cognito-idp", "AmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"),
    ("es", "AmazonElasticsearchService", "AmazonElasticsearchServiceRolePolicy"),
    ("lex", "LexBots", "LexBotPolicy"),
    ("opensearchservice", "AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    ("ops.apigateway", "APIGateway", "APIGatewayServiceRolePolicy"),
    ("organizations", "Organizations", "AWSOrganizationsServiceTrustPolicy"),
    ("rds", "RDS", "AmazonRDSServiceRolePolicy"),
    ("redshift", "Redshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    ("replicator.lambda", "LambdaReplicator", "AWSLambdaReplicator"),
    ("spot", "EC2Spot", "AWSEC2SpotServiceRolePolicy"),
    ("spotfleet", "EC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    ("ssm", "AmazonSSM", "AmazonSSMServiceRolePolicy"),
];

/// What became of a deletion, by the task's id.
static DELETIONS: Table<Deletion> = Table::new("iam/service-linked-role-deletion");

#[derive(Serialize, Deserialize)]
struct Deletion {
    role: String,
    finished: Timestamp,
}

/// The role's name without its suffix, and the ARNs of its policies.
fn made_for(service: &str) -> (String, Option<String>) {
    if let Some((_, role, policy)) = KNOWN.iter().find(|(name, ..)| *name == service) {
        let arn = format!("arn:aws:iam::aws:policy/aws-service-role/{policy}");
        return (format!("AWSServiceRoleFor{role}"), aws_managed::find(&arn).map(|_| arn));
    }
    let words = service
        .split(['.', '-'])
        .map(|word| word.get(..1).unwrap_or_default().to_ascii_uppercase() + word.get(1..).unwrap_or_default());
    (format!("AWSServiceRoleFor{}", words.collect::<String>()), None)
}

pub fn create_service_linked_role(
    w: &mut Writer,
    input: CreateServiceLinkedRoleRequest,
) -> Result<CreateServiceLinkedRoleResponse, Fault> {
    let Some(service) = input.aws_service_name.strip_suffix(".amazonaws.com") else {
        return Err(
            INVALID_INPUT_EXCEPTION.because(format!("Service role name {} is not valid", input.aws_service_name))
        );
    };
    let (name, policy) = made_for(service);
    let suffix = input.custom_suffix.map_or(String::new(), |suffix| format!("_{suffix}"));
    let name = format!("{name}{suffix}");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": input.aws_service_name } }],
    });
    let mut role = Entity::new(Kind::Role, name, Some(format!("/aws-service-role/{}/", input.aws_service_name)), w.now);
    role.role =
        Some(RoleDetails { trust: trust.to_string(), description: input.description, max_session: DEFAULT_SESSION });
    role.attached.extend(policy);
    if entity::find(w.store(), w.scope(), Kind::Role, &role.name)?.is_some() {
        let message =
            format!("Service role name {} has been taken in this account, please try a different suffix.", role.name);
        return Err(INVALID_INPUT_EXCEPTION.because(message));
    }
    entity::create(w, &role)?;
    Ok(CreateServiceLinkedRoleResponse { role: Some(shown(&role, w.caller.account())) })
}

/// The role goes at once; AWS asks its service first, and so the answer is a task.
pub fn delete_service_linked_role(
    w: &mut Writer,
    input: DeleteServiceLinkedRoleRequest,
) -> Result<DeleteServiceLinkedRoleResponse, Fault> {
    let role = entity::get(w.store(), w.scope(), Kind::Role, &input.role_name)?;
    if role.refuse_service_linked().is_ok() {
        let message = format!("The role with name {} is not a service-linked role.", role.name);
        return Err(NO_SUCH_ENTITY_EXCEPTION.because(message));
    }
    entity::delete(w, Kind::Role, &role.name)?;
    let task = format!("task{}{}/{}", role.path, role.name, kogumo_base::uuid());
    let scope = w.scope().global();
    DELETIONS.put(w.tx, &scope, task.as_str(), &Deletion { role: role.name, finished: w.now })?;
    Ok(DeleteServiceLinkedRoleResponse { deletion_task_id: task })
}

pub fn get_service_linked_role_deletion_status(
    r: &Reader,
    input: GetServiceLinkedRoleDeletionStatusRequest,
) -> Result<GetServiceLinkedRoleDeletionStatusResponse, Fault> {
    let task = DELETIONS.get(r.store, &r.scope().global(), input.deletion_task_id.as_str())?;
    let missing = || NO_SUCH_ENTITY_EXCEPTION.because(format!("The task {} cannot be found.", input.deletion_task_id));
    task.ok_or_else(missing)?;
    Ok(GetServiceLinkedRoleDeletionStatusResponse { status: "SUCCEEDED".into(), reason: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policies_are_aws() {
        for (service, _, policy) in KNOWN {
            assert!(made_for(service).1.is_some(), "{policy}");
        }
    }
}
