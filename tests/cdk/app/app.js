// A Lambda function behind a REST API, as the CDK's own tutorial has it.
const path = require("node:path");
const cdk = require("aws-cdk-lib");
const apigateway = require("aws-cdk-lib/aws-apigateway");
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
