//! Gateway responses: what a client is told when no integration answers.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use crate::data_plane::mapping::Sources;
use crate::definition::{Definition, GatewayResponse, Strings};
use kogumo_execute_api::context::{Context, ErrorContext};
use kogumo_execute_api::exchange::{Request, Response};

/// Why a request was not answered by its integration. The name is AWS's response type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: &'static Kind,
    pub status: u16,
    pub message: Option<String>,
    pub validation_error: Option<String>,
}

/// A gateway response type with its defaults.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Such as `MISSING_AUTHENTICATION_TOKEN`.
    pub name: &'static str,
    pub status: u16,
    message: Option<&'static str>,
    /// `x-amzn-ErrorType`
    error_type: &'static str,
}

const fn kind(name: &'static str, status: u16, message: &'static str, error_type: &'static str) -> Kind {
    Kind { name, status, message: Some(message), error_type }
}

pub static ACCESS_DENIED: Kind =
    kind("ACCESS_DENIED", 403, "User is not authorized to access this resource", "AccessDeniedException");
pub static API_CONFIGURATION_ERROR: Kind =
    kind("API_CONFIGURATION_ERROR", 500, "Internal server error", "InternalServerErrorException");
pub static AUTHORIZER_CONFIGURATION_ERROR: Kind = Kind {
    name: "AUTHORIZER_CONFIGURATION_ERROR",
    status: 500,
    message: None,
    error_type: "AuthorizerConfigurationException",
};
pub static AUTHORIZER_FAILURE: Kind =
    Kind { name: "AUTHORIZER_FAILURE", status: 500, message: None, error_type: "AuthorizerFailureException" };
pub static BAD_REQUEST_BODY: Kind = kind("BAD_REQUEST_BODY", 400, "Invalid request body", "BadRequestException");
pub static BAD_REQUEST_PARAMETERS: Kind =
    kind("BAD_REQUEST_PARAMETERS", 400, "Missing required request parameters", "BadRequestException");
pub static EXPIRED_TOKEN: Kind =
    kind("EXPIRED_TOKEN", 403, "The security token included in the request is expired", "ExpiredTokenException");
pub static INTEGRATION_FAILURE: Kind =
    kind("INTEGRATION_FAILURE", 504, "Network error communicating with endpoint", "InternalServerErrorException");
