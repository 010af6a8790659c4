//! The credential report: every user with the state of password, devices and keys, as a table.

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::access_key::{self, StoredKey};
use crate::entity::{self, Entity, Kind};
use crate::signing_certificate::{CERTIFICATES, Kept};
use crate::{login_profile, mfa};

/// The last report of each account.
static REPORTS: Table<Report> = Table::new("iam/credential-report");

const ONLY: &str = "report";

/// A report is made again after four hours, no earlier.
const LASTS_SECONDS: i64 = 4 * 3600;

#[derive(Clone, Serialize, Deserialize)]
struct Report {
    content: String,
    made: Timestamp,
}

const HEAD: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

pub fn generate_credential_report(w: &mut Writer, _: Unit) -> Result<GenerateCredentialReportResponse, Fault> {
    let scope = w.scope().global();
    let last = REPORTS.get(w.store(), &scope, ONLY)?;
    if last.as_ref().is_some_and(|report| w.now < report.made.plus_seconds(LASTS_SECONDS)) {
        return Ok(GenerateCredentialReportResponse { state: Some("COMPLETE".into()), description: None });
    }
    let content = table(&w.reader())?;
    REPORTS.put(w.tx, &scope, ONLY, &Report { content, made: Timestamp::from_seconds(w.now.seconds()) })?;
    let description = "No report exists. Starting a new report generation task";
    Ok(GenerateCredentialReportResponse { state: Some("STARTED".into()), description: Some(description.into()) })
}

pub fn get_credential_report(r: &Reader, _: Unit) -> Result<GetCredentialReportResponse, Fault> {
    let report = REPORTS.get(r.store, &r.scope().global(), ONLY)?;
    let absent = || CREDENTIAL_REPORT_NOT_PRESENT_EXCEPTION.because("No report is present.");
    let report = report.ok_or_else(absent)?;
    if r.now >= report.made.plus_seconds(LASTS_SECONDS) {
        let message = "The most recent credential report has expired. Generate a new one.";
        return Err(CREDENTIAL_REPORT_EXPIRED_EXCEPTION.because(message));
    }
    Ok(GetCredentialReportResponse {
        content: Some(report.content.into_bytes().into()),
        report_format: Some("text/csv".into()),
        generated_time: Some(report.made),
    })
}

fn table(r: &Reader) -> Result<String, Fault> {
    let mut lines = vec![HEAD.to_owned(), root(r)?.join(",")];
    for user in entity::all(r.store, r.scope(), Kind::User)? {
        lines.push(row(r, &user)?.join(","));
    }
    Ok(lines.join("\n"))
}

/// `2026-11-22T15:04:05+00:00`
fn time(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S+00:00")
}

fn na() -> String {
    "N/A".to_owned()
}

/// Nobody knows when this cloud's accounts were opened, and the root does not sign in to it.
fn root(r: &Reader) -> Result<Vec<String>, Fault> {
    let account = r.caller.account();
    let arn = format!("arn:aws:iam::{account}:root");
    let mut row = ["<root_account>", &arn, "N/A", "not_supported", "N/A", "not_supported", "not_supported", "false"]
        .map(str::to_owned)
        .to_vec();
    row.extend(keys(r, access_key::of_user(r.store, account, "")?)?);
    row.extend(certificates(&[]));
    Ok(row)
}

fn row(r: &Reader, user: &Entity) -> Result<Vec<String>, Fault> {
    let account = r.caller.account();
    let mut row = vec![user.name.clone(), user.arn(account), time(user.created)];
    row.extend(password(r.store, r.scope(), user)?);
    row.push((!mfa::of_user(r.store, r.scope(), &user.name)?.is_empty()).to_string());
    row.extend(keys(r, access_key::of_user(r.store, account, &user.name)?)?);
    row.extend(certificates(&CERTIFICATES.of_user(r.store, r.scope(), &user.name)?));
    Ok(row)
}

fn password(read: &dyn Read, scope: &Scope, user: &Entity) -> Result<[String; 4], Fault> {
    let Some(login) = &user.login else { return Ok(["false".to_owned(), na(), na(), na()]) };
    let rotation = login_profile::rules(read, scope)?.and_then(|rules| rules.max_age);
    let next = rotation.map_or_else(na, |days| time(login.changed.plus_seconds(i64::from(days) * 86_400)));
    Ok(["true".to_owned(), "no_information".to_owned(), time(login.changed), next])
}

/// Two keys, whether they are there or not.
fn keys(r: &Reader, keys: Vec<StoredKey>) -> Result<Vec<String>, Fault> {
    let mut columns = Vec::new();
    let mut keys = keys.into_iter();
    for _ in 0..2 {
        let Some(key) = keys.next() else {
            columns.extend(["false".to_owned(), na(), na(), na(), na()]);
            continue;
        };
        columns.extend([key.active.to_string(), time(key.created)]);
        match r.cloud.uses.of_key(r.store, &key.id)? {
            Some(last) => columns.extend([time(last.time), last.region, last.service]),
            None => columns.extend([na(), na(), na()]),
        }
    }
    Ok(columns)
}

/// Two signing certificates, whether they are there or not.
fn certificates(held: &[Kept]) -> Vec<String> {
    let column = |at: usize| match held.get(at) {
        Some(kept) => [kept.active.to_string(), time(kept.uploaded)],
        None => ["false".to_owned(), na()],
    };
    [column(0), column(1)].concat()
}
