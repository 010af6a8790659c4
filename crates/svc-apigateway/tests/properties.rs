//! Whatever a document or a request holds, there is an answer and never a panic.

use std::sync::Arc;

use kogumo_door::Cloud;
use kogumo_model::apigateway::*;
use proptest::prelude::*;
use serde_json::{Value, json};

thread_local! {
    /// One cloud for all cases of a test; it goes with the test's thread.
    static CLOUD: Arc<Cloud> = kogumo_testkit::cloud(vec![kogumo_svc_apigateway::service()]).expect("a cloud");
}

/// JSON with the names that documents use.
fn documents() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "swagger",
        "openapi",
        "paths",
        "/",
        "/a/{b}",
        "/{c+}",
        "get",
        "x-amazon-apigateway-any-method",
        "responses",
        "200",
        "default",
        "x-amazon-apigateway-integration",
        "type",
        "uri",
        "parameters",
        "in",
        "name",
        "schema",
        "$ref",
        "definitions",
        "components",
        "security",
        "securityDefinitions",
        "x-amazon-apigateway-authorizer",
        "servers",
        "url",
        "basePath",
        "info",
        "title",
    ]);
    let texts = prop::sample::select(vec![
        "2.0",
        "3.0.1",
        "mock",
        "aws",
        "#/definitions/a",
        "#",
        "body",
        "header",
        "http://h/p",
        "",
        "200",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        texts.prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_read_or_refused(mut document in documents(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Value::Object(object) = &mut document {
            object.insert("swagger".into(), json!("2.0"));
            object.insert("info".into(), json!({"title": "t"}));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let client = CLOUD.with(kogumo_testkit::root);
            for body in [document.to_string().into_bytes(), bytes] {
                let input = ImportRestApiRequest { body: body.into(), ..Default::default() };
                if let Ok(api) = client.call::<ImportRestApi>(input).await {
                    let id = api.id.unwrap_or_default();
                    let paths = client.call::<GetResources>(GetResourcesRequest { rest_api_id: id.clone(), ..Default::default() }).await;
                    assert!(paths.is_ok_and(|paths| paths.items.is_some_and(|items| !items.is_empty())));
                    let _ = client.call::<CreateDeployment>(CreateDeploymentRequest { rest_api_id: id.clone(), stage_name: Some("s".into()), ..Default::default() }).await;
                    let export = GetExportRequest { rest_api_id: id, stage_name: "s".into(), export_type: "oas30".into(), ..Default::default() };
                    let _ = client.call::<GetExport>(export).await;
                }
            }
        });
    }
}
