//! Peering connections between two VPCs.

use crate::Id;

#[derive(Debug, Clone, PartialEq)]
pub struct Peering {
    pub requester: Id,
    pub accepter: Id,
    /// Status `active`.
    pub active: bool,
    /// The VPCs of the two whose public names are private addresses for the other one.
    pub resolving: Vec<Id>,
}

impl Peering {
    /// The VPC at the other end.
    #[must_use]
    pub fn beyond(&self, vpc: &str) -> Option<&Id> {
        match vpc {
            _ if vpc == self.requester => Some(&self.accepter),
            _ if vpc == self.accepter => Some(&self.requester),
            _ => None,
        }
    }
}
