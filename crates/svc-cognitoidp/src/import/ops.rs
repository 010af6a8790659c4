//! CreateUserImportJob and its kin.

use kogumo_base::{Timestamp, random_from};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{FILES, Job, get, header, key, of_pool, put, run, upload};
use crate::faults::unbuilt;
use crate::page::page;
use crate::pool::{self, Pool};

/// A job that is not started within a day is as good as none.
const LIFETIME: i64 = 24 * 3600;

fn shown(pool: &Pool, job: &Job, address: String, now: Timestamp) -> UserImportJobType {
    let expired = job.status == "Created" && now >= job.created.plus_seconds(LIFETIME);
    UserImportJobType {
        job_name: Some(job.name.clone()),
        job_id: Some(job.id.clone()),
        user_pool_id: Some(pool.id.clone()),
        pre_signed_url: Some(address),
        creation_date: Some(job.created),
        start_date: job.started,
        completion_date: job.completed,
        status: Some(if expired { "Expired".into() } else { job.status.clone() }),
        cloud_watch_logs_role_arn: Some(job.role.clone()),
        imported_users: Some(job.imported),
        skipped_users: Some(job.skipped),
        failed_users: Some(job.failed),
        completion_message: job.message.clone(),
        ..UserImportJobType::default()
    }
}

pub fn get_csv_header(r: &Reader, input: GetCSVHeaderRequest) -> Result<GetCSVHeaderResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    Ok(GetCSVHeaderResponse { user_pool_id: Some(pool.id.clone()), csv_header: Some(header(&pool)) })
}

pub fn create_user_import_job(
    w: &mut Writer,
    input: CreateUserImportJobRequest,
) -> Result<CreateUserImportJobResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    if input.password_hashing_algorithm.is_some() {
        return Err(unbuilt("PasswordHashingAlgorithm of user import jobs"));
    }
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let job = Job {
        id: format!("import-{}", random_from(alphabet, 10)),
        name: input.job_name,
        role: input.cloud_watch_logs_role_arn,
        status: "Created".into(),
        created: w.now,
        started: None,
        completed: None,
        message: None,
        imported: 0,
        skipped: 0,
        failed: 0,
        token: random_from(alphabet, 40),
    };
    put(w.tx, &pool, &job)?;
    let shown = shown(&pool, &job, upload::address(w.cloud, &pool, &job), w.now);
    Ok(CreateUserImportJobResponse { user_import_job: Some(shown) })
}

pub fn describe_user_import_job(
    r: &Reader,
    input: DescribeUserImportJobRequest,
) -> Result<DescribeUserImportJobResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let job = get(r.store, &pool, &input.job_id)?;
    let shown = shown(&pool, &job, upload::address(r.cloud, &pool, &job), r.now);
    Ok(DescribeUserImportJobResponse { user_import_job: Some(shown) })
}

pub fn list_user_import_jobs(
    r: &Reader,
    input: ListUserImportJobsRequest,
) -> Result<ListUserImportJobsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let mut jobs = of_pool(r.store, &pool)?;
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
    let (jobs, pagination_token) = page(jobs, input.pagination_token.as_deref(), Some(input.max_results))?;
    let shown = jobs.iter().map(|job| shown(&pool, job, upload::address(r.cloud, &pool, job), r.now));
    Ok(ListUserImportJobsResponse { user_import_jobs: Some(shown.collect()), pagination_token })
}

pub async fn start_user_import_job(
    cx: Context,
    input: StartUserImportJobRequest,
) -> Result<StartUserImportJobResponse, Fault> {
    let pool = pool::get(&cx.snapshot(), cx.scope(), &input.user_pool_id)?;
    let (job, file) = cx.write(|w| {
        let mut job = get(w.store(), &pool, &input.job_id)?;
        let unfit = |why: &str| PRECONDITION_NOT_MET_EXCEPTION.because(why);
        if job.status != "Created" || w.now >= job.created.plus_seconds(LIFETIME) {
            return Err(unfit("User import job cannot be started in its current state."));
        }
        let file = FILES.delete(w.tx, &pool.scope, key(&pool, &job.id))?;
        let file = file.ok_or_else(|| unfit("The user import file has not been uploaded."))?;
        job.status = "InProgress".into();
        job.started = Some(w.now);
        put(w.tx, &pool, &job)?;
        Ok((job, file))
    })?;
    let told = Job { status: "Pending".into(), ..job.clone() };
    run::run(&cx, &pool, job, &file).await?;
    let shown = shown(&pool, &told, upload::address(&cx.cloud, &pool, &told), cx.now());
    Ok(StartUserImportJobResponse { user_import_job: Some(shown) })
}

pub fn stop_user_import_job(
    w: &mut Writer,
    input: StopUserImportJobRequest,
) -> Result<StopUserImportJobResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let mut job = get(w.store(), &pool, &input.job_id)?;
    if job.completed.is_some() {
        return Err(PRECONDITION_NOT_MET_EXCEPTION.because("User import job cannot be stopped in its current state."));
    }
    job.status = "Stopped".into();
    job.completed = Some(w.now);
    put(w.tx, &pool, &job)?;
    let shown = shown(&pool, &job, upload::address(w.cloud, &pool, &job), w.now);
    Ok(StopUserImportJobResponse { user_import_job: Some(shown) })
}
