//! User data: run once in an instance's life; boothooks, `bootcmd` and scripts that say so at every boot.

mod parts;

use std::borrow::Cow;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitOptions, waitpid};

use super::boot::{command, tell};
use super::cloud_config::Config;
use crate::keeper::fork;
use parts::{Part, parts};

/// How long a listener to a program that has ended is waited for.
const LISTENING_OUT: Duration = Duration::from_millis(200);
/// Bytes of user data, unpacked.
const LARGEST: u64 = 4 << 20;
const FOLDER: &str = "/var/lib/cloud/instance";
const LOG: &str = "/var/log/cloud-init-output.log";

/// Runs the user data; `first` at an instance's first boot. What it prints goes to the console and to cloud-init's log.
pub(super) fn run(data: &[u8], first: bool) {
    let plain = unpacked(data);
    let Ok(text) = std::str::from_utf8(&plain) else {
        return println!("[kogumo] The user data is not text; it is not run.");
    };
    tell(FOLDER, fs::create_dir_all(format!("{FOLDER}/scripts")));
    if first {
        tell("user-data.txt", fs::write(format!("{FOLDER}/user-data.txt"), data));
    }
    let parts = with_included(parts(text));
    let configs: Vec<Config> = parts.iter().filter_map(config).collect();
    let hooks = parts.iter().filter_map(|part| if let Part::Boothook(text) = part { Some(text) } else { None });
    for (index, hook) in hooks.enumerate() {
        run_script(&format!("{FOLDER}/scripts/boothook-{:03}", index + 1), hook);
    }
    configs.iter().for_each(Config::at_each_boot);
    if first {
        configs.iter().for_each(Config::apply);
    }
    let always = configs.iter().any(Config::repeats_scripts);
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Script(script) if first || always => run_script(&path(index), script),
            Part::PerBoot(script) => run_script(&path(index), script),
            Part::Unknown(what) if first => {
                println!(
                    "[kogumo] User data that begins with {what:?} is not run: only scripts and #cloud-config are."
                );
            }
            _ => {}
        }
    }
    if first {
        tell("boot-finished", fs::write(format!("{FOLDER}/boot-finished"), "\n"));
        println!("[kogumo] User data has run.");
        configs.iter().for_each(Config::end);
    }
}

fn path(index: usize) -> String {
    format!("{FOLDER}/scripts/part-{:03}", index + 1)
}

fn config(part: &Part) -> Option<Config> {
    if let Part::Config(text) = part { Config::read(text) } else { None }
}

/// What addresses lead to, in their place; what is there may not lead on.
fn with_included(parts: Vec<Part>) -> Vec<Part> {
    let mut whole = Vec::new();
    for part in parts {
        let Part::Include(addresses) = part else {
            whole.push(part);
            continue;
        };
        for address in addresses {
            match fetch(&address) {
                Some(text) => whole.extend(self::parts::parts(&text)),
                None => println!("[kogumo] User data: {address} cannot be fetched."),
            }
        }
    }
    whole
}

fn fetch(address: &str) -> Option<String> {
    let done = command("curl").args(["-fsSL", "--max-time", "30", "--", address]).output().ok()?;
    let text = String::from_utf8(unpacked(&done.stdout).into_owned()).ok()?;
    done.status.success().then_some(text)
}

/// What gzip packed, as tools do that make MIME parts of files; up to a limit that no configuration reaches.
pub(super) fn unpacked(data: &[u8]) -> Cow<'_, [u8]> {
    if !data.starts_with(&[0x1f, 0x8b]) {
        return Cow::Borrowed(data);
    }
    let mut plain = Vec::new();
    match flate2::read::MultiGzDecoder::new(data).take(LARGEST).read_to_end(&mut plain) {
        Ok(_) => Cow::Owned(plain),
        Err(_) => Cow::Borrowed(data),
    }
}

/// Runs a script by its own first line.
pub(super) fn run_script(path: &str, script: &str) {
    let written = fs::write(path, script).and_then(|()| fs::set_permissions(path, PermissionsExt::from_mode(0o700)));
    tell(path, written);
    match run_logged(path) {
        Ok(Some(0)) => {}
        Ok(Some(code)) => println!("[kogumo] {path} ended with {code}."),
        Ok(None) => println!("[kogumo] {path} was killed."),
        Err(error) => println!("[kogumo] {path} could not be run: {error}."),
    }
}

/// Runs a program, and passes what it prints on to the console and to the log. Whatever it leaves running may go on
/// printing: a process of its own listens to it.
fn run_logged(path: &str) -> std::io::Result<Option<i32>> {
    let (mut output, input) = std::io::pipe()?;
    let listener = fork().map_err(std::io::Error::other)?;
    if listener.is_none() {
        drop(input);
        let mut log = fs::File::options().create(true).append(true).open(LOG).ok();
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            let part = bytes.get(..count).unwrap_or_default();
            let _console_gone = std::io::stdout().write_all(part).and_then(|()| std::io::stdout().flush());
            if let Some(log) = &mut log {
                let _disk_full = log.write_all(part);
            }
        }
        std::process::exit(0);
    }
    drop(output);
    let errors = input.try_clone()?;
    let status = command(path).stdout(input).stderr(errors).status()?;
    if let Some(listener) = listener {
        listen_out(listener);
    }
    Ok(status.code())
}

/// What has been printed is passed on before anything else is, unless somebody goes on printing.
fn listen_out(listener: Pid) {
    let begun = Instant::now();
    while begun.elapsed() < LISTENING_OUT && matches!(waitpid(Some(listener), WaitOptions::NOHANG), Ok(None)) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_may_be_packed() {
        // Python: gzip of `#!/bin/sh` and a line's end.
        let packed = [
            31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 83, 86, 212, 79, 202, 204, 211, 47, 206, 224, 2, 0, 29, 157, 251, 4, 10,
            0, 0, 0,
        ];
        assert_eq!(&*unpacked(&packed), b"#!/bin/sh\n");
        assert_eq!(&*unpacked(b"#!/bin/sh"), b"#!/bin/sh");
    }
}
