//! Sign-ins by SRP: both steps, with the sums that a client has to do on the same machine.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, ConcatenatingMul, Odd};
use kogumo_base::Clock;
use ring::digest::{Context, SHA256};
use ring::hmac;
use serde_json::{Value, json};

use crate::ask::{exchange, succeed};
use crate::message::Maker;

const BITS: u32 = 3072;
const PASSWORD: &str = "Passw0rd!";
/// RFC 5054's group of 3,072 bits.
const PRIME: &str = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
                     EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
                     EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
                     83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
                     E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
                     15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
                     ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
                     BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";

/// What was measured: the time from one sign-in to the next, and how much of it the client's sums take on one core.
pub struct SignIns {
    pub each: Duration,
    pub client: Duration,
}

/// A pool, a client, a user.
#[derive(Clone)]
struct Stage {
    maker: Maker,
    pool: String,
    client: String,
}

/// Signs in for some seconds on as many connections as there are cores.
pub fn measure(maker: Maker, seconds: f64) -> Result<SignIns, String> {
    let stage = stage(maker)?;
    let until = Duration::from_secs_f64(seconds);
    let cores = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    let begin = Instant::now();
    let run = |stage: Stage| {
        let mut socket = TcpStream::connect(stage.maker.address).map_err(|error| error.to_string())?;
        let (mut count, mut sums) = (0u32, Duration::ZERO);
        while begin.elapsed() < until {
            sums += sign_in(&mut socket, &stage)?;
            count += 1;
        }
        Ok::<(u32, Duration), String>((count, sums))
    };
    let (mut count, mut sums) = (0, Duration::ZERO);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| run(stage.clone()))).collect();
        for thread in threads {
            let (own, of_it) = thread.join().map_err(|_| String::from("a client has panicked"))??;
            count += own;
            sums += of_it;
        }
        Ok::<(), String>(())
    })?;
    Ok(SignIns { each: begin.elapsed() / count.max(1), client: sums / count.max(1) })
}

fn call(maker: Maker, operation: &str, input: Value) -> Vec<u8> {
    maker.json("cognito-idp", &format!("AWSCognitoIdentityProviderService.{operation}"), &input.to_string())
}

fn stage(maker: Maker) -> Result<Stage, String> {
    let ask = |operation: &str, input: Value| {
        let answer = succeed(maker.address, &call(maker, operation, input))?;
        Ok::<Value, String>(serde_json::from_slice(&answer).unwrap_or_default())
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pool = text(&ask("CreateUserPool", json!({ "PoolName": "bench" }))?["UserPool"]["Id"]);
    let client = ask("CreateUserPoolClient", json!({ "UserPoolId": pool, "ClientName": "bench" }))?;
    let client = text(&client["UserPoolClient"]["ClientId"]);
    ask("AdminCreateUser", json!({ "UserPoolId": pool, "Username": "bench", "MessageAction": "SUPPRESS" }))?;
    let permanent = json!({ "UserPoolId": pool, "Username": "bench", "Password": PASSWORD, "Permanent": true });
    ask("AdminSetUserPassword", permanent)?;
    Ok(Stage { maker, pool, client })
}

/// One sign-in; answers the time that the client's sums took. Its secret is 1: the server cannot tell, and need not care.
fn sign_in(socket: &mut TcpStream, stage: &Stage) -> Result<Duration, String> {
    let mut ask = |operation: &str, input: Value| {
        let (status, body) =
            exchange(socket, &call(stage.maker, operation, input)).map_err(|error| error.to_string())?;
        match status {
            200 => Ok(serde_json::from_slice::<Value>(&body).unwrap_or_default()),
            _ => Err(format!("{status}: {}", String::from_utf8_lossy(&body))),
        }
    };
    let parameters = json!({ "USERNAME": "bench", "SRP_A": "2" });
    let begun = ask(
        "InitiateAuth",
        json!({ "ClientId": stage.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters }),
    )?;
    let given = |name: &str| begun["ChallengeParameters"][name].as_str().unwrap_or_default().to_owned();
    let begin = Instant::now();
    let name = stage.pool.split_once('_').map_or("", |(_, name)| name);
    let key = shared_key(&given("SALT"), &given("SRP_B"), name).ok_or("the server's values are none")?;
    let block = STANDARD.decode(given("SECRET_BLOCK")).map_err(|error| error.to_string())?;
    let stamp = Clock::machine_now().format("%a %b %-d %H:%M:%S UTC %Y");
    let signed = [name.as_bytes(), b"bench", &block, stamp.as_bytes()].concat();
    let claim = STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed));
    let sums = begin.elapsed();
    let responses = json!({
        "USERNAME": "bench", "PASSWORD_CLAIM_SECRET_BLOCK": given("SECRET_BLOCK"), "TIMESTAMP": stamp,
        "PASSWORD_CLAIM_SIGNATURE": claim,
    });
    ask(
        "RespondToAuthChallenge",
        json!({
            "ClientId": stage.client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses,
        }),
    )?;
    Ok(sums)
}

/// S = (B - k·g^x)^(1 + u·x), and the key that comes of it.
fn shared_key(salt: &str, server: &str, pool: &str) -> Option<[u8; 16]> {
    let number = |bytes: &[u8], bits: u32| BoxedUint::from_be_slice(&fill(bytes, bits as usize / 8)?, bits).ok();
    let prime = hex(PRIME)?;
    let params = BoxedMontyParams::new(Odd::new(number(&prime, BITS)?).into_option()?);
    let form = |bytes: &[u8]| Some(BoxedMontyForm::new(number(bytes, BITS)?, &params));
    let identity = hash(&[pool.as_bytes(), b"bench:", PASSWORD.as_bytes()]);
    let x = hash(&[&padded(&hex(salt)?), &identity]);
    let public = hex(server)?;
    let u = hash(&[&[2], &padded(&public)]);
    let k = hash(&[&padded(&prime), &[2]]);
    let verifier = form(&[2])?.pow_bounded_exp(&number(&x, 256)?, 256);
    let base = form(&public)?.sub(&form(&k)?.mul(&verifier));
    let exponent = number(&u, 256)?.concatenating_mul(&number(&x, 256)?);
    let secret = base.pow_bounded_exp(&exponent, 512).mul(&base).retrieve().to_be_bytes();
    let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &padded(&u)), &padded(&secret));
    let expand = hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref());
    hmac::sign(&expand, b"Caldera Derived Key\x01").as_ref().first_chunk::<16>().copied()
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let even = if text.len() % 2 == 0 { text.to_owned() } else { format!("0{text}") };
    (0..even.len() / 2).map(|at| u8::from_str_radix(even.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

/// As few bytes as hold the number and a sign bit that is clear.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let short: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let sign = short.first().is_none_or(|byte| *byte >= 0x80);
    sign.then_some(0).into_iter().chain(short).collect()
}

fn fill(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let short: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let zeros = length.checked_sub(short.len())?;
    Some(std::iter::repeat_n(0, zeros).chain(short).collect())
}
