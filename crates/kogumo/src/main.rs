//! `kogumo`: the command line, and the assembly of everything into one program.

mod ami;
mod arguments;
mod callback;
mod doctor;
mod ebs;
mod logging;
mod names;
mod remote;
mod root_key;
mod services;
mod template;
mod tunnel;
mod up;

use std::process::ExitCode;

use arguments::Command;

/// Requests make and drop many small strings on both cores at once, which this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Sandboxes and machines start as this same program under another name; nothing may come before.
    if let Some(code) = kogumo_sandbox::init_main(std::env::args_os()) {
        return code;
    }
    if let Some(code) = kogumo_machine::keeper_main(std::env::args_os()) {
        return code;
    }
    let command = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(why) => {
            eprintln!("kogumo: {why}\nTry 'kogumo help'.");
            return ExitCode::from(2);
        }
    };
    let done = match command {
        Command::Help => {
            print!("{}", arguments::HELP);
            Ok(())
        }
        Command::Version => {
            println!("kogumo {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Up(up) => up::run(up),
        Command::Doctor => doctor::run(),
        Command::Services { operations } => services::list(operations),
        Command::ClockShow => remote::show_clock(),
        Command::ClockAdvance(duration) => remote::advance_clock(&duration),
        Command::Reset => remote::reset(),
        Command::EbsSimulate(told) => ebs::simulate(&told),
        Command::AmiImport(import) => ami::import(&import),
        Command::IamExplain { query, language } => remote::explain(&query, language),
        Command::NetConnect { host, port } => tunnel::connect(&host, port),
        Command::NetForward { listen, host, port } => tunnel::forward(listen, &host, port),
        Command::NetTrace(trace) => match remote::trace(&trace) {
            Ok(false) => return ExitCode::FAILURE,
            done => done.map(drop),
        },
        Command::TemplateParams { files, format } => template::params(&files, format),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("kogumo: {trouble}");
            ExitCode::FAILURE
        }
    }
}
