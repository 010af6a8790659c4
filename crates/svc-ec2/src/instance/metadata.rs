//! The instance metadata service: what an instance can learn about itself at 169.254.169.254, and at fd00:ec2::254 where it
//! wants that. The socket is in the VPC's
//! router, where who asks is known by the address that it asks from; a machine's own ports are all its own. Source: Amazon EC2 User Guide, "Instance metadata".

mod documents;
mod http;
pub mod signature;
mod token;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Caller, Client, Cloud};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use super::record::{Instance, MetadataOptions};
use crate::network_interface::NetworkInterface;
use crate::resource::{Resource, find};
use documents::{USER_DATA, documents, user_data};
use http::{Answer, Question};

/// How long a socket that gives no connection is left alone.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves the instances of a VPC, until it is aborted.
pub async fn serve(cloud: Arc<Cloud>, vpc: String, socket: TcpListener) {
    let secret = token::Secret::new();
    loop {
        let Ok((connection, peer)) = socket.accept().await else {
            // No descriptor is free, or the like.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let asker = match asker(&cloud, &vpc, peer.ip()) {
            Ok(Some(asker)) => asker,
            Ok(None) => continue,
            Err(trouble) => {
                tracing::error!("{trouble}");
                continue;
            }
        };
        let (cloud, secret) = (Arc::clone(&cloud), secret.clone());
        tokio::spawn(async move { converse(&cloud, &asker.0, &asker.1, &secret, connection).await });
    }
}

/// Whose address that is in the VPC: packets with others' do not get this far.
fn asker(cloud: &Cloud, vpc: &str, address: IpAddr) -> Result<Option<(Scope, String)>, Trouble> {
    let address = address.to_string();
    for row in NetworkInterface::TABLE.scan_all_scopes(&cloud.store.read()) {
        let (scope, _, interface) = row?;
        let own = interface.addresses.iter().map(|own| &own.address).chain(&interface.ipv6).any(|own| *own == address);
        if interface.vpc == vpc && own {
            return Ok(interface.instance().map(|instance| (scope, instance.to_owned())));
        }
    }
    Ok(None)
}

async fn converse(cloud: &Arc<Cloud>, scope: &Scope, id: &str, secret: &token::Secret, mut connection: TcpStream) {
    while let Some(question) = http::read(&mut connection).await {
        let found = find::<Instance>(&cloud.store.read(), scope, id);
        let Ok(Some(instance)) = found else { return };
        let answer = answer(cloud, scope, &instance, secret, &question).await;
        // A token does not get further than the options allow: its packets die on the way (RFC 791's time to live).
        let hops = if question.method == "PUT" { instance.metadata.hop_limit } else { 64 };
        let _as_it_was = limit(&connection, u32::try_from(hops).unwrap_or(1));
        if http::write(&mut connection, &answer).await.is_err() || !question.keep_alive {
            return;
        }
    }
}

/// How many routers packets pass: IPv4's time to live, IPv6's hop limit.
fn limit(connection: &TcpStream, hops: u32) -> std::io::Result<()> {
    match connection.local_addr()? {
        SocketAddr::V4(_) => connection.set_ttl(hops),
        SocketAddr::V6(_) => {
            let hops = u8::try_from(hops).unwrap_or(1);
            Ok(rustix::net::sockopt::set_ipv6_unicast_hops(connection, Some(hops))?)
        }
    }
}

async fn answer(
    cloud: &Arc<Cloud>,
    scope: &Scope,
    instance: &Instance,
    secret: &token::Secret,
    question: &Question,
) -> Answer {
    let options = &instance.metadata;
    if options.endpoint == "disabled" {
        return Answer::error(403, "Forbidden");
    }
    let now = cloud.clock.now();
    if question.method == "PUT" {
        return match question.path.as_str() {
            "/latest/api/token" if question.header("x-forwarded-for").is_some() => Answer::error(403, "Forbidden"),
            "/latest/api/token" => match token::life(question.header("x-aws-ec2-metadata-token-ttl-seconds")) {
                Some(seconds) => Answer::text(secret.token(&instance.id, now.plus_seconds(seconds)))
                    .with("x-aws-ec2-metadata-token-ttl-seconds", seconds.to_string()),
                None => Answer::error(400, "Bad Request"),
            },
            _ => Answer::error(403, "Forbidden"),
        };
    }
    if !matches!(question.method.as_str(), "GET" | "HEAD") {
        return Answer::error(405, "Method Not Allowed");
    }
    if !may_read(options, secret.checks(&instance.id, question.header("x-aws-ec2-metadata-token"), now)) {
        return Answer::error(401, "Unauthorized");
    }
    match look_up(cloud, scope, instance, &question.path).await {
        Some(answer) => answer,
        None => Answer::error(404, "Not Found"),
    }
}

