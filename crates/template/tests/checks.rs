//! What CloudFormation refuses before it makes anything, and in which words.

use std::collections::BTreeMap;

use kogumo_template::{Environment, Graph, Stop, Template, conditions, read};

const RESOURCES: &str = "Resources:\n  B: {Type: AWS::S3::Bucket}\n";

fn refusal(text: &str) -> String {
    match read(text).and_then(|document| document.strict()).and_then(Template::parse) {
        Err(problem) => problem.0,
        Ok(_) => String::new(),
    }
}

#[test]
fn transforms_have_sections_of_their_own() {
    let globals = "Globals: {Function: {Timeout: 3}}\nResources: {A: {Type: AWS::S3::Bucket}}\n";
    assert_eq!(refusal(globals), "Invalid template property or properties [Globals]");
    assert_eq!(refusal(&format!("Transform: AWS::Serverless-2016-10-31\n{globals}")), "");
}

#[test]
fn messages() {
    let r = RESOURCES;
    for (text, want) in [
        ("template.yaml", "Template format error: unsupported structure."),
        ("Foo: 1\nBar: 2\n", "Invalid template property or properties [Foo, Bar]"),
        (
            "AWSTemplateFormatVersion: 2010-09-10",
            "Template format error: 2010-09-10 is not a supported value for AWSTemplateFormatVersion.",
        ),
        (
            "AWSTemplateFormatVersion: 2010-09-09",
            "Template format error: At least one Resources member must be defined.",
        ),
        ("Resources: {}", "Template format error: At least one Resources member must be defined."),
        (
            "Resources: {A: {Properties: {}}}",
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
        ),
        ("Resources: {A: {Type: T, Invalid: 1}}", "Invalid template resource property 'Invalid'"),
        ("Resources: {A-B: {Type: T}}", "Template format error: Resource name A-B is non alphanumeric."),
        (
            "Resources: {A: {Type: T, Properties: {X: null}}}",
            "[/Resources/A/Properties/X] 'null' values are not allowed in templates",
        ),
        ("Resources: {A: {Type: T, DeletionPolicy: Keep}}", "Template format error: Unrecognized DeletionPolicy Keep"),
        (
            "Resources: {A: {Type: T, Properties: {N: !Ref Nope}}}",
            "Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Properties: {N: !Sub '${Y}${X.Arn}'}}}",
            "Template format error: Unresolved resource dependencies [X, Y] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, DependsOn: Nope}}",
            "Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Condition: Nope}}",
            "Template format error: Unresolved condition dependency Nope in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, DependsOn: B}, B: {Type: T, Properties: {X: !Ref A}}}",
            "Circular dependency between resources: [A, B]",
        ),
        ("Resources: {A: {Type: T, Properties: {X: !GetAtt A.Arn}}}", "Circular dependency between resources: [A]"),
        ("Resources: {A: {Type: T, Properties: {X: !Sub ['${L}', {L: y}]}}}", ""),
        (
            "Resources: {A: {Type: T, Properties: {X: !Foo 1}}}",
            "Template format error: YAML not well-formed. (line 1, column 42)",
        ),
    ] {
        assert_eq!(refusal(text), want, "{text}");
    }
    for (section, want) in [
        ("Outputs: {O: {Description: d}}", "Template format error: Every Outputs member must contain a Value object"),
        (
            "Outputs: {O: {Value: !GetAtt Nope.Arn}}",
            "Template format error: Unresolved resource dependencies [Nope] in the Outputs block of the template",
        ),
        (
            "Outputs: {O: {Value: x, Condition: Nope}}",
            "Template format error: Unresolved condition dependency Nope in the Outputs block of the template",
        ),
        (
            "Conditions: {C: !Equals [!Ref B, x]}",
            "Template format error: Unresolved dependencies [B]. Cannot reference resources in the Conditions block of the template",
        ),
        (
            "Conditions: {C: true}",
            "Template format error: Conditions can only be boolean operations on parameters and other conditions",
        ),
        ("Mappings: {M: x}", "Template format error: Every Mappings member M must be a map"),
        ("Mappings: {M: {A: x}}", "Template format error: Every Mappings member A must be a map"),
        (
            "Mappings: {M: {A: {K: {Ref: B}}}}",
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        ("Parameters: {P: {Type: Strin}}", "Template format error: Unrecognized parameter type: Strin"),
        (
            "Parameters: {P: {Type: String, Default: !Ref B}}",
            "Template format error: Every Default member must be a string.",
        ),
    ] {
        assert_eq!(refusal(&format!("{section}\n{r}")), want, "{section}");
    }
    let many: String = (0..501).map(|n| format!("  R{n}: {{Type: T}}\n")).collect();
    let want = "Template format error: Number of resources, 501, is greater than maximum allowed, 500";
    assert_eq!(refusal(&format!("Resources:\n{many}")), want);
}

#[test]
fn order_follows_references_and_then_the_template() {
    let text = "Resources:\n  D: {Type: T, DependsOn: [C]}\n  A: {Type: T, Properties: {X: !Sub '${B.Arn}'}}\n  B: {Type: T}\n  C: {Type: T, Properties: {X: [!If [On1, !Ref B, !Ref A]]}}\nConditions: {On1: !Equals [a, a]}\n";
    let template = Template::parse(read(text).expect("YAML").value).expect("a template");
    assert_eq!(Graph::of(&template, &|_| None).order().expect("an order"), ["B", "A", "C", "D"]);
    let pruned = Graph::of(&template, &|_| Some(true));
    assert_eq!(pruned.waits_for["C"].iter().collect::<Vec<_>>(), ["B"]);
}

#[test]
fn conditions_in_a_circle() {
    let text = format!("Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n{RESOURCES}");
    let template = Template::parse(read(&text).expect("YAML").value).expect("a template");
    let env = Environment { parameters: BTreeMap::new(), ..Environment::default() };
    let Err(Stop::Problem(problem)) = conditions(&template, &env) else { panic!("a circle") };
    assert_eq!(problem.0, "Template format error: Circular dependency between conditions: [A, B]");
}
