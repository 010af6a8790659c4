//! DynamoDB's number: a decimal of up to 38 significant digits, magnitude 1E-130 … 9.99…E+125.
//!
//! Source: "Supported data types and naming rules in Amazon DynamoDB", section Number.

use std::cmp::Ordering;
use std::fmt;

use crate::ValidationError;

/// Significant digits that a number may have.
const DIGITS: u32 = 38;
/// Exponents, in scientific notation, that a number may have.
const EXPONENTS: std::ops::RangeInclusive<i64> = -130..=125;

const NOT_NUMERIC: &str = "The parameter cannot be converted to a numeric value";
const OVERFLOW: &str = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const UNDERFLOW: &str = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
const PRECISION: &str = "Attempting to store more than 38 significant digits in a Number";

/// `±coefficient × 10^exponent`, always in the one form without trailing zeros, so that equal numbers are equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    coefficient: u128,
    exponent: i16,
}

impl Number {
    /// The number 0.
    pub const ZERO: Number = Number { negative: false, coefficient: 0, exponent: 0 };

    /// Reads a number as clients write it: `12`, `-.5`, `+1.20e-3`. Spaces, `NaN` and `Infinity` are refused.
    pub fn parse(text: &str) -> Result<Number, ValidationError> {
        if text.is_empty() {
            return Err(NOT_NUMERIC.into());
        }
        let scanned = scan(text.as_bytes()).ok_or_else(|| ValidationError(format!("{NOT_NUMERIC}: {text}")))?;
        scanned.number()
    }

    /// The sum, refused where it leaves the range or needs more than 38 digits (AWS calls both an overflow).
    #[expect(clippy::should_implement_trait, reason = "it may be refused")]
    pub fn add(self, other: Number) -> Result<Number, ValidationError> {
        let exponent = self.exponent.min(other.exponent);
        let (Some(left), Some(right)) = (self.scaled_to(exponent), other.scaled_to(exponent)) else {
            return self.add_unaligned(other);
        };
        let (negative, coefficient) = match (self.negative == other.negative, left >= right) {
            (true, _) => (self.negative, left.checked_add(right).ok_or(OVERFLOW)?),
            (false, true) => (self.negative, left - right),
            (false, false) => (other.negative, right - left),
        };
        normalised(negative, coefficient, i64::from(exponent)).map_err(|error| match error.0.as_str() {
            PRECISION => OVERFLOW.into(),
            _ => error,
        })
    }

    /// Operands too far apart for 38 digits: only 0 leaves the other one as it is.
    fn add_unaligned(self, other: Number) -> Result<Number, ValidationError> {
        match (self.coefficient, other.coefficient) {
            (0, _) => Ok(other),
            (_, 0) => Ok(self),
            _ => Err(OVERFLOW.into()),
        }
    }

    /// The difference, under the same rules as [`Number::add`].
    pub fn subtract(self, other: Number) -> Result<Number, ValidationError> {
        self.add(other.negated())
    }

    fn negated(self) -> Number {
        Number { negative: !self.negative && self.coefficient != 0, ..self }
    }

    /// The coefficient as it would be at a smaller exponent, if that fits.
    fn scaled_to(self, exponent: i16) -> Option<u128> {
        if self.coefficient == 0 {
            return Some(0);
        }
        let shift = u32::try_from(self.exponent - exponent).ok()?;
        self.coefficient.checked_mul(10u128.checked_pow(shift)?)
    }

    /// How many significant digits; 0 has one.
    pub fn digits(self) -> u32 {
        self.coefficient.checked_ilog10().unwrap_or(0) + 1
    }

    /// The exponent of the first digit: 2 for 123, -3 for 0.00456.
    pub fn magnitude(self) -> i32 {
        i32::from(self.exponent) + self.digits() as i32 - 1
    }

    /// What the number costs in an item, in bytes: one, one for a sign, and one for every two significant digits, those
    /// before and those after the point counted apart (as AWS measures; its guide says "approximately").
    pub fn size(self) -> usize {
        if self.coefficient == 0 {
            return 1;
        }
        let digits = self.digits() as usize;
        let whole = digits.min(usize::try_from(self.magnitude() + 1).unwrap_or(0));
        1 + whole.div_ceil(2) + (digits - whole).div_ceil(2) + usize::from(self.negative)
    }

    /// Appends bytes whose order is the order of numbers, and of which none is a prefix of another.
    pub fn encode_ordered(self, out: &mut Vec<u8>) {
        if self.coefficient == 0 {
            return out.push(1);
        }
        let flip = if self.negative { 0xff } else { 0 };
        out.push(if self.negative { 0 } else { 2 });
        out.push((self.magnitude() + 130) as u8 ^ flip);
        let mut rest = self.left_justified();
        while rest != 0 {
            out.push(((rest / 10u128.pow(36)) as u8 + 1) ^ flip);
            rest = rest % 10u128.pow(36) * 100;
        }
        out.push(flip);
    }

