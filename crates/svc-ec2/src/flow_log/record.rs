//! What is kept of a flow log.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static FLOW_LOGS: Table<FlowLog> = Table::new("ec2/flow-log");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    pub id: String,
    /// A VPC, a subnet or a network interface.
    pub resource: String,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic: String,
    pub destination: Destination,
    /// The role that writes to CloudWatch Logs.
    pub role: Option<String>,
    pub format: String,
    /// The longest aggregation, in seconds: 60 or 600.
    pub interval: i32,
    pub created: Timestamp,
    /// Why the last delivery failed.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// A log group, by its name.
    Logs { group: String },
    /// A bucket, and a folder in it.
    S3 { bucket: String, prefix: String, hive: bool, hourly: bool },
}

impl FlowLog {
    /// Whether records of that action are wanted.
    pub fn wants(&self, accepted: bool) -> bool {
        match self.traffic.as_str() {
            "ACCEPT" => accepted,
            "REJECT" => !accepted,
            _ => true,
        }
    }
}

/// Whether a flow log of that resource is about an interface.
pub fn covers(resource: &str, interface: &str, subnet: &str, vpc: &str) -> bool {
    [interface, subnet, vpc].contains(&resource)
}

impl Resource for FlowLog {
    const KIND: &'static Kind = &Kind {
        prefix: "fl",
        name: "vpc-flow-log",
        malformed: "InvalidFlowLogId.Malformed",
        not_found: "InvalidFlowLogId.NotFound",
        text: "These flow log ids in the input list are not found: [TotalCount: 1] {}",
    };
    const TABLE: &'static Table<Self> = &FLOW_LOGS;
    fn id(&self) -> &str {
        &self.id
    }
}
