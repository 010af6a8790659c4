//! What a function's settings may be: pure rules over what `CreateFunction` and `UpdateFunctionConfiguration` ask for.

use std::collections::BTreeMap;

use kogumo_model::lambda::*;
use kogumo_sandbox::runtime::Kind;
use kogumo_wire::Fault;

use crate::faults;
use crate::record::{Logging, Settings};

/// Variables that Lambda sets itself. Source: "Defined runtime environment variables" of the developer guide.
const RESERVED: [&str; 19] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
    "AWS_LAMBDA_METADATA_API",
];
const ENVIRONMENT_LIMIT: usize = 4096;
/// The model's limits are wider than those of functions.
const MOST_MEMORY: i32 = 10_240;
const MOST_SECONDS: i32 = 900;
const MOST_STORAGE: i32 = 10_240;
pub const MOST_LAYERS: usize = 5;

/// What a caller asks for; `None` leaves a setting as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub runtime: Option<String>,
    pub role: Option<String>,
    pub handler: Option<String>,
    pub description: Option<String>,
    pub timeout: Option<i32>,
    pub memory_size: Option<i32>,
    pub environment: Option<Environment>,
    pub dead_letter_config: Option<DeadLetterConfig>,
    pub tracing_config: Option<TracingConfig>,
    pub ephemeral_storage: Option<EphemeralStorage>,
    pub logging_config: Option<LoggingConfig>,
    pub architectures: Option<Vec<String>>,
    unbuilt: Unbuilt,
}

