//! Packs the managed policies: as text they would be a twentieth of the whole program.

use std::io::Write;
use std::path::Path;
use std::{env, error, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

const LIST: &str = "data/managed_policies.txt";

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo:rerun-if-changed={LIST}");
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let mut packed =
        GzEncoder::new(fs::File::create(Path::new(&out).join("managed_policies.gz"))?, Compression::default());
    packed.write_all(&fs::read(LIST)?)?;
    packed.finish()?;
    Ok(())
}
