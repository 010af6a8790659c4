//! `kogumo net connect` and `kogumo net forward`: streams to public addresses of a running cloud, through its listen port
//! (CONNECT, RFC 9110). For whoever cannot send packets there: without root this machine is not a neighbour of the cloud.

use std::net::SocketAddr;

use kogumo_base::Trouble;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::remote;

/// The longest answer before the stream begins.
const LONGEST_HEAD: usize = 16 * 1024;

/// Standard input and output as a stream to `host` (for ssh's ProxyCommand).
///
/// # Errors
/// No cloud answers, or nobody there.
pub fn connect(host: &str, port: u16) -> Result<(), Trouble> {
    runtime()?.block_on(async {
        let (mut from, mut to) = open(host, port).await?.into_split();
        let broken = |e| Trouble::from_cause("the stream broke off", e);
        let out = async {
            let copied = copy(&mut tokio::io::stdin(), &mut to).await;
            copied.and(to.shutdown().await)
        };
        let back = async {
            let mut screen = tokio::io::stdout();
            copy(&mut from, &mut screen).await?;
            screen.flush().await
        };
        // Whoever is called may still have something to say; once that end is silent, nothing that is typed matters.
        tokio::pin!(out, back);
        let done = tokio::select! {
            back = &mut back => back,
            sent = &mut out => match sent {
                Ok(()) => back.await,
                error => error,
            },
        };
        done.map_err(broken)
    })?;
    // A thread may still wait for standard input.
    std::process::exit(0)
}

/// Listens at an address of this machine, and passes each connection on.
///
/// # Errors
/// The address is taken.
pub fn forward(listen: SocketAddr, host: &str, port: u16) -> Result<(), Trouble> {
    runtime()?.block_on(async {
        let listener = TcpListener::bind(listen).await;
        let listener = listener.map_err(|e| Trouble::from_cause(format!("cannot listen on {listen}"), e))?;
        println!("{listen} leads to {host}:{port}; Ctrl-C ends it");
        loop {
            let accepted = listener.accept().await;
            let (mut client, _) = accepted.map_err(|e| Trouble::from_cause("cannot take a connection", e))?;
            let host = host.to_owned();
            tokio::spawn(async move {
                match open(&host, port).await {
                    Ok(mut stream) => {
                        let _either_hung_up = copy_bidirectional(&mut client, &mut stream).await;
                    }
                    Err(trouble) => eprintln!("kogumo: {trouble}"),
                }
            });
        }
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Trouble::from_cause("cannot start", error))
}

async fn open(host: &str, port: u16) -> Result<TcpStream, Trouble> {
    let address = remote::address()?;
    let unreachable = format!("no cloud answers at {address}; start one with 'kogumo up'");
    let failed = |e| Trouble::from_cause(&unreachable, e);
    let mut stream = TcpStream::connect(&address).await.map_err(failed)?;
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head belongs to the stream.
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_HEAD {
        head.push(stream.read_u8().await.map_err(failed)?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    if head.split(' ').nth(1) == Some("200") {
        return Ok(stream);
    }
    let mut why = vec![0; LONGEST_HEAD];
    let length = stream.read(&mut why).await.map_err(failed)?;
    Err(Trouble::new(String::from_utf8_lossy(why.get(..length).unwrap_or_default()).trim().to_owned()))
}
