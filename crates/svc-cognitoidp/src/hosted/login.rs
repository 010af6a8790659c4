//! `/login`: name and password, and the challenges that may follow.

use std::collections::BTreeMap;

use serde_json::json;

use super::answer::Answer;
use super::authorize::{self, Asked};
use super::form::{self, Field, Form};
use super::words::Language;
use super::{Visit, choice, cookie, federation, mfa_setup};
use crate::auth::challenge::respond;
use crate::auth::{By, Flow, Outcome, password};
use crate::auth_event::risk;
use crate::user::User;

pub async fn page(visit: &Visit) -> Answer {
    let asked = match authorize::read(visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    if let Some(provider) = federation::only(visit, &asked.site) {
        return federation::begin(visit, &asked.site, provider).await;
    }
    if !visit.is_post() {
        return show(visit, &asked, None);
    }
    if !cookie::form_is_ours(visit) {
        return show(
            visit,
            &asked,
            Some(
                visit
                    .language
                    .say(
                        "The form has expired. Please try again.",
                        "フォームの有効期限が切れました。もう一度お試しください。",
                    )
                    .to_owned(),
            ),
        );
    }
    let flow = Flow { cx: visit.cx.clone(), site: asked.site.clone(), metadata: None, by: By::Pages };
    let outcome = match (visit.posted("challenge"), visit.posted("session")) {
        (Some("MFA_SETUP"), Some(session)) => match mfa_setup::verify(visit, session).await {
            Ok(session) => respond(&flow, "MFA_SETUP", answers(visit), Some(&session)).await,
            Err(fault) => Err(fault),
        },
        (Some(challenge), Some(session)) => respond(&flow, challenge, answers(visit), Some(session)).await,
        _ => {
            let (name, text) =
                (visit.posted("username").unwrap_or_default(), visit.posted("password").unwrap_or_default());
            match risk::refuse_blocked(&flow, name.trim()).await {
                Ok(()) if choice::is_offered(visit, &asked) => choice::begin(&flow, name.trim()).await,
                Ok(()) => password::sign_in(&flow, name.trim(), text, None).await,
                Err(fault) => Err(fault),
            }
        }
    };
    match outcome {
        Ok(Outcome::SignedIn(user)) => enter(visit, &asked, &user).await,
        Ok(Outcome::Challenge { name, session, mut parameters, available }) => {
            if !available.is_empty() {
                parameters.insert("available".into(), json!(available).to_string());
            }
            let shown = Challenge { name, session: session.unwrap_or_default(), parameters };
            challenge(visit, &shown, None)
        }
        Ok(Outcome::Tokens(_)) => Answer::failed(),
        Err(fault) => {
            let said = visit.language.error(&fault.message);
            match (visit.posted("challenge"), visit.posted("session")) {
                // The session is as good as before: another try.
                (Some(name), Some(session)) if !fault.message.contains("session") && !is_over(name) => {
                    let parameters = answers(visit);
                    challenge(visit, &Challenge { name: name.into(), session: session.into(), parameters }, Some(said))
                }
                _ => show(visit, &asked, Some(said)),
            }
        }
    }
}

/// Whether a wrong answer ends a challenge.
fn is_over(challenge: &str) -> bool {
    matches!(challenge, "PASSWORD" | "WEB_AUTHN")
}

/// The user is in: the browser remembers it, and the client gets what it asked for.
pub async fn enter(visit: &Visit, asked: &Asked, user: &User) -> Answer {
    let Ok((known, cookie)) = cookie::sign_in(visit, &asked.site, user) else { return Answer::failed() };
    authorize::finish(visit, asked, &known).await.with_cookie(&cookie)
}

/// What was posted, as answers to a challenge.
fn answers(visit: &Visit) -> BTreeMap<String, String> {
    visit.form.iter().map(|(name, value)| (name.clone(), value.trim().to_owned())).collect()
}

fn show(visit: &Visit, asked: &Asked, error: Option<String>) -> Answer {
    let say = |english, japanese| visit.language.say(english, japanese);
    let by = asked.site.pool.texts("/UsernameAttributes");
    let name = match (by.contains(&"email"), by.contains(&"phone_number")) {
        (true, true) => say("Email address or phone number", "メールアドレスまたは電話番号"),
        (true, false) => say("Email address", "メールアドレス"),
        (false, true) => say("Phone number", "電話番号"),
        (false, false) => say("Username", "ユーザー名"),
    };
    let hint = visit.posted("username").or(visit.asked("login_hint"));
    let mut links = vec![(visit.beside("forgotPassword"), say("Forgot your password?", "パスワードをお忘れですか？"))];
    if !asked.site.pool.flag("/AdminCreateUserConfig/AllowAdminCreateUserOnly") {
        links.push((
            visit.beside("signup"),
            say("Need an account? Sign up", "アカウントをお持ちでない場合はサインアップ"),
        ));
    }
    let others: Vec<(String, String)> = federation::offered(visit, &asked.site)
        .into_iter()
        .map(|name| {
            let address = format!("{}&identity_provider={}", visit.beside("oauth2/authorize"), authorize::quote(&name));
            let words = match visit.language {
                Language::English => format!("Continue with {name}"),
                Language::Japanese => format!("{name} で続ける"),
            };
            (address, words)
        })
        .collect();
    links.extend(others.iter().map(|(address, words)| (address.clone(), words.as_str())));
    let mut fields = vec![Field::text("username", name, "username").holding(hint)];
    let (intro, submit) = if choice::is_offered(visit, asked) {
        (say("Sign in to your account", "アカウントにサインインしてください"), say("Next", "次へ"))
    } else {
        fields.push(Field::password("password", say("Password", "パスワード"), "current-password"));
        let intro = say("Sign in with your username and password", "ユーザー名とパスワードでサインインしてください");
        (intro, say("Sign in", "サインイン"))
    };
    form::show(
        visit,
        &Form {
            title: say("Sign in", "サインイン"),
            intro: intro.to_owned(),
            error,
            fields,
            submit,
            links,
            note: None,
        },
    )
}

/// A challenge as it is shown.
struct Challenge {
    name: String,
    session: String,
    parameters: BTreeMap<String, String>,
}

fn challenge(visit: &Visit, asked: &Challenge, error: Option<String>) -> Answer {
    let say = |english, japanese| visit.language.say(english, japanese);
    let given = |name: &str| asked.parameters.get(name).cloned().unwrap_or_default();
    let username =
        [given("USER_ID_FOR_SRP"), given("USERNAME")].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let mut fields = vec![
        Field::hidden("challenge", &asked.name),
        Field::hidden("session", &asked.session),
        Field::hidden("USERNAME", &username),
    ];
    let code = say("Code", "コード");
    let mut links = Vec::new();
    let mut script = None;
    let sent_to = given("CODE_DELIVERY_DESTINATION");
    let (title, intro) = match asked.name.as_str() {
        "NEW_PASSWORD_REQUIRED" => {
            fields.push(Field::password("NEW_PASSWORD", say("New password", "新しいパスワード"), "new-password"));
            let required = given("requiredAttributes");
            let missing: Vec<String> = serde_json::from_str(&required).unwrap_or_default();
            fields.push(Field::hidden("requiredAttributes", &required));
            fields.extend(
                missing.iter().map(|name| Field::text(name, name.trim_start_matches("userAttributes."), "off")),
            );
            (
                say("Change password", "パスワードの変更"),
                say("Please enter your new password below.", "新しいパスワードを入力してください。").to_owned(),
            )
        }
        "SOFTWARE_TOKEN_MFA" => {
            fields.push(Field::text("SOFTWARE_TOKEN_MFA_CODE", code, "one-time-code"));
            (
                say("Sign in", "サインイン"),
                say("Enter the code of your authenticator app.", "認証アプリのコードを入力してください。").to_owned(),
            )
        }
        "SELECT_CHALLENGE" => {
            let available = given("available");
            let known: Vec<String> = serde_json::from_str(&available).unwrap_or_default();
            fields.push(Field::hidden("available", &available));
            fields.push(Field::choice("ANSWER", choice::factors(visit, &known)));
            let words = say("How do you want to sign in?", "サインイン方法を選択してください。");
            (say("Choose how to sign in", "認証方法の選択"), words.to_owned())
        }
        "PASSWORD" => {
            fields.push(Field::password("PASSWORD", say("Password", "パスワード"), "current-password"));
            (say("Sign in", "サインイン"), say("Enter your password.", "パスワードを入力してください。").to_owned())
        }
        "WEB_AUTHN" => {
            let (more, ours) = choice::ceremony("get", &given("CREDENTIAL_REQUEST_OPTIONS"));
            fields.extend(more);
            script = Some(ours);
            let words = say("Confirm with your passkey.", "パスキーで確認してください。");
            (say("Sign in", "サインイン"), words.to_owned())
        }
        "SMS_MFA" | "EMAIL_OTP" | "SMS_OTP" => {
            fields.push(Field::text(&format!("{}_CODE", asked.name), code, "one-time-code"));
            fields.push(Field::hidden("CODE_DELIVERY_DESTINATION", &sent_to));
            let words = say("We have sent a code to", "コードを送信しました:");
            (say("Sign in", "サインイン"), format!("{words} {sent_to}"))
        }
        "SELECT_MFA_TYPE" => {
            let kinds = given("MFAS_CAN_CHOOSE");
            let known: Vec<String> = serde_json::from_str(&kinds).unwrap_or_default();
            let named = |kind: String| match kind.as_str() {
                "SMS_MFA" => (kind, say("Text message", "SMS").to_owned()),
                "EMAIL_OTP" => (kind, say("Email", "メール").to_owned()),
                _ => (kind, say("Authenticator app", "認証アプリ").to_owned()),
            };
            fields.push(Field::hidden("MFAS_CAN_CHOOSE", &kinds));
            fields.push(Field::choice("ANSWER", known.into_iter().map(named).collect()));
            let words = say("Where do you want to get your code?", "コードの受け取り方法を選択してください。");
            (say("Choose how to sign in", "認証方法の選択"), words.to_owned())
        }
        "MFA_SETUP" if given("MFAS_CAN_SETUP").contains("SOFTWARE_TOKEN_MFA") => {
            let setup = match mfa_setup::begin(visit, &asked.session) {
                Ok(setup) => setup,
                Err(fault) => {
                    return form::tell(visit, 400, say("Sign in", "サインイン"), &visit.language.error(&fault.message));
                }
            };
            fields.retain(|field| field.name != "session");
            fields.push(Field::hidden("session", &setup.session));
            fields.push(Field::hidden("MFAS_CAN_SETUP", &given("MFAS_CAN_SETUP")));
            fields.push(Field::hidden("secret", &setup.secret));
            fields.push(Field::text("code", code, "one-time-code"));
            let words = say("Open in an authenticator app on this device", "この端末の認証アプリで開く");
            links.push((setup.link(&username, &visit.pool.id), words));
            let words = say(
                "Add this key to your authenticator app, then enter the code that the app shows:",
                "次のキーを認証アプリに登録し、アプリに表示されたコードを入力してください:",
            );
            (say("Set up an authenticator app", "認証アプリの設定"), format!("{words} {}", setup.secret))
        }
        other => {
            let words = say("This step cannot be done on this page:", "この手順はこのページでは行えません:");
            return form::tell(visit, 400, say("Sign in", "サインイン"), &format!("{words} {other}"));
        }
    };
    let form = Form { title, intro, error, fields, submit: say("Continue", "続ける"), links, note: None };
    match script {
        Some(script) => form::show_with_script(visit, &form, script),
        None => form::show(visit, &form),
    }
}
