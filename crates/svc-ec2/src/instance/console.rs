//! GetConsoleOutput.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::Context;
use kogumo_model::ec2::{GetConsoleOutputRequest, GetConsoleOutputResult};
use kogumo_wire::Fault;

use super::reality::Machines;
use super::record::Instance;
use crate::resource::get;

pub async fn get_console_output(
    context: Context,
    input: GetConsoleOutputRequest,
) -> Result<GetConsoleOutputResult, Fault> {
    let instance: Instance = context.read(|r| get(r.store, r.scope(), &input.instance_id))?;
    let machines = context.cloud.part::<Machines>()?;
    let console = machines.host(&context.cloud).console(&instance.id);
    Ok(GetConsoleOutputResult {
        instance_id: Some(instance.id),
        output: Some(STANDARD.encode(console)),
        timestamp: Some(context.now()),
    })
}
