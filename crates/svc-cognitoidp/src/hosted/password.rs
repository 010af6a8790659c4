//! `/forgotPassword` and `/confirmForgotPassword`.

use kogumo_model::cognitoidp::{ConfirmForgotPasswordRequest, ForgotPasswordRequest};

use super::answer::Answer;
use super::authorize::{self, quote};
use super::form::{self, Field, Form};
use super::{Visit, cookie};
use crate::client::secret;
use crate::user::recovery;

pub async fn forgot_page(visit: &Visit) -> Answer {
    let asked = match authorize::read(visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let mut error = None;
    if visit.is_post() && cookie::form_is_ours(visit) {
        let username = visit.posted("username").unwrap_or_default().trim().to_owned();
        let request = ForgotPasswordRequest {
            client_id: asked.site.client.id.clone(),
            secret_hash: secret::hash(&asked.site.client, &username),
            username: username.clone(),
            ..ForgotPasswordRequest::default()
        };
        match recovery::forgot_password(visit.cx.clone(), request).await {
            Ok(_) => {
                let next = visit.beside("confirmForgotPassword");
                return Answer::redirect(&format!("{next}&username={}", quote(&username)));
            }
            Err(fault) => error = Some(visit.language.error(&fault.message)),
        }
    }
    let say = |english, japanese| visit.language.say(english, japanese);
    form::show(
        visit,
        &Form {
            title: say("Forgot your password?", "パスワードをお忘れですか？"),
            intro: say(
                "Enter your username below and we will send a code to reset your password.",
                "ユーザー名を入力してください。パスワードを再設定するためのコードを送信します。",
            )
            .to_owned(),
            error,
            fields: vec![
                Field::text("username", say("Username", "ユーザー名"), "username").holding(visit.posted("username")),
            ],
            submit: say("Reset my password", "パスワードを再設定"),
            links: vec![(visit.beside("login"), say("Back to sign in", "サインインに戻る"))],
            note: None,
        },
    )
}

pub async fn confirm_page(visit: &Visit) -> Answer {
    let asked = match authorize::read(visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let username = visit.asked("username").unwrap_or_default().to_owned();
    let mut error = None;
    if visit.is_post() && cookie::form_is_ours(visit) {
        let request = ConfirmForgotPasswordRequest {
            client_id: asked.site.client.id.clone(),
            secret_hash: secret::hash(&asked.site.client, &username),
            confirmation_code: visit.posted("code").unwrap_or_default().trim().to_owned(),
            password: visit.posted("password").unwrap_or_default().to_owned(),
            username: username.clone(),
            ..ConfirmForgotPasswordRequest::default()
        };
        match recovery::confirm_forgot_password(visit.cx.clone(), request).await {
            Ok(_) => return Answer::redirect(&visit.beside("login")),
            Err(fault) => error = Some(visit.language.error(&fault.message)),
        }
    }
    let say = |english, japanese| visit.language.say(english, japanese);
    form::show(
        visit,
        &Form {
            title: say("Change password", "パスワードの変更"),
            intro: say(
                "We have sent a code. Enter it below with a new password.",
                "コードを送信しました。新しいパスワードとともに入力してください。",
            )
            .to_owned(),
            error,
            fields: vec![
                Field::text("code", say("Code", "コード"), "one-time-code"),
                Field::password("password", say("New password", "新しいパスワード"), "new-password"),
            ],
            submit: say("Change password", "パスワードを変更"),
            links: Vec::new(),
            note: None,
        },
    )
}
