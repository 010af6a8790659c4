//! The resource types that stacks can make, one file a service. Each is three functions over [`Hands`] and [`Work`].

mod account;
mod api;
mod api_documentation;
mod api_method;
mod api_stage;
mod cognito_identity;
mod custom;
mod domain_name;
mod dynamodb;
mod ec2;
mod ecr;
mod function;
mod function_parts;
mod global_table;
pub(crate) mod hands;
mod http_api;
mod iam_device;
mod iam_group;
mod iam_policy;
mod iam_role;
mod iam_trusted;
mod iam_user;
mod kms;
mod log_filters;
mod logs;
mod nested;
mod permission;
mod s3;
mod s3_settings;
pub mod signal;
mod sns;
mod source;
mod sqs;
mod ssm;
mod user_pool;
mod user_pool_setting;
mod wait;

use std::sync::Arc;

use kogumo_base::{Scope, uuid};
use kogumo_door::{BoxFuture, Cloud};
use serde_json::{Value, json};

pub use hands::Hands;
pub use nested::parameters as nested_parameters;

use crate::plan::is_custom;
use crate::record::{MACROS, Stack};
use crate::world::{Failure, Made, Work, World};

/// The real world of a stack.
pub fn world(cloud: &Arc<Cloud>, stack: &Stack, scope: &Scope) -> Arc<dyn World> {
    Arc::new(Hands::of(cloud, stack, scope))
}

impl World for Hands {
    fn create(&self, work: Work) -> BoxFuture<Result<Made, Failure>> {
        let hands = self.clone();
        Box::pin(async move { create(&hands, &work).await })
    }

    fn update(&self, work: Work) -> BoxFuture<Result<Made, Failure>> {
        let hands = self.clone();
        Box::pin(async move { update(&hands, &work).await })
    }

    fn delete(&self, work: Work) -> BoxFuture<Result<(), Failure>> {
        let hands = self.clone();
        Box::pin(async move { delete(&hands, &work).await })
    }

    fn find(&self, kind: String, name: String) -> BoxFuture<Result<Option<Made>, Failure>> {
        let hands = self.clone();
        Box::pin(async move {
            match find(&hands, &kind, &name).await {
                Err(failure) if failure.not_found => Ok(None),
                found => found,
            }
        })
    }

    fn resolve(&self, service: String, key: String) -> BoxFuture<Result<String, Failure>> {
        let hands = self.clone();
        Box::pin(async move { ssm::resolve(&hands, &service, &key).await })
    }
}

/// Looks at what is there, for the types that can be imported.
async fn find(h: &Hands, kind: &str, name: &str) -> Result<Option<Made>, Failure> {
    let made = match kind {
        "AWS::DynamoDB::Table" => dynamodb::active(h, name).await?,
        "AWS::ECR::Repository" => ecr::described(h, name).await?,
        "AWS::IAM::InstanceProfile" => iam_role::profile(h, name).await?,
        "AWS::IAM::Role" => iam_role::made(h, name).await?,
        "AWS::IAM::User" => iam_user::made(h, name).await?,
        "AWS::Lambda::Function" => function::active(h, name).await?,
        "AWS::Logs::LogGroup" => return logs::find(h, name).await,
        "AWS::S3::Bucket" => s3::find(h, name).await?,
        "AWS::SSM::Parameter" => ssm::find(h, name).await?,
        _ => return Ok(None),
    };
    Ok(Some(made))
}

/// Takes over what is there already.
async fn import(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let identifier = crate::schema::Schema::of(&w.kind).and_then(|schema| schema.identifier.first());
    let name = identifier.and_then(|property| w.text(property)).unwrap_or_default();
    let gone = || Failure::new(format!("{name} of {} does not exist any more", w.kind));
    find(h, &w.kind, name).await?.ok_or_else(gone)
}

