//! `kogumo doctor`: what this machine can do, what not, and what follows.

use std::io::Write;
use std::process::{Command, Stdio};

use kogumo_base::Trouble;
use kogumo_machine::Host;
use kogumo_userns::Standing;

/// A program that Kogumo uses when it is there.
struct Program {
    name: &'static str,
    without: &'static str,
}

const PROGRAMS: [Program; 6] = [
    Program { name: "python3", without: "Lambda functions in Python cannot run" },
    Program { name: "node", without: "Lambda functions in JavaScript cannot run" },
    Program { name: "sshd", without: "nobody can log in to instances of this host's image: install openssh-server" },
    Program { name: "ssh-keygen", without: "instances have no host keys: install openssh-client" },
    Program { name: "iptables", without: "instances of this host's image have no iptables" },
    Program { name: "sudo", without: "instances of this host's image use su in its place" },
];

/// What follows where the kernel permits no networks.
const NO_NETWORK: &str = "VPCs are recorded and packets decided about (`kogumo net trace`), but instances stay pending; \
    run as root or with a user namespace, on a kernel with network namespaces, veth and nftables";

/// How instances come out.
const WAY_OUT: &str = "the way out to what this machine reaches leads over this program's own sockets: neither forwarding nor pasta or \
    slirp4netns is needed";
const NO_PING: &str = "ping of the world: the kernel lets this user send none; as root, run \
    'sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"'";

/// Prints the report.
///
/// # Errors
/// Standard output is closed.
pub fn run() -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    // What `kogumo up` does, too: the report is of what it would have.
    let entered = kogumo_userns::enter(None);
    let is_root = kogumo_userns::standing() == Standing::Root;
    let follows = match (kogumo_userns::standing(), &entered) {
        (Standing::Root, _) => "this is root: networks and instances are made without one".to_owned(),
        (Standing::Namespace, _) => {
            "Kogumo is root of one of its own, and makes networks and instances in it".to_owned()
        }
        (Standing::Ordinary, Err(trouble)) => trouble.to_string(),
        (Standing::Ordinary, Ok(())) => "this is root of a user namespace with too few users".to_owned(),
    };
    line(&mut out, format_args!("User namespace:"))?;
    let here = kogumo_userns::standing() != Standing::Ordinary;
    line(&mut out, format_args!("  {} {follows}", mark(here)))?;
    let report = kogumo_sandbox::probe();
    line(&mut out, format_args!("Sandboxes: {}", report.confinement.name()))?;
    for ability in report.abilities {
        line(&mut out, format_args!("  {} {}: {}", mark(ability.here), ability.name, ability.follows))?;
    }
    line(&mut out, format_args!("Instances:"))?;
    let lacks = kogumo_machine::Linux::new(&std::env::temp_dir()).lacks();
    if lacks.is_empty() {
        let devices = if is_root { "devices" } else { "processes" };
        line(
            &mut out,
            format_args!("  {} machines with users, files, {devices} and a network of their own", mark(true)),
        )?;
        for (what, why) in WITHOUT_ROOT.iter().filter(|_| !is_root) {
            line(&mut out, format_args!("  {} {what}: {why}", mark(false)))?;
        }
    }
    for lack in lacks {
        line(&mut out, format_args!("  {} {}: {}", mark(false), lack.name, lack.why))?;
    }
    let limits = is_root && kogumo_machine::linux::throttle::is_possible();
    let follows = if limits {
        "EBS volumes are as fast as their types, sizes and credits say"
    } else {
        "EBS volumes are as fast as this machine's disk: run as root, on a kernel with block control groups (CONFIG_BLK_DEV_THROTTLING)"
    };
    line(&mut out, format_args!("  {} limits of devices: {follows}", mark(limits)))?;
    let lack = kogumo_machine::view::lack();
    let follows = match &lack {
        None => "instances read and write volumes that are encrypted under keys of KMS",
        Some(why) => why,
    };
    line(&mut out, format_args!("  {} encrypted volumes: {follows}", mark(lack.is_none())))?;
    let grows = kogumo_machine::grows_while_mounted();
    let follows = if grows {
        "resize2fs and xfs_growfs make a file system larger while it is mounted in an instance"
    } else {
        "ext4 grows in an instance only while it is not mounted, as CAP_SYS_RESOURCE is missing (a container?); XFS grows"
    };
    line(&mut out, format_args!("  {} growing file systems: {follows}", mark(grows)))?;
    line(&mut out, format_args!("Networks:"))?;
    match kogumo_net::Linux::probe() {
        Ok(()) => {
            line(&mut out, format_args!("  {} VPCs route packets, and their rules are felt", mark(true)))?;
            line(&mut out, format_args!("  {} {WAY_OUT}", mark(true)))?;
            let ping = kogumo_relay::may_ping();
            let follows = if ping { "and so does ping" } else { NO_PING };
            line(&mut out, format_args!("  {} {follows}", mark(ping)))?;
        }
        Err(trouble) => line(&mut out, format_args!("  {} {trouble}: {NO_NETWORK}", mark(false)))?,
    }
    line(&mut out, format_args!("Programs:"))?;
    for program in PROGRAMS {
        match version_of(program.name) {
            Some(version) => line(&mut out, format_args!("  {} {}: {version}", mark(true), program.name))?,
            None => line(&mut out, format_args!("  {} {}: not found; {}", mark(false), program.name, program.without))?,
        }
    }
    let sdk = kogumo_sandbox::runtime::has_javascript_sdk();
    let follows = if sdk {
        "functions in JavaScript need not bring it"
    } else {
        "not found; functions in JavaScript, the CDK's custom resources among them, must bring it: `npm install -g @aws-sdk/client-s3` and \
         the other clients they use, or NODE_PATH"
    };
    line(&mut out, format_args!("  {} AWS SDK for JavaScript: {follows}", mark(sdk)))?;
    let callbacks = crate::callback::is_possible();
    let follows = if callbacks {
        "custom resources that take no port from a URL, as the CDK's, can answer"
    } else {
        "custom resources that take no port from a URL, as the CDK's, cannot answer: run as root, or lower net.ipv4.ip_unprivileged_port_start"
    };
    line(&mut out, format_args!("Callbacks over HTTPS:"))?;
    line(&mut out, format_args!("  {} port 443: {follows}", mark(callbacks)))?;
    line(&mut out, format_args!("Modelled and not enforced:"))?;
    for (what, why) in NOT_ENFORCED {
        line(&mut out, format_args!("  - {what}: {why}"))?;
    }
    Ok(())
}

