//! Routes of type `AWS_IAM`: the request is signed, and whoever signed may invoke the route.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html>

use super::{Call, FORBIDDEN, INTERNAL, Refusal};
use kogumo_execute_api::context::Context;
use kogumo_execute_api::signature::{self, Unsigned};
use serde_json::{Map, Value as Json, json};

/// Verifies the signature, says in the context who signed, and asks whether that one may.
pub fn authorize(call: &Call<'_>, context: &mut Context) -> Result<(), Refusal> {
    let caller =
        signature::signer(call.cloud, call.request, &call.scope.region).map_err(|unsigned| match unsigned {
            Unsigned::Trouble(trouble) => {
                tracing::error!("{trouble}");
                INTERNAL
            }
            _ => FORBIDDEN,
        })?;
    signature::describe(&caller, context);
    let identity = &context.identity;
    let cognito = identity
        .cognito
        .as_ref()
        .map(|cognito| json!({"amr": cognito.how, "identityId": cognito.identity, "identityPoolId": cognito.pool}));
    let iam = json!({
        "accessKey": identity.access_key,
        "accountId": identity.account_id,
        "callerId": identity.caller,
        "cognitoIdentity": cognito,
        "principalOrgId": Json::Null,
        "userArn": identity.user_arn,
        "userId": identity.user,
    });
    let arn = call.route_arn(context);
    call.cloud.may(&caller, "apigatewayv2", "execute-api:Invoke", &arn).map_err(|_| FORBIDDEN)?;
    context.authorizer = Map::from_iter([("iam".to_owned(), iam)]);
    Ok(())
}
