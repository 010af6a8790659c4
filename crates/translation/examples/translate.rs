//! Translates standard input, line by line: `cargo run -p kogumo-translation --example translate -- ja en`.

use kogumo_translation::{Dictionary, Engine};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, target] = &arguments[..] else {
        return Err("usage: translate SOURCE TARGET".into());
    };
    for line in std::io::stdin().lines() {
        println!("{}", Dictionary.translate(&line?, source, target)?);
    }
    Ok(())
}
