//! What the command line says.

use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use kogumo_door::settings::{PUBLIC_ADDRESSES, PUBLIC_IPV6_ADDRESSES};
use kogumo_template::params::Format;
use lexopt::prelude::{Long, Short, Value, ValueExt};

pub const HELP: &str = "\
Kogumo (小雲): AWS on your own machine.

  kogumo up [options]             start the cloud in the foreground
      --listen ADDRESS:PORT         where (default 127.0.0.1:4566)
      --dns ADDRESS:PORT            where the cloud's DNS answers (default 127.0.0.1:4553)
      --public-addresses BLOCK      what public addresses are taken from (default 198.18.0.0/15)
      --public-ipv6-addresses BLOCK what VPCs' IPv6 blocks are taken from (default 2001:db8::/32)
      --data FOLDER                 where everything is kept (default ~/.local/share/kogumo)
      --ephemeral                   keep nothing
      --fsync                       acknowledged writes survive a power failure, too
      --strict                      accept only keys that this cloud issued
      --allow-host NAME             answer to this host name, too (may be repeated)
      --allow-origin ORIGIN         let pages of this origin call (may be repeated)
      --translate-url URL           a LibreTranslate-compatible server for what the dictionary cannot do
      --smtp URL                    hand mail on to this relay: smtp://127.0.0.1:1025, smtps://user:password@host
      --log-json                    log as JSON lines
      --log-level LEVEL             error, warn, info (default), debug or trace
  kogumo doctor                   what this machine can do, what not, and what follows
  kogumo services [--operations]  what is built
  kogumo clock                    the cloud's time
  kogumo clock advance DURATION   move it forward: 90s, 15m, 6h, 30d
  kogumo reset                    empty the cloud
  kogumo ami import PATH          make an image of a root file system (tar, tar.gz, tar.zst, tar.xz or folder)
                                  or of an OCI image (layout, or as 'docker save' and 'skopeo' write it)
      --debootstrap SUITE           instead of PATH: run debootstrap, with --mirror URL, --include PACKAGES
      --name NAME                   (default: the file's)
      --description TEXT
      --architecture x86_64         what it is for
      --size GIB                    the root volume's size (default 8)
      --account ID, --region NAME   whose (default: as AWS_ACCESS_KEY_ID and AWS_REGION say; else every region)
  kogumo net trace FROM TO:PORT   where a packet goes and why: FROM and TO are instances, interfaces,
                                  addresses, gateways or 'internet'
      --udp, --ping                 instead of TCP
      --language en|ja              (default: as LANG says)
  kogumo net connect HOST PORT    standard input and output as a stream to a public address of the cloud, for whoever
                                  cannot send packets there: ssh -o ProxyCommand='kogumo net connect %h %p' …
  kogumo net forward [ADDRESS:]PORT HOST:PORT
                                  a port of this machine that leads to one there
  kogumo ebs simulate --type TYPE --size GIB
                                  what a volume's credits do under a workload: a table and an SVG file
      --workload WORKLOAD           phases, as 3000iops:40m,idle:2h or 100MiB/s:1h or max:30m; or a name:
                                    burst (default), boot, daily, idle
      --iops N, --throughput MIBS   what is provisioned (gp3, io1, io2)
      --io-size SIZE                of each read or write: 16K (default; 1M on st1 and sc1)
      --sequential, --random        (default: random; sequential on st1 and sc1)
      --every DURATION              a row of the table (default: so that there are 24)
      --svg, -o FILE                (default ebs-TYPE-GIB.svg)
      --language en|ja              (default: as LANG says)
  kogumo iam explain PRINCIPAL ACTION [RESOURCE]
                                  which statement of which policy allows or denies it
      --context KEY=VALUE           a condition key (may be repeated)
      --language en|ja              (default: as LANG says)
  kogumo template params FILE...  list a template's parameters
      --format table|json|markdown  (default table)
  kogumo version
  kogumo help

The commands find a running cloud by KOGUMO_ENDPOINT, else AWS_ENDPOINT_URL, else http://127.0.0.1:4566.
";

pub enum Command {
    Help,
    Version,
    Up(Up),
    Doctor,
    Services { operations: bool },
    ClockShow,
    ClockAdvance(String),
    Reset,
    EbsSimulate(Simulate),
    IamExplain { query: Vec<(&'static str, String)>, language: Option<String> },
    AmiImport(crate::ami::Import),
    NetTrace(Trace),
    NetConnect { host: String, port: u16 },
    NetForward { listen: SocketAddr, host: String, port: u16 },
    TemplateParams { files: Vec<PathBuf>, format: Format },
}

/// What `kogumo net trace` was told.
pub struct Trace {
    pub from: String,
    pub to: String,
    pub port: Option<u16>,
    /// `tcp`, `udp` or `icmp`.
    pub protocol: &'static str,
    pub language: Option<String>,
}

/// What `kogumo ebs simulate` was told; what the words mean is not looked at yet.
#[derive(Default)]
pub struct Simulate {
    pub kind: Option<String>,
    pub size: Option<u32>,
    pub iops: Option<u32>,
    pub throughput: Option<u32>,
    pub workload: Option<String>,
    pub io_size: Option<String>,
    pub is_sequential: Option<bool>,
    pub every: Option<String>,
    pub svg: Option<PathBuf>,
    pub language: Option<String>,
}

/// What `kogumo up` was told.
pub struct Up {
    pub listen: SocketAddr,
    /// Where the cloud's DNS answers; the default may be taken by another cloud, a given one may not.
    pub dns: Option<SocketAddr>,
    /// A block's first address and the length of its prefix.
    pub public_addresses: (Ipv4Addr, u8),
    pub public_ipv6_addresses: (Ipv6Addr, u8),
    pub data: Option<PathBuf>,
    pub ephemeral: bool,
    pub fsync: bool,
    pub strict: bool,
    pub hosts: Vec<String>,
    pub origins: Vec<String>,
    pub translate_url: Option<String>,
    pub smtp: Option<kogumo_mail::Relay>,
    pub log_json: bool,
    pub log_level: tracing::Level,
}

/// Reads the arguments behind the program's name.
///
/// # Errors
/// What a person should be told.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = lexopt::Parser::from_args(arguments);
    parse_command(&mut parser).map_err(|error| error.to_string())
}

fn parse_command(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let Some(first) = parser.next()? else { return Ok(Command::Help) };
    let word = match first {
        Long("help") | Short('h') => return Ok(Command::Help),
        Long("version") | Short('V') => return Ok(Command::Version),
        Value(word) => word.string()?,
        other => return Err(other.unexpected()),
    };
    match word.as_str() {
        "up" => parse_up(parser).map(Command::Up),
        "doctor" => end(parser, Command::Doctor),
        "services" => parse_services(parser),
        "clock" => parse_clock(parser),
        "reset" => end(parser, Command::Reset),
        "ami" => crate::ami::parse(parser).map(Command::AmiImport),
        "net" => parse_net(parser),
        "ebs" => parse_ebs(parser),
        "iam" => parse_iam(parser),
        "template" => parse_template(parser),
        "version" => end(parser, Command::Version),
        "help" => Ok(Command::Help),
        _ => Err(format!("there is no command '{word}'").into()),
    }
}

/// Nothing may follow.
fn end(parser: &mut lexopt::Parser, command: Command) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None => Ok(command),
        Some(more) => Err(more.unexpected()),
    }
}

