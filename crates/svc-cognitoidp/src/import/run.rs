//! Running a job: each line becomes a user who has to choose a password, or a line in the log that says why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogumo_base::Arn;
use kogumo_door::{Caller, Client, Context, Principal};
use kogumo_model::cognitoidp::USERNAME_EXISTS_EXCEPTION;
use kogumo_wire::Fault;
use serde_json::json;

use super::{Job, csv, header, put};
use crate::pool::Pool;
use crate::user::attributes::{self, Writer};
use crate::user::{Status, User, create};

/// What became of a line.
enum Line {
    Imported,
    Skipped,
    Failed(String),
}

/// Goes through the file and finishes the job.
pub async fn run(cx: &Context, pool: &Pool, mut job: Job, text: &str) -> Result<(), Fault> {
    let mut log = Vec::new();
    let lines = csv::records(text);
    let (columns, rows) = lines.split_first().map_or((&[][..], &[][..]), |(first, rest)| (first.as_slice(), rest));
    let mut wanted = header(pool);
    let mut given = columns.to_vec();
    wanted.sort_unstable();
    given.sort_unstable();
    if wanted != given {
        job.status = "Failed".into();
        job.message =
            Some("The header of the user import file is invalid or does not match the user pool's attributes.".into());
    } else {
        for (at, row) in rows.iter().enumerate() {
            // The header is line 1.
            let number = at + 2;
            let said = match one(cx, pool, columns, row) {
                Line::Imported => {
                    job.imported += 1;
                    format!("[SUCCEEDED] Line Number {number} - The import succeeded.")
                }
                Line::Skipped => {
                    job.skipped += 1;
                    format!("[SKIPPED] Line Number {number} - The user already exists.")
                }
                Line::Failed(why) => {
                    job.failed += 1;
                    format!("[FAILED] Line Number {number} - {why}")
                }
            };
            log.push(said);
        }
        job.status = "Succeeded".into();
        job.message = Some("Import Job Completed Successfully.".into());
    }
    job.completed = Some(cx.now());
    cx.write(|w| put(w.tx, pool, &job))?;
    write_log(cx, pool, &job, &log).await;
    Ok(())
}

fn one(cx: &Context, pool: &Pool, columns: &[String], row: &[String]) -> Line {
    if row.len() != columns.len() {
        return Line::Failed("The number of columns in the record does not match the header.".into());
    }
    let mut fields: BTreeMap<String, String> =
        columns.iter().cloned().zip(row.iter().map(|field| field.trim().to_owned())).collect();
    let name = fields.remove("cognito:username").unwrap_or_default();
    let mfa = fields.remove("cognito:mfa_enabled").unwrap_or_default().eq_ignore_ascii_case("true");
    fields.retain(|_, value| !value.is_empty());
    for flag in ["email_verified", "phone_number_verified"] {
        if let Some(value) = fields.get_mut(flag) {
            *value = value.to_lowercase();
        }
    }
    let proved = |name: &str| {
        fields.contains_key(name) && fields.get(&format!("{name}_verified")).is_some_and(|flag| flag == "true")
    };
    if !proved("email") && !proved("phone_number") {
        return Line::Failed(
            "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true).".into(),
        );
    }
    if name.is_empty() {
        return Line::Failed("The User Record does not have a cognito:username.".into());
    }
    let checked = attributes::check_name(pool, &name, &mut fields)
        .and_then(|()| attributes::check(pool, Writer::Admin, None, &fields))
        .and_then(|()| attributes::check_required(pool, &fields));
    if let Err(fault) = checked {
        return Line::Failed(fault.message);
    }
    let mut user = User::new(pool, &name, fields, Status::ResetRequired, cx.now());
    if mfa && user.attribute("phone_number").is_some() {
        user.mfa.enabled.insert("SMS_MFA".into());
    }
    match cx.write(|w| create(w.tx, pool, &user, false)) {
        Ok(()) => Line::Imported,
        Err(fault) if fault.is(&USERNAME_EXISTS_EXCEPTION) => Line::Skipped,
        Err(fault) => Line::Failed(fault.message),
    }
}

/// Writes to CloudWatch Logs as the job's role. That it may not is no failure of the import.
async fn write_log(cx: &Context, pool: &Pool, job: &Job, lines: &[String]) {
    let Some(role) = Arn::parse(&job.role) else { return };
    let name = role.resource.rsplit('/').next().unwrap_or_default().to_owned();
    let base = Caller::service("cognito-idp.amazonaws.com", pool.scope.clone());
    let principal = Principal::AssumedRole {
        account: role.account,
        id: format!("AROAKOGUMOCOGNITOIMP:{}", job.id),
        role: name,
        session: job.id.clone(),
    };
    let client = Client::new(Arc::clone(&cx.cloud), Caller { principal: principal.into(), ..base });
    let (group, stream) = (format!("/aws/cognito/userpools/{}/{}", pool.id, pool.name), job.id.clone());
    let events: Vec<_> = lines.iter().map(|line| json!({"timestamp": cx.now().0, "message": line})).collect();
    // The group may be there from an earlier job.
    let _ = client.call_json("logs", "CreateLogGroup", &json!({"logGroupName": group})).await;
    let _ = client.call_json("logs", "CreateLogStream", &json!({"logGroupName": group, "logStreamName": stream})).await;
    for batch in events.chunks(1000) {
        let input = json!({"logGroupName": group, "logStreamName": stream, "logEvents": batch});
        if let Err(fault) = client.call_json("logs", "PutLogEvents", &input).await {
            tracing::warn!("an import's log was not written: {}", fault.message);
            return;
        }
    }
}
