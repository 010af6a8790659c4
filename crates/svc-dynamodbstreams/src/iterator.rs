//! Shard iterators: a place in a stream, as text that is good for fifteen minutes.

use kogumo_base::Timestamp;

const GOOD_FOR_MILLIS: i64 = 15 * 60 * 1000;

/// Where reading goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iterator {
    pub stream_arn: String,
    /// The sequence number of the next change to read.
    pub next: u64,
    pub issued: Timestamp,
}

impl Iterator {
    /// `arn|1|next|issued`
    pub fn to_text(&self) -> String {
        format!("{}|1|{:020}|{}", self.stream_arn, self.next, self.issued.0)
    }

    pub fn parse(text: &str) -> Option<Iterator> {
        let mut parts = text.rsplitn(4, '|');
        let issued = Timestamp(parts.next()?.parse().ok()?);
        let next = parts.next()?.parse().ok()?;
        let version = parts.next()?;
        let stream_arn = parts.next()?.to_owned();
        (version == "1").then_some(Iterator { stream_arn, next, issued })
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        now.0 - self.issued.0 > GOOD_FOR_MILLIS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_back_and_grows_old() {
        let iterator = Iterator { stream_arn: "arn:a:b".to_owned(), next: 7, issued: Timestamp(1000) };
        assert_eq!(Iterator::parse(&iterator.to_text()), Some(iterator.clone()));
        assert!(!iterator.is_expired(Timestamp(1000 + GOOD_FOR_MILLIS)));
        assert!(iterator.is_expired(Timestamp(1001 + GOOD_FOR_MILLIS)));
        for broken in ["", "a|b|c|d", "arn|2|1|1", "arn|1|-1|1"] {
            assert_eq!(Iterator::parse(broken), None, "{broken}");
        }
    }
}
