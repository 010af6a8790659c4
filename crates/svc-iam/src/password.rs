//! Passwords of users: how they are kept, and what an account's policy wants of them. Pure.

use std::num::NonZeroU32;

use kogumo_base::{Timestamp, random_bytes};
use ring::pbkdf2;
use serde::{Deserialize, Serialize};

/// A user's login profile.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    pub created: Timestamp,
    pub changed: Timestamp,
    pub reset_required: bool,
    pub password: Hash,
    /// Earlier passwords, the newest first: a policy may forbid their reuse.
    #[serde(default)]
    pub earlier: Vec<Hash>,
}

/// A password that cannot be read back: PBKDF2 with a salt of its own.
#[derive(Clone, Serialize, Deserialize)]
pub struct Hash {
    salt: Vec<u8>,
    hash: Vec<u8>,
}

const ROUNDS: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");

/// As many as a policy can ask for.
const REMEMBERED: usize = 24;

impl Hash {
    pub fn of(password: &str) -> Self {
        let salt = random_bytes::<16>().to_vec();
        let mut hash = vec![0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, password.as_bytes(), &mut hash);
        Hash { salt, hash }
    }

    pub fn is_of(&self, password: &str) -> bool {
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &self.salt, password.as_bytes(), &self.hash).is_ok()
    }
}

impl Login {
    pub fn new(password: &str, reset_required: bool, now: Timestamp) -> Self {
        Login { created: now, changed: now, reset_required, password: Hash::of(password), earlier: Vec::new() }
    }

    pub fn change(&mut self, password: &str, now: Timestamp) {
        let old = std::mem::replace(&mut self.password, Hash::of(password));
        self.earlier.insert(0, old);
        self.earlier.truncate(REMEMBERED);
        self.changed = now;
    }
}

/// What an account wants of its users' passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub minimum_length: i32,
    pub symbols: bool,
    pub numbers: bool,
    pub uppercase: bool,
    pub lowercase: bool,
    pub users_may_change: bool,
    /// Days.
    pub max_age: Option<i32>,
    /// How many earlier passwords may not come back.
    pub reuse_prevention: Option<i32>,
    pub hard_expiry: Option<bool>,
}

/// The symbols that count (UpdateAccountPasswordPolicy).
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";

fn has_symbol(password: &str) -> bool {
    password.contains(|letter| SYMBOLS.contains(letter))
}

impl Rules {
    /// What is wrong with a new password; `login` is the profile that it is for, if there is one.
    pub fn violation(&self, password: &str, login: Option<&Login>) -> Option<String> {
        let lacks = |wanted: bool, has: bool, what: &str| {
            (wanted && !has).then(|| format!("Password should have at least one {what}"))
        };
        let length = usize::try_from(self.minimum_length).unwrap_or(0);
        if password.chars().count() < length {
            return Some(format!("Password should have a minimum length of {length}"));
        }
        lacks(self.uppercase, password.contains(|letter: char| letter.is_ascii_uppercase()), "uppercase letter")
            .or_else(|| {
                lacks(self.lowercase, password.contains(|letter: char| letter.is_ascii_lowercase()), "lowercase letter")
            })
            .or_else(|| lacks(self.numbers, password.contains(|letter: char| letter.is_ascii_digit()), "number"))
            .or_else(|| lacks(self.symbols, has_symbol(password), "symbol"))
            .or_else(|| self.is_reused(password, login?).then(|| "Password has been used before".to_owned()))
    }

    fn is_reused(&self, password: &str, login: &Login) -> bool {
        let most = usize::try_from(self.reuse_prevention.unwrap_or(0)).unwrap_or(0);
        // The current one counts.
        std::iter::once(&login.password).chain(&login.earlier).take(most).any(|hash| hash.is_of(password))
    }
}

/// What AWS wants where an account has no policy: eight letters of three kinds, and not the account's name.
pub fn default_violation(password: &str, account: &str, alias: Option<&str>) -> Option<String> {
    if password.chars().count() < 8 {
        return Some("Password should have a minimum length of 8".to_owned());
    }
    let kinds = [
        password.contains(|letter: char| letter.is_ascii_uppercase()),
        password.contains(|letter: char| letter.is_ascii_lowercase()),
        password.contains(|letter: char| letter.is_ascii_digit()),
        has_symbol(password),
    ];
    if kinds.iter().filter(|kind| **kind).count() < 3 {
        return Some(
            "Password should have at least three of: uppercase letters, lowercase letters, numbers, symbols".to_owned(),
        );
    }
    (password == account || Some(password) == alias).then(|| "Password should not be the account's name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        minimum_length: 10,
        symbols: true,
        numbers: true,
        uppercase: true,
        lowercase: true,
        users_may_change: true,
        max_age: None,
        reuse_prevention: Some(2),
        hard_expiry: None,
    };

    #[test]
    fn a_password_must_fit_the_rules() {
        for (password, missing) in [
            ("Ab1!", "a minimum length of 10"),
            ("abcdefgh1!", "uppercase letter"),
            ("ABCDEFGH1!", "lowercase letter"),
            ("Abcdefghi!", "number"),
            ("Abcdefghi1", "symbol"),
        ] {
            let violation = RULES.violation(password, None).expect(password);
            assert!(violation.ends_with(missing), "{violation}");
        }
        assert_eq!(RULES.violation("Abcdefgh1!", None), None);
    }

    #[test]
    fn earlier_passwords_stay_away_as_long_as_the_rules_say() {
        let mut login = Login::new("First-one-1", false, Timestamp(0));
        login.change("Second-one-2", Timestamp(1));
        assert!(RULES.violation("First-one-1", Some(&login)).is_some());
        assert!(RULES.violation("Second-one-2", Some(&login)).is_some());
        login.change("Third-one-3", Timestamp(2));
        assert_eq!(RULES.violation("First-one-1", Some(&login)), None);
    }

    #[test]
    fn without_a_policy_three_kinds_of_letters_do() {
        assert!(default_violation("password", "000000000000", None).is_some());
        assert!(default_violation("Passw0r", "000000000000", None).is_some());
        assert_eq!(default_violation("Passw0rd", "000000000000", None), None);
    }
}
