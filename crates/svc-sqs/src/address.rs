//! Where a queue is: its URL, its ARN, its name.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Caller, Cloud};
use kogumo_model::sqs::INVALID_ADDRESS;
use kogumo_wire::Fault;

/// A queue by its place and name. Whether it is there is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub scope: Scope,
    pub name: String,
}

impl Address {
    pub fn new(scope: &Scope, name: &str) -> Self {
        Address { scope: scope.clone(), name: name.to_owned() }
    }

    /// The queue of a URL, of which only the last two parts count: `http://localhost:4566/000000000000/jobs`. The region
    /// is the caller's.
    ///
    /// # Errors
    /// `InvalidAddress` for a text that is no such URL.
    pub fn of_url(url: &str, region: &str) -> Result<Self, Fault> {
        let mut parts = url.trim_end_matches('/').rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(name), Some(account)) if is_account(account) && !name.is_empty() => {
                Ok(Address::new(&Scope::new(account, region), name))
            }
            _ => Err(INVALID_ADDRESS.because(format!("The address {url} is not valid for this endpoint."))),
        }
    }

    /// The queue of an ARN; `None` if it is not a queue's.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let arn = Arn::parse(arn).filter(|arn| arn.service == "sqs" && !arn.resource.is_empty())?;
        Some(Address { scope: Scope::new(arn.account, arn.region), name: arn.resource })
    }

    pub fn arn(&self) -> String {
        Arn::new("sqs", &self.scope.region, &self.scope.account, &self.name).to_string()
    }

    /// The URL under which the client that asks reaches the queue.
    pub fn url(&self, cloud: &Cloud, caller: &Caller) -> String {
        let base = caller.reached.clone().unwrap_or_else(|| cloud.settings.endpoint());
        format!("{base}/{}/{}", self.scope.account, self.name)
    }
}

/// Twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a queue may have that name. Source: Amazon SQS Developer Guide, "Amazon SQS queue and message identifiers".
pub fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !stem.is_empty() && name.len() <= 80 && stem.bytes().all(plain)
}

/// What the names of FIFO queues end with.
pub const FIFO: &str = ".fifo";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_account_and_queue() {
        let queue = Address::new(&Scope::new("111122223333", "eu-west-1"), "jobs");
        for url in [
            "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs",
            "http://localhost:4566/111122223333/jobs",
            "http://localhost:4566/queue/eu-west-1/111122223333/jobs/",
            "/111122223333/jobs",
        ] {
            assert_eq!(Address::of_url(url, "eu-west-1").expect(url), queue);
        }
        for url in ["jobs", "", "http://localhost:4566/jobs", "http://localhost:4566/1111/jobs"] {
            assert!(Address::of_url(url, "eu-west-1").is_err(), "{url}");
        }
        assert_eq!(Address::of_arn(&queue.arn()), Some(queue));
        assert_eq!(Address::of_arn("arn:aws:sns:eu-west-1:111122223333:jobs"), None);
    }

    #[test]
    fn names() {
        assert!(is_name("a") && is_name("A-b_9.fifo") && is_name(&"x".repeat(80)));
        for wrong in ["", ".fifo", "a.b", "a b", "名前", "a.fifo.fifo", &"x".repeat(81)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
