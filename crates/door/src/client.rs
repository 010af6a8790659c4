//! The in-process client: how services call each other, through the same door as everybody.

use std::sync::Arc;

use kogumo_wire::{Checks, Fault, OperationType, Structure, from_model_json, model_json};
use serde_json::Value;

use crate::{Caller, Cloud, remembered};

/// Calls operations as a certain caller.
#[derive(Clone)]
pub struct Client {
    cloud: Arc<Cloud>,
    caller: Caller,
}

impl Client {
    pub fn new(cloud: Arc<Cloud>, caller: Caller) -> Self {
        Client { cloud, caller }
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Calls an operation by its type: `client.call::<logs::PutLogEvents>(input).await`.
    ///
    /// # Errors
    /// The operation's faults; `NotImplemented` if the service or operation is not built.
    pub async fn call<O: OperationType>(&self, input: O::Input) -> Result<O::Output, Fault> {
        let (service, op) = self.cloud.find_by_facts(O::FACTS).ok_or_else(|| Fault::not_implemented(O::FACTS.name))?;
        let output = self.cloud.call(self.fresh(), service, op, Box::new(input)).await?;
        let wrong = || kogumo_base::Trouble::new("an operation answered with another's output");
        remembered::output(output).ok_or_else(|| wrong().into())
    }

    /// Calls an operation by name with JSON whose keys are the model's member names. The model's constraints are
    /// checked as for any client. Streamed bodies do not travel this way.
    ///
    /// # Errors
    /// The operation's faults, and AWS's validation error for input that does not fit the model.
    pub async fn call_json(&self, service: &str, operation: &str, input: &Value) -> Result<Value, Fault> {
        let found = self.cloud.service(service).and_then(|service| Some((service, service.op(operation)?)));
        let (service, op) = found.ok_or_else(|| Fault::not_implemented(&format!("{service}:{operation}")))?;
        let mut typed = (op.new_input)();
        let mut checks = Checks::default();
        from_model_json(input, &mut *typed, &mut checks).map_err(|rejection| Fault::validation(rejection.0))?;
        if let Some(verdict) = checks.verdict() {
            return Err(Fault::invalid_input(op.facts, verdict));
        }
        let output = self.cloud.call(self.fresh(), service, op, typed).await?;
        Ok(model_json(&*output as &dyn Structure))
    }

    /// Each call has a request id of its own.
    fn fresh(&self) -> Caller {
        Caller { request_id: kogumo_base::uuid(), ..self.caller.clone() }
    }
}
