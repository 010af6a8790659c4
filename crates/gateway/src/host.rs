//! The names that this cloud answers to. A name that is not among them may be one that an attacker's DNS points at us (DNS
//! rebinding), and a browser would take us for the attacker's own site.

use std::net::{IpAddr, SocketAddr};

/// Which values of `Host` are ours.
#[derive(Clone, Debug, Default)]
pub struct HostNames {
    listen: Option<IpAddr>,
    /// Another address of this machine at which we listen.
    also: Option<IpAddr>,
    extra: Vec<String>,
}

/// Domains of AWS below which nobody can point a name of their choice at us.
const AWS_DOMAINS: [&str; 6] =
    ["amazonaws.com", "amazonaws.com.cn", "api.aws", "on.aws", "cloudfront.net", "amazoncognito.com"];

impl HostNames {
    /// The names of a cloud that listens at `listen`; `extra` are names that the operator allows besides.
    pub fn new(listen: SocketAddr, extra: &[String]) -> Self {
        let extra = extra.iter().map(|name| name.to_ascii_lowercase()).collect();
        HostNames { listen: Some(listen.ip()), also: None, extra }
    }

    /// These, and an address of this machine at which the cloud listens as well.
    #[must_use]
    pub fn also_at(self, address: Option<IpAddr>) -> Self {
        HostNames { also: address, ..self }
    }

    /// Whether `name`, a lower-case host name or address without a port, is ours.
    pub fn allow(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        match parse_address(name) {
            Some(address) => self.allow_address(address),
            None => {
                is_or_is_below(name, "localhost")
                    || AWS_DOMAINS.iter().any(|domain| is_or_is_below(name, domain))
                    || self.extra.iter().any(|extra| is_or_is_below(name, extra))
            }
        }
    }

    /// An address cannot be rebound, but only those are ours at which we listen.
    fn allow_address(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.listen.is_some_and(|listen| listen.is_unspecified() || listen == address)
    }

    /// What a certificate for a connection without a name is made out to.
    pub fn addresses(&self) -> Vec<String> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let listen = self.listen.filter(|listen| !listen.is_unspecified() && !listen.is_loopback());
        names.extend(listen.into_iter().chain(self.also).map(|address| address.to_string()));
        names
    }
}

/// The name of a `Host` header without its port, in lower case.
pub fn without_port(host: &str) -> String {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => host
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
            .map_or(host, |(name, _)| name),
    };
    name.to_ascii_lowercase()
}

fn parse_address(name: &str) -> Option<IpAddr> {
    name.parse().ok()
}

fn is_or_is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_and_not_ours() {
        let names = HostNames::new("127.0.0.1:4566".parse().unwrap(), &["cloud.example".to_owned()]);
        for ours in [
            "localhost",
            "b.s3.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "sts.us-east-1.amazonaws.com",
            "amazonaws.com",
            "localhost.",
            "cloud.example",
            "x.cloud.example",
            "id.lambda-url.us-east-1.on.aws",
        ] {
            assert!(names.allow(ours), "{ours}");
        }
        for foreign in
            ["evil.example", "evilamazonaws.com", "localhost.evil.example", "10.0.0.1", "notlocalhost", "", "0.0.0.0"]
        {
            assert!(!names.allow(foreign), "{foreign}");
        }
        let everywhere = HostNames::new("0.0.0.0:4566".parse().unwrap(), &[]);
        assert!(everywhere.allow("10.0.0.1"));
        assert!(!everywhere.allow("evil.example"));
    }

    #[test]
    fn the_port_goes() {
        assert_eq!(without_port("Localhost:4566"), "localhost");
        assert_eq!(without_port("[::1]:4566"), "::1");
        assert_eq!(without_port("127.0.0.1"), "127.0.0.1");
        assert_eq!(without_port("a:b"), "a:b");
    }
}
