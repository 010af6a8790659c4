//! The helper by itself, for this package's own tests: they can't be their own helper, since a test runs on a thread.

use std::process::ExitCode;

fn main() -> ExitCode {
    kogumo_sandbox::init_main(std::env::args_os()).unwrap_or(ExitCode::FAILURE)
}
