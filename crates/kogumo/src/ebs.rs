//! `kogumo ebs simulate`: a volume's credits under a workload, as a table and a picture. It needs no cloud.

use std::path::PathBuf;

use kogumo_base::Trouble;
use kogumo_ebs::{Access, KIB, Language, MIB, Volume, VolumeType, Workload, chart, duration, simulate as play, table};

use crate::arguments::Simulate;

/// So many rows has a table if nobody says otherwise.
const ROWS: u32 = 24;
/// So many points has a picture.
const POINTS: u32 = 600;

/// Prints the table and writes the picture.
///
/// # Errors
/// Words that mean nothing, or a file that cannot be written.
pub fn simulate(told: &Simulate) -> Result<(), Trouble> {
    let volume = volume(told).map_err(Trouble::new)?;
    let workload = workload(told, volume.kind).map_err(Trouble::new)?;
    let every = match &told.every {
        Some(text) => duration(text).map_err(Trouble::new)?,
        None => workload.seconds().div_ceil(ROWS),
    };
    let language = told.language.clone().or_else(|| std::env::var("LANG").ok()).unwrap_or_default();
    let language = if language.starts_with("ja") { Language::Japanese } else { Language::English };
    print!("{}", table(&play(volume, &workload, every), language));

    let file = told.svg.clone().unwrap_or_else(|| PathBuf::from(format!("ebs-{}-{}.svg", volume.kind, volume.gib)));
    let picture = chart(&play(volume, &workload, workload.seconds().div_ceil(POINTS)), language);
    std::fs::write(&file, picture)
        .map_err(|error| Trouble::from_cause(format!("cannot write {}", file.display()), error))?;
    println!();
    match language {
        Language::English => println!("The picture is in {}.", file.display()),
        Language::Japanese => println!("グラフは {} にあります。", file.display()),
    }
    Ok(())
}

fn volume(told: &Simulate) -> Result<Volume, String> {
    let name = told.kind.as_deref().unwrap_or("gp2");
    let kind = VolumeType::named(name)
        .ok_or_else(|| format!("'{name}' is no volume type: gp2, gp3, io1, io2, st1, sc1 or standard"))?;
    let gib = told.size.ok_or("say how large it is: --size GIB")?;
    let volume = Volume { kind, gib, iops: told.iops, throughput: told.throughput };
    volume.check()?;
    Ok(volume)
}

fn workload(told: &Simulate, kind: VolumeType) -> Result<Workload, String> {
    let io_bytes = match &told.io_size {
        Some(text) => size(text)?,
        None if kind.is_hdd() => MIB,
        None => 16.0 * KIB,
    };
    let access = if told.is_sequential.unwrap_or(kind.is_hdd()) { Access::Sequential } else { Access::Random };
    Workload::parse(told.workload.as_deref().unwrap_or("burst"), io_bytes, access)
}

/// `16K`, `16KiB`, `1M`, or plain bytes.
fn size(text: &str) -> Result<f64, String> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    let unit = match unit {
        "" | "b" => 1.0,
        "k" | "kb" | "kib" => KIB,
        "m" | "mb" | "mib" => MIB,
        _ => return Err(format!("'{text}' is no size: say 16K or 1M")),
    };
    number.parse::<f64>().map(|number| number * unit).map_err(|_| format!("'{text}' is no size: say 16K or 1M"))
}
