//! Mapping templates that people really have.

use kogumo_vtl::Template;
use kogumo_vtl::api_gateway::{Mapped, Mapping, Parameters};
use serde_json::{Value, json};

const BODY: &str = r#"{"input_text": "こんにちは", "n": 1.5, "tags": ["a", "b"], "nested": {"q": "it's"}}"#;

fn map(source: &str, body: &str) -> Mapped {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let context = json!({"httpMethod": "GET", "stage": "dev", "identity": {"sourceIp": "127.0.0.1"}});
    let stage_variables = json!({"table": "history"});
    Mapping {
        body,
        parameters: Parameters {
            path: vec![pair("id", "7")],
            querystring: vec![pair("q", "a b"), pair("id", "shadowed")],
            header: vec![pair("X-Api", "h")],
        },
        context: context.as_object().cloned().unwrap_or_default(),
        stage_variables: stage_variables.as_object().cloned().unwrap_or_default(),
    }
    .render(&Template::parse(source).expect(source))
    .expect(source)
}

fn text(source: &str) -> String {
    map(source, BODY).text
}

#[test]
fn input() {
    assert_eq!(text("$input.json('$.tags')"), r#"["a","b"]"#);
    assert_eq!(text("$input.json('$.input_text')"), "\"こんにちは\"");
    assert_eq!(text("$input.json('$.absent')"), "\"\"");
    assert_eq!(text("$input.path('$.input_text') $input.path('$.n')"), "こんにちは 1.5");
    assert_eq!(text("$input.path('$.tags')"), r#"["a","b"]"#);
    assert_eq!(text("$input.path('$.nested')"), "{q=it's}");
    assert_eq!(text("[$input.path('$.absent')$input.path('$').absent.deeper]"), "[]");
    assert_eq!(text("$input.body"), BODY);
    assert_eq!(
        text("$input.params('id') $input.params('q') $input.params('X-Api') [$input.params('no')]"),
        "7 a b h []"
    );
    assert_eq!(text("$input.params().querystring.q $input.params().get('path').get('id')"), "a b 7");
    assert_eq!(map("$input.json('$') [$input.path('$')]", "").text, "{} []");
    assert_eq!(map("$input.path('$')", "plain text").text, "plain text");
}

#[test]
fn util_and_context() {
    assert_eq!(text("$util.escapeJavaScript($input.path('$.nested.q'))"), r"it\'s");
    assert_eq!(text("$util.urlEncode('a b') $util.urlDecode('a+b')"), "a+b a b");
    assert_eq!(text("$util.base64Decode($util.base64Encode('雲'))"), "雲");
    assert_eq!(text("$util.parseJson('{\"a\":[1]}').a[0]"), "1");
    assert_eq!(
        text("$context.stage $context.identity.sourceIp ${stageVariables.table}$stageVariables['table']"),
        "dev 127.0.0.1 historyhistory"
    );
    assert_eq!(text("[$context.nope $undefined]"), "[ ]");
}

#[test]
fn overrides() {
    let mapped = map(
        "#set($context.responseOverride.status = 404)#set($context.responseOverride.header.X-Why = 'none')\
         #set($context.requestOverride.path.id = $input.params('q'))",
        BODY,
    );
    assert_eq!(Value::Object(mapped.response_override), json!({"header": {"X-Why": "none"}, "status": 404}));
    assert_eq!(Value::Object(mapped.request_override), json!({"header": {}, "path": {"id": "a b"}, "querystring": {}}));
}

/// The method request passthrough of AWS's console.
#[test]
fn passthrough_of_everything() {
    let source = r##"#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"context" : { "stage" : "$context.stage", "user" : "$context.identity.user" }
}"##;
    let json: Value = serde_json::from_str(&text(source)).expect("JSON");
    assert_eq!(
        json["params"],
        json!({"path": {"id": "7"}, "querystring": {"q": "a b", "id": "shadowed"}, "header": {"X-Api": "h"}})
    );
    assert_eq!(json["body-json"], serde_json::from_str::<Value>(BODY).expect("JSON"));
    assert_eq!(json["context"], json!({"stage": "dev", "user": ""}));
}

/// A definition that is rendered once for each map, in the way deployment frameworks write it.
#[test]
fn definitions_see_the_variables_of_the_moment() {
    let source = r##"#define( $loop ) {
#foreach($key in $map.keySet())
"$util.escapeJavaScript($key)": "$util.escapeJavaScript($map.get($key))"#if( $foreach.hasNext ),#end
#end
} #end
{ #set( $map = $input.params().path ) "path": $loop,
  #set( $map = $input.params().header ) "headers": $loop }"##;
    let json: Value = serde_json::from_str(&text(source)).expect("JSON");
    assert_eq!(json, json!({"path": {"id": "7"}, "headers": {"X-Api": "h"}}));
}

#[test]
fn a_list_of_objects() {
    let body = r#"{"Items": [{"id": {"S": "1"}}, {"id": {"S": "2"}}]}"#;
    let source = "#set($inputRoot = $input.path('$'))[#foreach($elem in $inputRoot.Items){\"id\": \"$elem.id.S\"}#if($foreach.hasNext),#end#end]";
    assert_eq!(map(source, body).text, r#"[{"id": "1"},{"id": "2"}]"#);
}
