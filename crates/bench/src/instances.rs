//! Instances: from RunInstances to a login with ssh, and the memory of fifty at once.
//! Needs root, a kernel that permits machines, sshd and ssh; says so where one is missing.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::ask::succeed;
use crate::message::Maker;

/// What was measured.
pub struct Measured {
    /// The median of launches.
    pub login: Duration,
    /// Of each of fifty, in MB: the server's growth, the keeper and init, but not what runs inside.
    pub memory: f64,
}

const LAUNCHES: usize = 9;
const AT_ONCE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(120);
const PARAMETER: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/// A key and a group that lets ssh in.
pub struct Stage {
    pub maker: Maker,
    image: String,
    pub group: String,
    key: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.key);
    }
}

/// Launches and measures. `server` is the cloud's process.
pub fn measure(maker: Maker, server: u32) -> Result<Measured, String> {
    let stage = prepare(maker, "bench")?;
    // The first launch makes what all others share: the image, the network.
    login(&stage)?;
    let mut times: Vec<Duration> = (0..LAUNCHES).map(|_| login(&stage)).collect::<Result<_, _>>()?;
    times.sort_unstable();
    Ok(Measured { login: times[LAUNCHES / 2], memory: crowd(&stage, server)? })
}

pub fn prepare(maker: Maker, name: &str) -> Result<Stage, String> {
    let parameter = format!(r#"{{"Name":"{PARAMETER}"}}"#);
    let parameter = succeed(maker.address, &maker.json("ssm", "AmazonSSM.GetParameter", &parameter))?;
    let parameter: serde_json::Value = serde_json::from_slice(&parameter).map_err(|error| error.to_string())?;
    let image = parameter["Parameter"]["Value"].as_str().ok_or("there is no image")?.to_owned();
    let made = ec2(maker, &format!("Action=CreateKeyPair&KeyName={name}&KeyType=ed25519"))?;
    let key = std::env::temp_dir().join(format!("kogumo-{name}-{}.pem", std::process::id()));
    fs::write(&key, within(&made, "keyMaterial")?.replace("&#xA;", "\n")).map_err(|error| error.to_string())?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&key, mode).map_err(|error| error.to_string())?;
    let group = ec2(maker, &format!("Action=CreateSecurityGroup&GroupName={name}&GroupDescription=bench"))?;
    let group = within(&group, "groupId")?.to_owned();
    ec2(
        maker,
        &format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={group}&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0"
        ),
    )?;
    Ok(Stage { maker, image, group, key })
}

pub fn ec2(maker: Maker, form: &str) -> Result<String, String> {
    let form = format!("{form}&Version=2016-11-15").replace("0.0.0.0/0", "0.0.0.0%2F0");
    succeed(maker.address, &maker.query("ec2", &form)).map(|body| String::from_utf8_lossy(&body).into_owned())
}

/// The text of the first element of that name.
pub fn within<'a>(text: &'a str, name: &str) -> Result<&'a str, String> {
    each(text, name).next().ok_or_else(|| format!("no {name} in {}", text.chars().take(300).collect::<String>()))
}

fn each<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let end = format!("</{name}>");
    text.split(&format!("<{name}>"))
        .skip(1)
        .map(move |rest| rest.split(&end).next().unwrap_or_default())
        .collect::<Vec<_>>()
        .into_iter()
}

/// RunInstances; the ids and public addresses.
pub fn launch(stage: &Stage, count: usize, more: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let Stage { maker, image, group, .. } = stage;
    let form = format!(
        "Action=RunInstances&ImageId={image}&InstanceType=t3.nano&MinCount={count}&MaxCount={count}&SecurityGroupId.1={group}{more}"
    );
    let made = ec2(*maker, &form)?;
    let ids = each(&made, "instanceId").map(str::to_owned).collect();
    let mut addresses: Vec<String> = each(&made, "publicIp").map(str::to_owned).collect();
    addresses.dedup();
    addresses.sort();
    addresses.dedup();
    Ok((ids, addresses))
}

pub fn terminate(stage: &Stage, ids: &[String]) -> Result<(), String> {
    let ids: String = ids.iter().enumerate().map(|(n, id)| format!("&InstanceId.{}={id}", n + 1)).collect();
    ec2(stage.maker, &format!("Action=TerminateInstances{ids}")).map(drop)
}

/// From the call to the end of the first `ssh … true` that gets in.
fn login(stage: &Stage) -> Result<Duration, String> {
    let begun = Instant::now();
    let (ids, addresses) = launch(stage, 1, "&KeyName=bench")?;
    let address = addresses.first().ok_or("the instance has no public address")?;
    let options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectTimeout=5"];
    while begun.elapsed() < PATIENCE {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-i"]).arg(&stage.key).args(options.iter().flat_map(|option| ["-o", option]));
        ssh.args([&format!("ec2-user@{address}"), "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if ssh.status().map_err(|error| format!("ssh: {error}"))?.success() {
            let time = begun.elapsed();
            terminate(stage, &ids)?;
            return Ok(time);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    terminate(stage, &ids)?;
    Err("nobody could log in within two minutes".into())
}

/// Fifty at once: MB of each.
fn crowd(stage: &Stage, server: u32) -> Result<f64, String> {
    let before = proportional(server);
    let (ids, addresses) = launch(stage, AT_ONCE, "")?;
    let begun = Instant::now();
    for address in &addresses {
        let port = SocketAddr::new(address.parse().map_err(|_| "not an address")?, 22);
        while TcpStream::connect_timeout(&port, Duration::from_secs(1)).is_err() {
            if begun.elapsed() > PATIENCE {
                return Err(format!("{address} cannot be reached"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let beside: u64 = keepers(&ids).into_iter().map(proportional).sum();
    let grown = proportional(server).saturating_sub(before);
    terminate(stage, &ids)?;
    Ok((beside + grown) as f64 / AT_ONCE as f64 / 1000.0)
}

/// The processes that Kogumo keeps for these instances: keepers and inits.
pub fn keepers(ids: &[String]) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_one = |pid: &u32| {
        let line = fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains("machine-keeper") && ids.iter().any(|id| line.contains(id.as_str()))
    };
    numbers.filter(is_one).collect()
}

/// kB of memory, with a share of what it shares (proc_pid_smaps(5)).
fn proportional(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
