//! How codes and invitations reach a user: which medium, which words, and the outbox.

use kogumo_base::Trouble;
use kogumo_door::Context;
use kogumo_door::outbox::{self, Medium, Message};
use kogumo_model::cognitoidp::CodeDeliveryDetailsType;
use kogumo_wire::Fault;

use crate::auth_event::export::undelivered;
use crate::pool::Pool;
use crate::trigger::Setting;
use crate::trigger::message::custom_message;
use crate::trigger::sender;
use crate::user::User;

/// A message to a user: why, to which attribute, and the code or temporary password in it.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// As CustomMessage calls it: `SignUp`, `ForgotPassword`, …
    pub occasion: &'a str,
    /// `email` or `phone_number`.
    pub attribute: &'a str,
    /// Where to, if that is not the attribute's value yet.
    pub to: Option<&'a str>,
    pub code: &'a str,
}

/// The attribute that a code for signing up goes to: one that the pool wants proved and the user has.
pub fn sign_up_attribute(pool: &Pool, user: &User) -> Option<&'static str> {
    let wanted = pool.texts("/AutoVerifiedAttributes");
    ["phone_number", "email"].into_iter().find(|name| wanted.contains(name) && user.attribute(name).is_some())
}

/// Sends, in the words of the trigger, else of the pool, else of Cognito; or lets the pool's own sender do it.
///
/// # Errors
/// The trigger's, and trouble with the store.
pub async fn send(setting: Setting<'_>, user: &User, delivery: Delivery<'_>) -> Result<CodeDeliveryDetailsType, Fault> {
    let sent = deliver(setting, user, delivery).await;
    let failed = sent.as_ref().err().map(|fault| fault.message.clone());
    if let Some(details) = failed {
        undelivered(setting.cx, setting.pool, &details).await;
    }
    sent
}

async fn deliver(setting: Setting<'_>, user: &User, delivery: Delivery<'_>) -> Result<CodeDeliveryDetailsType, Fault> {
    let pool = setting.pool;
    let to = delivery.to.or(user.attribute(delivery.attribute)).unwrap_or_default().to_owned();
    let by_mail = delivery.attribute == "email";
    let details = CodeDeliveryDetailsType {
        destination: Some(masked(&to)),
        delivery_medium: Some(if by_mail { "EMAIL" } else { "SMS" }.into()),
        attribute_name: Some(delivery.attribute.to_owned()),
    };
    if sender::send(setting, delivery.occasion, by_mail, user, delivery.code).await? {
        return Ok(details);
    }
    let words = custom_message(setting, delivery.occasion, user).await?;
    let own = own_words(pool, delivery.occasion, by_mail);
    let name = shown_name(pool, user);
    let link = link(setting, user, delivery);
    let fill = |text: &str| filled(text, delivery.code, name, link.as_deref());
    let message = if by_mail {
        Message {
            medium: Medium::Mail,
            from: sender(pool),
            to,
            subject: words.subject.unwrap_or(own.subject),
            text: fill(&words.mail.unwrap_or(own.text)),
            at: setting.cx.now(),
            reply_to: pool.text("/EmailConfiguration/ReplyToEmailAddress").map(str::to_owned),
            html: true,
        }
    } else {
        Message {
            medium: Medium::Sms,
            from: "Cognito".into(),
            to,
            subject: String::new(),
            text: fill(&words.sms.unwrap_or(own.text)),
            at: setting.cx.now(),
            ..Message::default()
        }
    };
    post(setting.cx, &message)?;
    Ok(details)
}

/// Who a pool's mail is from: the address that was set, else the verified one that it sends by, else Cognito's.
fn sender(pool: &Pool) -> String {
    let identity = pool.text("/EmailConfiguration/SourceArn").and_then(|arn| arn.split_once(":identity/"));
    let identity = identity.map(|(_, name)| name).filter(|name| name.contains('@'));
    let from = pool.text("/EmailConfiguration/From").or(identity);
    from.unwrap_or("no-reply@verificationemail.com").to_owned()
}

fn post(cx: &Context, message: &Message) -> Result<(), Trouble> {
    cx.write(|w| outbox::send(w.tx, message))
}

/// The name by which a user signs in.
fn shown_name<'a>(pool: &Pool, user: &'a User) -> &'a str {
    let by = pool.texts("/UsernameAttributes");
    by.into_iter().find_map(|name| user.attribute(name)).unwrap_or(&user.name)
}