async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if w.import {
        return import(h, w).await;
    }
    match w.kind.as_str() {
        "AWS::ApiGateway::Account" => account::put(h, w).await,
        "AWS::ApiGateway::ApiKey" => api_stage::create_key(h, w).await,
        "AWS::ApiGateway::Authorizer" => api::create_authorizer(h, w).await,
        "AWS::ApiGateway::BasePathMapping" => domain_name::create_mapping(h, w).await,
        "AWS::ApiGateway::Deployment" => api_stage::create_deployment(h, w).await,
        "AWS::ApiGateway::DocumentationPart" => api_documentation::create_part(h, w).await,
        "AWS::ApiGateway::DocumentationVersion" => api_documentation::create_version(h, w).await,
        "AWS::ApiGateway::DomainName" => domain_name::create(h, w).await,
        "AWS::ApiGateway::GatewayResponse" => api::put_gateway_response(h, w).await,
        "AWS::ApiGateway::Method" => api_method::create(h, w).await,
        "AWS::ApiGateway::Model" => api::create_model(h, w).await,
        "AWS::ApiGateway::RequestValidator" => api::create_validator(h, w).await,
        "AWS::ApiGateway::Resource" => api::create_resource(h, w).await,
        "AWS::ApiGateway::RestApi" => api::create(h, w).await,
        "AWS::ApiGateway::Stage" => api_stage::create(h, w).await,
        "AWS::ApiGateway::UsagePlan" => api_stage::create_plan(h, w).await,
        "AWS::ApiGateway::UsagePlanKey" => api_stage::create_plan_key(h, w).await,
        "AWS::ApiGatewayV2::Api" => http_api::create(h, w).await,
        "AWS::ApiGatewayV2::ApiMapping" => domain_name::create_http_mapping(h, w).await,
        "AWS::ApiGatewayV2::DomainName" => domain_name::create_http(h, w).await,
        "AWS::ApiGatewayV2::Authorizer"
        | "AWS::ApiGatewayV2::Deployment"
        | "AWS::ApiGatewayV2::Integration"
        | "AWS::ApiGatewayV2::Route"
        | "AWS::ApiGatewayV2::Stage" => http_api::create_part(h, w).await,
        "AWS::CDK::Metadata" => Ok(Made::new(uuid())),
        "AWS::CloudFormation::Macro" => put_macro(h, w),
        "AWS::CloudFormation::Stack" => nested::create(h, w).await,
        "AWS::CloudFormation::WaitCondition" => wait::create(h, w).await,
        "AWS::CloudFormation::WaitConditionHandle" => wait::create_handle(h, w),
        "AWS::Cognito::IdentityPool" => cognito_identity::create(h, w).await,
        "AWS::Cognito::IdentityPoolPrincipalTag" => cognito_identity::put_principal_tags(h, w).await,
        "AWS::Cognito::IdentityPoolRoleAttachment" => cognito_identity::put_roles(h, w).await,
        "AWS::Cognito::LogDeliveryConfiguration"
        | "AWS::Cognito::ManagedLoginBranding"
        | "AWS::Cognito::Terms"
        | "AWS::Cognito::UserPoolRiskConfigurationAttachment"
        | "AWS::Cognito::UserPoolUICustomizationAttachment" => user_pool_setting::create(h, w).await,
        kind if kind.starts_with("AWS::Cognito::UserPool") => user_pool::create(h, w).await,
        "AWS::DynamoDB::GlobalTable" => global_table::create(h, w).await,
        "AWS::DynamoDB::Table" => dynamodb::create(h, w).await,
        "AWS::ECR::Repository" => ecr::create(h, w).await,
        "AWS::IAM::AccessKey" => iam_user::create_key(h, w).await,
        "AWS::IAM::Group" => iam_group::create(h, w).await,
        "AWS::IAM::GroupPolicy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" => iam_policy::put_one(h, w).await,
        "AWS::IAM::InstanceProfile" => iam_role::create_profile(h, w).await,
        "AWS::IAM::ManagedPolicy" => iam_policy::create_managed(h, w).await,
        "AWS::IAM::OIDCProvider" => iam_trusted::create_provider(h, w).await,
        "AWS::IAM::ServerCertificate" => iam_trusted::create_certificate(h, w).await,
        "AWS::IAM::Policy" => iam_policy::create_inline(h, w).await,
        "AWS::IAM::Role" => iam_role::create(h, w).await,
        "AWS::IAM::ServiceLinkedRole" => iam_trusted::create_linked_role(h, w).await,
        "AWS::IAM::User" => iam_user::create(h, w).await,
        "AWS::IAM::UserToGroupAddition" => iam_group::add_users(h, w).await,
        "AWS::IAM::VirtualMFADevice" => iam_device::create(h, w).await,
        "AWS::KMS::Alias" => kms::create_alias(h, w).await,
        "AWS::KMS::Key" => kms::create_key(h, w).await,
        "AWS::Lambda::Alias" => function_parts::create_alias(h, w).await,
        "AWS::Lambda::EventInvokeConfig" => function_parts::put_invoke_config(h, w).await,
        "AWS::Lambda::EventSourceMapping" => source::create(h, w).await,
        "AWS::Lambda::Function" => function::create(h, w).await,
        "AWS::Lambda::LayerVersion" => function_parts::create_layer(h, w).await,
        "AWS::Lambda::LayerVersionPermission" => permission::add_to_layer(h, w).await,
        "AWS::Lambda::Permission" => permission::add(h, w).await,
        "AWS::Lambda::Url" => function_parts::create_url(h, w).await,
        "AWS::Lambda::Version" => function_parts::create_version(h, w).await,
        "AWS::Logs::LogGroup" => logs::create(h, w).await,
        "AWS::Logs::LogStream" => logs::create_stream(h, w).await,
        "AWS::Logs::MetricFilter" => log_filters::put_metric_filter(h, w).await,
        "AWS::Logs::QueryDefinition" => logs::put_query(h, w).await,
        "AWS::Logs::ResourcePolicy" => logs::put_policy(h, w).await,
        "AWS::Logs::SubscriptionFilter" => log_filters::put_subscription_filter(h, w).await,
        "AWS::S3::Bucket" => s3::create(h, w).await,
        "AWS::S3::BucketPolicy" => s3::put_policy(h, w).await,
        "AWS::SNS::Subscription" => sns::create_subscription(h, w).await,
        "AWS::SNS::Topic" => sns::create(h, w).await,
        "AWS::SNS::TopicInlinePolicy" | "AWS::SNS::TopicPolicy" => sns::put_policy(h, w).await,
        "AWS::SQS::Queue" => sqs::create(h, w).await,
        "AWS::SQS::QueueInlinePolicy" | "AWS::SQS::QueuePolicy" => sqs::put_policy(h, w).await,
        "AWS::SSM::Parameter" => ssm::put(h, w).await,
        kind if ec2::has(kind) => ec2::create(h, w).await,
        kind if is_custom(kind) => custom::create(h, w).await,
        kind => Err(unbuilt(kind)),
    }
}

