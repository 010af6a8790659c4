//! Waking those who wait for changes: by the service whose tables a commit has touched, so that a cloud that is busy
//! with one service does not make all others look at their records again.

use std::collections::BTreeMap;

use tokio::sync::watch;

/// The newest commit, and the newest one that touched each service's tables.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    generation: u64,
    by_service: BTreeMap<Box<[u8]>, u64>,
    /// When all rows were dropped at once last: that touched every service.
    emptied: u64,
}

impl Latest {
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Notes a commit that changed these rows, in the order of their keys.
    pub(crate) fn commit<'k>(&mut self, keys: impl Iterator<Item = &'k [u8]>) {
        self.generation += 1;
        let mut last: &[u8] = b"";
        for service in keys.map(service_of) {
            if service == last {
                continue;
            }
            last = service;
            match self.by_service.get_mut(service) {
                Some(newest) => *newest = self.generation,
                None => drop(self.by_service.insert(service.into(), self.generation)),
            }
        }
    }

    /// Notes that all rows were dropped.
    pub(crate) fn empty(&mut self) {
        self.generation += 1;
        self.emptied = self.generation;
    }

    /// The newest commit that touched one of these services; of all where none is named.
    pub(crate) fn of(&self, services: &[&str]) -> u64 {
        if services.is_empty() {
            return self.generation;
        }
        let newest = services.iter().filter_map(|service| self.by_service.get(service.as_bytes()));
        newest.copied().max().unwrap_or(0).max(self.emptied)
    }
}

/// A key begins with its table's name, `service/noun`.
fn service_of(key: &[u8]) -> &[u8] {
    key.split(|byte| *byte == b'/').next().unwrap_or_default()
}

/// The commits that touch the tables of some services, or all of them, for one who waits for them.
#[derive(Debug)]
pub struct Changes {
    latest: watch::Receiver<Latest>,
    services: &'static [&'static str],
    seen: u64,
}

impl Changes {
    pub(crate) fn new(latest: watch::Receiver<Latest>, services: &'static [&'static str]) -> Self {
        let mut changes = Changes { latest, services, seen: 0 };
        changes.mark_unchanged();
        changes
    }

    /// Whatever was committed up to now is known.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.latest.borrow().of(self.services);
    }

    /// Returns after the next commit that touches the services; at once if there has been one since the last look. In a
    /// store that is gone nothing changes any more.
    pub async fn changed(&mut self) {
        let (services, seen) = (self.services, self.seen);
        if self.latest.wait_for(|latest| latest.of(services) > seen).await.is_err() {
            std::future::pending::<()>().await;
        }
        self.mark_unchanged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_touches_the_services_of_its_rows() {
        let mut latest = Latest::default();
        latest.commit([&b"ec2/instance\0\x01"[..], b"ec2/volume\0\x01", b"iam/role\0\x02"].into_iter());
        assert_eq!((latest.of(&["ec2"]), latest.of(&["iam"]), latest.of(&["ec", "s3"])), (1, 1, 0));
        latest.commit([&b"iam/role\0\x01"[..]].into_iter());
        assert_eq!((latest.of(&["ec2"]), latest.of(&["ec2", "iam"]), latest.generation()), (1, 2, 2));
        latest.empty();
        assert_eq!((latest.of(&["s3"]), latest.of(&[])), (3, 3));
    }
}
