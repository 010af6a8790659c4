//! Lambda behind the data plane, with a function service that says what it was asked.

use std::net::SocketAddr;
use std::sync::Arc;

use kogumo_door::{Client, Cloud, Context, Entrance, Incoming, Principal, Service, task};
use kogumo_model::apigateway::*;
use kogumo_model::lambda::{self, InvocationRequest, InvocationResponse, Invoke};
use kogumo_wire::{Body, Fault, Request};
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:000000000000:function";

/// Answers by the function's name: `echo` wraps its event, `error` fails, `bad` is no proxy answer,
/// `token` is an authorizer.
async fn invoke(context: Context, input: InvocationRequest) -> Result<InvocationResponse, Fault> {
    assert_eq!(*context.caller.principal, Principal::Service("apigateway.amazonaws.com".into()));
    let source = context.caller.source_arn.clone().unwrap_or_default();
    assert!(source.starts_with("arn:aws:execute-api:ap-northeast-1:000000000000:"), "{source}");
    let event: Value = serde_json::from_slice(&input.payload.unwrap_or_default()).unwrap_or_default();
    let name = input.function_name.rsplit(':').next().unwrap_or_default().to_owned();
    let (failed, answer) = match name.as_str() {
        "echo" => (
            false,
            json!({"statusCode": 201, "headers": {"X-From": "f"}, "body": json!({"event": event, "source": source}).to_string()}),
        ),
        "plain" => (false, event),
        "error" => (true, json!({"errorMessage": "Oops: no such pet", "errorType": "Exception"})),
        "token" => {
            let effect = match event["authorizationToken"].as_str() {
                Some("allow") => "Allow",
                Some("deny") => "Deny",
                _ => return Ok(failure(&json!({"errorMessage": "Unauthorized"}))),
            };
            let statement = json!([{"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}]);
            (
                false,
                json!({"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": statement}, "context": {"n": 1}}),
            )
        }
        "forbidden" => return Err(Fault::access_denied("no permission")),
        _ => (false, json!("not a proxy answer")),
    };
    let error = failed.then(|| "Unhandled".to_owned());
    Ok(InvocationResponse {
        function_error: error,
        payload: Some(answer.to_string().into_bytes().into()),
        ..Default::default()
    })
}

fn failure(answer: &Value) -> InvocationResponse {
    let payload = Some(answer.to_string().into_bytes().into());
    InvocationResponse { function_error: Some("Unhandled".into()), payload, ..Default::default() }
}

struct Api {
    cloud: Arc<Cloud>,
    client: Client,
    id: String,
    root: String,
}

async fn api() -> Api {
    let functions = Service::new(&lambda::SERVICE, vec![task::<Invoke, _>(invoke)]);
    let cloud = kogumo_testkit::cloud(vec![kogumo_svc_apigateway::service(), functions]).expect("a cloud");
    let client = kogumo_testkit::root(&cloud);
    let made = client.call::<CreateRestApi>(CreateRestApiRequest { name: "t".into(), ..Default::default() }).await;
    let made = made.expect("an API");
    Api { cloud, client, id: made.id.unwrap_or_default(), root: made.root_resource_id.unwrap_or_default() }
}

impl Api {
    async fn method(&self, http_method: &str, kind: &str, function: &str, more: PutMethodRequest) {
        let (rest_api_id, resource_id, http_method) = (self.id.clone(), self.root.clone(), http_method.to_owned());
        let authorization_type = more.authorizer_id.as_ref().map_or("NONE", |_| "CUSTOM").to_owned();
        let method = PutMethodRequest {
            rest_api_id: rest_api_id.clone(),
            resource_id: resource_id.clone(),
            http_method: http_method.clone(),
            authorization_type,
            ..more
        };
        self.client.call::<PutMethod>(method).await.expect("a method");
        let integration = PutIntegrationRequest {
            rest_api_id,
            resource_id,
            http_method,
            type_: kind.into(),
            integration_http_method: Some("POST".into()),
            uri: Some(format!("{FUNCTION}:{function}/invocations")),
            ..Default::default()
        };
        self.client.call::<PutIntegration>(integration).await.expect("an integration");
    }

    async fn response(&self, http_method: &str, status: &str, pattern: &str, template: &str) {
        let declared = PutMethodResponseRequest {
            rest_api_id: self.id.clone(),
            resource_id: self.root.clone(),
            http_method: http_method.into(),
            status_code: status.into(),
            ..Default::default()
        };
        self.client.call::<PutMethodResponse>(declared).await.expect("a response");
        let response = PutIntegrationResponseRequest {
            rest_api_id: self.id.clone(),
            resource_id: self.root.clone(),
            http_method: http_method.into(),
            status_code: status.into(),
            selection_pattern: Some(pattern.into()),
            response_templates: Some([("application/json".to_owned(), template.to_owned())].into()),
            ..Default::default()
        };
        self.client.call::<PutIntegrationResponse>(response).await.expect("a response");
    }

    async fn deploy(&self) {
        let input = CreateDeploymentRequest {
            rest_api_id: self.id.clone(),
            stage_name: Some("dev".into()),
            ..Default::default()
        };
        self.client.call::<CreateDeployment>(input).await.expect("a deployment");
    }

    async fn call(&self, method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let mut map = http::HeaderMap::new();
        for (name, value) in headers {
            let name = http::HeaderName::try_from(*name).expect("a name");
            map.append(name, http::HeaderValue::try_from(*value).expect("a value"));
        }
        let incoming = Incoming {
            request: Request {
                method: http::Method::try_from(method).expect("a method"),
                path: format!("/_aws/execute-api/{}/dev/", self.id),
                query: Vec::new(),
                headers: map,
                body: Body::from(kogumo_wire::Bytes::from(body.to_owned())),
            },
            host: "localhost".into(),
            raw_query: query.to_owned(),
            peer: SocketAddr::from(([127, 0, 0, 1], 9)),
            tls: false,
            entrance: Entrance::Port,
        };
        let surfaces = self.cloud.services().iter().flat_map(|service| &service.surfaces);
        let surface = surfaces.into_iter().find(|surface| (surface.claims)(&incoming)).expect("a surface");
        let (parts, body) = (surface.serve)(Arc::clone(&self.cloud), incoming).await.into_parts();
        let text = body.collect(1 << 20).await.expect("a body");
        (parts.status.as_u16(), serde_json::from_slice(&text).unwrap_or_default())
    }
}

#[tokio::test]
async fn a_proxy_integration_gets_the_documented_event() {
    let api = api().await;
    api.method("GET", "AWS_PROXY", "echo", Default::default()).await;
    api.deploy().await;
    let (status, answer) =
        api.call("GET", "input_text=%E3%81%93&a=1&a=2", &[("user-agent", "me"), ("x-a", "1")], "").await;
    assert_eq!(status, 201);
    let event = &answer["event"];
    assert_eq!(event["resource"], "/");
    assert_eq!(event["multiValueQueryStringParameters"], json!({"input_text": ["こ"], "a": ["1", "2"]}));
    assert_eq!(event["headers"]["User-Agent"], "me");
    assert_eq!(event["headers"]["X-Forwarded-For"], "127.0.0.1");
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&Value::Null, &json!(false)));
    let context = &event["requestContext"];
    assert_eq!(
        (&context["stage"], &context["path"], &context["resourcePath"]),
        (&json!("dev"), &json!("/dev/"), &json!("/"))
    );
    assert_eq!(context["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["accountId"], "000000000000");
    assert_eq!(answer["source"], format!("arn:aws:execute-api:ap-northeast-1:000000000000:{}/dev/GET/", api.id));
}

#[tokio::test]
async fn functions_that_fail_are_bad_gateways() {
    let api = api().await;
    for (method, function) in [("GET", "error"), ("POST", "bad"), ("PUT", "forbidden")] {
        api.method(method, "AWS_PROXY", function, Default::default()).await;
    }
    api.deploy().await;
    let message = json!({"message": "Internal server error"});
    assert_eq!(api.call("GET", "", &[], "").await, (502, message.clone()));
    assert_eq!(api.call("POST", "", &[], "").await, (502, message.clone()));
    assert_eq!(api.call("PUT", "", &[], "").await, (500, message));
}

#[tokio::test]
async fn errors_choose_the_response_of_a_custom_integration() {
    let api = api().await;
    for (method, function) in [("GET", "error"), ("POST", "plain")] {
        api.method(method, "AWS", function, Default::default()).await;
        api.response(method, "200", "", "$input.json('$')").await;
        api.response(method, "404", "Oops.*", r#"{"why": $input.json('$.errorMessage')}"#).await;
    }
    api.deploy().await;
    assert_eq!(api.call("GET", "", &[], "").await, (404, json!({"why": "Oops: no such pet"})));
    assert_eq!(api.call("POST", "", &[], r#"{"a": [1]}"#).await, (200, json!({"a": [1]})));
    assert_eq!(api.call("POST", "", &[], "").await, (200, json!({})));
}

#[tokio::test]
async fn a_token_authorizer_decides() {
    let api = api().await;
    let authorizer = CreateAuthorizerRequest {
        rest_api_id: api.id.clone(),
        name: "a".into(),
        type_: "TOKEN".into(),
        authorizer_uri: Some(format!("{FUNCTION}:token/invocations")),
        identity_source: Some("method.request.header.Authorization".into()),
        ..Default::default()
    };
    let id = api.client.call::<CreateAuthorizer>(authorizer).await.expect("an authorizer").id;
    api.method("GET", "AWS_PROXY", "echo", PutMethodRequest { authorizer_id: id, ..Default::default() }).await;
    api.deploy().await;
    let (status, answer) = api.call("GET", "", &[("authorization", "allow")], "").await;
    assert_eq!(status, 201);
    assert_eq!(answer["event"]["requestContext"]["authorizer"], json!({"n": "1", "principalId": "me"}));
    let denied = json!({"Message": "User is not authorized to access this resource with an explicit deny"});
    assert_eq!(api.call("GET", "", &[("authorization", "deny")], "").await, (403, denied));
    assert_eq!(api.call("GET", "", &[("authorization", "x")], "").await, (401, json!({"message": "Unauthorized"})));
    assert_eq!(api.call("GET", "", &[], "").await, (401, json!({"message": "Unauthorized"})));
}
