//! One request, one answer: what sets a stage or waits for something.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Sends a message over a connection of its own and answers status and body.
pub fn ask(address: SocketAddr, message: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    exchange(&mut connect(address)?, message)
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// As [`ask`], with the time until the answer begins: what is answered at once is made whole before that. How long this
/// program takes to read a long answer is its own affair.
pub fn timed(address: SocketAddr, message: &[u8]) -> std::io::Result<(Duration, (u16, Vec<u8>))> {
    let mut socket = connect(address)?;
    let begun = Instant::now();
    socket.write_all(message)?;
    socket.peek(&mut [0])?;
    Ok((begun.elapsed(), receive(&mut socket)?))
}

/// Sends a message over a connection that stays open.
pub fn exchange(socket: &mut TcpStream, message: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    socket.write_all(message)?;
    receive(socket)
}

fn receive(socket: &mut TcpStream) -> std::io::Result<(u16, Vec<u8>)> {
    let mut received = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = socket.read(&mut buffer)?;
        received.extend_from_slice(&buffer[..read]);
        if let Some((status, body)) = whole(&received) {
            return Ok((status, body.to_vec()));
        }
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Status and body of an answer that is all there.
fn whole(received: &[u8]) -> Option<(u16, &[u8])> {
    let head = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let length: usize = length.unwrap_or(0);
    (received.len() >= head + length).then(|| (status, &received[head..head + length]))
}

/// The same, but anything but success is an error that tells the answer.
pub fn succeed(address: SocketAddr, message: &[u8]) -> Result<Vec<u8>, String> {
    ask(address, message).map_err(|error| error.to_string()).and_then(success)
}

/// The body of a success.
pub fn success((status, body): (u16, Vec<u8>)) -> Result<Vec<u8>, String> {
    if (200..300).contains(&status) {
        return Ok(body);
    }
    Err(format!("{status}: {}", String::from_utf8_lossy(&body).chars().take(300).collect::<String>()))
}