pub static INTEGRATION_TIMEOUT: Kind =
    kind("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "InternalServerErrorException");
pub static INVALID_API_KEY: Kind = kind("INVALID_API_KEY", 403, "Forbidden", "ForbiddenException");
pub static INVALID_SIGNATURE: Kind = kind(
    "INVALID_SIGNATURE",
    403,
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    "InvalidSignatureException",
);
pub static MISSING_AUTHENTICATION_TOKEN: Kind =
    kind("MISSING_AUTHENTICATION_TOKEN", 403, "Missing Authentication Token", "MissingAuthenticationTokenException");
pub static QUOTA_EXCEEDED: Kind = kind("QUOTA_EXCEEDED", 429, "Limit Exceeded", "LimitExceededException");
pub static REQUEST_TOO_LARGE: Kind = kind("REQUEST_TOO_LARGE", 413, "Request Too Long", "RequestTooLargeException");
pub static RESOURCE_NOT_FOUND: Kind = kind("RESOURCE_NOT_FOUND", 404, "Not Found", "NotFoundException");
pub static THROTTLED: Kind = kind("THROTTLED", 429, "Too Many Requests", "TooManyRequestsException");
pub static UNAUTHORIZED: Kind = kind("UNAUTHORIZED", 401, "Unauthorized", "UnauthorizedException");
pub static UNSUPPORTED_MEDIA_TYPE: Kind =
    kind("UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type", "BadRequestException");
pub static WAF_FILTERED: Kind = kind("WAF_FILTERED", 403, "Forbidden", "ForbiddenException");

/// Every type but the two `DEFAULT_…` ones, which stand for all of their class.
pub static KINDS: [&Kind; 19] = [
    &ACCESS_DENIED,
    &API_CONFIGURATION_ERROR,
    &AUTHORIZER_CONFIGURATION_ERROR,
    &AUTHORIZER_FAILURE,
    &BAD_REQUEST_BODY,
    &BAD_REQUEST_PARAMETERS,
    &EXPIRED_TOKEN,
    &INTEGRATION_FAILURE,
    &INTEGRATION_TIMEOUT,
    &INVALID_API_KEY,
    &INVALID_SIGNATURE,
    &MISSING_AUTHENTICATION_TOKEN,
    &QUOTA_EXCEEDED,
    &REQUEST_TOO_LARGE,
    &RESOURCE_NOT_FOUND,
    &THROTTLED,
    &UNAUTHORIZED,
    &UNSUPPORTED_MEDIA_TYPE,
    &WAF_FILTERED,
];

/// The template of every response that was not changed.
pub const DEFAULT_TEMPLATE: &str = "{\"message\":$context.error.messageString}";

impl Failure {
    /// With the defaults of its type.
    pub fn new(kind: &'static Kind) -> Self {
        Failure { kind, status: kind.status, message: kind.message.map(str::to_owned), validation_error: None }
    }

    /// With a message of its own.
    pub fn saying(kind: &'static Kind, message: impl Into<String>) -> Self {
        Failure { message: Some(message.into()), ..Failure::new(kind) }
    }

    /// A backend whose answer cannot be used: 502 where the type says 500.
    pub fn bad_gateway() -> Self {
        Failure { status: 502, ..Failure::new(&API_CONFIGURATION_ERROR) }
    }

    /// The response, as the API's own gateway responses have it.
    pub fn response(&self, definition: &Definition, request: &Request, context: &Context) -> Response {
        let context = Context {
            error: Some(ErrorContext {
                message: self.message.clone().unwrap_or_default(),
                response_type: self.kind.name.to_owned(),
                validation_error: self.validation_error.clone(),
            }),
            ..context.clone()
        };
        let class = if self.status >= 500 { "DEFAULT_5XX" } else { "DEFAULT_4XX" };
        let own = [self.kind.name, class].into_iter().find_map(|name| definition.gateway_responses.get(name));
        let mut response = Response { status: self.status, ..Response::default() };
        response.set_header("x-amzn-ErrorType", self.kind.error_type);
        match own {
            Some(own) => self.customise(own, request, &context, &mut response),
            None => {
                response.set_header("Content-Type", "application/json");
                response.body = self.default_body();
            }
        }
        response
    }

    fn default_body(&self) -> Vec<u8> {
        // Denials of authorizers come from another layer of AWS, which writes the name so.
        let name = if self.kind.name == ACCESS_DENIED.name { "Message" } else { "message" };
        serde_json::json!({ name: self.message }).to_string().into_bytes()
    }

    fn customise(&self, own: &GatewayResponse, request: &Request, context: &Context, response: &mut Response) {
        if let Some(status) = own.status_code.as_ref().and_then(|status| status.parse().ok()) {
            response.status = status;
        }
        let sources = Sources {
            path: &Vec::new(),
            query: &request.query,
            headers: &request.headers,
            body: &request.body,
            context,
            response: None,
        };
        let (content_type, template) = choose(&own.response_templates, request);
        response.set_header("Content-Type", content_type);
        response.body = match sources.render(template, &request.body) {
            Ok(mapped) => mapped.text.into_bytes(),
            Err(_) => self.default_body(),
        };
        for (target, expression) in &own.response_parameters {
            if let Some(name) = target.strip_prefix("gatewayresponse.header.") {
                for value in sources.evaluate(expression) {
                    response.set_header(name, value);
                }
            }
        }
    }
}

/// The template for what the client accepts, else JSON, else any.
fn choose<'t>(templates: &'t Strings, request: &Request) -> (&'t str, &'t str) {
    let accepted =
        kogumo_execute_api::exchange::media_type(request.header("accept").and_then(|accept| accept.split(',').next()));
    let found = templates
        .get_key_value(&accepted)
        .or_else(|| templates.get_key_value("application/json"))
        .or_else(|| templates.iter().next());
    found.map_or(("application/json", DEFAULT_TEMPLATE), |(name, template)| (name, template))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(response: &Response) -> &str {
        std::str::from_utf8(&response.body).expect("text")
    }

    #[test]
    fn defaults() {
        let failure = Failure::new(&MISSING_AUTHENTICATION_TOKEN);
        let response = failure.response(&Definition::default(), &Request::default(), &Context::default());
        assert_eq!((response.status, body(&response)), (403, r#"{"message":"Missing Authentication Token"}"#));
        assert_eq!(response.header("X-Amzn-Errortype"), Some("MissingAuthenticationTokenException"));
        let response =
            Failure::bad_gateway().response(&Definition::default(), &Request::default(), &Context::default());
        assert_eq!((response.status, body(&response)), (502, r#"{"message":"Internal server error"}"#));
    }

    #[test]
    fn the_class_is_the_fallback_of_the_type() {
        let strings = |name: &str, value: &str| Strings::from([(name.to_owned(), value.to_owned())]);
        let own = GatewayResponse {
            status_code: Some("418".into()),
            response_parameters: strings("gatewayresponse.header.Access-Control-Allow-Origin", "'*'"),
            response_templates: strings(
                "application/json",
                r#"{"why": $context.error.messageString, "type": "$context.error.responseType"}"#,
            ),
        };
        let definition =
            Definition { gateway_responses: [("DEFAULT_4XX".to_owned(), own)].into(), ..Definition::default() };
        let response = Failure::new(&THROTTLED).response(&definition, &Request::default(), &Context::default());
        assert_eq!(response.status, 418);
        assert_eq!(body(&response), r#"{"why": "Too Many Requests", "type": "THROTTLED"}"#);
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        let response =
            Failure::new(&INTEGRATION_TIMEOUT).response(&definition, &Request::default(), &Context::default());
        assert_eq!((response.status, body(&response)), (504, r#"{"message":"Endpoint request timed out"}"#));
    }
}
