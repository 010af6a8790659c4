//! The intrinsic functions, after the examples of the AWS CloudFormation User Guide.

use std::collections::BTreeMap;

use kogumo_template::{Environment, Need, Physical, Stop, Template, conditions, evaluate, read, rule};
use serde_json::{Map, Value, json};

const HEAD: &str = r#"
Transform: AWS::LanguageExtensions
Parameters:
  Env: {Type: String, Default: dev}
  Subnets: {Type: CommaDelimitedList}
Mappings:
  RegionMap:
    us-east-1: {HVM64: ami-0ff8, Sizes: [s, m], Count: 2}
    eu-west-1: {HVM64: ami-047b}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  NotProd: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Condition NotProd]
  Both: !And [!Condition IsProd, !Condition NotProd]
  East: !Equals [!FindInMap [RegionMap, !Ref 'AWS::Region', Count], 2]
Resources:
  Made: {Type: AWS::S3::Bucket}
  Unmade: {Type: AWS::S3::Bucket}
"#;

fn setting() -> (Template, Environment) {
    let template = Template::parse(read(HEAD).expect("YAML").value).expect("a template");
    let attributes =
        Map::from_iter([("Arn".to_owned(), json!("arn:aws:s3:::made")), ("Outputs.X".to_owned(), json!("ox"))]);
    let mut env = Environment {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        stack_name: "demo".into(),
        stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1".into(),
        notification_arns: vec!["arn:aws:sns:us-east-1:123456789012:t".into()],
        parameters: BTreeMap::from([
            ("Env".to_owned(), json!("dev")),
            ("Subnets".to_owned(), json!(["subnet-1", "subnet-2", "subnet-3"])),
        ]),
        resources: BTreeMap::from([("Made".to_owned(), Physical { reference: json!("made-1"), attributes })]),
        imports: BTreeMap::from([("net-SG".to_owned(), "sg-1".to_owned())]),
        zones: BTreeMap::from([("us-east-1".to_owned(), vec!["us-east-1a".into(), "us-east-1b".into()])]),
        ..Environment::default()
    };
    env.conditions = conditions(&template, &env).expect("conditions");
    (template, env)
}

fn value(yaml: &str) -> Value {
    let (template, env) = setting();
    evaluate(&read(yaml).expect(yaml).value, &template, &env).expect(yaml)
}

fn problem(yaml: &str) -> String {
    let (template, env) = setting();
    match evaluate(&read(yaml).expect(yaml).value, &template, &env) {
        Err(Stop::Problem(problem)) => problem.0,
        other => panic!("{yaml}: {other:?}"),
    }
}

#[test]
fn values() {
    for (yaml, want) in [
        ("!Ref Env", json!("dev")),
        ("!Ref Subnets", json!(["subnet-1", "subnet-2", "subnet-3"])),
        ("!Ref Made", json!("made-1")),
        ("!GetAtt Made.Arn", json!("arn:aws:s3:::made")),
        ("!GetAtt [Made, Outputs.X]", json!("ox")),
        ("!GetAtt [Made, Outputs, X]", json!("ox")),
        ("!Ref AWS::Partition", json!("aws")),
        ("!Ref AWS::URLSuffix", json!("amazonaws.com")),
        ("!Ref AWS::NotificationARNs", json!(["arn:aws:sns:us-east-1:123456789012:t"])),
        ("!Base64 AWS CloudFormation", json!("QVdTIENsb3VkRm9ybWF0aW9u")),
        ("!Join [':', [a, b, c]]", json!("a:b:c")),
        (
            "!Join ['', ['arn:', !Ref 'AWS::Partition', ':s3:::elasticbeanstalk-*-', !Ref 'AWS::AccountId']]",
            json!("arn:aws:s3:::elasticbeanstalk-*-123456789012"),
        ),
        ("!Join ['-', !Ref Subnets]", json!("subnet-1-subnet-2-subnet-3")),
        ("!Join ['', [1, true]]", json!("1true")),
        ("!Split ['|', 'a|b|c']", json!(["a", "b", "c"])),
        ("!Split ['|', 'a||c|']", json!(["a", "", "c", ""])),
        ("!Select ['1', [apples, grapes, oranges]]", json!("grapes")),
        ("!Select [2, !Split [',', 'a,b,c']]", json!("c")),
        ("!Select [0, !GetAZs '']", json!("us-east-1a")),
        ("!GetAZs {Ref: 'AWS::Region'}", json!(["us-east-1a", "us-east-1b"])),
        ("!Select [0, !Cidr ['10.0.0.0/16', 1, 8]]", json!("10.0.0.0/24")),
        ("!FindInMap [RegionMap, !Ref 'AWS::Region', HVM64]", json!("ami-0ff8")),
        ("!FindInMap [RegionMap, us-east-1, Sizes]", json!(["s", "m"])),
        ("!FindInMap [RegionMap, us-east-1, Count]", json!("2")),
        ("!FindInMap [RegionMap, nowhere, HVM64, {DefaultValue: none}]", json!("none")),
        ("!ImportValue {'Fn::Sub': 'net-SG'}", json!("sg-1")),
        (
            "!Sub 'arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${Made}'",
            json!("arn:aws:ec2:us-east-1:123456789012:vpc/made-1"),
        ),
        ("!Sub ['www.${Domain}-${Env}', {Domain: !Ref Made}]", json!("www.made-1-dev")),
        ("!Sub '${Made.Arn}/*${!Literal}'", json!("arn:aws:s3:::made/*${Literal}")),
        ("!If [IsProd, a, b]", json!("b")),
        ("[x, !If [IsProd, a, !Ref AWS::NoValue]]", json!(["x"])),
        ("{x: 1, y: !If [IsProd, a, !Ref AWS::NoValue]}", json!({"x": 1})),
        ("!Length [1, 2, 3]", json!(3)),
        ("!Length {Ref: Subnets}", json!(3)),
        ("!ToJsonString {a: !Ref Env, b: [1]}", json!("{\"a\":\"dev\",\"b\":[1]}")),
        ("{Condition: {StringEquals: {'aws:x': !Ref Env}}}", json!({"Condition": {"StringEquals": {"aws:x": "dev"}}})),
    ] {
        assert_eq!(value(yaml), want, "{yaml}");
    }
}