async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    match w.kind.as_str() {
        "AWS::ApiGateway::Account" => account::put(h, w).await,
        "AWS::ApiGateway::ApiKey" => api_stage::update_key(h, w).await,
        "AWS::ApiGateway::Authorizer" => api::update_authorizer(h, w).await,
        "AWS::ApiGateway::BasePathMapping" => domain_name::update_mapping(h, w).await,
        "AWS::ApiGateway::Deployment" => api_stage::update_deployment(h, w).await,
        "AWS::ApiGateway::DocumentationPart" => api_documentation::update_part(h, w).await,
        "AWS::ApiGateway::DocumentationVersion" => api_documentation::update_version(h, w).await,
        "AWS::ApiGateway::DomainName" => domain_name::update(h, w).await,
        "AWS::ApiGateway::GatewayResponse" => api::put_gateway_response(h, w).await,
        "AWS::ApiGateway::Method" => api_method::update(h, w).await,
        "AWS::ApiGateway::Model" => api::update_model(h, w).await,
        "AWS::ApiGateway::RequestValidator" => api::update_validator(h, w).await,
        "AWS::ApiGateway::RestApi" => api::update(h, w).await,
        "AWS::ApiGateway::Stage" => api_stage::update(h, w).await,
        "AWS::ApiGateway::UsagePlan" => api_stage::update_plan(h, w).await,
        "AWS::ApiGatewayV2::Api" => http_api::update(h, w).await,
        "AWS::ApiGatewayV2::ApiMapping" => domain_name::update_http_mapping(h, w).await,
        "AWS::ApiGatewayV2::DomainName" => domain_name::update_http(h, w).await,
        "AWS::ApiGatewayV2::Authorizer"
        | "AWS::ApiGatewayV2::Deployment"
        | "AWS::ApiGatewayV2::Integration"
        | "AWS::ApiGatewayV2::Route"
        | "AWS::ApiGatewayV2::Stage" => http_api::update_part(h, w).await,
        "AWS::CDK::Metadata" | "AWS::CloudFormation::WaitCondition" => Ok(unchanged(w)),
        "AWS::CloudFormation::Macro" => put_macro(h, w),
        "AWS::CloudFormation::Stack" => nested::update(h, w).await,
        "AWS::Cognito::IdentityPool" => cognito_identity::update(h, w).await,
        "AWS::Cognito::IdentityPoolPrincipalTag" => cognito_identity::put_principal_tags(h, w).await,
        "AWS::Cognito::IdentityPoolRoleAttachment" => cognito_identity::put_roles(h, w).await,
        "AWS::Cognito::LogDeliveryConfiguration"
        | "AWS::Cognito::ManagedLoginBranding"
        | "AWS::Cognito::Terms"
        | "AWS::Cognito::UserPoolRiskConfigurationAttachment"
        | "AWS::Cognito::UserPoolUICustomizationAttachment" => user_pool_setting::update(h, w).await,
        kind if kind.starts_with("AWS::Cognito::UserPool") => user_pool::update(h, w).await,
        "AWS::DynamoDB::GlobalTable" => global_table::update(h, w).await,
        "AWS::DynamoDB::Table" => dynamodb::update(h, w).await,
        "AWS::ECR::Repository" => ecr::update(h, w).await,
        "AWS::IAM::AccessKey" => iam_user::update_key(h, w).await,
        "AWS::IAM::Group" => iam_group::update(h, w).await,
        "AWS::IAM::GroupPolicy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" => iam_policy::put_one(h, w).await,
        "AWS::IAM::InstanceProfile" => iam_role::update_profile(h, w).await,
        "AWS::IAM::ManagedPolicy" => iam_policy::update_managed(h, w).await,
        "AWS::IAM::OIDCProvider" => iam_trusted::update_provider(h, w).await,
        "AWS::IAM::ServerCertificate" => iam_trusted::update_certificate(h, w).await,
        "AWS::IAM::Policy" => iam_policy::update_inline(h, w).await,
        "AWS::IAM::Role" => iam_role::update(h, w).await,
        "AWS::IAM::ServiceLinkedRole" => iam_trusted::update_linked_role(h, w).await,
        "AWS::IAM::User" => iam_user::update(h, w).await,
        "AWS::IAM::UserToGroupAddition" => iam_group::update_users(h, w).await,
        "AWS::IAM::VirtualMFADevice" => iam_device::update(h, w).await,
        "AWS::KMS::Alias" => kms::update_alias(h, w).await,
        "AWS::KMS::Key" => kms::update_key(h, w).await,
        "AWS::Lambda::Alias" => function_parts::update_alias(h, w).await,
        "AWS::Lambda::EventInvokeConfig" => function_parts::put_invoke_config(h, w).await,
        "AWS::Lambda::EventSourceMapping" => source::update(h, w).await,
        "AWS::Lambda::Function" => function::update(h, w).await,
        "AWS::Lambda::Url" => function_parts::update_url(h, w).await,
        "AWS::Logs::LogGroup" => logs::update(h, w).await,
        "AWS::Logs::MetricFilter" => log_filters::put_metric_filter(h, w).await,
        "AWS::Logs::QueryDefinition" => logs::put_query(h, w).await,
        "AWS::Logs::ResourcePolicy" => logs::put_policy(h, w).await,
        "AWS::Logs::SubscriptionFilter" => log_filters::put_subscription_filter(h, w).await,
        "AWS::S3::Bucket" => s3::update(h, w).await,
        "AWS::S3::BucketPolicy" => s3::put_policy(h, w).await,
        "AWS::SNS::Subscription" => sns::update_subscription(h, w).await,
        "AWS::SNS::Topic" => sns::update(h, w).await,
        "AWS::SNS::TopicInlinePolicy" | "AWS::SNS::TopicPolicy" => sns::put_policy(h, w).await,
        "AWS::SQS::Queue" => sqs::update(h, w).await,
        "AWS::SQS::QueueInlinePolicy" | "AWS::SQS::QueuePolicy" => sqs::put_policy(h, w).await,
        "AWS::SSM::Parameter" => ssm::put(h, w).await,
        kind if ec2::has(kind) => ec2::update(h, w).await,
        kind if is_custom(kind) => custom::update(h, w).await,
        kind => Err(Failure::new(format!("Updating {kind} is not implemented by Kogumo"))),
    }
}

