//! The operations that are built.

use crate::api::*;
use crate::authorizer::*;
use crate::deployment::*;
use crate::document::*;
use crate::domain_name::*;
use crate::integration::*;
use crate::route::*;
use crate::stage::*;
use crate::tags::*;
use kogumo_door::{Op, read, write};
use kogumo_model::apigatewayv2::*;

/// One line for each operation; everything else of the service answers that it is not built.
pub fn ops() -> Vec<Op> {
    vec![
        write::<CreateApi>(create_api),
        read::<GetApi>(get_api),
        read::<GetApis>(get_apis),
        write::<UpdateApi>(update_api),
        write::<DeleteApi>(delete_api),
        write::<ImportApi>(import_api),
        write::<ReimportApi>(reimport_api),
        write::<DeleteCorsConfiguration>(delete_cors_configuration),
        write::<CreateRoute>(create_route),
        read::<GetRoute>(get_route),
        read::<GetRoutes>(get_routes),
        write::<UpdateRoute>(update_route),
        write::<DeleteRoute>(delete_route),
        write::<CreateIntegration>(create_integration),
        read::<GetIntegration>(get_integration),
        read::<GetIntegrations>(get_integrations),
        write::<UpdateIntegration>(update_integration),
        write::<DeleteIntegration>(delete_integration),
        write::<CreateStage>(create_stage),
        read::<GetStage>(get_stage),
        read::<GetStages>(get_stages),
        write::<UpdateStage>(update_stage),
        write::<DeleteStage>(delete_stage),
        write::<CreateDeployment>(create_deployment),
        read::<GetDeployment>(get_deployment),
        read::<GetDeployments>(get_deployments),
        write::<DeleteDeployment>(delete_deployment),
        write::<CreateAuthorizer>(create_authorizer),
        read::<GetAuthorizer>(get_authorizer),
        read::<GetAuthorizers>(get_authorizers),
        write::<UpdateAuthorizer>(update_authorizer),
        write::<DeleteAuthorizer>(delete_authorizer),
        write::<CreateDomainName>(create_domain_name),
        read::<GetDomainName>(get_domain_name),
        read::<GetDomainNames>(get_domain_names),
        write::<UpdateDomainName>(update_domain_name),
        write::<DeleteDomainName>(delete_domain_name),
        write::<CreateApiMapping>(create_api_mapping),
        read::<GetApiMapping>(get_api_mapping),
        read::<GetApiMappings>(get_api_mappings),
        write::<UpdateApiMapping>(update_api_mapping),
        write::<DeleteApiMapping>(delete_api_mapping),
        write::<TagResource>(tag_resource),
        write::<UntagResource>(untag_resource),
        read::<GetTags>(get_tags),
    ]
}
