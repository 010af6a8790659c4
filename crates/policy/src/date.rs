//! Moments as conditions write them: ISO 8601 as the W3C profiles it (`2026-04-01`, `2026-04-01T00:00:00Z`), or seconds
//! since 1970.

/// Milliseconds since 1970 in UTC.
pub fn parse(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        // Four digits are a year.
        return if text.len() == 4 { Some(days(seconds, 1, 1)? * DAY) } else { seconds.checked_mul(1000) };
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = parts.next().map_or(Some(1), |day| number(day, 2))?;
    if parts.next().is_some() {
        return None;
    }
    Some(days(year, month, day)? * DAY + time.map_or(Some(0), clock)?)
}

const DAY: i64 = 86_400_000;

/// `hh:mm[:ss[.fraction]]` and a zone, in milliseconds.
fn clock(text: &str) -> Option<i64> {
    let (time, offset) = zone(text)?;
    let (hours, rest) = time.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':').map_or((rest, None), |(minutes, seconds)| (minutes, Some(seconds)));
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    let millis = match seconds {
        None => 0,
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').map_or((seconds, ""), |parts| parts);
            if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
            let seconds = number(whole, 2)?;
            if seconds > 60 {
                return None;
            }
            seconds * 1000 + millis.parse::<i64>().ok()?
        }
    };
    (hours <= 24 && minutes < 60).then_some(((hours * 60 + minutes) * 60_000) + millis - offset)
}

/// The time without its zone, and the zone's distance from UTC in milliseconds.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (time, zone) = text.split_at_checked(at)?;
    let (sign, distance) = zone.split_at_checked(1)?;
    let (hours, minutes) = distance.split_once(':').or_else(|| distance.split_at_checked(2))?;
    let distance = (number(hours, 2)? * 60 + number(minutes, 2)?) * 60_000;
    Some((time, if sign == "-" { -distance } else { distance }))
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2013-08-16T12:00:00Z", Some(1_376_654_400_000)),
            ("2013-08-16T15:00:00Z", Some(1_376_665_200_000)),
            ("2013-08-16T15:00:00.5+03:00", Some(1_376_654_400_500)),
            ("2013-08-16", Some(1_376_611_200_000)),
            ("2013-08", Some(1_375_315_200_000)),
            ("1376654400", Some(1_376_654_400_000)),
            ("1970", Some(0)),
            ("2000-02-29", Some(951_782_400_000)),
            ("yesterday", None),
            ("2013-13-01", None),
            ("2013-08-16T25:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(parse(text), millis, "{text}");
        }
    }
}
