//! A moment, and the three ways AWS writes one (Smithy: `epoch-seconds`, `date-time`, `http-date`).

use jiff::fmt::{rfc2822, strtime, temporal};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z: the finest grain that any AWS API answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub fn from_seconds(seconds: i64) -> Self {
        Timestamp(seconds.saturating_mul(1000))
    }

    /// Whole seconds, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    pub fn plus_millis(self, millis: i64) -> Self {
        Timestamp(self.0.saturating_add(millis))
    }

    /// `2026-11-22T15:04:05Z`, with milliseconds only where there are any.
    pub fn iso(self) -> String {
        let pattern = if self.0.rem_euclid(1000) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%3fZ" };
        self.format(pattern)
    }

    /// `2026-11-22T15:04:05.000Z`: S3 and CloudFormation always write the milliseconds.
    pub fn iso_millis(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S.%3fZ")
    }

    /// `Sun, 22 Nov 2026 15:04:05 GMT` (RFC 9110, IMF-fixdate).
    pub fn http_date(self) -> String {
        self.format("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// `20261122T150405Z`, as SigV4 writes it.
    pub fn basic(self) -> String {
        self.format("%Y%m%dT%H%M%SZ")
    }

    /// Formats in UTC with a strftime pattern; a moment outside of years -9999 to 9999 is clamped.
    pub fn format(self, pattern: &str) -> String {
        strtime::format(pattern, &self.zoned()).unwrap_or_default()
    }

    /// Reads ISO 8601 with `Z` or an offset; without one UTC is meant. A date alone is its midnight.
    pub fn parse_iso(text: &str) -> Option<Self> {
        static PARSER: temporal::DateTimeParser = temporal::DateTimeParser::new();
        if let Ok(moment) = PARSER.parse_timestamp(text) {
            return Some(Timestamp(moment.as_millisecond()));
        }
        let civil = PARSER.parse_datetime(text).ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Timestamp(zoned.timestamp().as_millisecond()))
    }

    /// Reads an HTTP date.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new();
        Some(Timestamp(PARSER.parse_timestamp(text).ok()?.as_millisecond()))
    }

    /// Reads SigV4's `20261122T150405Z`.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
        Some(Timestamp(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()))
    }

    fn zoned(self) -> jiff::Zoned {
        let limits = (jiff::Timestamp::MIN.as_millisecond() + 1, jiff::Timestamp::MAX.as_millisecond());
        jiff::Timestamp::from_millisecond(self.0.clamp(limits.0, limits.1))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(jiff::tz::TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_three_forms() {
        let t = Timestamp(1_445_412_480_000);
        assert_eq!(t.iso(), "2015-10-21T07:28:00Z");
        assert_eq!(t.plus_millis(5).iso(), "2015-10-21T07:28:00.005Z");
        assert_eq!(t.http_date(), "Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(t.basic(), "20151021T072800Z");
    }

    #[test]
    fn reads_what_it_writes() {
        let t = Timestamp(1_445_412_480_000);
        assert_eq!(Timestamp::parse_iso("2015-10-21T07:28:00Z"), Some(t));
        assert_eq!(Timestamp::parse_iso("2015-10-21T16:28:00+09:00"), Some(t));
        assert_eq!(Timestamp::parse_http_date(&t.http_date()), Some(t));
        assert_eq!(Timestamp::parse_basic(&t.basic()), Some(t));
        assert_eq!(Timestamp::parse_iso("yesterday"), None);
    }

    #[test]
    fn extremes_do_not_panic() {
        assert!(!Timestamp(i64::MAX).iso().is_empty());
        assert!(!Timestamp(i64::MIN).iso().is_empty());
    }
}
