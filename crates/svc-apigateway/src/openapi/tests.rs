//! Documents as SAM, CDK and people write them.

use super::*;
use serde_json::json;

fn read(document: Json) -> Imported {
    over(document, &Definition::default(), Mode::Overwrite)
}

fn over(document: Json, existing: &Definition, mode: Mode) -> Imported {
    let mut count = existing.resources.len() * 100;
    let mut new_id = || {
        count += 1;
        format!("id{count}")
    };
    import(&document, existing, mode, BasePath::Ignore, &mut new_id).expect("a document")
}

/// What the SAM translator makes of an `Api` with `Cors` and one function.
fn sam() -> Json {
    json!({
        "swagger": "2.0", "info": {"title": "translate", "version": "1.0"},
        "paths": {"/translate": {
            "get": {
                "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"},
                "responses": {}
            },
            "options": {
                "summary": "CORS support", "consumes": ["application/json"], "produces": ["application/json"],
                "x-amazon-apigateway-integration": {
                    "type": "mock", "requestTemplates": {"application/json": "{\n  \"statusCode\" : 200\n}\n"},
                    "responses": {"default": {
                        "statusCode": "200",
                        "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
                        "responseTemplates": {"application/json": "{}\n"}
                    }}
                },
                "responses": {"200": {"description": "Default response for CORS method", "headers": {"Access-Control-Allow-Origin": {"type": "string"}}}}
            }
        }}
    })
}

#[test]
fn what_sam_makes() {
    let imported = read(sam());
    assert_eq!(imported.name.as_deref(), Some("translate"));
    let resource = imported.definition.resource_at("/translate").expect("a resource");
    let get = resource.methods["GET"].integration.as_ref().expect("an integration");
    assert_eq!((get.kind.as_str(), get.timeout_in_millis), ("AWS_PROXY", 29_000));
    let options = &resource.methods["OPTIONS"];
    assert_eq!(
        options.responses["200"].response_parameters["method.response.header.Access-Control-Allow-Origin"],
        false
    );
    let mock = options.integration.as_ref().expect("an integration");
    assert_eq!(mock.responses["200"].selection_pattern, None);
}

#[test]
fn overwriting_keeps_ids_and_drops_the_rest() {
    let first = read(sam()).definition;
    let mut document = sam();
    document["paths"] = json!({"/translate": document["paths"]["/translate"], "/a/{b}/{c+}": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": {"type": "mock"}}}});
    let second = over(document, &first, Mode::Overwrite).definition;
    assert_eq!(second.root_id(), first.root_id());
    let id = |definition: &Definition| definition.resource_at("/translate").map(|resource| resource.id.clone());
    assert_eq!(id(&first), id(&second));
    assert!(second.resource_at("/a/{b}/{c+}").is_some_and(|resource| resource.methods.contains_key("ANY")));
    let third = over(json!({"swagger": "2.0", "paths": {}}), &second, Mode::Overwrite).definition;
    assert_eq!(third.resources.len(), 1);
    let merged = over(json!({"swagger": "2.0", "paths": {"/new": {}}}), &second, Mode::Merge).definition;
    assert_eq!(merged.resources.len(), second.resources.len() + 1);
}

#[test]
fn security_models_validators_and_responses() {
    let imported = read(json!({
        "openapi": "3.0.1", "info": {"title": "t"},
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": true, "validateRequestParameters": true}},
        "x-amazon-apigateway-request-validator": "all",
        "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"statusCode": 400, "responseTemplates": {"application/json": "x"}}},
        "components": {
            "schemas": {"Pet": {"type": "object", "properties": {"mother": {"$ref": "#/components/schemas/Pet"}}}},
            "securitySchemes": {
                "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
                "iam": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
                "mine": {"type": "apiKey", "name": "X-Token", "in": "header", "x-amazon-apigateway-authtype": "custom",
                    "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": "arn:x", "authorizerResultTtlInSeconds": 0}}
            }
        },
        "paths": {"/pets": {
            "parameters": [{"name": "X-Trace", "in": "header"}],
            "post": {
                "operationId": "makePet", "security": [{"mine": []}, {"key": []}],
                "parameters": [{"name": "q", "in": "query", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}},
                "x-amazon-apigateway-integration": {"type": "http", "httpMethod": "GET", "uri": "http://h", "passthroughBehavior": "never"}
            },
            "get": {"security": [{"iam": []}], "x-amazon-apigateway-integration": {"type": "mock"}}
        }}
    }));
    let definition = &imported.definition;
    assert_eq!(definition.gateway_responses["DEFAULT_4XX"].status_code.as_deref(), Some("400"));
    assert_eq!(definition.binary_media_types, ["image/png"]);
    let schema = definition.models["Pet"].schema.as_deref().unwrap_or_default();
    assert!(schema.contains("/models/Pet"), "{schema}");
    let methods = &definition.resource_at("/pets").expect("a resource").methods;
    let post = &methods["POST"];
    assert_eq!(
        post.request_parameters,
        [("method.request.header.X-Trace".to_owned(), false), ("method.request.querystring.q".to_owned(), true)].into()
    );
    assert_eq!((post.authorization_type.as_str(), post.api_key_required), ("CUSTOM", true));
    let authorizer = &definition.authorizers[post.authorizer_id.as_deref().unwrap_or_default()];
    assert_eq!(authorizer.identity_source.as_deref(), Some("method.request.header.X-Token"));
    assert_eq!(post.request_models["application/json"], "Pet");
    assert_eq!(post.responses["201"].response_models["application/json"], "Pet");
    assert!(post.request_validator_id.as_ref().is_some_and(|id| definition.validators.contains_key(id)));
    assert_eq!(methods["GET"].authorization_type, "AWS_IAM");
}

#[test]
fn base_paths() {
    let document = json!({"swagger": "2.0", "basePath": "/v1/shop", "paths": {"/pets": {}}});
    for (base_path, path) in
        [(BasePath::Ignore, "/pets"), (BasePath::Prepend, "/v1/shop/pets"), (BasePath::Split, "/shop/pets")]
    {
        let imported =
            import(&document, &Definition::default(), Mode::Overwrite, base_path, &mut rand_id()).expect("a document");
        assert!(imported.definition.resource_at(path).is_some(), "{path}");
    }
}

fn rand_id() -> impl FnMut() -> String {
    let mut count = 0;
    move || {
        count += 1;
        count.to_string()
    }
}

#[test]
fn what_is_no_document_is_refused() {
    for document in [
        json!({}),
        json!([]),
        json!({"swagger": "1.2"}),
        json!({"swagger": "2.0", "paths": {"pets": {}}}),
        json!({"swagger": "2.0", "paths": {"/p ts": {}}}),
        json!({"swagger": "2.0", "paths": {"/p": {"get": {"x-amazon-apigateway-integration": {"type": "nope"}}}}}),
        json!({"swagger": "2.0", "paths": {"/p": {"get": {"x-amazon-apigateway-integration": {"type": "aws"}}}}}),
    ] {
        assert!(
            import(&document, &Definition::default(), Mode::Overwrite, BasePath::Ignore, &mut rand_id()).is_err(),
            "{document}"
        );
    }
}
