//! The root's access key of a strict cloud: with neither `test` nor 12-digit keys, somebody must have the first one.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_door::{Caller, Client, Cloud};
use kogumo_model::iam::{CreateAccessKey, CreateAccessKeyRequest};

const ACCOUNT: &str = "000000000000";
const FILE: &str = "root-credentials";

/// Makes the key if it is not there, keeps it in the data folder in the form of an AWS credentials file, and says where.
///
/// # Errors
/// The key cannot be made or kept.
pub async fn tell(cloud: &Arc<Cloud>, data: &Path) -> Result<(), Trouble> {
    let path = data.join(FILE);
    if !path.exists() {
        let client = Client::new(Arc::clone(cloud), Caller::root(ACCOUNT, "us-east-1"));
        let made = client.call::<CreateAccessKey>(CreateAccessKeyRequest::default()).await;
        let key = made.map_err(|fault| Trouble::new(format!("cannot make the root's key: {fault}")))?.access_key;
        let text = format!(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            key.access_key_id, key.secret_access_key
        );
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| Trouble::from_cause(format!("cannot write {}", path.display()), error))?;
    }
    println!("the root's access key is in {}", path.display());
    Ok(())
}