/// What instances have not where Kogumo is not root.
const WITHOUT_ROOT: &[(&str, &str)] = &[
    (
        "packets from this machine",
        "public addresses are not this machine's neighbours; 'kogumo net connect' and 'kogumo net forward' lead there, and so \
         does the listen port as a proxy (curl --proxy, ssh's ProxyCommand)",
    ),
    (
        "addresses of instances outside",
        "the world beyond this machine sees this machine's own address, whatever the instance's is",
    ),
    (
        "EBS volumes as devices",
        "loop devices are root's: AttachVolume is refused. A root volume is a folder: its size is no limit, its speed is the \
         disk's, and its file system does not stand still for a snapshot",
    ),
    (
        "control groups",
        "instances take as much memory and processor time as they want; /proc/meminfo and nproc show the type's",
    ),
    (
        "changing this host's programs",
        "in instances of this host's image they belong to nobody: files can be put beside them and not changed, and packages \
         cannot be installed; import an image (kogumo ami import) for that",
    ),
];

/// What the cloud records and does not act upon yet.
const NOT_ENFORCED: &[(&str, &str)] = &[
    (
        "Thumbprints of OpenID Connect providers",
        "recorded; an issuer's certificate must be signed by an authority that this machine trusts",
    ),
    (
        "The version of the global endpoint's tokens",
        "told by GetAccountSummary; all tokens of STS are good in all regions, as those of version 2 are",
    ),
    ("Dedicated tenancy, DNS64, address usage metrics and NetBIOS options of VPCs", "recorded; they have no effect"),
    ("Forward records of Elastic IPs' reverse names", "not asked for; the cloud's DNS tells the reverse name at once"),
    (
        "Hardware behind placement groups",
        "who may be in one, how many and in which partition is as on AWS; all instances share this machine",
    ),
    (
        "Recovery and reboot migration of instances, preferences for Capacity Reservations",
        "recorded; no hardware fails here, and nothing is reserved",
    ),
    (
        "Fast snapshot restore",
        "recorded, with its states; volumes of snapshots are at their full speed at once whether it is enabled or not",
    ),
    ("Network of Lambda functions", "functions share this machine's network"),
    ("KMS keys of DynamoDB", "recorded and described; items are not encrypted under them"),
    (
        "Objects of S3 without a KMS key",
        "AES256 is what answers say; the bytes lie in the data folder as they came. Under aws:kms:dsse they are encrypted once",
    ),
    ("Hardware behind KMS", "there is none: keys are records of the data folder, whose permissions protect them"),
    (
        "Mail and text messages",
        "text messages are kept to be read at /_kogumo/mail, and mail is, too, unless --smtp says where it goes. SES identities and SMS roles of user pools, and DefaultSMSType of SNS, are recorded",
    ),
    (
        "Threat protection of user pools",
        "what users do is recorded, and addresses that are blocked stay out; no risk is guessed at, and no password is looked up among stolen ones",
    ),
    (
        "Managed login's branding",
        "colors, corners, logos, backgrounds and icons act on the pages; settings for parts that the pages do not have are kept",
    ),
    (
        "KmsDataKeyReusePeriodSeconds of queues",
        "a data key serves for so long; KMS is asked for it with each request all the same, and a disabled key is felt at once",
    ),
    ("SqsManagedSseEnabled of queues", "recorded; messages are kept as the rest of the store is"),
    ("MessageGroupId on standard queues", "told to receivers; no tenant is served before another"),
    ("Resource policies of CloudWatch Logs", "recorded; the services that they would let in are not built"),
    (
        "Server and signing certificates, SSH public keys, and credentials for single services",
        "checked and recorded; the load balancers, requests and repositories that would know them are not built",
    ),
    (
        "Deleted users and roles that policies of APIs and VPC endpoints name",
        "these know them by name, and so whoever gets the name again; all other policies keep their unique ids",
    ),
    (
        "Root and AssumeRole",
        "an account's root, `test` among them, may assume roles that trust the account; AWS refuses it",
    ),
    (
        "Certificates and TLS policies of custom domain names",
        "recorded; this cloud's authority vouches for the names. CloudFront's names for domains of user pools are told and not answered",
    ),
    ("aws:SecureTransport over loopback", "counts as true"),
    ("Feature plans of user pools", "recorded; what is built works in each of them"),
    ("X-Ray", "tracing of functions and APIs decides what X-Amzn-Trace-Id says; no traces are collected"),
    (
        "Performance of EBS volumes beyond this machine's disk",
        "types, sizes and credits limit devices; a limit that this machine's disk does not reach is not reached, and what is in the page cache is faster",
    ),
    (
        "Types with more processors than this machine",
        "lscpu and /proc/cpuinfo show them all; nproc shows this machine's, and there is no more time than this machine has",
    ),
    (
        "PKCS #7 signatures of instance identity documents",
        "not made; the plain signature is, by this cloud's key (/_kogumo/instance-identity.pem)",
    ),
    ("CPU credits of instances", "recorded; they have no effect"),
    (
        "Baseline EBS bandwidth of instance types",
        "volumes of an instance share its type's maximum at all times; AWS gives smaller types that for half an hour a day",
    ),
    (
        "Network bandwidth of instance types",
        "described; links are as fast as this machine, and volumes as their own types say",
    ),
];

fn mark(here: bool) -> char {
    if here { '+' } else { '-' }
}

fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // Some, ssh-keygen for one, cannot tell their version; that they could be started says enough.
    Some(if output.status.success() { text.trim().to_owned() } else { String::from("is there") })
}

fn line(out: &mut impl Write, text: std::fmt::Arguments) -> Result<(), Trouble> {
    writeln!(out, "{text}").map_err(|error| Trouble::from_cause("cannot write to standard output", error))
}
