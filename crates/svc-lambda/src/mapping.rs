//! Event source mappings as records: which stream's changes or queue's messages go to which function, and how far they
//! have come.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_event_pattern::Pattern;
use kogumo_model::lambda::*;
use kogumo_store::Table;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::faults;
use crate::name::Target;

/// By UUID.
pub static MAPPINGS: Table<Mapping> = Table::new("lambda/mapping");

/// Records in one event, unless asked otherwise: of streams, of queues.
const USUAL_BATCH: i32 = 100;
const USUAL_MESSAGES: i32 = 10;

/// A stream of DynamoDB or a queue, and the function that gets what is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    pub uuid: String,
    pub source: String,
    pub function: String,
    pub qualifier: Option<String>,
    pub account: String,
    pub enabled: bool,
    pub starting: String,
    pub batch_size: i32,
    /// How often a batch is tried again; `None` as long as its changes are kept.
    pub retries: Option<u32>,
    /// Whether a batch that failed is halved.
    pub bisect: bool,
    /// Whether the function says which changes it could not do.
    pub partial: bool,
    pub on_failure: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub modified: Timestamp,
    /// What became of the last batch.
    pub result: String,
    /// The last change that is done with.
    pub position: Option<String>,
    /// How often the batch behind it has failed.
    pub failures: u32,
    /// When the next batch may be read.
    pub due: Timestamp,
    /// Of queues: how many seconds a batch may take to fill.
    #[serde(default)]
    pub window: i32,
    /// Of queues: which messages the function gets, as patterns; all if there is none.
    #[serde(default)]
    pub filters: Vec<String>,
    /// Of queues: how many batches at most are with the function at a time.
    #[serde(default)]
    pub concurrency: Option<i32>,
}

/// What a caller may set at any time; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub enabled: Option<bool>,
    pub batch_size: Option<i32>,
    pub bisect: Option<bool>,
    pub retries: Option<i32>,
    pub response_types: Option<Vec<String>>,
    pub destinations: Option<DestinationConfig>,
    pub window: Option<i32>,
    pub filters: Option<Vec<String>>,
    pub scaling: Option<ScalingConfig>,
    unbuilt: Option<&'static str>,
}

