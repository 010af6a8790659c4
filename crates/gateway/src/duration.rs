//! Durations as people write them: `30d`, `1d12h`, `90m`, `500ms`.

/// Reads a duration into milliseconds. A number alone is seconds.
pub fn parse_millis(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0u64;
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let (unit, behind) = behind.split_at(behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len()));
        let factor = match unit.trim() {
            "ms" => 1,
            "" | "s" => 1000,
            "m" | "min" => 60 * 1000,
            "h" => 3600 * 1000,
            "d" => 24 * 3600 * 1000,
            "w" => 7 * 24 * 3600 * 1000,
            _ => return None,
        };
        sum = number.parse::<u64>().ok()?.checked_mul(factor)?.checked_add(sum)?;
        rest = behind;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_write_them() {
        assert_eq!(parse_millis("30d"), Some(30 * 86_400_000));
        assert_eq!(parse_millis(" 1d12h "), Some(36 * 3_600_000));
        assert_eq!(parse_millis("90"), Some(90_000));
        assert_eq!(parse_millis("1w 2d"), Some(9 * 86_400_000));
        assert_eq!(parse_millis("500ms"), Some(500));
        for wrong in ["", "d", "-1d", "1y", "1.5h", "99999999999999999999d", "18446744073709551615w"] {
            assert_eq!(parse_millis(wrong), None, "{wrong}");
        }
    }
}
