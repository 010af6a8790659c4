//! Logs: for a terminal, or JSON lines.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::fmt;

/// Sends what is logged to standard error.
pub fn start(level: Level, json: bool) {
    let builder = fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    if json {
        builder.json().init();
    } else {
        builder.compact().with_ansi(std::io::stderr().is_terminal()).init();
    }
}
