//! The load: requests over kept-alive connections, each connection sending the next as soon as the last is answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a run of load found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub requests: u64,
    /// Bytes of bodies that came back.
    pub bytes: u64,
    pub seconds: f64,
    /// Time of each request in microseconds, sorted.
    pub micros: Vec<u32>,
    /// The first answer that was no success, whole.
    pub failure: Option<String>,
}

impl Report {
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds.max(1e-9)
    }

    pub fn median_micros(&self) -> u32 {
        self.micros.get(self.micros.len() / 2).copied().unwrap_or(0)
    }
}

/// Sends `requests` (whole HTTP/1.1 messages) in turn over `connections` connections for that long.
pub fn run(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    duration: Duration,
) -> std::io::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let requests: std::sync::Arc<[Vec<u8>]> = requests.into();
    runtime.block_on(async {
        let start = Instant::now();
        let tasks: Vec<_> = (0..connections)
            .map(|first| tokio::spawn(connection(address, requests.clone(), first, connections, start + duration)))
            .collect();
        let mut report = Report::default();
        for task in tasks {
            let part = task.await.map_err(std::io::Error::other)??;
            report.requests += part.requests;
            report.bytes += part.bytes;
            report.micros.extend(part.micros);
            report.failure = report.failure.or(part.failure);
        }
        report.seconds = start.elapsed().as_secs_f64();
        report.micros.sort_unstable();
        Ok(report)
    })
}

async fn connection(
    address: SocketAddr,
    requests: std::sync::Arc<[Vec<u8>]>,
    first: usize,
    step: usize,
    end: Instant,
) -> std::io::Result<Report> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut report = Report::default();
    let mut buffer = vec![0; 256 * 1024];
    let mut next = first;
    loop {
        let sent = Instant::now();
        socket.write_all(&requests[next % requests.len()]).await?;
        next += step;
        let answer = read_answer(&mut socket, &mut buffer).await?;
        report.micros.push(sent.elapsed().as_micros() as u32);
        report.requests += 1;
        report.bytes += answer.body;
        if !(200..300).contains(&answer.status) && report.failure.is_none() {
            report.failure =
                Some(String::from_utf8_lossy(&buffer[..answer.head + (answer.body as usize).min(2000)]).into_owned());
        }
        if Instant::now() >= end {
            return Ok(report);
        }
    }
}

struct Answer {
    status: u16,
    head: usize,
    body: u64,
}

/// Reads one answer with a `Content-Length`. What is left in `buffer` is its beginning.
async fn read_answer(socket: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<Answer> {
    let mut filled = 0;
    loop {
        let read = socket.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        let Some(head) = find(&buffer[..filled], b"\r\n\r\n").map(|at| at + 4) else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body: u64 = length.unwrap_or(0);
        let mut left = body.saturating_sub((filled - head) as u64);
        while left > 0 {
            // The rest only needs counting; it goes over the space behind the head.
            let room = (buffer.len() - head).min(left as usize);
            let read = socket.read(&mut buffer[head..head + room]).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            left -= read as u64;
        }
        return Ok(Answer { status, head, body });
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
