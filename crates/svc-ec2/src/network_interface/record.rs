//! What is kept of a network interface.

use kogumo_base::Timestamp;
use kogumo_store::{Index, Key, Table};
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

/// By the subnet, and by the instance that they are attached to.
static INTERFACES: Table<NetworkInterface> = Table::indexed(
    "ec2/network-interface",
    &[
        Index { name: "subnet", key: |interface| Some(Key::new().str(&interface.subnet)) },
        Index { name: "instance", key: |interface| Some(Key::new().str(interface.instance()?)) },
    ],
);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkInterface {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub zone: String,
    pub zone_id: String,
    /// `02:…`
    pub mac: String,
    pub description: String,
    /// The primary one first. At least one.
    pub addresses: Vec<PrivateAddress>,
    pub ipv6: Vec<String>,
    pub groups: Vec<String>,
    pub source_dest_check: bool,
    pub attachment: Option<Attachment>,
    /// `interface`, `nat_gateway` or `vpc_endpoint`.
    pub kind: String,
    /// For those that a service made: what it made them for (`nat-…`, `vpce-…`). Nobody else may change or delete them.
    pub made_for: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateAddress {
    pub address: String,
    pub public: Option<Public>,
}

/// The public address that a private one is seen as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Public {
    pub address: String,
    /// Of an Elastic IP; an automatic address has none.
    pub allocation: Option<String>,
    pub association: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// `eni-attach-…`
    pub id: String,
    /// `None` where a service holds it.
    pub instance: Option<String>,
    pub device_index: i32,
    pub delete_on_termination: bool,
    pub attached: Timestamp,
    /// Whether there is somebody behind it: the instance runs, or a service holds it.
    pub running: bool,
}

impl NetworkInterface {
    pub fn instance(&self) -> Option<&str> {
        self.attachment.as_ref()?.instance.as_deref()
    }

    pub fn primary(&self) -> &str {
        self.addresses.first().map_or("", |own| &own.address)
    }

    pub fn address_mut(&mut self, private: &str) -> Option<&mut PrivateAddress> {
        self.addresses.iter_mut().find(|own| own.address == private)
    }
}

impl Resource for NetworkInterface {
    const KIND: &'static Kind = &Kind {
        prefix: "eni",
        name: "network-interface",
        malformed: "InvalidNetworkInterfaceId.Malformed",
        not_found: "InvalidNetworkInterfaceID.NotFound",
        text: "The networkInterface ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &INTERFACES;
    fn id(&self) -> &str {
        &self.id
    }
}