fn first(asked: &[(&'static str, bool)]) -> Option<&'static str> {
    asked.iter().find(|(_, asked)| *asked).map(|(name, _)| *name)
}

/// The patterns that are asked for; `None` leaves those there are.
fn filters(criteria: Option<&FilterCriteria>) -> Option<Vec<String>> {
    let filters = criteria?.filters.iter().flatten();
    Some(filters.filter_map(|filter| filter.pattern.clone()).collect())
}

impl From<&CreateEventSourceMappingRequest> for Change {
    fn from(input: &CreateEventSourceMappingRequest) -> Change {
        let asked = [
            ("ParallelizationFactor", input.parallelization_factor.unwrap_or(1) > 1),
            ("MaximumRecordAgeInSeconds", input.maximum_record_age_in_seconds.unwrap_or(-1) >= 0),
            ("TumblingWindowInSeconds", input.tumbling_window_in_seconds.unwrap_or(0) > 0),
            ("ProvisionedPollerConfig", input.provisioned_poller_config.is_some()),
            ("KMSKeyArn", input.kms_key_arn.is_some()),
            ("SelfManagedEventSource", input.self_managed_event_source.is_some()),
        ];
        Change {
            enabled: input.enabled,
            batch_size: input.batch_size,
            bisect: input.bisect_batch_on_function_error,
            retries: input.maximum_retry_attempts,
            response_types: input.function_response_types.clone(),
            destinations: input.destination_config.clone(),
            window: input.maximum_batching_window_in_seconds,
            filters: filters(input.filter_criteria.as_ref()),
            scaling: input.scaling_config.clone(),
            unbuilt: first(&asked),
        }
    }
}

impl From<&UpdateEventSourceMappingRequest> for Change {
    fn from(input: &UpdateEventSourceMappingRequest) -> Change {
        let asked = [
            ("ParallelizationFactor", input.parallelization_factor.unwrap_or(1) > 1),
            ("MaximumRecordAgeInSeconds", input.maximum_record_age_in_seconds.unwrap_or(-1) >= 0),
            ("TumblingWindowInSeconds", input.tumbling_window_in_seconds.unwrap_or(0) > 0),
            ("ProvisionedPollerConfig", input.provisioned_poller_config.is_some()),
            ("KMSKeyArn", input.kms_key_arn.is_some()),
        ];
        Change {
            enabled: input.enabled,
            batch_size: input.batch_size,
            bisect: input.bisect_batch_on_function_error,
            retries: input.maximum_retry_attempts,
            response_types: input.function_response_types.clone(),
            destinations: input.destination_config.clone(),
            window: input.maximum_batching_window_in_seconds,
            filters: filters(input.filter_criteria.as_ref()),
            scaling: input.scaling_config.clone(),
            unbuilt: first(&asked),
        }
    }
}

impl Change {
    /// Changes a mapping.
    ///
    /// # Errors
    /// What isn't built, by its name.
    pub fn apply(self, mapping: &mut Mapping, now: Timestamp) -> Result<(), Fault> {
        if let Some(name) = self.unbuilt {
            return Err(Fault::not_implemented(&format!("{name} of an event source mapping")));
        }
        if mapping.is_queue() {
            self.apply_to_queue(mapping)?;
        } else {
            self.refuse_for_stream()?;
        }
        mapping.enabled = self.enabled.unwrap_or(mapping.enabled);
        mapping.batch_size = self.batch_size.unwrap_or(mapping.batch_size);
        mapping.bisect = self.bisect.unwrap_or(mapping.bisect);
        if let Some(retries) = self.retries {
            mapping.retries = u32::try_from(retries).ok();
        }
        if let Some(types) = self.response_types {
            mapping.partial = types.iter().any(|kind| kind == "ReportBatchItemFailures");
        }
        if let Some(asked) = self.destinations {
            mapping.on_failure = asked.on_failure.and_then(|to| to.destination).filter(|arn| !arn.is_empty());
        }
        mapping.modified = now;
        Ok(())
    }
}

impl Change {
    /// What only queues have. Source: Lambda API Reference, CreateEventSourceMapping.
    fn apply_to_queue(&self, mapping: &mut Mapping) -> Result<(), Fault> {
        let on_failure = self.destinations.as_ref().and_then(|to| to.on_failure.as_ref()?.destination.as_ref());
        let streams_only = [
            ("BisectBatchOnFunctionError", self.bisect == Some(true)),
            ("MaximumRetryAttempts", self.retries.is_some_and(|retries| retries != -1)),
            ("DestinationConfig", on_failure.is_some_and(|arn| !arn.is_empty())),
        ];
        if let Some(name) = first(&streams_only) {
            return Err(faults::invalid(format!("{name} is not a valid parameter for SQS event sources.")));
        }
        mapping.window = self.window.unwrap_or(mapping.window);
        let size = self.batch_size.unwrap_or(mapping.batch_size);
        if mapping.source.ends_with(".fifo") && (size > 10 || mapping.window > 0) {
            return Err(faults::invalid("FIFO queues have a maximum batch size of 10 and no batching window."));
        }
        if size > 10 && mapping.window == 0 {
            return Err(faults::invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ));
        }
        if let Some(filters) = &self.filters {
            if let Some(why) = filters.iter().find_map(|text| Pattern::parse(text).err()) {
                return Err(faults::invalid(format!("Invalid filter pattern definition. {why}")));
            }
            mapping.filters.clone_from(filters);
        }
        if let Some(scaling) = &self.scaling {
            mapping.concurrency = scaling.maximum_concurrency;
        }
        Ok(())
    }

    /// What is not built for streams.
    fn refuse_for_stream(&self) -> Result<(), Fault> {
        let asked = [
            ("FilterCriteria", self.filters.as_ref().is_some_and(|filters| !filters.is_empty())),
            ("MaximumBatchingWindowInSeconds", self.window.unwrap_or(0) > 0),
            ("ScalingConfig", self.scaling.is_some()),
        ];
        match first(&asked) {
            Some(name) => Err(Fault::not_implemented(&format!("{name} of an event source mapping for a stream"))),
            None => Ok(()),
        }
    }
}

impl Mapping {
    /// Whether its source is a queue of SQS.
    pub fn is_queue(&self) -> bool {
        is_queue(&self.source)
    }

    /// A mapping as a caller asks for it, before `Change::apply`.
    ///
    /// # Errors
    /// Lambda's; and what isn't built, by its name.
    pub fn new(target: &Target, input: &CreateEventSourceMappingRequest) -> Result<Mapping, Fault> {
        let source = input.event_source_arn.clone().unwrap_or_default();
        let mapping = Mapping {
            uuid: kogumo_base::uuid(),
            source: source.clone(),
            function: target.name.clone(),
            qualifier: target.qualifier.clone(),
            account: target.scope.account.clone(),
            enabled: true,
            batch_size: USUAL_MESSAGES,
            tags: input.tags.clone().unwrap_or_default(),
            ..Mapping::default()
        };
        if is_queue(&source) {
            return Ok(mapping);
        }
        let is_stream = |arn: &Arn| arn.service == "dynamodb" && arn.resource.contains("/stream/");
        if !Arn::parse(&source).is_some_and(|arn| is_stream(&arn)) {
            return Err(Fault::not_implemented(&format!("CreateEventSourceMapping for {source}")));
        }
        let starting = input.starting_position.clone().unwrap_or_default();
        if starting.is_empty() {
            return Err(faults::invalid(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
            ));
        }
        if starting == "AT_TIMESTAMP" {
            return Err(faults::invalid("Unsupported starting position for DynamoDB streams: AT_TIMESTAMP"));
        }
        let result = "No records processed".to_owned();
        Ok(Mapping { starting, batch_size: USUAL_BATCH, result, ..mapping })
    }

    /// The function, in the mapping's region.
    pub fn target(&self, region: &str) -> Target {
        Target {
            scope: Scope::new(&self.account, region),
            name: self.function.clone(),
            qualifier: self.qualifier.clone(),
        }
    }

    pub fn arn(&self, scope: &Scope) -> String {
        let resource = format!("event-source-mapping:{}", self.uuid);
        Arn::new("lambda", &scope.region, &scope.account, resource).to_string()
    }

    /// The mapping as the API shows it, in that state.
    pub fn view(&self, scope: &Scope, state: &str) -> EventSourceMappingConfiguration {
        let filters = self.filters.iter().map(|text| Filter { pattern: Some(text.clone()) }).collect::<Vec<_>>();
        let partial = if self.partial { vec!["ReportBatchItemFailures".to_owned()] } else { Vec::new() };
        let scaling = self.concurrency.map(|most| ScalingConfig { maximum_concurrency: Some(most) });
        let common = EventSourceMappingConfiguration {
            uuid: Some(self.uuid.clone()),
            batch_size: Some(self.batch_size),
            maximum_batching_window_in_seconds: Some(self.window),
            filter_criteria: (!filters.is_empty()).then_some(FilterCriteria { filters: Some(filters) }),
            scaling_config: scaling,
            event_source_arn: Some(self.source.clone()),
            function_arn: Some(self.target(&scope.region).arn()),
            last_modified: Some(self.modified),
            state: Some(state.to_owned()),
            state_transition_reason: Some(if self.is_queue() { "USER_INITIATED" } else { "User action" }.to_owned()),
            function_response_types: Some(partial),
            event_source_mapping_arn: Some(self.arn(scope)),
            ..EventSourceMappingConfiguration::default()
        };
        if self.is_queue() { common } else { self.with_stream(common) }
    }

    /// What a mapping of a stream shows besides.
    fn with_stream(&self, common: EventSourceMappingConfiguration) -> EventSourceMappingConfiguration {
        let on_failure = OnFailure { destination: self.on_failure.clone() };
        EventSourceMappingConfiguration {
            starting_position: Some(self.starting.clone()),
            parallelization_factor: Some(1),
            last_processing_result: Some(self.result.clone()),
            destination_config: Some(DestinationConfig { on_success: None, on_failure: Some(on_failure) }),
            maximum_record_age_in_seconds: Some(-1),
            bisect_batch_on_function_error: Some(self.bisect),
            maximum_retry_attempts: Some(self.retries.and_then(|retries| i32::try_from(retries).ok()).unwrap_or(-1)),
            tumbling_window_in_seconds: Some(0),
            ..common
        }
    }

    /// The state that it is in when nobody changes it.
    pub fn state(&self) -> &'static str {
        if self.enabled { "Enabled" } else { "Disabled" }
    }
}

fn is_queue(source: &str) -> bool {
    Arn::parse(source).is_some_and(|arn| arn.service == "sqs")
}
