//! What a clean build costs: processor seconds by crate. The bench is cargo's `RUSTC_WRAPPER` for it: cargo calls it in
//! rustc's stead, it calls rustc, and notes what that took.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Names the file that a wrapper adds its line to; the sign that this process is one.
const TALLY: &str = "KOGUMO_BENCH_TALLY";
/// The unit of `/proc/self/stat` (proc_pid_stat(5)): `USER_HZ` is 100 on every architecture that we build for.
const TICKS_PER_SECOND: f64 = 100.0;
/// So many crates have a line of their own.
const NAMED: usize = 20;

/// Runs rustc and notes what it took, if this process was started by cargo for that.
pub fn wrap() -> Option<ExitCode> {
    let tally = std::env::var_os(TALLY)?;
    let mut arguments = std::env::args_os().skip(1);
    let rustc = arguments.next()?;
    let arguments: Vec<_> = arguments.collect();
    let name = arguments.iter().skip_while(|argument| *argument != "--crate-name").nth(1);
    let name = name.map_or("(rustc)".into(), |name| name.to_string_lossy().into_owned());
    let status = Command::new(rustc).args(&arguments).status();
    let line = format!("{name} {}\n", seconds_of_children());
    // One short write at the end of a file is whole, however many processes do it.
    let noted = OpenOptions::new().append(true).create(true).open(tally).and_then(|mut f| f.write_all(line.as_bytes()));
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    Some(if noted.is_ok() { code.map_or(ExitCode::FAILURE, ExitCode::from) } else { ExitCode::FAILURE })
}

/// Builds the program from nothing in a folder of its own (debug, as `make test` does) and prints what it took.
///
/// # Errors
/// Cargo does not run, or the build fails.
pub fn measure() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("kogumo-bench-build-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let outcome = build(&folder);
    let _ = fs::remove_dir_all(&folder);
    let (total, crates) = outcome?;
    println!("\nCPU seconds of a clean debug build, by crate");
    let compiled: f64 = crates.iter().map(|(_, seconds)| seconds).sum();
    let named: f64 = crates.iter().take(NAMED).map(|(_, seconds)| seconds).sum();
    let rest = (format!("{} other crates", crates.len().saturating_sub(NAMED)), compiled - named);
    let scripts = ("build scripts and cargo".to_owned(), total - compiled);
    let lines = crates.into_iter().take(NAMED).chain([rest, scripts, ("all".to_owned(), total)]);
    lines.for_each(|(name, seconds)| println!("{name:40} {seconds:>8.1}"));
    Ok(())
}

/// Seconds in all, and by crate, the dearest first.
fn build(folder: &PathBuf) -> Result<(f64, Vec<(String, f64)>), Box<dyn Error>> {
    let tally = folder.join("tally");
    let before = seconds_of_children();
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "kogumo"])
        .env("CARGO_TARGET_DIR", folder)
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTC_WRAPPER", std::env::current_exe()?)
        .env(TALLY, &tally)
        .status()?;
    if !status.success() {
        return Err("the clean build failed".into());
    }
    Ok((seconds_of_children() - before, sum(&fs::read_to_string(tally)?)))
}

/// Adds up the lines `crate seconds`: a crate is compiled several times, for its build script and its parts.
fn sum(tally: &str) -> Vec<(String, f64)> {
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for (name, seconds) in tally.lines().filter_map(|line| line.split_once(' ')) {
        *sums.entry(name).or_default() += seconds.parse().unwrap_or(0.0);
    }
    let mut sums: Vec<_> = sums.into_iter().map(|(name, seconds)| (name.to_owned(), seconds)).collect();
    sums.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    sums
}

/// User and system time of all children that have ended, with their children.
fn seconds_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets, which may hold spaces: `cutime` and `cstime` are fields 16 and 17, the state is 3.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks: f64 = fields.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_added_up() {
        let sums = sum("a 1.5\nb 4\na 2\nbroken\n");
        assert_eq!(sums, [("b".to_owned(), 4.0), ("a".to_owned(), 3.5)]);
    }

    #[test]
    fn a_child_is_counted() {
        let busy = Command::new("sh").args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]).status();
        assert!(busy.expect("sh").success());
        assert!(seconds_of_children() > 0.0);
    }
}
