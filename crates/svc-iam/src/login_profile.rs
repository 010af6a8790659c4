//! Login profiles and the account's password policy. What a password must be is decided in `password`.

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Principal, Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Read, Table};
use kogumo_wire::{Fault, Unit};

use crate::account;
use crate::entity::{self, Entity, Kind};
use crate::password::{self, Login, Rules};
use crate::user::named_or_calling;

/// One for each account.
static POLICIES: Table<Rules> = Table::new("iam/password-policy");

const ONLY: &str = "policy";

pub fn rules(read: &dyn Read, scope: &Scope) -> Result<Option<Rules>, Fault> {
    Ok(POLICIES.get(read, &scope.global(), ONLY)?)
}

fn no_policy(account: &str) -> Fault {
    NO_SUCH_ENTITY_EXCEPTION.because(format!("The Password Policy with domain name {account} cannot be found."))
}

/// What is not said goes back to its default.
pub fn update_account_password_policy(
    w: &mut Writer,
    input: UpdateAccountPasswordPolicyRequest,
) -> Result<Unit, Fault> {
    let rules = Rules {
        minimum_length: input.minimum_password_length.unwrap_or(6),
        symbols: input.require_symbols.unwrap_or(false),
        numbers: input.require_numbers.unwrap_or(false),
        uppercase: input.require_uppercase_characters.unwrap_or(false),
        lowercase: input.require_lowercase_characters.unwrap_or(false),
        users_may_change: input.allow_users_to_change_password.unwrap_or(false),
        max_age: input.max_password_age.filter(|days| *days > 0),
        reuse_prevention: input.password_reuse_prevention.filter(|most| *most > 0),
        hard_expiry: input.hard_expiry,
    };
    let scope = w.scope().global();
    POLICIES.put(w.tx, &scope, ONLY, &rules)?;
    Ok(Unit)
}

pub fn get_account_password_policy(r: &Reader, _: Unit) -> Result<GetAccountPasswordPolicyResponse, Fault> {
    let rules = rules(r.store, r.scope())?.ok_or_else(|| no_policy(r.caller.account()))?;
    let password_policy = PasswordPolicy {
        minimum_password_length: Some(rules.minimum_length),
        require_symbols: Some(rules.symbols),
        require_numbers: Some(rules.numbers),
        require_uppercase_characters: Some(rules.uppercase),
        require_lowercase_characters: Some(rules.lowercase),
        allow_users_to_change_password: Some(rules.users_may_change),
        expire_passwords: Some(rules.max_age.is_some()),
        max_password_age: rules.max_age,
        password_reuse_prevention: rules.reuse_prevention,
        hard_expiry: rules.hard_expiry,
    };
    Ok(GetAccountPasswordPolicyResponse { password_policy })
}

pub fn delete_account_password_policy(w: &mut Writer, _: Unit) -> Result<Unit, Fault> {
    let scope = w.scope().global();
    let had = POLICIES.delete(w.tx, &scope, ONLY)?;
    had.map(|_| Unit).ok_or_else(|| no_policy(&scope.account))
}

/// # Errors
/// PasswordPolicyViolation
fn check(w: &Writer, password: &str, login: Option<&Login>) -> Result<(), Fault> {
    let account = w.caller.account();
    let violation = match rules(w.store(), w.scope())? {
        Some(rules) => rules.violation(password, login),
        None => password::default_violation(password, account, account::alias_of(w.store(), account)?.as_deref()),
    };
    violation.map_or(Ok(()), |violation| Err(PASSWORD_POLICY_VIOLATION_EXCEPTION.because(violation)))
}

fn missing(user: &str) -> Fault {
    NO_SUCH_ENTITY_EXCEPTION.because(format!("Login Profile for User {user} cannot be found."))
}

fn shown(user: &Entity, login: &Login) -> LoginProfile {
    LoginProfile {
        user_name: user.name.clone(),
        create_date: login.created,
        password_reset_required: Some(login.reset_required),
    }
}

pub fn create_login_profile(
    w: &mut Writer,
    input: CreateLoginProfileRequest,
) -> Result<CreateLoginProfileResponse, Fault> {
    let name = named_or_calling(&w.caller.principal, input.user_name)?;
    let mut user = entity::get(w.store(), w.scope(), Kind::User, &name)?;
    if user.login.is_some() {
        let message = format!("Login Profile for user {} already exists.", user.name);
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(message));
    }
    let Some(password) = input.password else { return Err(Fault::validation("Must specify a password")) };
    check(w, &password, None)?;
    let login =
        Login::new(&password, input.password_reset_required.unwrap_or(false), Timestamp::from_seconds(w.now.seconds()));
    let login_profile = shown(&user, &login);
    user.login = Some(login);
    entity::put(w, &user)?;
    Ok(CreateLoginProfileResponse { login_profile })
}

pub fn get_login_profile(r: &Reader, input: GetLoginProfileRequest) -> Result<GetLoginProfileResponse, Fault> {
    let name = named_or_calling(&r.caller.principal, input.user_name)?;
    let user = entity::get(r.store, r.scope(), Kind::User, &name)?;
    let login = user.login.as_ref().ok_or_else(|| missing(&user.name))?;
    Ok(GetLoginProfileResponse { login_profile: shown(&user, login) })
}

pub fn update_login_profile(w: &mut Writer, input: UpdateLoginProfileRequest) -> Result<Unit, Fault> {
    let mut user = entity::get(w.store(), w.scope(), Kind::User, &input.user_name)?;
    let mut login = user.login.take().ok_or_else(|| missing(&user.name))?;
    if let Some(password) = &input.password {
        check(w, password, Some(&login))?;
        login.change(password, Timestamp::from_seconds(w.now.seconds()));
    }
    login.reset_required = input.password_reset_required.unwrap_or(login.reset_required);
    user.login = Some(login);
    entity::put(w, &user)?;
    Ok(Unit)
}

pub fn delete_login_profile(w: &mut Writer, input: DeleteLoginProfileRequest) -> Result<Unit, Fault> {
    let name = named_or_calling(&w.caller.principal, input.user_name)?;
    entity::update(w, Kind::User, &name, |user| user.login.take().map(drop).ok_or_else(|| missing(&user.name)))?;
    Ok(Unit)
}

/// A user changes the own password.
pub fn change_password(w: &mut Writer, input: ChangePasswordRequest) -> Result<Unit, Fault> {
    let Principal::User { name, .. } = &*w.caller.principal else {
        return Err(INVALID_USER_TYPE_EXCEPTION.because("Only IAM Users can change their own password"));
    };
    let mut user = entity::get(w.store(), w.scope(), Kind::User, name)?;
    let mut login = user.login.take().ok_or_else(|| missing(&user.name))?;
    if !login.password.is_of(&input.old_password) {
        return Err(Fault::access_denied("The old password was incorrect."));
    }
    let rules = rules(w.store(), w.scope())?;
    if rules.is_some_and(|rules| rules.hard_expiry == Some(true) && is_over(&rules, &login, w.now)) {
        return Err(Fault::access_denied("The password has expired. Contact your administrator."));
    }
    check(w, &input.new_password, Some(&login))?;
    login.change(&input.new_password, Timestamp::from_seconds(w.now.seconds()));
    login.reset_required = false;
    user.login = Some(login);
    entity::put(w, &user)?;
    Ok(Unit)
}

fn is_over(rules: &Rules, login: &Login, now: Timestamp) -> bool {
    rules.max_age.is_some_and(|days| now >= login.changed.plus_seconds(i64::from(days) * 86_400))
}
