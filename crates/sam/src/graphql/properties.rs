//! The properties of a GraphQL API, level by level.

use crate::model::{Kind, Model, may, needs};

static LAMBDA_AUTHORIZER: Model = Model(&[
    may("AuthorizerResultTtlInSeconds", Kind::Any),
    needs("AuthorizerUri", Kind::Any),
    may("IdentityValidationExpression", Kind::Any),
]);

static OPEN_ID_CONNECT: Model =
    Model(&[may("AuthTTL", Kind::Any), may("ClientId", Kind::Any), may("IatTTL", Kind::Any), may("Issuer", Kind::Any)]);

static USER_POOL: Model = Model(&[
    may("AppIdClientRegex", Kind::Any),
    may("AwsRegion", Kind::Any),
    may("DefaultAction", Kind::Any),
    needs("UserPoolId", Kind::Any),
]);

const AUTHENTICATION: Kind =
    Kind::OneOf(&["AWS_IAM", "API_KEY", "AWS_LAMBDA", "OPENID_CONNECT", "AMAZON_COGNITO_USER_POOLS"]);

static AUTHORIZER: Model = Model(&[
    needs("Type", AUTHENTICATION),
    may("LambdaAuthorizer", Kind::Model(&LAMBDA_AUTHORIZER)),
    may("OpenIDConnect", Kind::Model(&OPEN_ID_CONNECT)),
    may("UserPool", Kind::Model(&USER_POOL)),
]);

static AUTH: Model = Model(&[
    needs("Type", AUTHENTICATION),
    may("LambdaAuthorizer", Kind::Model(&LAMBDA_AUTHORIZER)),
    may("OpenIDConnect", Kind::Model(&OPEN_ID_CONNECT)),
    may("UserPool", Kind::Model(&USER_POOL)),
    may("Additional", Kind::ListOf(&AUTHORIZER)),
]);

static API_KEY: Model =
    Model(&[may("ApiKeyId", Kind::Any), may("Description", Kind::Any), may("ExpiresOn", Kind::Any)]);

static LOGGING: Model = Model(&[
    may("CloudWatchLogsRoleArn", Kind::Any),
    may("ExcludeVerboseContent", Kind::Any),
    may("FieldLogLevel", Kind::Any),
]);

static DELTA_SYNC: Model = Model(&[
    needs("BaseTableTTL", Kind::Any),
    needs("DeltaSyncTableName", Kind::Any),
    needs("DeltaSyncTableTTL", Kind::Any),
]);

static DYNAMO_DB: Model = Model(&[
    needs("TableName", Kind::Any),
    may("ServiceRoleArn", Kind::Any),
    may("TableArn", Kind::Any),
    may("Permissions", Kind::EachOneOf(&["Read", "Write"])),
    may("Name", Kind::Any),
    may("Description", Kind::Any),
    may("Region", Kind::Any),
    may("DeltaSync", Kind::Model(&DELTA_SYNC)),
    may("UseCallerCredentials", Kind::Any),
    may("Versioned", Kind::Any),
]);

static LAMBDA: Model = Model(&[
    needs("FunctionArn", Kind::Any),
    may("ServiceRoleArn", Kind::Any),
    may("Name", Kind::Any),
    may("Description", Kind::Any),
]);

static DATA_SOURCES: Model = Model(&[may("DynamoDb", Kind::MapOf(&DYNAMO_DB)), may("Lambda", Kind::MapOf(&LAMBDA))]);

static RUNTIME: Model = Model(&[needs("Name", Kind::Any), needs("Version", Kind::Any)]);

static CONFLICT_HANDLER: Model = Model(&[needs("LambdaConflictHandlerArn", Kind::Any)]);

static SYNC: Model = Model(&[
    needs("ConflictDetection", Kind::Any),
    may("ConflictHandler", Kind::Any),
    may("LambdaConflictHandlerConfig", Kind::Model(&CONFLICT_HANDLER)),
]);

static FUNCTION: Model = Model(&[
    may("DataSource", Kind::TextOrFunction),
    may("Runtime", Kind::Model(&RUNTIME)),
    may("InlineCode", Kind::Any),
    may("CodeUri", Kind::Any),
    may("Description", Kind::Any),
    may("MaxBatchSize", Kind::Any),
    may("Name", Kind::Text),
    may("Id", Kind::Any),
    may("Sync", Kind::Model(&SYNC)),
]);

static CACHING: Model = Model(&[needs("Ttl", Kind::Any), may("CachingKeys", Kind::List)]);

static RESOLVER: Model = Model(&[
    may("FieldName", Kind::Text),
    may("Caching", Kind::Model(&CACHING)),
    may("InlineCode", Kind::Any),
    may("CodeUri", Kind::Any),
    may("MaxBatchSize", Kind::Any),
    may("Pipeline", Kind::Texts),
    may("Runtime", Kind::Model(&RUNTIME)),
    may("Sync", Kind::Model(&SYNC)),
]);

static DOMAIN_NAME: Model =
    Model(&[needs("CertificateArn", Kind::Any), needs("DomainName", Kind::Any), may("Description", Kind::Any)]);

static CACHE: Model = Model(&[
    needs("ApiCachingBehavior", Kind::Any),
    needs("Ttl", Kind::Any),
    needs("Type", Kind::Any),
    may("AtRestEncryptionEnabled", Kind::Any),
    may("TransitEncryptionEnabled", Kind::Any),
]);

pub(crate) static PROPERTIES: Model = Model(&[
    needs("Auth", Kind::Model(&AUTH)),
    may("Tags", Kind::Map),
    may("Name", Kind::Any),
    may("XrayEnabled", Kind::Bool),
    may("SchemaInline", Kind::Any),
    may("SchemaUri", Kind::Any),
    may("Logging", Kind::ModelOrBool(&LOGGING)),
    may("DataSources", Kind::Model(&DATA_SOURCES)),
    may("Functions", Kind::MapOf(&FUNCTION)),
    may("Resolvers", Kind::MapOfMapsOf(&RESOLVER)),
    may("ApiKeys", Kind::MapOf(&API_KEY)),
    may("DomainName", Kind::Model(&DOMAIN_NAME)),
    may("Cache", Kind::Model(&CACHE)),
    may("Visibility", Kind::Any),
    may("OwnerContact", Kind::Any),
    may("IntrospectionConfig", Kind::Any),
    may("QueryDepthLimit", Kind::Any),
    may("ResolverCountLimit", Kind::Any),
]);