/// A block that has room for public addresses: `198.18.0.0/15`.
fn block(text: &str) -> Result<(Ipv4Addr, u8), lexopt::Error> {
    let parts = text.split_once('/').and_then(|(base, prefix)| Some((base.parse().ok()?, prefix.parse().ok()?)));
    let fits = parts.filter(|(base, prefix)| kogumo_net::Public::new(*base, *prefix).is_some());
    fits.ok_or_else(|| format!("'{text}' is not a block of IPv4 addresses, /8 to /21, such as 198.18.0.0/15").into())
}

fn ipv6_block(text: &str) -> Result<(Ipv6Addr, u8), lexopt::Error> {
    let parts = text.split_once('/').and_then(|(base, prefix)| Some((base.parse().ok()?, prefix.parse().ok()?)));
    let fits = parts.filter(|(base, prefix)| kogumo_net::Public::default().with_v6(*base, *prefix).is_some());
    fits.ok_or_else(|| format!("'{text}' is not a block of IPv6 addresses, /8 to /48, such as 2001:db8::/32").into())
}

fn parse_up(parser: &mut lexopt::Parser) -> Result<Up, lexopt::Error> {
    let mut up = Up {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4566)),
        dns: None,
        public_addresses: PUBLIC_ADDRESSES,
        public_ipv6_addresses: PUBLIC_IPV6_ADDRESSES,
        data: None,
        ephemeral: false,
        fsync: false,
        strict: false,
        hosts: Vec::new(),
        origins: Vec::new(),
        translate_url: None,
        smtp: None,
        log_json: false,
        log_level: tracing::Level::INFO,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => up.listen = parser.value()?.parse()?,
            Long("dns") => up.dns = Some(parser.value()?.parse()?),
            Long("public-addresses") => up.public_addresses = block(&parser.value()?.string()?)?,
            Long("public-ipv6-addresses") => up.public_ipv6_addresses = ipv6_block(&parser.value()?.string()?)?,
            Long("data") => up.data = Some(parser.value()?.into()),
            Long("ephemeral") => up.ephemeral = true,
            Long("fsync") => up.fsync = true,
            Long("strict") => up.strict = true,
            Long("allow-host") => up.hosts.push(parser.value()?.string()?),
            Long("allow-origin") => up.origins.push(parser.value()?.string()?),
            Long("smtp") => up.smtp = Some(kogumo_mail::Relay::new(&parser.value()?.string()?)?),
            Long("translate-url") => up.translate_url = Some(parser.value()?.string()?),
            Long("log-json") => up.log_json = true,
            Long("log-level") => up.log_level = parser.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(up)
}

