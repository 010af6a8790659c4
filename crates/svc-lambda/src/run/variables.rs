//! The environment variables of a function. Pure.
//! Source: "Defined runtime environment variables" of the developer guide.

use kogumo_base::Scope;

use super::credentials::Credentials;
use crate::record::Version;

/// What the variables are made of.
pub struct Facts<'a> {
    pub scope: &'a Scope,
    pub name: &'a str,
    pub version: &'a Version,
    pub credentials: &'a Credentials,
    pub log_stream: &'a str,
    /// `host:port` of the Runtime API.
    pub runtime_api: &'a str,
    /// Where this cloud answers.
    pub endpoint: &'a str,
    /// What leads to the certificates to trust.
    pub trust: &'a [(String, String)],
    /// What the runtime itself sets.
    pub runtime: &'a [(String, String)],
}

/// All of them: first those that a function may set otherwise, then its own, then those that it may not.
pub fn variables(facts: &Facts) -> Vec<(String, String)> {
    let settings = &facts.version.settings;
    let memory = settings.memory.to_string();
    let libraries = "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib";
    let changeable = [
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("LD_LIBRARY_PATH", libraries),
        ("AWS_ENDPOINT_URL", facts.endpoint),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
    ];
    let fixed = [
        ("_HANDLER", settings.handler.as_str()),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("AWS_REGION", &facts.scope.region),
        ("AWS_DEFAULT_REGION", &facts.scope.region),
        ("AWS_EXECUTION_ENV", &format!("AWS_Lambda_{}", settings.runtime)),
        ("AWS_LAMBDA_FUNCTION_NAME", facts.name),
        ("AWS_LAMBDA_FUNCTION_VERSION", &facts.version.version),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &settings.logging.group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", facts.log_stream),
        ("AWS_LAMBDA_LOG_FORMAT", if settings.logging.json { "JSON" } else { "Text" }),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_RUNTIME_API", facts.runtime_api),
        ("AWS_ACCESS_KEY_ID", &facts.credentials.access_key),
        ("AWS_SECRET_ACCESS_KEY", &facts.credentials.secret_key),
        ("AWS_SESSION_TOKEN", &facts.credentials.token),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut all: Vec<(String, String)> = changeable.into_iter().map(owned).collect();
    all.extend(facts.trust.iter().chain(facts.runtime).cloned());
    all.extend(
        settings.logging.application_level.iter().map(|level| ("AWS_LAMBDA_LOG_LEVEL".to_owned(), level.clone())),
    );
    all.extend(settings.environment.iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    all.extend(fixed.into_iter().map(owned));
    all
}

/// `2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef`: the stream that one environment logs to.
pub fn log_stream(now: kogumo_base::Timestamp, version: &str) -> String {
    format!("{}/[{version}]{}", now.format("%Y/%m/%d"), kogumo_base::hex_id(32))
}

#[cfg(test)]
mod tests {
    use kogumo_base::Timestamp;
    use kogumo_door::Caller;

    use super::*;

    #[test]
    fn later_ones_win() {
        let mut version = Version { version: "3".into(), ..Version::default() };
        version.settings.runtime = "python3.7".into();
        version.settings.environment =
            Some([("TZ", "Asia/Tokyo"), ("X", "1")].map(|(k, v)| (k.into(), v.into())).into());
        let credentials = Credentials {
            access_key: "ASIA".into(),
            secret_key: "secret".into(),
            token: "token".into(),
            expires: Timestamp(0),
            caller: Caller::root("0", "r"),
        };
        let all = variables(&Facts {
            scope: &Scope::new("000000000000", "ap-northeast-1"),
            name: "f",
            version: &version,
            credentials: &credentials,
            log_stream: "s",
            runtime_api: "127.0.0.1:1",
            endpoint: "http://127.0.0.1:4566",
            trust: &[],
            runtime: &[("PYTHONPATH".into(), "/var/runtime".into())],
        });
        let last = |name: &str| all.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(last("TZ"), Some("Asia/Tokyo"));
        assert_eq!(last("X"), Some("1"));
        assert_eq!(last("AWS_REGION"), Some("ap-northeast-1"));
        assert_eq!(last("AWS_EXECUTION_ENV"), Some("AWS_Lambda_python3.7"));
        assert_eq!(last("AWS_SESSION_TOKEN"), Some("token"));
    }

    #[test]
    fn streams_are_named_by_day_and_version() {
        let stream = log_stream(Timestamp(0), "$LATEST");
        assert!(stream.starts_with("1970/01/01/[$LATEST]") && stream.len() == 20 + 32, "{stream}");
    }
}