#[test]
fn conditions_hold() {
    let (_, env) = setting();
    let holds: Vec<(&str, bool)> = env.conditions.iter().map(|(name, holds)| (name.as_str(), *holds)).collect();
    assert_eq!(holds, [("Both", false), ("East", true), ("Either", true), ("IsProd", false), ("NotProd", true)]);
}

#[test]
fn problems_in_cloudformations_words() {
    for (yaml, want) in [
        ("!Select [3, [a, b]]", "Template error: Fn::Select cannot select nonexistent value at index 3"),
        (
            "!Select [x, [a]]",
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
        ),
        (
            "!FindInMap [Nope, a, b]",
            "Template error: Mapping named 'Nope' is not present in the 'Mappings' section of template.",
        ),
        ("!FindInMap [RegionMap, a, b]", "Template error: Unable to get mapping for RegionMap::a::b"),
        ("!If [Nope, a, b]", "Template error: unresolved condition dependency Nope in Fn::If"),
        ("!GetAtt Nope.Arn", "Template error: instance of Fn::GetAtt references undefined resource Nope"),
        (
            "!Ref Nope",
            "Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template",
        ),
        (
            "!Sub '${}'",
            "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons",
        ),
        ("!Equals [a]", "Template error: every Fn::Equals object requires a list of 2 string parameters."),
        (
            "!And [!Equals [a, a]]",
            "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
        ),
    ] {
        assert_eq!(problem(yaml), want, "{yaml}");
    }
    assert!(problem("!Join [a]").starts_with("Template error: every Fn::Join object requires two parameters"));
    assert!(problem("!Split [',']").starts_with("Template error: every Fn::Split object requires two parameters"));
}

#[test]
fn needs_are_collected_together() {
    let (template, env) = setting();
    let tree =
        read("[!Ref Unmade, !GetAtt Made.New, !ImportValue other, !GetAZs eu-west-1, !Ref Unmade]").expect("YAML");
    let needs = vec![
        Need::Resource("Unmade".into()),
        Need::Attribute { resource: "Made".into(), name: "New".into() },
        Need::Import("other".into()),
        Need::Zones("eu-west-1".into()),
    ];
    assert_eq!(evaluate(&tree.value, &template, &env), Err(Stop::Needs(needs)));
    let env = Environment { unknown: Some("{{changeSet:KNOWN_AFTER_APPLY}}".into()), ..env };
    let shown = evaluate(&json!({"a": {"Ref": "Unmade"}, "b": {"Fn::Sub": "x-${Made}"}}), &template, &env);
    assert_eq!(shown, Ok(json!({"a": "{{changeSet:KNOWN_AFTER_APPLY}}", "b": "x-made-1"})));
}

#[test]
fn rules() {
    let text = |version: &str| {
        format!(
            "Parameters: {{V: {{Type: String}}}}\nRules:\n  CheckBootstrapVersion:\n    Assertions:\n      - Assert: \
             !Not [!Contains [['1', '2', '3'], !Ref V]]\n        AssertDescription: too old\n\
             Resources: {{A: {{Type: T, Properties: {{X: {version}}}}}}}"
        )
    };
    for (version, want) in [("21", Ok(())), ("2", Err("Template error: too old"))] {
        let template = Template::parse(read(&text(version)).expect("YAML").value).expect("a template");
        let env =
            Environment { parameters: BTreeMap::from([("V".to_owned(), json!(version))]), ..Environment::default() };
        let got = rule::check(&template, &env).map_err(|stop| match stop {
            Stop::Problem(problem) => problem.0,
            needs => format!("{needs:?}"),
        });
        assert_eq!(got.as_ref().copied().map_err(String::as_str), want.as_ref().copied().map_err(|e| *e));
    }
}
