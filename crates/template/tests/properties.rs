//! Nothing that a client sends panics, hangs or grows without bound.

use std::time::Instant;

use kogumo_template::params::{Format, render};
use kogumo_template::{Environment, Template, conditions, evaluate, language_extensions, read, transform};
use proptest::prelude::*;
use serde_json::Value;

/// All that a template goes through before anything is made.
fn drive(text: &str) {
    for format in [Format::Table, Format::Json, Format::Markdown] {
        let _ = render([("f", text)], format);
    }
    let Ok(document) = read(text) else { return };
    let env = Environment::default();
    let _ = transform::embedded(&document.value);
    let _ = language_extensions::transform(&document.value, &env);
    if let Ok(template) = Template::parse(document.value) {
        let conditions = conditions(&template, &env).unwrap_or_default();
        let env = Environment { conditions, ..env };
        for resource in template.resources.values() {
            let _ = evaluate(&resource.properties, &template, &env);
        }
    }
}

/// Pieces that mean something in YAML or in CloudFormation, to be strung together at random.
fn fragment() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        ": ",
        ", ",
        "{",
        "}",
        "[",
        "]",
        "!Ref ",
        "!Sub ",
        "!GetAtt ",
        "!If ",
        "!Cidr ",
        "&a ",
        "*a",
        "<<: *a",
        "|",
        ">-",
        "'",
        "\"",
        "#",
        "?",
        "---",
        "...",
        "%TAG ! x:\n",
        "!!binary ",
        "!<x> ",
        "\t",
        "Resources",
        "Parameters",
        "Type",
        "Properties",
        "AWS::CloudFormation::Stack",
        "Fn::ForEach::X",
        "${A.B}",
        "0x",
        "1_0",
        "-",
        "~",
        "yes",
        "2010-09-09",
        "\u{feff}",
        "\0",
        "あ",
        "\r\n",
    ])
    .prop_map(str::to_owned)
}

fn tree() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "Ref",
        "Fn::GetAtt",
        "Fn::Sub",
        "Fn::Join",
        "Fn::Split",
        "Fn::Select",
        "Fn::If",
        "Fn::Cidr",
        "Fn::FindInMap",
        "Fn::ForEach::L",
        "Fn::Length",
        "Fn::ToJsonString",
        "Fn::Transform",
        "Fn::ImportValue",
        "Fn::GetAZs",
        "Condition",
        "A",
        "Name",
        "Fn::Nope",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", "A", "${A}", "${!A}", "10.0.0.0/8", "A.B", "AWS::NoValue", "{{resolve:ssm:x}}"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..3)
                .prop_map(|all| Value::Object(all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        drive(&text);
    }

    #[test]
    fn fragments_in_any_order(parts in prop::collection::vec(fragment(), 0..60)) {
        drive(&parts.concat());
    }

    #[test]
    fn functions_in_any_shape(properties in tree()) {
        let template = serde_json::json!({
            "Transform": "AWS::LanguageExtensions", "Mappings": {"A": {"A": {"A": "x"}}},
            "Conditions": {"A": {"Fn::Equals": ["a", "b"]}},
            "Resources": {"A": {"Type": "T"}, "R": {"Type": "T", "Properties": {"P": properties}}}});
        drive(&template.to_string());
    }

    #[test]
    fn json_and_yaml_agree(properties in tree()) {
        let json = read(&properties.to_string());
        let yaml = read(&format!("---\n{properties}"));
        prop_assert_eq!(json.map(|d| d.value), yaml.map(|d| d.value));
    }
}

#[test]
fn large_and_hostile_input_is_quick() {
    let quick = |what: &str, text: String| {
        let start = Instant::now();
        drive(&text);
        // Seconds on a busy machine; whatever grows with the square would take many minutes.
        assert!(start.elapsed().as_secs() < 90, "{what}: {:?}", start.elapsed());
    };
    quick("open brackets", "[".repeat(900_000));
    quick("open mappings", "{a: ".repeat(200_000));
    quick("question marks", "? ".repeat(400_000));
    quick("dashes", "- ".repeat(400_000));
    quick("anchors", "&a ".repeat(300_000));
    quick("tags", "!a ".repeat(300_000));
    quick("quotes", "'".repeat(900_000));
    quick("one long line of scalars", format!("[{}]", "a,".repeat(400_000)));
    quick("many keys", (0..80_000).map(|n| format!("k{n}: v\n")).collect());
    quick("variables", format!("Resources: {{A: {{Type: T, Properties: {{X: !Sub '{}'}}}}}}", "${A}".repeat(200_000)));
    quick(
        "unclosed variables",
        format!("Resources: {{A: {{Type: T, Properties: {{X: !Sub '{}'}}}}}}", "${".repeat(400_000)),
    );
    quick("a chain of conditions", {
        let chain: String = (1..20_000).map(|n| format!("  C{n}: !Not [!Condition C{}]\n", n - 1)).collect();
        format!("Conditions:\n  C0: !Equals [a, a]\n{chain}Resources: {{A: {{Type: T}}}}\n")
    });
}