    /// The coefficient filled up with zeros to 38 digits.
    fn left_justified(self) -> u128 {
        self.coefficient * 10u128.pow(DIGITS - self.digits())
    }

    fn cmp_magnitude(self, other: Number) -> Ordering {
        self.magnitude().cmp(&other.magnitude()).then_with(|| self.left_justified().cmp(&other.left_justified()))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        let mut number = Number { negative: false, coefficient: u128::from(value), exponent: 0 };
        while number.coefficient != 0 && number.coefficient.is_multiple_of(10) {
            number.coefficient /= 10;
            number.exponent += 1;
        }
        number
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Number| match (number.coefficient, number.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => self.cmp_magnitude(*other),
            _ => other.cmp_magnitude(*self),
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The text DynamoDB answers with: never an exponent, no zeros that say nothing.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        if self.exponent >= 0 {
            return write!(f, "{}{:0<width$}", self.coefficient, "", width = self.exponent as usize);
        }
        let fraction = usize::from(self.exponent.unsigned_abs());
        let digits = format!("{:0>width$}", self.coefficient, width = fraction + 1);
        let (whole, fraction) = digits.split_at(digits.len() - fraction);
        write!(f, "{whole}.{fraction}")
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What a text says before range and precision are judged.
struct Scanned {
    negative: bool,
    coefficient: u128,
    /// Significant digits seen, also those beyond what the coefficient holds.
    digits: u64,
    exponent: i64,
    /// The exponent as it stands in the text: zero has no other.
    written_exponent: i64,
}

impl Scanned {
    fn number(self) -> Result<Number, ValidationError> {
        if self.digits == 0 {
            return check_magnitude(self.written_exponent).map(|()| Number::ZERO);
        }
        check_magnitude(self.exponent.saturating_add(self.digits as i64 - 1))?;
        if self.digits > u64::from(DIGITS) {
            return Err(PRECISION.into());
        }
        Ok(Number { negative: self.negative, coefficient: self.coefficient, exponent: self.exponent as i16 })
    }
}

fn scan(text: &[u8]) -> Option<Scanned> {
    let (negative, text) = sign(text);
    let end = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(end);
    let mut scanned =
        Scanned { negative, coefficient: 0, digits: 0, exponent: 0, written_exponent: exponent_of(exponent)? };
    let (mut point, mut any, mut zeros, mut fraction) = (false, false, 0u64, 0i64);
    for byte in mantissa {
        match byte {
            b'.' if !point => {
                point = true;
                continue;
            }
            b'0' => zeros += u64::from(scanned.digits > 0),
            b'1'..=b'9' => {
                scanned.digits += zeros + 1;
                if scanned.digits <= u64::from(DIGITS) {
                    scanned.coefficient = scanned.coefficient * 10u128.pow(zeros as u32 + 1) + u128::from(byte - b'0');
                }
                zeros = 0;
            }
            _ => return None,
        }
        any = true;
        fraction += i64::from(point);
    }
    scanned.exponent = scanned.written_exponent.saturating_sub(fraction).saturating_add(zeros as i64);
    any.then_some(scanned)
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Reads `e-12`; nothing at all is 0. What no 64-bit integer holds is no exponent.
fn exponent_of(text: &[u8]) -> Option<i64> {
    let Some((_, text)) = text.split_first() else {
        return Some(0);
    };
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value =
        digits.iter().try_fold(0i64, |value, digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')))?;
    Some(if negative { -value } else { value })
}

fn check_magnitude(magnitude: i64) -> Result<(), ValidationError> {
    match magnitude {
        m if m > *EXPONENTS.end() => Err(OVERFLOW.into()),
        m if m < *EXPONENTS.start() => Err(UNDERFLOW.into()),
        _ => Ok(()),
    }
}

fn normalised(negative: bool, mut coefficient: u128, mut exponent: i64) -> Result<Number, ValidationError> {
    if coefficient == 0 {
        return Ok(Number::ZERO);
    }
    while coefficient.is_multiple_of(10) {
        coefficient /= 10;
        exponent += 1;
    }
    let digits = coefficient.ilog10() + 1;
    check_magnitude(exponent + i64::from(digits) - 1)?;
    if digits > DIGITS {
        return Err(PRECISION.into());
    }
    Ok(Number { negative, coefficient, exponent: exponent as i16 })
}
