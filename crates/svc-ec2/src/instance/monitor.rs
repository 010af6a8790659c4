//! Detailed monitoring, and CPU credits: what can be switched while an instance runs.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, Protocol};

use super::record::{Instance, State};
use super::{shown, state::named};
use crate::client_token::claim;
use crate::faults::{invalid_value, refuse};
use crate::filter::Filters;
use crate::instance_type;
use crate::page::{Wanted, cut};
use crate::resource::{chosen, get, put};

fn switch(w: &mut Writer, ids: &[String], enabled: bool) -> Result<Vec<InstanceMonitoring>, Fault> {
    let mut answers = Vec::new();
    for mut instance in named(w, ids)? {
        let on_its_way = if enabled { "pending" } else { "disabling" };
        let state =
            if instance.monitoring == enabled { shown::monitoring(enabled).state } else { Some(on_its_way.into()) };
        instance.monitoring = enabled;
        put(w, &instance)?;
        answers.push(InstanceMonitoring {
            instance_id: Some(instance.id),
            monitoring: Some(Monitoring { state, ..Monitoring::default() }),
        });
    }
    Ok(answers)
}

pub fn monitor_instances(w: &mut Writer, input: MonitorInstancesRequest) -> Result<MonitorInstancesResult, Fault> {
    refuse(&[("MetricCategoryIds", input.metric_category_ids.is_some())])?;
    Ok(MonitorInstancesResult { instance_monitorings: Some(switch(w, &input.instance_ids, true)?) })
}

pub fn unmonitor_instances(
    w: &mut Writer,
    input: UnmonitorInstancesRequest,
) -> Result<UnmonitorInstancesResult, Fault> {
    refuse(&[("MetricCategoryIds", input.metric_category_ids.is_some())])?;
    Ok(UnmonitorInstancesResult { instance_monitorings: Some(switch(w, &input.instance_ids, false)?) })
}

static FILTERS: Filters<Instance> = Filters { names: &[("instance-id", |one| vec![one.id.clone()])], tags: None };

pub fn describe_instance_credit_specifications(
    r: &Reader,
    input: DescribeInstanceCreditSpecificationsRequest,
) -> Result<DescribeInstanceCreditSpecificationsResult, Fault> {
    let named = input.instance_ids.as_ref().is_some_and(|ids| !ids.is_empty());
    let mut instances = chosen::<Instance>(r.store, r.scope(), input.instance_ids.as_deref())?;
    instances = FILTERS.select(instances, input.filters)?;
    if let Some(steady) = instances.iter().find(|one| one.credits.is_none()).filter(|_| named) {
        return Err(not_burstable(&steady.id));
    }
    // Without ids, those are told of that were launched with or switched to unlimited.
    instances.retain(|one| one.state != State::Terminated && (named || one.credits.as_deref() == Some("unlimited")));
    let shown = instances
        .into_iter()
        .map(|one| InstanceCreditSpecification { instance_id: Some(one.id), cpu_credits: one.credits })
        .collect();
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(shown, wanted, |one: &InstanceCreditSpecification| one.instance_id.clone().unwrap_or_default())?;
    Ok(DescribeInstanceCreditSpecificationsResult {
        instance_credit_specifications: Some(page.items),
        next_token: page.next_token,
    })
}

fn not_burstable(id: &str) -> Fault {
    let message = format!("The instance '{id}' is not a burstable performance instance.");
    Fault::coded("InstanceCreditSpecification.NotSupported", 400, message)
}

/// Each instance by itself: what is wrong with one does not keep the others.
pub fn modify_instance_credit_specification(
    w: &mut Writer,
    input: ModifyInstanceCreditSpecificationRequest,
) -> Result<ModifyInstanceCreditSpecificationResult, Fault> {
    let claim = claim(w, "ModifyInstanceCreditSpecification", input.client_token.as_deref(), &input)?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for wanted in input.instance_credit_specifications {
        let id = wanted.instance_id;
        match change_credits(w, &id, wanted.cpu_credits.as_deref()) {
            Ok(()) => good.push(SuccessfulInstanceCreditSpecificationItem { instance_id: Some(id) }),
            Err(fault) => bad.push(UnsuccessfulInstanceCreditSpecificationItem {
                instance_id: Some(id),
                error: Some(UnsuccessfulInstanceCreditSpecificationItemError {
                    code: Some(fault.code(Protocol::Ec2).to_owned()),
                    message: Some(fault.message.clone()),
                }),
            }),
        }
    }
    claim.keep(w, "")?;
    Ok(ModifyInstanceCreditSpecificationResult {
        successful_instance_credit_specifications: Some(good),
        unsuccessful_instance_credit_specifications: Some(bad),
    })
}

fn change_credits(w: &mut Writer, id: &str, credits: Option<&str>) -> Result<(), Fault> {
    let mut instance: Instance = get(w.store(), w.scope(), id)?;
    if !matches!(instance.state, State::Running | State::Stopped) {
        let message = format!("The instance '{id}' is not 'running' or 'stopped'.");
        return Err(Fault::coded("IncorrectInstanceState", 400, message));
    }
    if !instance_type::find(&instance.kind).is_some_and(|kind| kind.burst) {
        return Err(not_burstable(id));
    }
    let credits = credits.unwrap_or_default();
    if !matches!(credits, "standard" | "unlimited") {
        return Err(invalid_value(format!("Invalid value '{credits}' for CpuCredits.")));
    }
    instance.credits = Some(credits.to_owned());
    put(w, &instance)
}

/// Windows instances have a password; these have none.
pub fn get_password_data(r: &Reader, input: GetPasswordDataRequest) -> Result<GetPasswordDataResult, Fault> {
    let instance: Instance = get(r.store, r.scope(), &input.instance_id)?;
    Ok(GetPasswordDataResult {
        instance_id: Some(instance.id),
        timestamp: Some(instance.launched),
        password_data: Some(String::new()),
    })
}
