//! Which resources a call was about, read off its parameters.

use serde_json::Value;

/// Event source, parameter (in CloudTrail's spelling), resource type.
const RESOURCES: [(&str, &str, &str); 34] = [
    ("apigateway", "restApiId", "AWS::ApiGateway::RestApi"),
    ("cloudformation", "stackName", "AWS::CloudFormation::Stack"),
    ("cloudformation", "changeSetName", "AWS::CloudFormation::ChangeSet"),
    ("cognito-identity", "identityPoolId", "AWS::Cognito::IdentityPool"),
    ("cognito-idp", "userPoolId", "AWS::Cognito::UserPool"),
    ("dynamodb", "tableName", "AWS::DynamoDB::Table"),
    ("ec2", "groupId", "AWS::EC2::SecurityGroup"),
    ("ec2", "imageId", "AWS::EC2::Ami"),
    ("ec2", "instanceId", "AWS::EC2::Instance"),
    ("ec2", "keyName", "AWS::EC2::KeyPair"),
    ("ec2", "subnetId", "AWS::EC2::Subnet"),
    ("ec2", "volumeId", "AWS::EC2::Volume"),
    ("ec2", "vpcId", "AWS::EC2::VPC"),
    ("ecr", "repositoryName", "AWS::ECR::Repository"),
    ("events", "eventBusName", "AWS::Events::EventBus"),
    ("iam", "accessKeyId", "AWS::IAM::AccessKey"),
    ("iam", "groupName", "AWS::IAM::Group"),
    ("iam", "instanceProfileName", "AWS::IAM::InstanceProfile"),
    ("iam", "policyArn", "AWS::IAM::Policy"),
    ("iam", "policyName", "AWS::IAM::Policy"),
    ("iam", "roleName", "AWS::IAM::Role"),
    ("iam", "userName", "AWS::IAM::User"),
    ("kinesis", "streamName", "AWS::Kinesis::Stream"),
    ("kms", "keyId", "AWS::KMS::Key"),
    ("lambda", "functionName", "AWS::Lambda::Function"),
    ("lambda", "layerName", "AWS::Lambda::LayerVersion"),
    ("logs", "logGroupName", "AWS::Logs::LogGroup"),
    ("s3", "bucketName", "AWS::S3::Bucket"),
    ("secretsmanager", "secretId", "AWS::SecretsManager::Secret"),
    ("sns", "topicArn", "AWS::SNS::Topic"),
    ("sqs", "queueName", "AWS::SQS::Queue"),
    ("ssm", "name", "AWS::SSM::Parameter"),
    ("states", "stateMachineArn", "AWS::StepFunctions::StateMachine"),
    ("sts", "roleArn", "AWS::IAM::Role"),
];

/// The types and names of the resources that a call named.
pub fn resources(source: &str, parameters: &Value) -> Vec<(&'static str, String)> {
    let prefix = source.split('.').next().unwrap_or_default();
    let of_source = RESOURCES.iter().filter(|(service, ..)| *service == prefix);
    of_source.filter_map(|(_, member, kind)| Some((*kind, parameters.get(member)?.as_str()?.to_owned()))).collect()
}
