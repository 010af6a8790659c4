//! The operations that are built.

use crate::account::*;
use crate::api_key::*;
use crate::authorizer::*;
use crate::deployment::*;
use crate::documentation::*;
use crate::domain_name::*;
use crate::gateway_response::*;
use crate::integration::*;
use crate::method::*;
use crate::model::*;
use crate::resource::*;
use crate::rest_api::*;
use crate::stage::*;
use crate::tags::*;
use crate::test_invoke::test_invoke_method;
use crate::usage_plan::*;
use crate::validator::*;
use kogumo_door::{Op, read, task, write};
use kogumo_model::apigateway::*;

/// One line for each operation; everything else of the service answers that it is not built.
pub fn ops() -> Vec<Op> {
    vec![
        write::<CreateRestApi>(create_rest_api),
        read::<GetRestApi>(get_rest_api),
        read::<GetRestApis>(get_rest_apis),
        write::<UpdateRestApi>(update_rest_api),
        write::<DeleteRestApi>(delete_rest_api),
        write::<ImportRestApi>(import_rest_api),
        write::<PutRestApi>(put_rest_api),
        read::<GetExport>(get_export),
        write::<CreateResource>(create_resource),
        read::<GetResource>(get_resource),
        read::<GetResources>(get_resources),
        write::<UpdateResource>(update_resource),
        write::<DeleteResource>(delete_resource),
        write::<PutMethod>(put_method),
        read::<GetMethod>(get_method),
        write::<UpdateMethod>(update_method),
        write::<DeleteMethod>(delete_method),
        write::<PutMethodResponse>(put_method_response),
        read::<GetMethodResponse>(get_method_response),
        write::<UpdateMethodResponse>(update_method_response),
        write::<DeleteMethodResponse>(delete_method_response),
        write::<PutIntegration>(put_integration),
        read::<GetIntegration>(get_integration),
        write::<UpdateIntegration>(update_integration),
        write::<DeleteIntegration>(delete_integration),
        write::<PutIntegrationResponse>(put_integration_response),
        read::<GetIntegrationResponse>(get_integration_response),
        write::<UpdateIntegrationResponse>(update_integration_response),
        write::<DeleteIntegrationResponse>(delete_integration_response),
        write::<CreateDeployment>(create_deployment),
        read::<GetDeployment>(get_deployment),
        read::<GetDeployments>(get_deployments),
        write::<UpdateDeployment>(update_deployment),
        write::<DeleteDeployment>(delete_deployment),
        write::<CreateStage>(create_stage),
        read::<GetStage>(get_stage),
        read::<GetStages>(get_stages),
        write::<UpdateStage>(update_stage),
        write::<DeleteStage>(delete_stage),
        write::<CreateRequestValidator>(create_request_validator),
        read::<GetRequestValidator>(get_request_validator),
        read::<GetRequestValidators>(get_request_validators),
        write::<UpdateRequestValidator>(update_request_validator),
        write::<DeleteRequestValidator>(delete_request_validator),
        write::<CreateModel>(create_model),
        read::<GetModel>(get_model),
        read::<GetModels>(get_models),
        write::<UpdateModel>(update_model),
        write::<DeleteModel>(delete_model),
        write::<PutGatewayResponse>(put_gateway_response),
        read::<GetGatewayResponse>(get_gateway_response),
        read::<GetGatewayResponses>(get_gateway_responses),
        write::<UpdateGatewayResponse>(update_gateway_response),
        write::<DeleteGatewayResponse>(delete_gateway_response),
        write::<CreateAuthorizer>(create_authorizer),
        read::<GetAuthorizer>(get_authorizer),
        read::<GetAuthorizers>(get_authorizers),
        write::<UpdateAuthorizer>(update_authorizer),
        write::<DeleteAuthorizer>(delete_authorizer),
        write::<CreateApiKey>(create_api_key),
        read::<GetApiKey>(get_api_key),
        read::<GetApiKeys>(get_api_keys),
        write::<UpdateApiKey>(update_api_key),
        write::<DeleteApiKey>(delete_api_key),
        write::<CreateUsagePlan>(create_usage_plan),
        read::<GetUsagePlan>(get_usage_plan),
        read::<GetUsagePlans>(get_usage_plans),
        write::<UpdateUsagePlan>(update_usage_plan),
        write::<DeleteUsagePlan>(delete_usage_plan),
        write::<CreateUsagePlanKey>(create_usage_plan_key),
        read::<GetUsagePlanKey>(get_usage_plan_key),
        read::<GetUsagePlanKeys>(get_usage_plan_keys),
        write::<DeleteUsagePlanKey>(delete_usage_plan_key),
        write::<CreateDomainName>(create_domain_name),
        read::<GetDomainName>(get_domain_name),
        read::<GetDomainNames>(get_domain_names),
        write::<UpdateDomainName>(update_domain_name),
        write::<DeleteDomainName>(delete_domain_name),
        write::<CreateBasePathMapping>(create_base_path_mapping),
        read::<GetBasePathMapping>(get_base_path_mapping),
        read::<GetBasePathMappings>(get_base_path_mappings),
        write::<UpdateBasePathMapping>(update_base_path_mapping),
        write::<DeleteBasePathMapping>(delete_base_path_mapping),
        write::<CreateDocumentationPart>(create_documentation_part),
        read::<GetDocumentationPart>(get_documentation_part),
        read::<GetDocumentationParts>(get_documentation_parts),
        write::<UpdateDocumentationPart>(update_documentation_part),
        write::<DeleteDocumentationPart>(delete_documentation_part),
        write::<CreateDocumentationVersion>(create_documentation_version),
        read::<GetDocumentationVersion>(get_documentation_version),
        read::<GetDocumentationVersions>(get_documentation_versions),
        write::<UpdateDocumentationVersion>(update_documentation_version),
        write::<DeleteDocumentationVersion>(delete_documentation_version),
        write::<TagResource>(tag_resource),
        write::<UntagResource>(untag_resource),
        read::<GetTags>(get_tags),
        read::<GetAccount>(get_account),
        write::<UpdateAccount>(update_account),
        task::<TestInvokeMethod, _>(test_invoke_method),
    ]
}