/// Version 1 needs no token, where it is allowed; a wrong one is refused in any case.
fn may_read(options: &MetadataOptions, token: Option<bool>) -> bool {
    token.unwrap_or(options.tokens != "required")
}

async fn look_up(cloud: &Arc<Cloud>, scope: &Scope, instance: &Instance, path: &str) -> Option<Answer> {
    let trimmed = path.trim_matches('/');
    // Every version that AWS ever had answers as the latest one.
    let (version, rest) = trimmed.split_once('/').unwrap_or((trimmed, ""));
    if version.is_empty() {
        return Some(Answer::text("1.0\n2007-01-19\n2021-07-15\n2024-10-02\nlatest"));
    }
    if version != "latest" && !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(role) = rest.strip_prefix("meta-data/iam/security-credentials/").filter(|role| !role.is_empty()) {
        return credentials(cloud, scope, instance, role).await;
    }
    let role = match &instance.profile {
        Some(profile) if rest.starts_with("meta-data/iam") => role_of(cloud, scope, &profile.arn).await,
        _ => None,
    };
    let all = documents(&cloud.store.read(), scope, instance, role.as_deref()).ok()?;
    if rest == signature::PATH {
        let document = all.get("dynamic/instance-identity/document")?.clone();
        return signature::sign(cloud, document).await.ok().map(Answer::text);
    }
    if rest == USER_DATA {
        return user_data(instance).map(Answer::bytes);
    }
    if let Some(document) = all.get(rest) {
        return Some(Answer::text(document.clone()));
    }
    documents::listing(&all, rest).map(Answer::text)
}

fn client(cloud: &Arc<Cloud>, scope: &Scope) -> Client {
    Client::new(Arc::clone(cloud), Caller::service("ec2.amazonaws.com", scope.clone()))
}

/// The ARN of the role in an instance profile.
async fn role_of(cloud: &Arc<Cloud>, scope: &Scope, profile: &str) -> Option<String> {
    let name = profile.rsplit('/').next().unwrap_or_default();
    let found = client(cloud, scope)
        .call_json("iam", "GetInstanceProfile", &json!({ "InstanceProfileName": name }))
        .await
        .ok()?;
    Some(found["InstanceProfile"]["Roles"][0]["Arn"].as_str()?.to_owned())
}

/// Keys of a session of the role, which STS gives. Each question gets fresh ones, so that they are never about to expire.
async fn credentials(cloud: &Arc<Cloud>, scope: &Scope, instance: &Instance, role: &str) -> Option<Answer> {
    let arn = role_of(cloud, scope, &instance.profile.as_ref()?.arn).await?;
    if arn.rsplit('/').next() != Some(role.trim_end_matches('/')) {
        return None;
    }
    let input = json!({ "RoleArn": arn, "RoleSessionName": instance.id });
    let now = cloud.clock.now().iso();
    let document = match client(cloud, scope).call_json("sts", "AssumeRole", &input).await {
        Ok(assumed) => {
            let keys = &assumed["Credentials"];
            json!({
                "Code": "Success",
                "LastUpdated": now,
                "Type": "AWS-HMAC",
                "AccessKeyId": keys["AccessKeyId"],
                "SecretAccessKey": keys["SecretAccessKey"],
                "Token": keys["SessionToken"],
                "Expiration": keys["Expiration"],
            })
        }
        Err(fault) => json!({
            "Code": "AssumeRoleUnauthorizedAccess",
            "Message": format!("EC2 cannot assume the role {role}. {}", fault.message),
            "LastUpdated": now,
        }),
    };
    serde_json::to_string_pretty(&document).ok().map(Answer::text)
}
