//! SignUp: somebody makes an account.

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::attributes::{self, Writer, sent};
use super::{Status, User, alias, create, password};
use crate::auth_event::{Happened, record};
use crate::client::{Site, secret};
use crate::code;
use crate::delivery::{self, Delivery};
use crate::faults::{invalid, not_authorized};
use crate::trigger::Setting;
use crate::trigger::sign_up::{post_confirmation, pre_sign_up};

pub async fn sign_up(cx: Context, input: SignUpRequest) -> Result<SignUpResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    secret::check_hash(&site.client, &input.username, input.secret_hash.as_deref())?;
    if site.pool.flag("/AdminCreateUserConfig/AllowAdminCreateUserOnly") {
        return Err(not_authorized("SignUp is not permitted for this user pool"));
    }
    let setting =
        Setting { cx: &cx, pool: &site.pool, client: &site.client.id, metadata: input.client_metadata.as_ref() };
    let name = input.username;
    let mut given = sent(input.user_attributes);
    attributes::check_name(&site.pool, &name, &mut given)?;
    attributes::check(&site.pool, Writer::Client(&site.client), None, &given)?;
    attributes::check_required(&site.pool, &given)?;
    let passwordless = site.pool.first_factors().iter().any(|factor| factor.ends_with("_OTP"));
    match &input.password {
        Some(password) => password::check(&site.pool, password)?,
        None if passwordless => {}
        None => return Err(invalid("Missing required parameter Password")),
    }
    refuse_taken(&cx, &site, &name)?;
    let validation = sent(input.validation_data);
    let decision = pre_sign_up(setting, "PreSignUp_SignUp", &name, &given, &validation).await?;
    let mut user = User::new(&site.pool, &name, given, Status::Unconfirmed, cx.now());
    for (attribute, verified) in [("email", decision.verify_email), ("phone_number", decision.verify_phone)] {
        match (verified, user.attribute(attribute).is_some()) {
            (true, true) => drop(user.attributes.insert(format!("{attribute}_verified"), "true".into())),
            (true, false) => {
                let camel = if attribute == "email" { "Email" } else { "Phone" };
                return Err(USER_LAMBDA_VALIDATION_EXCEPTION.because(format!(
                    "PreSignUp failed: autoVerify{camel} was requested and the user has no {attribute}."
                )));
            }
            (false, true) => drop(user.attributes.insert(format!("{attribute}_verified"), "false".into())),
            (false, false) => {}
        }
    }
    if decision.confirm {
        user.status = Status::Confirmed;
    }
    if let Some(text) = &input.password {
        user.verifier = Some(password::verifier(&site.pool, &user.name, text)?);
    }
    let attribute =
        delivery::sign_up_attribute(&site.pool, &user).filter(|name| !decision.confirm && !user.is_verified(name));
    let code = code::new();
    if attribute.is_some() {
        code::put(&mut user, code::SIGN_UP, &code, attribute, None, cx.now());
    }
    cx.write(|w| create(w.tx, &site.pool, &user, false))?;
    record(&cx, &site.pool, &user, Happened::new("SignUp", true, &site.client.id)).await?;
    let mut details = None;
    if let Some(attribute) = attribute {
        let message = Delivery { occasion: "SignUp", attribute, to: None, code: &code };
        details = Some(delivery::send(setting, &user, message).await?);
    }
    if decision.confirm {
        post_confirmation(setting, "PostConfirmation_ConfirmSignUp", &user).await?;
    }
    Ok(SignUpResponse {
        user_confirmed: decision.confirm,
        user_sub: user.sub,
        code_delivery_details: details,
        ..SignUpResponse::default()
    })
}

/// Refuses a name that is taken before any function is called.
fn refuse_taken(cx: &Context, site: &Site, name: &str) -> Result<(), Fault> {
    let read = cx.snapshot();
    if site.pool.names_by_attribute() {
        let sort = if name.contains('@') { "email" } else { "phone_number" };
        return match alias::owner(&read, &site.pool, sort, name)? {
            Some(_) => Err(USERNAME_EXISTS_EXCEPTION.because(if sort == "email" {
                "An account with the given email already exists."
            } else {
                "An account with the given phone_number already exists."
            })),
            None => Ok(()),
        };
    }
    match super::by_name(&read, &site.pool, name)? {
        Some(_) => Err(USERNAME_EXISTS_EXCEPTION.because("User already exists")),
        None => Ok(()),
    }
}
