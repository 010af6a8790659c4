//! Versions as the API shows them.

use kogumo_base::{Scope, Timestamp};
use kogumo_model::lambda::*;

use crate::name::function_arn;
use crate::record::{Settings, Version};

/// `2026-11-22T15:04:05.000+0000`, as Lambda writes moments.
pub fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S.%3f+0000")
}

/// A version that is ready.
pub fn configuration(scope: &Scope, name: &str, version: &Version) -> FunctionConfiguration {
    let settings = version.settings.clone();
    FunctionConfiguration {
        function_name: Some(name.to_owned()),
        function_arn: Some(version.arn(&function_arn(scope, name))),
        runtime: Some(settings.runtime.clone()),
        role: Some(settings.role.clone()),
        handler: Some(settings.handler.clone()),
        code_size: i64::try_from(version.code.size).ok(),
        description: Some(settings.description.clone()),
        timeout: Some(settings.timeout),
        memory_size: Some(settings.memory),
        last_modified: Some(moment(version.last_modified)),
        code_sha256: Some(version.code.sha256.clone()),
        version: Some(version.version.clone()),
        dead_letter_config: settings.dead_letter.clone().map(|arn| DeadLetterConfig { target_arn: Some(arn) }),
        environment: environment(&settings),
        tracing_config: Some(TracingConfigResponse { mode: Some(settings.tracing.clone()) }),
        revision_id: Some(version.revision_id.clone()),
        layers: layers(&settings),
        state: Some("Active".to_owned()),
        last_update_status: Some("Successful".to_owned()),
        package_type: Some("Zip".to_owned()),
        architectures: Some(settings.architectures.clone()),
        ephemeral_storage: Some(EphemeralStorage { size: settings.ephemeral_storage }),
        snap_start: Some(SnapStartResponse {
            apply_on: Some("None".to_owned()),
            optimization_status: Some("Off".to_owned()),
        }),
        logging_config: Some(logging(&settings)),
        ..FunctionConfiguration::default()
    }
}

/// The same in the answer that makes it: AWS calls it pending there, whatever comes next.
pub fn pending(mut configuration: FunctionConfiguration) -> FunctionConfiguration {
    configuration.state = Some("Pending".to_owned());
    configuration.state_reason = Some("The function is being created.".to_owned());
    configuration.state_reason_code = Some("Creating".to_owned());
    configuration.last_update_status = None;
    configuration
}

/// The same in the answer that changes it.
pub fn in_progress(mut configuration: FunctionConfiguration) -> FunctionConfiguration {
    configuration.last_update_status = Some("InProgress".to_owned());
    configuration.last_update_status_reason = Some("The function is being created.".to_owned());
    configuration.last_update_status_reason_code = Some("Creating".to_owned());
    configuration
}

fn environment(settings: &Settings) -> Option<EnvironmentResponse> {
    let variables = settings.environment.clone()?;
    Some(EnvironmentResponse { variables: Some(variables), error: None })
}

fn layers(settings: &Settings) -> Option<Vec<Layer>> {
    let shown = |layer: &crate::record::Layer| Layer {
        arn: Some(layer.arn.clone()),
        code_size: i64::try_from(layer.code.size).ok(),
        ..Layer::default()
    };
    (!settings.layers.is_empty()).then(|| settings.layers.iter().map(shown).collect())
}

fn logging(settings: &Settings) -> LoggingConfig {
    let logging = &settings.logging;
    LoggingConfig {
        log_format: Some(if logging.json { "JSON" } else { "Text" }.to_owned()),
        application_log_level: logging.application_level.clone(),
        system_log_level: logging.system_level.clone(),
        log_group: Some(logging.group.clone()),
    }
}
