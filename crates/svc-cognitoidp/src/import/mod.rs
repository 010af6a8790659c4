//! Importing users from a CSV file: a job is made, the file uploaded to the address it gives, the job started.

mod csv;
pub mod ops;
mod run;
pub mod upload;

use kogumo_base::{Timestamp, Trouble};
use kogumo_model::cognitoidp::RESOURCE_NOT_FOUND_EXCEPTION;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::pool::Pool;

/// An import job.
#[derive(Clone, Serialize, Deserialize)]
pub struct Job {
    pub id: String,
    pub name: String,
    pub role: String,
    pub status: String,
    pub created: Timestamp,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    pub message: Option<String>,
    pub imported: i64,
    pub skipped: i64,
    pub failed: i64,
    /// What the upload's address must hold.
    pub token: String,
}

static JOBS: Table<Job> = Table::new("cognitoidp/import");
static FILES: Table<String> = Table::new("cognitoidp/import-file");

fn key(pool: &Pool, id: &str) -> Key {
    Key::new().str(&pool.id).str(id)
}

fn get(read: &dyn Read, pool: &Pool, id: &str) -> Result<Job, Fault> {
    let job = JOBS.get(read, &pool.scope, key(pool, id))?;
    job.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because(format!("User import job {id} does not exist.")))
}

fn put(tx: &mut Transaction, pool: &Pool, job: &Job) -> Result<(), Trouble> {
    JOBS.put(tx, &pool.scope, key(pool, &job.id), job)
}

fn of_pool(read: &dyn Read, pool: &Pool) -> Result<Vec<Job>, Trouble> {
    JOBS.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1)).collect()
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    for job in of_pool(tx, pool)? {
        JOBS.delete(tx, &pool.scope, key(pool, &job.id))?;
        FILES.delete(tx, &pool.scope, key(pool, &job.id))?;
    }
    Ok(())
}

/// The columns of a pool's file, in Cognito's order.
fn header(pool: &Pool) -> Vec<String> {
    let own = pool.schema.iter().map(|attribute| attribute.name.as_str()).filter(|name| *name != "sub");
    own.chain(["cognito:mfa_enabled", "cognito:username"]).map(str::to_owned).collect()
}