async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    if w.physical_id.is_empty() {
        return Ok(());
    }
    match w.kind.as_str() {
        "AWS::ApiGateway::Account" | "AWS::CDK::Metadata" | "AWS::CloudFormation::WaitCondition" => Ok(()),
        "AWS::ApiGateway::ApiKey" => h.remove("apigateway", "DeleteApiKey", json!({"apiKey": w.physical_id})).await,
        "AWS::ApiGateway::Authorizer" => api::delete_part(h, w, "DeleteAuthorizer", "authorizerId").await,
        "AWS::ApiGateway::BasePathMapping" => domain_name::delete_mapping(h, w).await,
        "AWS::ApiGateway::Deployment" => api_stage::delete_deployment(h, w).await,
        "AWS::ApiGateway::DocumentationPart" => api_documentation::delete_part(h, w).await,
        "AWS::ApiGateway::DocumentationVersion" => api_documentation::delete_version(h, w).await,
        "AWS::ApiGateway::DomainName" => domain_name::delete(h, w).await,
        "AWS::ApiGateway::GatewayResponse" => api::delete_gateway_response(h, w).await,
        "AWS::ApiGateway::Method" => api_method::delete(h, w).await,
        "AWS::ApiGateway::Model" => api::delete_part(h, w, "DeleteModel", "modelName").await,
        "AWS::ApiGateway::RequestValidator" => {
            api::delete_part(h, w, "DeleteRequestValidator", "requestValidatorId").await
        }
        "AWS::ApiGateway::Resource" => api::delete_part(h, w, "DeleteResource", "resourceId").await,
        "AWS::ApiGateway::RestApi" => {
            h.remove("apigateway", "DeleteRestApi", json!({"restApiId": w.physical_id})).await
        }
        "AWS::ApiGateway::Stage" => api::delete_part(h, w, "DeleteStage", "stageName").await,
        "AWS::ApiGateway::UsagePlan" => api_stage::delete_plan(h, w).await,
        "AWS::ApiGateway::UsagePlanKey" => api_stage::delete_plan_key(h, w).await,
        "AWS::ApiGatewayV2::Api" => h.remove("apigatewayv2", "DeleteApi", json!({"ApiId": w.physical_id})).await,
        "AWS::ApiGatewayV2::ApiMapping" => domain_name::delete_http_mapping(h, w).await,
        "AWS::ApiGatewayV2::DomainName" => domain_name::delete_http(h, w).await,
        "AWS::ApiGatewayV2::Authorizer"
        | "AWS::ApiGatewayV2::Deployment"
        | "AWS::ApiGatewayV2::Integration"
        | "AWS::ApiGatewayV2::Route"
        | "AWS::ApiGatewayV2::Stage" => http_api::delete_part(h, w).await,
        "AWS::CloudFormation::Macro" => delete_macro(h, w),
        "AWS::CloudFormation::Stack" => nested::delete(h, w).await,
        "AWS::CloudFormation::WaitConditionHandle" => wait::delete_handle(h, w),
        "AWS::Cognito::IdentityPool" => cognito_identity::delete(h, w).await,
        "AWS::Cognito::IdentityPoolPrincipalTag" => cognito_identity::remove_principal_tags(h, w).await,
        "AWS::Cognito::IdentityPoolRoleAttachment" => cognito_identity::remove_roles(h, w).await,
        "AWS::Cognito::LogDeliveryConfiguration"
        | "AWS::Cognito::ManagedLoginBranding"
        | "AWS::Cognito::Terms"
        | "AWS::Cognito::UserPoolRiskConfigurationAttachment"
        | "AWS::Cognito::UserPoolUICustomizationAttachment" => user_pool_setting::delete(h, w).await,
        kind if kind.starts_with("AWS::Cognito::UserPool") => user_pool::delete(h, w).await,
        "AWS::DynamoDB::GlobalTable" | "AWS::DynamoDB::Table" => dynamodb::delete(h, w).await,
        "AWS::ECR::Repository" => ecr::delete(h, w).await,
        "AWS::IAM::AccessKey" => iam_user::delete_key(h, w).await,
        "AWS::IAM::Group" => iam_group::delete(h, w).await,
        "AWS::IAM::GroupPolicy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" => iam_policy::delete_one(h, w).await,
        "AWS::IAM::InstanceProfile" => iam_role::delete_profile(h, w).await,
        "AWS::IAM::ManagedPolicy" => iam_policy::delete_managed(h, w).await,
        "AWS::IAM::OIDCProvider" => iam_trusted::delete_provider(h, w).await,
        "AWS::IAM::ServerCertificate" => iam_trusted::delete_certificate(h, w).await,
        "AWS::IAM::Policy" => iam_policy::delete_inline(h, w).await,
        "AWS::IAM::Role" => iam_role::delete(h, w).await,
        "AWS::IAM::ServiceLinkedRole" => iam_trusted::delete_linked_role(h, w).await,
        "AWS::IAM::User" => iam_user::delete(h, w).await,
        "AWS::IAM::UserToGroupAddition" => iam_group::remove_users(h, w).await,
        "AWS::IAM::VirtualMFADevice" => iam_device::delete(h, w).await,
        "AWS::KMS::Alias" => kms::delete_alias(h, w).await,
        "AWS::KMS::Key" => kms::delete_key(h, w).await,
        "AWS::Lambda::Alias" => function_parts::delete_alias(h, w).await,
        "AWS::Lambda::EventInvokeConfig" => function_parts::delete_invoke_config(h, w).await,
        "AWS::Lambda::EventSourceMapping" => source::delete(h, w).await,
        "AWS::Lambda::Function" => function::delete(h, w).await,
        "AWS::Lambda::LayerVersion" => function_parts::delete_layer(h, w).await,
        "AWS::Lambda::LayerVersionPermission" => permission::remove_from_layer(h, w).await,
        "AWS::Lambda::Permission" => permission::remove(h, w).await,
        "AWS::Lambda::Url" => function_parts::delete_url(h, w).await,
        "AWS::Lambda::Version" => function_parts::delete_version(h, w).await,
        "AWS::Logs::LogGroup" => h.remove("logs", "DeleteLogGroup", json!({"logGroupName": w.physical_id})).await,
        "AWS::Logs::LogStream" => logs::delete_stream(h, w).await,
        "AWS::Logs::MetricFilter" => log_filters::delete_metric_filter(h, w).await,
        "AWS::Logs::QueryDefinition" => logs::delete_query(h, w).await,
        "AWS::Logs::ResourcePolicy" => logs::delete_policy(h, w).await,
        "AWS::Logs::SubscriptionFilter" => log_filters::delete_subscription_filter(h, w).await,
        "AWS::S3::Bucket" => h.remove("s3", "DeleteBucket", json!({"Bucket": w.physical_id})).await,
        "AWS::S3::BucketPolicy" => h.remove("s3", "DeleteBucketPolicy", json!({"Bucket": w.get("Bucket")})).await,
        "AWS::SNS::Subscription" => sns::delete_subscription(h, w).await,
        "AWS::SNS::Topic" => sns::delete(h, w).await,
        "AWS::SNS::TopicInlinePolicy" | "AWS::SNS::TopicPolicy" => sns::remove_policy(h, w).await,
        "AWS::SQS::Queue" => sqs::delete(h, w).await,
        "AWS::SQS::QueueInlinePolicy" | "AWS::SQS::QueuePolicy" => sqs::remove_policy(h, w).await,
        "AWS::SSM::Parameter" => h.remove("ssm", "DeleteParameter", json!({"Name": w.physical_id})).await,
        kind if ec2::has(kind) => ec2::delete(h, w).await,
        kind if is_custom(kind) => custom::delete(h, w).await,
        kind => Err(unbuilt(kind)),
    }
}

fn unbuilt(kind: &str) -> Failure {
    Failure::new(format!("{kind} is not implemented by Kogumo"))
}

/// The resource as it was.
fn unchanged(w: &Work) -> Made {
    Made { physical_id: w.physical_id.clone(), attributes: w.attributes.clone(), ..Made::default() }
}

/// A macro is a name for a function; the log settings have nowhere to go.
fn put_macro(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Name", "FunctionName", "Description"])?;
    let (name, function) = (w.named("Name"), w.text("FunctionName").unwrap_or_default().to_owned());
    let done = h.cloud.store.write(|tx| MACROS.put(tx, &h.scope, name.as_str(), &function));
    done.map(|()| Made::new(name.as_str())).map_err(internal)
}

fn delete_macro(h: &Hands, w: &Work) -> Result<(), Failure> {
    let done = h.cloud.store.write(|tx| MACROS.delete(tx, &h.scope, w.physical_id.as_str()).map(drop));
    done.map_err(internal)
}

fn internal(trouble: kogumo_base::Trouble) -> Failure {
    tracing::error!("{trouble}");
    Failure::new("Internal Failure")
}

/// A list of texts.
fn texts(values: &[Value]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(Value::as_str)
}
