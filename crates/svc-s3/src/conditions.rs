//! Conditional requests: `If-Match` and its relatives on reads, copies and writes. Source: RFC 9110, section 13, and
//! "Conditional requests", Amazon S3 User Guide.

use kogumo_base::Timestamp;

/// The conditions of a read or of a copy's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions<'a> {
    pub if_match: Option<&'a str>,
    pub if_none_match: Option<&'a str>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

/// What the conditions say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Go,
    NotModified,
    /// By its header's name.
    Failed(&'static str),
}

impl Conditions<'_> {
    /// Judges an object by its ETag (without quotes) and time. An entity tag outweighs a time.
    pub fn judge(&self, etag: &str, modified: Timestamp) -> Verdict {
        match (self.if_match, self.if_unmodified_since) {
            (Some(tags), _) if !matches(tags, etag) => return Verdict::Failed("If-Match"),
            (None, Some(since)) if modified.seconds() > since.seconds() => {
                return Verdict::Failed("If-Unmodified-Since");
            }
            _ => {}
        }
        match (self.if_none_match, self.if_modified_since) {
            (Some(tags), _) if matches(tags, etag) => Verdict::NotModified,
            (None, Some(since)) if modified.seconds() <= since.seconds() => Verdict::NotModified,
            _ => Verdict::Go,
        }
    }
}

/// What is wrong with a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteRefusal {
    /// There is an object with another entity tag, or one where none may be; by the header's name.
    Failed(&'static str),
    /// `If-Match` on a key that has no object.
    NoSuchKey,
    /// `If-None-Match` with anything but `*`, which S3 does not do.
    NotImplemented,
}

/// Judges a write by the entity tag of the object that is there (a delete marker is none).
pub fn judge_write(
    if_match: Option<&str>,
    if_none_match: Option<&str>,
    current: Option<&str>,
) -> Result<(), WriteRefusal> {
    match (if_none_match.map(str::trim), current) {
        (Some("*"), Some(_)) => return Err(WriteRefusal::Failed("If-None-Match")),
        (None | Some("*"), _) => {}
        _ => return Err(WriteRefusal::NotImplemented),
    }
    match (if_match, current) {
        (Some(_), None) => Err(WriteRefusal::NoSuchKey),
        (Some(tags), Some(etag)) if !matches(tags, etag) => Err(WriteRefusal::Failed("If-Match")),
        _ => Ok(()),
    }
}

fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: Timestamp = Timestamp(10_500);

    fn judge(conditions: Conditions<'_>) -> Verdict {
        conditions.judge("abc", MODIFIED)
    }

    #[test]
    fn reads() {
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let none = Conditions::default();
        assert_eq!(judge(none), Verdict::Go);
        assert_eq!(judge(Conditions { if_match: Some("\"abc\""), ..none }), Verdict::Go);
        assert_eq!(judge(Conditions { if_match: Some("\"x\""), ..none }), Verdict::Failed("If-Match"));
        assert_eq!(judge(Conditions { if_none_match: Some("\"x\", abc"), ..none }), Verdict::NotModified);
        // A header has whole seconds: the object's own Last-Modified must count as not modified.
        assert_eq!(judge(Conditions { if_modified_since: at(10), ..none }), Verdict::NotModified);
        assert_eq!(judge(Conditions { if_modified_since: at(9), ..none }), Verdict::Go);
        assert_eq!(judge(Conditions { if_unmodified_since: at(10), ..none }), Verdict::Go);
        assert_eq!(judge(Conditions { if_unmodified_since: at(9), ..none }), Verdict::Failed("If-Unmodified-Since"));
    }

    #[test]
    fn entity_tags_outweigh_times() {
        let old = Some(Timestamp(0));
        let both = Conditions { if_match: Some("abc"), if_unmodified_since: old, ..Conditions::default() };
        assert_eq!(judge(both), Verdict::Go);
        let late = Some(Timestamp::from_seconds(99));
        let both = Conditions { if_none_match: Some("x"), if_modified_since: late, ..Conditions::default() };
        assert_eq!(judge(both), Verdict::Go);
    }

    #[test]
    fn writes() {
        assert_eq!(judge_write(None, Some("*"), None), Ok(()));
        assert_eq!(judge_write(None, Some("*"), Some("a")), Err(WriteRefusal::Failed("If-None-Match")));
        assert_eq!(judge_write(None, Some("a"), None), Err(WriteRefusal::NotImplemented));
        assert_eq!(judge_write(Some("\"a\""), None, Some("a")), Ok(()));
        assert_eq!(judge_write(Some("b"), None, Some("a")), Err(WriteRefusal::Failed("If-Match")));
        assert_eq!(judge_write(Some("b"), None, None), Err(WriteRefusal::NoSuchKey));
    }
}
