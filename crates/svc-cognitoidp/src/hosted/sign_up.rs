//! `/signup`, and the page that takes the code that was sent.

use kogumo_model::cognitoidp::{AttributeType, ConfirmSignUpRequest, SignUpRequest};

use super::answer::Answer;
use super::authorize::{self, Asked, quote};
use super::form::{self, Field, Form};
use super::words::Language;
use super::{Visit, cookie};
use crate::client::secret;
use crate::terms;
use crate::trigger::Setting;
use crate::user::{confirm, find, sign_up};

pub async fn page(visit: &Visit) -> Answer {
    let asked = match authorize::read(visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    if asked.site.pool.flag("/AdminCreateUserConfig/AllowAdminCreateUserOnly") {
        return Answer::missing();
    }
    if !visit.is_post() || !cookie::form_is_ours(visit) {
        return show(visit, &asked, None);
    }
    let username = visit.posted("username").unwrap_or_default().trim().to_owned();
    let attributes = wanted(&asked)
        .into_iter()
        .filter_map(|name| Some(AttributeType { value: Some(visit.posted(&name)?.trim().to_owned()), name }));
    let request = SignUpRequest {
        client_id: asked.site.client.id.clone(),
        secret_hash: secret::hash(&asked.site.client, &username),
        password: visit.posted("password").map(str::to_owned),
        user_attributes: Some(attributes.collect()),
        username: username.clone(),
        ..SignUpRequest::default()
    };
    match sign_up::sign_up(visit.cx.clone(), request).await {
        Ok(made) if made.user_confirmed => Answer::redirect(&visit.beside("login")),
        Ok(_) => Answer::redirect(&format!("{}&username={}", visit.beside("confirm"), quote(&username))),
        Err(fault) => show(visit, &asked, Some(visit.language.error(&fault.message))),
    }
}

/// Attributes that are asked for: what the schema requires and the pool wants proved.
fn wanted(asked: &Asked) -> Vec<String> {
    let pool = &asked.site.pool;
    let by = pool.texts("/UsernameAttributes");
    let proved = pool.texts("/AutoVerifiedAttributes");
    let wanted = pool.schema.iter().filter(|attribute| {
        let name = attribute.name.as_str();
        name != "sub" && !by.contains(&name) && (attribute.required || proved.contains(&name))
    });
    wanted.map(|attribute| attribute.name.clone()).collect()
}

fn show(visit: &Visit, asked: &Asked, error: Option<String>) -> Answer {
    let say = |english, japanese| visit.language.say(english, japanese);
    let name = match asked.site.pool.names_by_attribute() {
        true => say("Email address or phone number", "メールアドレスまたは電話番号"),
        false => say("Username", "ユーザー名"),
    };
    let mut fields = vec![Field::text("username", name, "username").holding(visit.posted("username"))];
    fields.extend(wanted(asked).iter().map(|name| {
        let label = match name.as_str() {
            "email" => say("Email address", "メールアドレス"),
            "phone_number" => say("Phone number", "電話番号"),
            "name" => say("Name", "氏名"),
            other => other,
        };
        Field::text(name, label, "off").holding(visit.posted(name))
    }));
    fields.push(Field::password("password", say("Password", "パスワード"), "new-password"));
    form::show(
        visit,
        &Form {
            title: say("Sign up", "サインアップ"),
            intro: say("Sign up with a new account", "新しいアカウントを作成します").to_owned(),
            error,
            fields,
            submit: say("Sign up", "サインアップ"),
            links: vec![(
                visit.beside("login"),
                say("Already have an account? Sign in", "アカウントをお持ちの場合はサインイン"),
            )],
            note: agreement(visit, asked),
        },
    )
}

/// What who signs up agrees to, where the client has both documents. Classic pages do not have it.
fn agreement(visit: &Visit, asked: &Asked) -> Option<String> {
    let language = visit.language.say("cognito:english", "cognito:japanese");
    let links = terms::links(&visit.cx.snapshot(), &visit.pool, &asked.site.client.id, language);
    let [uses, privacy] = links.ok().flatten().filter(|_| visit.managed)?;
    let link =
        |address: &str, words: &str| format!("<a href=\"{}\">{}</a>", form::escape(address), form::escape(words));
    let uses = link(&uses, visit.language.say("terms of use", "利用規約"));
    let privacy = link(&privacy, visit.language.say("privacy policy", "プライバシーポリシー"));
    Some(match visit.language {
        Language::English => format!("<p>By signing up you agree to the {uses} and the {privacy}.</p>"),
        Language::Japanese => format!("<p>サインアップすると、{uses}と{privacy}に同意したものとみなされます。</p>"),
    })
}

/// Takes the code.
pub async fn confirm_page(visit: &Visit) -> Answer {
    let asked = match authorize::read(visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let username = visit.asked("username").unwrap_or_default().to_owned();
    let mut error = None;
    if visit.is_post() && cookie::form_is_ours(visit) {
        let request = ConfirmSignUpRequest {
            client_id: asked.site.client.id.clone(),
            secret_hash: secret::hash(&asked.site.client, &username),
            confirmation_code: visit.posted("code").unwrap_or_default().trim().to_owned(),
            username: username.clone(),
            ..ConfirmSignUpRequest::default()
        };
        match confirm::confirm_sign_up(visit.cx.clone(), request).await {
            Ok(_) => return Answer::redirect(&visit.beside("login")),
            Err(fault) => error = Some(visit.language.error(&fault.message)),
        }
    }
    let say = |english, japanese| visit.language.say(english, japanese);
    form::show(
        visit,
        &Form {
            title: say("Confirm your account", "アカウントの確認"),
            intro: say(
                "We have sent a code. Enter it below to confirm your account.",
                "確認コードを送信しました。下に入力してください。",
            )
            .to_owned(),
            error,
            fields: vec![Field::text("code", say("Verification code", "確認コード"), "one-time-code")],
            submit: say("Confirm account", "アカウントを確認"),
            links: Vec::new(),
            note: None,
        },
    )
}

/// The link of a verification mail.
pub async fn link_page(visit: &Visit) -> Answer {
    let say = |english, japanese| visit.language.say(english, japanese);
    let title = say("Confirm your account", "アカウントの確認");
    let site = visit.asked("client_id").and_then(|client| visit.site(client));
    let Some(site) = site else { return form::tell(visit, 400, title, "Client does not exist.") };
    let name = visit.asked("user_name").unwrap_or_default();
    let user = find(&visit.cx.snapshot(), &site.pool, name).ok().flatten();
    let Some(user) = user else {
        return form::tell(
            visit,
            400,
            title,
            &visit.language.error("Invalid code provided, please request a code again."),
        );
    };
    let setting = Setting { cx: &visit.cx, pool: &site.pool, client: &site.client.id, metadata: None };
    let code = visit.asked("confirmation_code").unwrap_or_default();
    match confirm::confirm_by_code(setting, &user, code, false).await {
        Ok(()) => form::tell(visit, 200, title, say("Your registration has been confirmed!", "登録が確認されました。")),
        Err(fault) => form::tell(visit, 400, title, &visit.language.error(&fault.message)),
    }
}