struct Own {
    subject: String,
    text: String,
}

/// What the pool says, else what Cognito says.
fn own_words(pool: &Pool, occasion: &str, by_mail: bool) -> Own {
    let set = |pointers: [&str; 2], default: &str| {
        pointers.into_iter().find_map(|pointer| pool.text(pointer)).unwrap_or(default).to_owned()
    };
    let by_link = pool.text("/VerificationMessageTemplate/DefaultEmailOption") == Some("CONFIRM_WITH_LINK")
        && matches!(occasion, "SignUp" | "ResendCode");
    let mfa = |name: &str| {
        pool.mfa.get("EmailMfaConfiguration").and_then(|setting| setting.get(name)).and_then(serde_json::Value::as_str)
    };
    const INVITE: &str = "/AdminCreateUserConfig/InviteMessageTemplate";
    let invite = "Your username is {username} and temporary password is {####}.";
    let verify = "Your verification code is {####}";
    match (occasion, by_mail) {
        ("AdminCreateUser", true) => Own {
            subject: set([&format!("{INVITE}/EmailSubject"), ""], "Your temporary password"),
            text: set([&format!("{INVITE}/EmailMessage"), ""], invite),
        },
        ("AdminCreateUser", false) => {
            Own { subject: String::new(), text: set([&format!("{INVITE}/SMSMessage"), ""], invite) }
        }
        ("Authentication", true) => Own {
            subject: mfa("Subject").unwrap_or("Your authentication code").to_owned(),
            text: mfa("Message").unwrap_or("Your authentication code is {####}.").to_owned(),
        },
        ("Authentication", false) => Own {
            subject: String::new(),
            text: set(["/SmsAuthenticationMessage", ""], "Your authentication code is {####}."),
        },
        (_, true) if by_link => Own {
            subject: set(["/VerificationMessageTemplate/EmailSubjectByLink", ""], "Your verification link"),
            text: set(
                ["/VerificationMessageTemplate/EmailMessageByLink", ""],
                "Please click the link below to verify your email address. {##Verify Email##}",
            ),
        },
        (_, true) => Own {
            subject: set(
                ["/EmailVerificationSubject", "/VerificationMessageTemplate/EmailSubject"],
                "Your verification code",
            ),
            text: set(["/EmailVerificationMessage", "/VerificationMessageTemplate/EmailMessage"], verify),
        },
        (_, false) => Own {
            subject: String::new(),
            text: set(["/SmsVerificationMessage", "/VerificationMessageTemplate/SmsMessage"], verify),
        },
    }
}

/// The address that confirms a user by a click, on the pool's domain.
fn link(setting: Setting<'_>, user: &User, delivery: Delivery<'_>) -> Option<String> {
    let host = setting.pool.pages_host()?;
    let quoted =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    Some(format!(
        "https://{host}/confirmUser?client_id={}&user_name={}&confirmation_code={}",
        quoted(setting.client),
        quoted(&user.name),
        delivery.code
    ))
}

/// Puts code, name and link in their places. A link's place is `{##its words##}`.
fn filled(text: &str, code: &str, name: &str, link: Option<&str>) -> String {
    let mut text = text.replace("{####}", code).replace("{username}", name);
    if let Some((before, rest)) = text.split_once("{##")
        && let Some((words, after)) = rest.split_once("##}")
    {
        text = match link {
            Some(link) => format!("{before}<a href=\"{link}\">{words}</a>{after}"),
            None => format!("{before}{code}{after}"),
        };
    }
    text
}

/// `a***@e***`, `+*******1234`.
pub fn masked(to: &str) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    match to.split_once('@') {
        Some((local, domain)) => format!("{}***@{}***", first(local), first(domain)),
        None => {
            let digits = to.trim_start_matches('+');
            let hidden = digits.chars().count().saturating_sub(4);
            format!("+{}{}", "*".repeat(hidden), digits.chars().skip(hidden).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_masked() {
        assert_eq!(masked("jane@example.com"), "j***@e***");
        assert_eq!(masked("+12065551234"), "+*******1234");
        assert_eq!(masked("+1"), "+1");
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(filled("Hi {username}: {####}", "123456", "jane", None), "Hi jane: 123456");
        assert_eq!(filled("Go {##here##}!", "1", "jane", Some("u")), "Go <a href=\"u\">here</a>!");
        assert_eq!(filled("{## ##", "1", "jane", None), "{## ##");
    }
}
