//! The `Range` header of a read. Source: RFC 9110, section 14; S3 serves one range only.

/// What part of an object of a certain size is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    /// From `first` to `last`, both included.
    Part {
        first: u64,
        last: u64,
    },
    Unsatisfiable,
}

/// Reads a `Range` header. One that is malformed, of another unit, or of several ranges is ignored, as S3 does.
pub fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((first, last)) = header.and_then(|text| text.trim().strip_prefix("bytes=")).and_then(bounds) else {
        return Wanted::Whole;
    };
    match (first, last) {
        (Some(first), Some(last)) if last < first => Wanted::Whole,
        (Some(first), last) if first < size => {
            Wanted::Part { first, last: last.unwrap_or(u64::MAX).min(size.saturating_sub(1)) }
        }
        (None, Some(suffix)) if suffix > 0 && size > 0 => {
            Wanted::Part { first: size.saturating_sub(suffix), last: size - 1 }
        }
        _ => Wanted::Unsatisfiable,
    }
}

/// The two numbers around the dash; `None` if it is no single range.
fn bounds(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = range.trim().split_once('-')?;
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(Some(digits.parse().unwrap_or(u64::MAX))),
        _ => None,
    };
    match (number(first)?, number(last)?) {
        (None, None) => None,
        bounds => Some(bounds),
    }
}

/// `bytes=0-99` of an `x-amz-copy-source-range`: both ends must be there and inside the source.
pub fn of_copy_source(header: &str, size: u64) -> Option<(u64, u64)> {
    match bounds(header.strip_prefix("bytes=")?)? {
        (Some(first), Some(last)) if first <= last && last < size => Some((first, last)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_as_s3_reads_them() {
        let part = |first, last| Wanted::Part { first, last };
        for (header, expected) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-5", part(2, 5)),
            ("bytes=7-", part(7, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-30", part(0, 9)),
            ("bytes=5-999999999999999999999999", part(5, 9)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=5-2", Wanted::Whole),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 10), expected, "{header}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn copy_ranges_must_lie_inside() {
        assert_eq!(of_copy_source("bytes=0-9", 10), Some((0, 9)));
        assert_eq!(of_copy_source("bytes=0-10", 10), None);
        assert_eq!(of_copy_source("bytes=5-", 10), None);
    }

    proptest! {
        #[test]
        fn a_part_lies_inside(header in "(bytes=)?[0-9]{0,3}-?[0-9]{0,22}", size in 0u64..500) {
            if let Wanted::Part { first, last } = wanted(Some(&header), size) {
                prop_assert!(first <= last && last < size);
            }
        }
    }
}
