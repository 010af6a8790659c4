//! Methods of type `AWS_IAM`: the request is signed for `execute-api` with keys that the cloud knows, and whoever signed
//! may invoke the method.

use super::authorize::no_token;
use super::call::Call;
use super::failure::{ACCESS_DENIED, API_CONFIGURATION_ERROR, EXPIRED_TOKEN, Failure, INVALID_SIGNATURE};
use kogumo_execute_api::context::Context;
use kogumo_execute_api::signature::{self, Unsigned};

/// Verifies the signature, says in the context who signed, and asks whether that one may.
pub fn identify(call: &Call<'_>, context: &mut Context) -> Result<(), Failure> {
    let caller =
        signature::signer(call.cloud, call.request, &call.scope.region).map_err(|unsigned| match unsigned {
            Unsigned::Missing => no_token(),
            Unsigned::Wrong => Failure::new(&INVALID_SIGNATURE),
            Unsigned::TooOld => Failure::saying(&INVALID_SIGNATURE, "Signature expired"),
            Unsigned::UnknownKey => {
                Failure::saying(&INVALID_SIGNATURE, "The security token included in the request is invalid.")
            }
            Unsigned::Expired => Failure::new(&EXPIRED_TOKEN),
            Unsigned::Trouble(trouble) => {
                tracing::error!("{trouble}");
                Failure::new(&API_CONFIGURATION_ERROR)
            }
        })?;
    signature::describe(&caller, context);
    let arn = call.method_arn(context);
    let allowed = call.cloud.may(&caller, "apigateway", "execute-api:Invoke", &arn);
    allowed.map_err(|fault| Failure::saying(&ACCESS_DENIED, fault.message))
}
