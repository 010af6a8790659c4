//! A simulation as a picture: I/O above, the balance below, as SVG.

use std::fmt::Write;

use crate::table::clock;
use crate::{Language, MIB, Moment, Simulation};

const WIDTH: f64 = 880.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 20.0;
/// Top and height of the two fields.
const ABOVE: Field = Field { top: 60.0, height: 220.0 };
const BELOW: Field = Field { top: 340.0, height: 140.0 };
const HEIGHT: f64 = 530.0;

struct Field {
    top: f64,
    height: f64,
}

/// The picture. On hard disks it shows throughput, on others IOPS.
#[must_use]
pub fn chart(simulation: &Simulation, language: Language) -> String {
    let mut svg = String::new();
    // Writing into a string does not fail.
    let _ = draw(&mut svg, simulation, language);
    svg
}

fn draw(svg: &mut String, simulation: &Simulation, language: Language) -> std::fmt::Result {
    let is_hdd = simulation.volume.kind.is_hdd();
    let end = f64::from(simulation.moments.last().map_or(1, |moment| moment.at).max(1));
    let (unit, baseline) = if is_hdd {
        ("MiB/s", simulation.performance.baseline.bytes / MIB)
    } else {
        ("IOPS", simulation.performance.baseline.iops)
    };
    let given = |moment: &Moment| if is_hdd { moment.bytes / MIB } else { moment.given };
    let wanted = |moment: &Moment| {
        if is_hdd { moment.wanted * (moment.bytes / MIB / moment.given.max(f64::EPSILON)) } else { moment.wanted }
    };
    let highest = simulation.moments.iter().map(|one| wanted(one).max(given(one))).fold(baseline, f64::max) * 1.1;

    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" role="img">"#
    )?;
    writeln!(svg, r#"<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>"#)?;
    let title = format!("{} {} GiB", simulation.volume.kind, simulation.volume.gib);
    writeln!(svg, "<title>{title}</title>")?;
    writeln!(svg, r#"<text x="{LEFT}" y="26" font-size="16" font-weight="bold">{title}</text>"#)?;

    axes(svg, &ABOVE, unit, highest, end)?;
    line(svg, &ABOVE, "#bbbbbb", simulation, end, |moment| Some(wanted(moment) / highest))?;
    line(svg, &ABOVE, "#1f6fb2", simulation, end, |moment| Some(given(moment) / highest))?;
    let y = ABOVE.y(baseline / highest);
    let to = WIDTH - RIGHT;
    writeln!(svg, r##"<path d="M{LEFT} {y:.1}H{to}" stroke="#d98c00" stroke-dasharray="6 4"/>"##)?;
    legend(
        svg,
        &[
            ("#bbbbbb", language.pick("wanted", "要求")),
            ("#1f6fb2", language.pick("given", "実際")),
            ("#d98c00", language.pick("baseline", "ベースライン")),
        ],
    )?;

    if simulation.performance.bucket.is_some() {
        axes(svg, &BELOW, "BurstBalance %", 100.0, end)?;
        line(svg, &BELOW, "#2a8c4a", simulation, end, |moment| moment.balance.map(|percent| percent / 100.0))?;
    }
    writeln!(svg, "</svg>")
}

impl Field {
    /// Where a part of the whole height lies.
    fn y(&self, part: f64) -> f64 {
        self.top + self.height * (1.0 - part.clamp(0.0, 1.0))
    }
}

fn x(at: f64, end: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * at / end
}

/// A frame with four steps of each axis.
fn axes(svg: &mut String, field: &Field, unit: &str, highest: f64, end: f64) -> std::fmt::Result {
    let (top, height, width) = (field.top, field.height, WIDTH - LEFT - RIGHT);
    writeln!(svg, r##"<rect x="{LEFT}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888888"/>"##)?;
    writeln!(svg, r#"<text x="{LEFT}" y="{}">{unit}</text>"#, top - 8.0)?;
    for step in 0..=4 {
        let part = f64::from(step) / 4.0;
        let (y, at) = (field.y(part), x(part * end, end));
        let value = highest * part;
        let digits = usize::from(highest < 40.0);
        writeln!(svg, r#"<text x="{}" y="{:.1}" text-anchor="end">{value:.digits$}</text>"#, LEFT - 8.0, y + 4.0)?;
        writeln!(svg, r##"<path d="M{LEFT} {y:.1}h{width}" stroke="#eeeeee"/>"##)?;
        let time = clock((part * end).round() as u32);
        writeln!(svg, r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{time}</text>"#, top + height + 18.0)?;
    }
    Ok(())
}

/// One value over time, as steps: each moment holds from the one before to its own end.
fn line(
    svg: &mut String,
    field: &Field,
    colour: &str,
    simulation: &Simulation,
    end: f64,
    part: impl Fn(&Moment) -> Option<f64>,
) -> std::fmt::Result {
    write!(svg, r#"<path fill="none" stroke="{colour}" stroke-width="2" d="M{LEFT} "#)?;
    let first = simulation.moments.first().and_then(&part).unwrap_or_default();
    write!(svg, "{:.1}", field.y(first))?;
    for moment in &simulation.moments {
        let Some(part) = part(moment) else { continue };
        write!(svg, "V{:.1}H{:.1}", field.y(part), x(f64::from(moment.at), end))?;
    }
    writeln!(svg, r#""/>"#)
}

fn legend(svg: &mut String, entries: &[(&str, &str)]) -> std::fmt::Result {
    for (at, (colour, word)) in entries.iter().enumerate() {
        let x = 480.0 + 130.0 * at as f64;
        writeln!(svg, r#"<path d="M{x} 22h24" stroke="{colour}" stroke-width="3"/>"#)?;
        writeln!(svg, r#"<text x="{}" y="26">{word}</text>"#, x + 30.0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, KIB, Volume, VolumeType, Workload, simulate};

    #[test]
    fn a_picture_has_both_fields() {
        let workload = Workload::parse("max:10m,idle:10m", 16.0 * KIB, Access::Random).expect("a workload");
        let volume = Volume { kind: VolumeType::Gp2, gib: 8, iops: None, throughput: None };
        let svg = chart(&simulate(volume, &workload, 60), Language::English);
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("IOPS") && svg.contains("BurstBalance"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