fn parse_services(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut operations = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("operations") => operations = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Services { operations })
}

fn parse_clock(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None => Ok(Command::ClockShow),
        Some(Value(word)) if word == "advance" => {
            let duration = parser.value()?.string()?;
            end(parser, Command::ClockAdvance(duration))
        }
        Some(other) => Err(other.unexpected()),
    }
}

fn parse_net(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        Some(Value(word)) if word == "trace" => parse_trace(parser),
        Some(Value(word)) if word == "connect" => parse_connect(parser),
        Some(Value(word)) if word == "forward" => parse_forward(parser),
        Some(other) => Err(other.unexpected()),
        None => {
            Err("say 'kogumo net trace FROM TO:PORT', 'net connect HOST PORT' or 'net forward PORT HOST:PORT'".into())
        }
    }
}

/// The words that are left, of which there have to be so many.
fn words<const COUNT: usize>(parser: &mut lexopt::Parser, usage: &str) -> Result<[String; COUNT], lexopt::Error> {
    let mut words = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    words.try_into().map_err(|_| format!("say '{usage}'").into())
}

fn parse_connect(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let [host, port] = words(parser, "kogumo net connect HOST PORT")?;
    Ok(Command::NetConnect { host, port: parse_port(&port)? })
}

fn parse_forward(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let usage = "kogumo net forward [ADDRESS:]PORT HOST:PORT";
    let [listen, to] = words(parser, usage)?;
    let listen = match listen.parse() {
        Ok(listen) => listen,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, parse_port(&listen)?)),
    };
    let (host, port) = to.rsplit_once(':').ok_or_else(|| format!("say '{usage}'"))?;
    Ok(Command::NetForward { listen, host: host.to_owned(), port: parse_port(port)? })
}