/// Settings of what isn't built: asking for one is refused, and none is stored and then ignored.
#[derive(Clone, Debug, Default)]
struct Unbuilt(Vec<&'static str>);

impl Unbuilt {
    fn of(asked: &[(&'static str, bool)]) -> Unbuilt {
        Unbuilt(asked.iter().filter(|(_, asked)| *asked).map(|(name, _)| *name).collect())
    }
}

fn some_subnet(config: Option<&VpcConfig>) -> bool {
    let full = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    config.is_some_and(|config| full(&config.subnet_ids) || full(&config.security_group_ids))
}

fn snaps(config: Option<&SnapStart>) -> bool {
    config.and_then(|config| config.apply_on.as_deref()).is_some_and(|on| on != "None")
}

fn some_text(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

impl From<&CreateFunctionRequest> for Change {
    fn from(input: &CreateFunctionRequest) -> Change {
        let input = input.clone();
        Change {
            unbuilt: Unbuilt::of(&[
                ("VpcConfig", some_subnet(input.vpc_config.as_ref())),
                ("SnapStart", snaps(input.snap_start.as_ref())),
                ("FileSystemConfigs", input.file_system_configs.is_some_and(|list| !list.is_empty())),
                ("KMSKeyArn", some_text(input.kms_key_arn.as_ref())),
                ("PackageType Image", input.package_type.as_deref() == Some("Image")),
                ("ImageConfig", input.image_config.is_some()),
                ("CodeSigningConfigArn", some_text(input.code_signing_config_arn.as_ref())),
                ("TenancyConfig", input.tenancy_config.is_some()),
                ("CapacityProviderConfig", input.capacity_provider_config.is_some()),
                ("DurableConfig", input.durable_config.is_some()),
                ("RuntimeConfig", input.runtime_config.is_some()),
                ("AcceleratorConfig", input.accelerator_config.is_some()),
                ("PublishTo", input.publish_to.is_some()),
            ]),
            runtime: input.runtime,
            role: Some(input.role),
            handler: input.handler,
            description: input.description,
            timeout: input.timeout,
            memory_size: input.memory_size,
            environment: input.environment,
            dead_letter_config: input.dead_letter_config,
            tracing_config: input.tracing_config,
            ephemeral_storage: input.ephemeral_storage,
            logging_config: input.logging_config,
            architectures: input.architectures,
        }
    }
}

impl From<&UpdateFunctionConfigurationRequest> for Change {
    fn from(input: &UpdateFunctionConfigurationRequest) -> Change {
        let input = input.clone();
        Change {
            unbuilt: Unbuilt::of(&[
                ("VpcConfig", some_subnet(input.vpc_config.as_ref())),
                ("SnapStart", snaps(input.snap_start.as_ref())),
                ("FileSystemConfigs", input.file_system_configs.is_some_and(|list| !list.is_empty())),
                ("KMSKeyArn", some_text(input.kms_key_arn.as_ref())),
                ("ImageConfig", input.image_config.is_some()),
                ("CapacityProviderConfig", input.capacity_provider_config.is_some()),
                ("DurableConfig", input.durable_config.is_some()),
                ("RuntimeConfig", input.runtime_config.is_some()),
                ("AcceleratorConfig", input.accelerator_config.is_some()),
            ]),
            runtime: input.runtime,
            role: input.role,
            handler: input.handler,
            description: input.description,
            timeout: input.timeout,
            memory_size: input.memory_size,
            environment: input.environment,
            dead_letter_config: input.dead_letter_config,
            tracing_config: input.tracing_config,
            ephemeral_storage: input.ephemeral_storage,
            logging_config: input.logging_config,
            architectures: None,
        }
    }
}

/// The settings of a function called `name` before anybody has asked for anything.
pub fn initial(name: &str) -> Settings {
    Settings {
        timeout: 3,
        memory: 128,
        ephemeral_storage: 512,
        architectures: vec!["x86_64".to_owned()],
        tracing: "PassThrough".to_owned(),
        logging: Logging { group: format!("/aws/lambda/{name}"), ..Logging::default() },
        ..Settings::default()
    }
}

impl Change {
    /// The settings after the change.
    ///
    /// # Errors
    /// What Lambda refuses, and what isn't built.
    pub fn apply(&self, to: &Settings) -> Result<Settings, Fault> {
        if let Some(name) = self.unbuilt.0.first() {
            return Err(Fault::not_implemented(&format!("{name} of a Lambda function")));
        }
        let mut settings = to.clone();
        set(&mut settings.runtime, &self.runtime);
        set(&mut settings.role, &self.role);
        set(&mut settings.handler, &self.handler);
        set(&mut settings.description, &self.description);
        set(&mut settings.timeout, &self.timeout);
        set(&mut settings.memory, &self.memory_size);
        set(&mut settings.architectures, &self.architectures);
        set(&mut settings.ephemeral_storage, &self.ephemeral_storage.as_ref().map(|storage| storage.size));
        set(&mut settings.tracing, &self.tracing_config.as_ref().and_then(|config| config.mode.clone()));
        if let Some(config) = &self.dead_letter_config {
            settings.dead_letter = config.target_arn.clone().filter(|arn| !arn.is_empty());
        }
        if let Some(environment) = &self.environment {
            let variables = environment.variables.clone().unwrap_or_default();
            check_environment(&variables)?;
            settings.environment = Some(variables).filter(|variables| !variables.is_empty());
        }
        if let Some(config) = &self.logging_config {
            settings.logging = logging(config, &settings.logging)?;
        }
        check(&settings)?;
        Ok(settings)
    }
}

fn set<T: Clone>(setting: &mut T, asked: &Option<T>) {
    if let Some(asked) = asked {
        setting.clone_from(asked);
    }
}

/// The identifiers that Lambda knows.
const RUNTIMES: [&str; 52] = [
    "nodejs",
    "nodejs4.3",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "java8",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "nodejs4.3-edge",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
    "provided",
    "provided.al2",
    "provided.al2023",
    "nodejs26.x",
    "python3.15",
    "java8.al2023",
    "java11.al2023",
    "java17.al2023",
    "custom",
];

fn check(settings: &Settings) -> Result<(), Fault> {
    if settings.runtime.is_empty() || settings.handler.is_empty() {
        return Err(faults::invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    }
    if !RUNTIMES.contains(&settings.runtime.as_str()) {
        return Err(faults::invalid(format!(
            "Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a valid ARN",
            settings.runtime,
            RUNTIMES.join(", ")
        )));
    }
    if Kind::of(&settings.runtime).is_none() {
        return Err(Fault::not_implemented(&format!("The Lambda runtime {}", settings.runtime)));
    }
    let limits = [
        ("timeout", settings.timeout, MOST_SECONDS),
        ("memorySize", settings.memory, MOST_MEMORY),
        ("ephemeralStorage.size", settings.ephemeral_storage, MOST_STORAGE),
    ];
    let violations: Vec<String> = limits
        .into_iter()
        .filter(|(_, value, most)| value > most)
        .map(|(name, value, most)| {
            format!(
                "Value '{value}' at '{name}' failed to satisfy constraint: Member must have value less than or equal to {most}"
            )
        })
        .collect();
    if violations.is_empty() {
        return Ok(());
    }
    let plural = if violations.len() == 1 { "" } else { "s" };
    let count = violations.len();
    Err(Fault::validation(format!("{count} validation error{plural} detected: {}", violations.join("; "))))
}

fn check_environment(variables: &BTreeMap<String, String>) -> Result<(), Fault> {
    const UNABLE: &str =
        "Lambda was unable to configure your environment variables because the environment variables you have provided";
    let reserved: Vec<&str> = RESERVED.into_iter().filter(|name| variables.contains_key(*name)).collect();
    if !reserved.is_empty() {
        return Err(faults::invalid(format!(
            "{UNABLE} contains reserved keys that are currently not supported for modification. \
             Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    let measured = serde_json::to_string(variables).unwrap_or_default();
    if measured.len() > ENVIRONMENT_LIMIT {
        return Err(faults::invalid(format!("{UNABLE} exceeded the 4KB limit. String measured: {measured}")));
    }
    Ok(())
}

fn logging(config: &LoggingConfig, before: &Logging) -> Result<Logging, Fault> {
    let json = config.log_format.as_deref().map_or(before.json, |format| format == "JSON");
    if !json && (config.application_log_level.is_some() || config.system_log_level.is_some()) {
        return Err(faults::invalid(
            "To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to JSON in the LoggingConfig parameter",
        ));
    }
    let level = |asked: &Option<String>, before: &Option<String>| {
        let level = asked.clone().or_else(|| before.clone()).unwrap_or_else(|| "INFO".to_owned());
        json.then_some(level)
    };
    Ok(Logging {
        json,
        application_level: level(&config.application_log_level, &before.application_level),
        system_level: level(&config.system_log_level, &before.system_level),
        group: config.log_group.clone().unwrap_or_else(|| before.group.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Change {
        Change { runtime: Some("python3.12".into()), handler: Some("a.b".into()), ..Change::default() }
    }

    fn apply(change: &Change) -> Result<Settings, String> {
        change.apply(&initial("f")).map_err(|fault| fault.message)
    }

    #[test]
    fn what_nobody_asks_for_is_as_documented() {
        let settings = apply(&change()).expect("fine");
        assert_eq!((settings.timeout, settings.memory, settings.ephemeral_storage), (3, 128, 512));
        assert_eq!(settings.logging.group, "/aws/lambda/f");
    }

    #[test]
    fn runtime_and_handler_are_needed() {
        let refused = apply(&Change { handler: None, ..change() });
        assert!(refused.is_err_and(|why| why.starts_with("Runtime and Handler are mandatory")));
        let refused = apply(&Change { runtime: Some("java21".into()), ..change() });
        assert!(refused.is_err_and(|why| why.contains("java21 is not implemented")));
    }

    #[test]
    fn limits_are_told_together() {
        let refused = apply(&Change { timeout: Some(901), memory_size: Some(10_241), ..change() });
        let why = "2 validation errors detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value \
                   less than or equal to 900; Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value \
                   less than or equal to 10240";
        assert_eq!(refused, Err(why.to_owned()));
        assert!(apply(&Change { timeout: Some(900), memory_size: Some(10_240), ..change() }).is_ok());
    }

    #[test]
    fn environment_variables() {
        let with = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            apply(&Change { environment: Some(Environment { variables: Some(variables) }), ..change() })
        };
        assert_eq!(with(&[("A", "1")]).expect("fine").environment.expect("some").len(), 1);
        assert_eq!(with(&[]).expect("fine").environment, None);
        assert!(with(&[("AWS_REGION", "x")]).is_err_and(|why| why.ends_with("in this request: AWS_REGION")));
        assert!(with(&[("A", &"x".repeat(4096))]).is_err_and(|why| why.contains("exceeded the 4KB limit")));
    }

    #[test]
    fn log_levels_need_json() {
        let config = |format: &str, level: Option<&str>| LoggingConfig {
            log_format: Some(format.into()),
            application_log_level: level.map(str::to_owned),
            ..LoggingConfig::default()
        };
        let with = |config| apply(&Change { logging_config: Some(config), ..change() });
        assert!(with(config("Text", Some("DEBUG"))).is_err());
        let logging = with(config("JSON", Some("DEBUG"))).expect("fine").logging;
        assert_eq!(
            (logging.application_level.as_deref(), logging.system_level.as_deref()),
            (Some("DEBUG"), Some("INFO"))
        );
    }

    #[test]
    fn what_is_not_built_is_refused() {
        let input = CreateFunctionRequest {
            vpc_config: Some(VpcConfig { subnet_ids: Some(vec!["subnet-1".into()]), ..VpcConfig::default() }),
            ..CreateFunctionRequest::default()
        };
        assert!(apply(&Change::from(&input)).is_err_and(|why| why.contains("VpcConfig of a Lambda function")));
    }
}
