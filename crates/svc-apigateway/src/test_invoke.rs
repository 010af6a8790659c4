//! TestInvokeMethod.

use kogumo_door::Context;
use kogumo_model::apigateway as model;
use kogumo_wire::Fault;

pub async fn test_invoke_method(
    _: Context,
    _: model::TestInvokeMethodRequest,
) -> Result<model::TestInvokeMethodResponse, Fault> {
    Err(Fault::not_implemented("TestInvokeMethod"))
}
