//! What a machine has used, as its meters say.

use std::time::Duration;

/// What a machine has used since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The time of processors, all together.
    pub processors: Duration,
    pub received: Traffic,
    pub sent: Traffic,
}

/// What went through a machine's interfaces in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub bytes: u64,
    pub packets: u64,
}

impl Usage {
    /// What was used since `before`. A machine that was started anew counts from the beginning.
    pub fn since(&self, before: &Usage) -> Usage {
        if self.processors < before.processors {
            return *self;
        }
        Usage {
            processors: self.processors - before.processors,
            received: self.received.since(before.received),
            sent: self.sent.since(before.sent),
        }
    }
}

impl Traffic {
    fn since(self, before: Traffic) -> Traffic {
        // An interface that was taken away took its counters along.
        Traffic { bytes: self.bytes.saturating_sub(before.bytes), packets: self.packets.saturating_sub(before.packets) }
    }
}

/// What proc_pid_net_dev(5) says of all devices but `lo`: received, sent.
pub(crate) fn traffic(text: &str) -> (Traffic, Traffic) {
    let (mut received, mut sent) = (Traffic::default(), Traffic::default());
    for line in text.lines() {
        let Some((_, counters)) = line.split_once(':').filter(|(device, _)| device.trim() != "lo") else { continue };
        let counters: Vec<u64> = counters.split_whitespace().map(|word| word.parse().unwrap_or_default()).collect();
        let at = |index: usize| counters.get(index).copied().unwrap_or_default();
        received.bytes += at(0);
        received.packets += at(1);
        sent.bytes += at(8);
        sent.packets += at(9);
    }
    (received, sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_added_up_but_for_the_loopback() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
            face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n\
            \x20   lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0\n\
            \x20 eth0:    2000      20    0    0    0     0          0         0     3000      30    0    0    0     0       0          0\n\
            \x20 eth1:       5       1    0    0    0     0          0         0        6       2    0    0    0     0       0          0\n";
        let (received, sent) = traffic(text);
        assert_eq!((received.bytes, received.packets, sent.bytes, sent.packets), (2005, 21, 3006, 32));
    }

    #[test]
    fn a_restart_counts_from_the_beginning() {
        let usage = |seconds, bytes| Usage {
            processors: Duration::from_secs(seconds),
            received: Traffic { bytes, packets: bytes },
            ..Usage::default()
        };
        assert_eq!(usage(7, 50).since(&usage(5, 20)), usage(2, 30));
        assert_eq!(usage(1, 10).since(&usage(5, 20)), usage(1, 10));
        assert_eq!(usage(7, 10).since(&usage(5, 20)), usage(2, 0));
    }
}
