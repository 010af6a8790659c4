// A Lambda function behind a REST API, as the CDK's own tutorial has it.
const path = require("node:path");
const cdk = require("aws-cdk-lib");
const apigateway = require("aws-cdk-lib/aws-apigateway");
const ec2 = require("aws-cdk-lib/aws-ec2");
const lambda = require("aws-cdk-lib/aws-lambda");
const logs = require("aws-cdk-lib/aws-logs");
const s3 = require("aws-cdk-lib/aws-s3");

const app = new cdk.App();
const stack = new cdk.Stack(app, "Hello", { env: { account: "000000000000", region: "ap-northeast-1" } });
const greeter = new lambda.Function(stack, "Greeter", {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset(path.join(__dirname, "greeter")),
});
const api = new apigateway.LambdaRestApi(stack, "Api", { handler: greeter, cloudWatchRole: false });
new cdk.CfnOutput(stack, "ApiId", { value: api.restApiId });

// What the CDK does by custom resources of its own: they answer over HTTPS, on port 443.
const tidy = new cdk.Stack(app, "Tidy", { env: { account: "000000000000", region: "ap-northeast-1" } });
const bucket = new s3.Bucket(tidy, "Bucket", { removalPolicy: cdk.RemovalPolicy.DESTROY, autoDeleteObjects: true });
new logs.LogRetention(tidy, "Retention", {
  logGroupName: "/tidy/kept-for-a-week",
  retention: logs.RetentionDays.ONE_WEEK,
  removalPolicy: cdk.RemovalPolicy.DESTROY,
});
new cdk.CfnOutput(tidy, "BucketName", { value: bucket.bucketName });

// A web server in a network of its own. The CDK asks Parameter Store for the image, in the stack's role.
const net = new cdk.Stack(app, "Net", { env: { account: "000000000000", region: "ap-northeast-1" } });
const vpc = new ec2.Vpc(net, "Vpc", {
  maxAzs: 2,
  natGateways: 0,
  subnetConfiguration: [
    { name: "public", subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24 },
    { name: "isolated", subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 28 },
  ],
  gatewayEndpoints: { s3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
  restrictDefaultSecurityGroup: false,
});
const server = new ec2.Instance(net, "Server", {
  vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.MICRO),
  machineImage: ec2.MachineImage.latestAmazonLinux2023(),
  requireImdsv2: true,
});
server.connections.allowFromAnyIpv4(ec2.Port.tcp(80));
server.userData.addCommands("mkdir /srv/www", "cd /srv/www", "echo hello from the CDK > index.html", "python3 -m http.server 80 &");
new cdk.CfnOutput(net, "Address", { value: server.instancePublicIp });
