//! Credits: a bucket that fills while a volume does less than its baseline, and empties while it does more.

/// What a volume did in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Reads and writes together.
    pub ios: f64,
    /// Read and written together.
    pub bytes: f64,
}

/// A volume's bucket of credits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bucket {
    /// gp2, and our reading of standard: a credit is an I/O.
    Ios { capacity: f64, earned: f64 },
    /// st1 and sc1: a credit is a byte.
    Bytes { capacity: f64, earned: f64 },
}

impl Bucket {
    /// How many credits it holds; so many has a new volume.
    #[must_use]
    pub fn capacity(self) -> f64 {
        let (Bucket::Ios { capacity, .. } | Bucket::Bytes { capacity, .. }) = self;
        capacity
    }

    /// Credits a second.
    #[must_use]
    pub fn earned(self) -> f64 {
        let (Bucket::Ios { earned, .. } | Bucket::Bytes { earned, .. }) = self;
        earned
    }

    /// How many credits that work takes.
    #[must_use]
    pub fn spent(self, work: Work) -> f64 {
        match self {
            Bucket::Ios { .. } => work.ios,
            Bucket::Bytes { .. } => work.bytes,
        }
    }

    /// The balance after some time in which that was done.
    #[must_use]
    pub fn settle(self, balance: f64, work: Work, seconds: f64) -> f64 {
        (balance + self.earned() * seconds.max(0.0) - self.spent(work)).clamp(0.0, self.capacity())
    }
}
