//! One-time passwords by time (RFC 6238): HMAC-SHA-1, thirty seconds, six digits. Pure.

use kogumo_base::Timestamp;
use ring::hmac;

/// Seconds that a code lasts.
const STEP: i64 = 30;

/// The step that a moment lies in.
pub fn step(at: Timestamp) -> i64 {
    at.seconds().div_euclid(STEP)
}

/// The code of a step (RFC 4226, section 5.3).
pub fn code(seed: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let digest = hmac::sign(&key, &step.to_be_bytes());
    let digest = digest.as_ref();
    let offset = usize::from(digest.last().copied().unwrap_or(0) & 0x0f);
    let word =
        digest.get(offset..offset + 4).unwrap_or(&[0; 4]).iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The step within `reach` steps of `near` whose code that is; the nearest one first.
pub fn find(seed: &[u8], wanted: &str, near: i64, reach: i64) -> Option<i64> {
    let around = (0..=reach).flat_map(|away| [near - away, near + away]);
    around.into_iter().find(|step| same(&code(seed, *step), wanted))
}

/// Takes as long for the wrong as for the right.
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().zip(right.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six digits of its eight.
    #[test]
    fn the_rfcs_codes() {
        let seed = b"12345678901234567890";
        for (seconds, wanted) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(code(seed, step(Timestamp::from_seconds(seconds))), wanted);
        }
    }

    #[test]
    fn codes_are_found_near_their_time_only() {
        let seed = b"12345678901234567890";
        let code = code(seed, 1000);
        assert_eq!(find(seed, &code, 1001, 1), Some(1000));
        assert_eq!(find(seed, &code, 1003, 1), None);
        assert_eq!(find(seed, "", 1000, 1), None);
    }
}
