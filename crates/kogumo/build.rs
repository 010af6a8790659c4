//! Links the program to a fixed address. A position-independent one begins by writing a hundred thousand pointers of the
//! tables of AWS's facts into memory that it has mostly no use for: 9 MB, and milliseconds of each start.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
