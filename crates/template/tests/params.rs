//! The parameter list: the article's template, and templates that the article's script could not read.

use kogumo_template::params::{Format, list, render};

const ARTICLE: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Description: cloudformation yaml sample

Parameters:
  hogePrefix:  { Type: String , Default: hogefuga123 }
  BucketUrl: { Type: String , Default: "https://hogefuga123.s3.amazonaws.com/" }
  AZName001: { Type: String , Default: ap-northeast-1a }
  AZName002: { Type: String , Default: ap-northeast-1c }
  VPCName: { Type: String , Default: vhoge01 }

Resources:
  VPC:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub "${BucketUrl}${VPCTemplate}"
      Parameters:
        hogePrefix: !Ref hogePrefix
        BucketUrl: !Ref BucketUrl
        VPCName: !Ref VPCName
"#;

#[test]
fn the_articles_two_groups() {
    let rendered = render([("test.yml", ARTICLE)], Format::Table);
    assert!(rendered.complete);
    assert_eq!(
        rendered.text,
        "\
/Parameters
  hogePrefix  String  Default: hogefuga123
  BucketUrl   String  Default: https://hogefuga123.s3.amazonaws.com/
  AZName001   String  Default: ap-northeast-1a
  AZName002   String  Default: ap-northeast-1c
  VPCName     String  Default: vhoge01
/Resources/VPC/Properties/Parameters
  hogePrefix  !Ref hogePrefix
  BucketUrl   !Ref BucketUrl
  VPCName     !Ref VPCName
"
    );
}

#[test]
fn constraints_and_descriptions() {
    let text = "Parameters:\n  環境:\n    Type: String\n    AllowedValues: [dev, prod]\n    Description: |\n      どの\n      環境か\n  N: {Type: Number, MinValue: 1, NoEcho: true, Default: 2}\n";
    let rendered = render([("t", text)], Format::Table);
    let lines: Vec<&str> = rendered.text.lines().collect();
    assert_eq!(lines[0], "/Parameters");
    assert_eq!(lines[1], "  環境  String  AllowedValues: dev | prod              # どの 環境か");
    assert_eq!(lines[2], "  N     Number  Default: 2, MinValue: 1, NoEcho: true");
}

#[test]
fn every_short_form_and_any_tag() {
    let text = "Resources:
  A:
    Type: AWS::CloudFormation::Stack
    Properties:
      Parameters:
        a: !GetAtt Vpc.Outputs.Id
        b: !Join [',', [!Ref x, !ImportValue y]]
        c: !If [Cond, !Ref 'AWS::NoValue', !FindInMap [m, !Ref 'AWS::Region', k]]
        d: !Select [0, !GetAZs '']
        e: !Custom::Thing {f: 1}
        f: !Sub
          - '${p}-x'
          - p: !Base64 q
        g: !!python/object:os.system []
  B:
    Type: AWS::Serverless::Application
    Properties:
      Parameters: {k: v}
  C:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Parameters: {sql_mode: STRICT}
  D: !Broken
";
    let rendered = render([("t", text)], Format::Table);
    assert!(rendered.complete, "{}", rendered.text);
    let lines: Vec<&str> = rendered.text.lines().map(str::trim_end).collect();
    assert_eq!(lines[0], "/Resources/A/Properties/Parameters");
    assert_eq!(lines[1], "  a  !GetAtt Vpc.Outputs.Id");
    assert_eq!(lines[2], "  b  !Join [,, [!Ref x, !ImportValue \"y\"]]");
    assert_eq!(lines.len(), 10, "{lines:?}");
    assert_eq!(lines[8], "/Resources/B/Properties/Parameters");
    assert_eq!(lines[9], "  k  v");
}

#[test]
fn several_files_one_of_them_broken() {
    let files =
        [("a.yml", ARTICLE), ("b.yml", "a: [1"), ("c.json", "{\"Parameters\": {\"P\": {\"Type\": \"String\"}}}")];
    let table = render(files, Format::Table);
    assert!(!table.complete);
    assert!(table.text.starts_with("a.yml\n/Parameters\n"));
    assert!(table.text.contains("\nb.yml\nTemplate format error: YAML not well-formed. (line "));
    assert!(table.text.ends_with("\nc.json\n/Parameters\n  P  String\n"));

    let json: serde_json::Value = serde_json::from_str(&render(files, Format::Json).text).expect("JSON");
    assert_eq!(json[0]["groups"][1]["parameters"][0]["value"]["Ref"], "hogePrefix");
    assert_eq!(json[0]["groups"][0]["parameters"][0]["default"], "hogefuga123");
    assert_eq!(json[2]["groups"][0]["parameters"][0]["name"], "P");
    assert!(json[1]["error"].is_string());

    let markdown = render(files, Format::Markdown).text;
    assert!(markdown.contains(
        "## /Resources/VPC/Properties/Parameters\n\n| Name | Value |\n|---|---|\n| hogePrefix | `!Ref hogePrefix` |"
    ));
}

#[test]
fn loops_are_listed_as_written() {
    let text = "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::Nets:\n    - N\n    - [a, b]\n    - Net${N}:\n        Type: AWS::CloudFormation::Stack\n        Properties: {Parameters: {Name: !Ref N}}\n";
    let groups = list("t", text).groups.expect("groups");
    assert_eq!(groups[0].path, "/Resources/Fn::ForEach::Nets/2/Net${N}/Properties/Parameters");
}
