//! The keeper alone, for this crate's own tests.

fn main() -> std::process::ExitCode {
    kogumo_machine::keeper_main(std::env::args_os()).unwrap_or(std::process::ExitCode::FAILURE)
}