fn parse_port(text: &str) -> Result<u16, lexopt::Error> {
    text.parse().map_err(|_| format!("'{text}' is no port").into())
}

fn parse_trace(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let (mut ends, mut protocol, mut language) = (Vec::new(), "tcp", None);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(end) => ends.push(end.string()?),
            Long("udp") => protocol = "udp",
            Long("ping") => protocol = "icmp",
            Long("language") => language = Some(parser.value()?.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let [from, to] = <[String; 2]>::try_from(ends).map_err(|_| "say 'kogumo net trace FROM TO:PORT'")?;
    let (to, port) = match to.rsplit_once(':') {
        // An IPv6 address with a port stands in brackets.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let port = port.parse().map_err(|_| format!("'{port}' is no port"))?;
            (host.trim_matches(['[', ']']).to_owned(), Some(port))
        }
        _ => (to.trim_matches(['[', ']']).to_owned(), None),
    };
    // They become a part of an address.
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_/".contains(&byte));
    if let Some(odd) = [&from, &to].into_iter().find(|end| !plain(end)) {
        return Err(format!("'{odd}' is no instance, interface, address or gateway").into());
    }
    Ok(Command::NetTrace(Trace { from, to, port, protocol, language }))
}

fn parse_ebs(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        Some(Value(word)) if word == "simulate" => {}
        Some(other) => return Err(other.unexpected()),
        None => return Err("say 'kogumo ebs simulate --type gp2 --size 100'".into()),
    }
    let mut told = Simulate::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("type") => told.kind = Some(parser.value()?.string()?),
            Long("size") => told.size = Some(parser.value()?.parse()?),
            Long("iops") => told.iops = Some(parser.value()?.parse()?),
            Long("throughput") => told.throughput = Some(parser.value()?.parse()?),
            Long("workload") => told.workload = Some(parser.value()?.string()?),
            Long("io-size") => told.io_size = Some(parser.value()?.string()?),
            Long("sequential") => told.is_sequential = Some(true),
            Long("random") => told.is_sequential = Some(false),
            Long("every") => told.every = Some(parser.value()?.string()?),
            Long("svg" | "output") | Short('o') => told.svg = Some(parser.value()?.into()),
            Long("language") => told.language = Some(parser.value()?.string()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::EbsSimulate(told))
}

fn parse_iam(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        Some(Value(word)) if word == "explain" => {}
        Some(other) => return Err(other.unexpected()),
        None => return Err("say 'kogumo iam explain PRINCIPAL ACTION [RESOURCE]'".into()),
    }
    let (mut query, mut language) = (Vec::new(), None);
    let mut names = ["principal", "action", "resource"].into_iter();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => {
                let word = word.string()?;
                let name = names.next().ok_or_else(|| format!("'{word}' is one word too many"))?;
                query.push((name, word));
            }
            Long("context") => query.push(("context", parser.value()?.string()?)),
            Long("language") => language = Some(parser.value()?.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if names.len() > 1 {
        return Err("name a principal's ARN and an action".into());
    }
    Ok(Command::IamExplain { query, language })
}

fn parse_template(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        Some(Value(word)) if word == "params" => {}
        Some(other) => return Err(other.unexpected()),
        None => return Err("say 'kogumo template params FILE...'".into()),
    }
    let (mut files, mut format) = (Vec::new(), Format::Table);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(file) => files.push(PathBuf::from(file)),
            Long("format") => format = parse_format(&parser.value()?.string()?)?,
            other => return Err(other.unexpected()),
        }
    }
    if files.is_empty() {
        return Err("name at least one template file".into());
    }
    Ok(Command::TemplateParams { files, format })
}

fn parse_format(word: &str) -> Result<Format, lexopt::Error> {
    match word {
        "table" => Ok(Format::Table),
        "json" => Ok(Format::Json),
        "markdown" | "md" => Ok(Format::Markdown),
        _ => Err(format!("'{word}' is no format: table, json or markdown").into()),
    }
}
