//! Proving an e-mail address or a phone number by a code.

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{attributes, update};
use crate::code;
use crate::delivery::{self, Delivery};
use crate::faults::invalid;
use crate::token::access;
use crate::trigger::Setting;

pub async fn get_user_attribute_verification_code(
    cx: Context,
    input: GetUserAttributeVerificationCodeRequest,
) -> Result<GetUserAttributeVerificationCodeResponse, Fault> {
    let bearer = cx.read(|r| access::bearer(r.cloud, r.store, r.now, &input.access_token))?;
    let name = input.attribute_name;
    if name != "email" && name != "phone_number" {
        return Err(invalid(format!("Attribute {name} cannot be verified.")));
    }
    let (pool, user) = (&bearer.pool, &bearer.user);
    let pending = user.codes.get(&code::verify(&name)).and_then(|code| code.value.clone());
    let to = pending.as_deref().or(user.attribute(&name));
    let to = to.ok_or_else(|| invalid(format!("User does not have a {name} attribute."))).map(str::to_owned)?;
    let code = code::new();
    cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, &user.name, |user| {
            code::put(user, &code::verify(&name), &code, Some(&name), pending.as_deref(), now);
            Ok(())
        })
    })?;
    let setting = Setting { cx: &cx, pool, client: &bearer.client, metadata: input.client_metadata.as_ref() };
    let message = Delivery { occasion: "VerifyUserAttribute", attribute: &name, to: Some(&to), code: &code };
    let details = delivery::send(setting, user, message).await?;
    Ok(GetUserAttributeVerificationCodeResponse { code_delivery_details: Some(details) })
}

pub async fn verify_user_attribute(
    cx: Context,
    input: VerifyUserAttributeRequest,
) -> Result<VerifyUserAttributeResponse, Fault> {
    let bearer = cx.read(|r| access::bearer(r.cloud, r.store, r.now, &input.access_token))?;
    let (pool, name) = (&bearer.pool, &bearer.user.name);
    let verdict = cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, name, |user| Ok(code::take(user, &code::verify(&input.attribute_name), &input.code, now)))
    })?;
    let code = verdict?;
    cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, name, |user| {
            if let Some(value) = &code.value {
                attributes::apply(user, &[(input.attribute_name.clone(), value.clone())].into());
            }
            user.attributes.insert(format!("{}_verified", input.attribute_name), "true".into());
            user.modified = now;
            Ok(())
        })
    })?;
    Ok(VerifyUserAttributeResponse::default())
}
