//! The tasks of the house that are not part of the program: `cargo xtask <task>`.

mod dictionary;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((task, rest)) if task == "dictionary" => dictionary::run(rest),
        _ => Err("usage: cargo xtask dictionary".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
