//! GetConsoleOutput.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::Context;
use kogumo_model::ec2::{GetConsoleOutputRequest, GetConsoleOutputResult};
use kogumo_wire::Fault;

use super::reality::Machines;
use super::record::Instance;
use super::storage::Files;
use crate::resource::get;

pub async fn get_console_output(
    context: Context,
    input: GetConsoleOutputRequest,
) -> Result<GetConsoleOutputResult, Fault> {
    let instance: Instance = context.read(|r| get(r.store, r.scope(), &input.instance_id))?;
    let machines = context.cloud.part::<Machines>()?;
    let mut console = machines.host(&context.cloud).console(&instance.id);
    if console.is_empty() {
        console = std::fs::read(Files::below(&context.cloud.settings.data).console(&instance.id)).unwrap_or_default();
    }
    Ok(GetConsoleOutputResult {
        instance_id: Some(instance.id),
        output: Some(STANDARD.encode(console)),
        timestamp: Some(context.now()),
    })
}
