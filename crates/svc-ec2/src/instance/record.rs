//! What is kept of an instance.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use super::cpu::Cpu;
use super::maintenance::Maintenance;
use crate::dhcp_options::internal_domain;
use crate::image::Base;
use crate::network_interface::private_dns_name;
use crate::resource::{Kind, Resource};

static INSTANCES: Table<Instance> = Table::new("ec2/instance");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub id: String,
    /// `r-…`: the instances of one RunInstances call.
    pub reservation: String,
    pub launch_index: i32,
    pub image: String,
    pub base: Base,
    pub architecture: String,
    pub root_device: String,
    pub kind: String,
    pub vpc: String,
    pub subnet: String,
    pub zone: String,
    pub key_name: Option<String>,
    /// The key pair's public half, as it was at the launch.
    pub public_key: Option<String>,
    /// Base64, as AWS keeps it.
    pub user_data: Option<String>,
    pub profile: Option<Profile>,
    pub state: State,
    /// `Client.UserInitiatedShutdown` and what it means.
    pub reason: Option<(String, String)>,
    /// `User initiated (2020-07-14 12:00:00 GMT)`
    pub transition: String,
    pub launched: Timestamp,
    /// A reboot that has been asked for and not been done yet.
    pub reboot: bool,
    pub monitoring: bool,
    pub ebs_optimized: bool,
    pub termination_protected: bool,
    pub stop_protected: bool,
    /// What a shutdown from inside does: `stop` or `terminate`.
    pub shutdown_behavior: String,
    pub metadata: MetadataOptions,
    #[serde(default)]
    pub names: NameOptions,
    /// `standard` or `unlimited`, of types with CPU credits.
    pub credits: Option<String>,
    /// What it was given of its type's processors; `None` is all.
    #[serde(default)]
    pub cpu: Option<Cpu>,
    #[serde(default)]
    pub maintenance: Maintenance,
    pub client_token: String,
    /// Its placement group's, or nothing.
    pub group_name: String,
    /// Of a placement group that has partitions.
    #[serde(default)]
    pub partition: Option<i32>,
}

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub arn: String,
    pub id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

/// How the metadata service answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// `optional` or `required`.
    pub tokens: String,
    pub hop_limit: i32,
    /// `enabled` or `disabled`, and so on.
    pub endpoint: String,
    pub tags: String,
    /// It answers at `fd00:ec2::254`, too.
    #[serde(default)]
    pub ipv6: bool,
}

/// What the VPC's DNS calls an instance: `PrivateDnsNameOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameOptions {
    /// `ip-name` or `resource-name`.
    pub hostname_type: String,
    /// Whether the resource name has the private IPv4 address, and the IPv6 address.
    pub a_record: bool,
    pub aaaa_record: bool,
}

impl Default for NameOptions {
    fn default() -> Self {
        NameOptions { hostname_type: "ip-name".into(), a_record: false, aaaa_record: false }
    }
}

impl Instance {
    /// `ip-10-0-1-5.ap-northeast-1.compute.internal`, or the same with the instance's id.
    pub fn private_name(&self, region: &str, address: &str) -> String {
        match self.names.hostname_type.as_str() {
            "resource-name" => format!("{}.{}", self.id, internal_domain(region)),
            _ => private_dns_name(region, address),
        }
    }
}

impl State {
    /// AWS's code and name.
    pub fn words(self) -> (i32, &'static str) {
        match self {
            State::Pending => (0, "pending"),
            State::Running => (16, "running"),
            State::ShuttingDown => (32, "shutting-down"),
            State::Terminated => (48, "terminated"),
            State::Stopping => (64, "stopping"),
            State::Stopped => (80, "stopped"),
        }
    }
}

impl Default for MetadataOptions {
    fn default() -> Self {
        MetadataOptions {
            tokens: "optional".into(),
            hop_limit: 1,
            endpoint: "enabled".into(),
            tags: "disabled".into(),
            ipv6: false,
        }
    }
}

impl Resource for Instance {
    const KIND: &'static Kind = &Kind {
        prefix: "i",
        name: "instance",
        malformed: "InvalidInstanceID.Malformed",
        not_found: "InvalidInstanceID.NotFound",
        text: "The instance ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &INSTANCES;
    fn id(&self) -> &str {
        &self.id
    }
}
