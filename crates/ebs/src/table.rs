//! A simulation as a table for people.

use std::fmt::Write;

use crate::{MIB, Performance, Rate, Simulation};

/// What the words are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Japanese,
}

impl Language {
    pub(crate) fn pick<'a>(self, english: &'a str, japanese: &'a str) -> &'a str {
        match self {
            Language::English => english,
            Language::Japanese => japanese,
        }
    }
}

/// What the volume may do, the rows, and what became of its credits.
#[must_use]
pub fn table(simulation: &Simulation, language: Language) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = write_head(&mut text, simulation, language);
    let _ = write_rows(&mut text, simulation, language);
    let _ = write_end(&mut text, simulation, language);
    text
}

fn write_head(text: &mut String, simulation: &Simulation, language: Language) -> std::fmt::Result {
    let Performance { baseline, burst, bucket, .. } = simulation.performance;
    writeln!(text, "{} {} GiB", simulation.volume.kind, simulation.volume.gib)?;
    writeln!(text, "  {}: {}", language.pick("baseline", "ベースライン"), rate(baseline))?;
    if let Some(bucket) = bucket {
        writeln!(text, "  {}: {}", language.pick("burst", "バースト"), rate(burst))?;
        let (held, earned) = match bucket {
            crate::Bucket::Ios { capacity, earned } => (format!("{capacity:.0} I/O"), format!("{earned:.0} I/O")),
            crate::Bucket::Bytes { capacity, earned } => {
                (format!("{:.0} GiB", capacity / crate::GIB), format!("{:.1} MiB", earned / MIB))
            }
        };
        match language {
            Language::English => writeln!(text, "  credits: {held} at most, {earned} earned each second")?,
            Language::Japanese => writeln!(text, "  クレジット: 最大 {held}、毎秒 {earned} を獲得")?,
        }
    }
    writeln!(text)
}

fn write_rows(text: &mut String, simulation: &Simulation, language: Language) -> std::fmt::Result {
    let head = match language {
        Language::English => "    time     wanted IOPS   given IOPS      MiB/s    BurstBalance",
        Language::Japanese => "    時刻        要求 IOPS    実際 IOPS      MiB/s    BurstBalance",
    };
    writeln!(text, "{head}")?;
    for moment in &simulation.moments {
        let balance = moment.balance.map_or_else(|| String::from("-"), |percent| format!("{percent:.1}%"));
        writeln!(
            text,
            "{:>9} {:>14.0} {:>12.0} {:>10.1} {:>15}",
            clock(moment.at),
            moment.wanted,
            moment.given,
            moment.bytes / MIB,
            balance
        )?;
    }
    Ok(())
}

fn write_end(text: &mut String, simulation: &Simulation, language: Language) -> std::fmt::Result {
    if simulation.performance.bucket.is_none() {
        return Ok(());
    }
    writeln!(text)?;
    match (simulation.empty, language) {
        (None, Language::English) => writeln!(text, "The credits last."),
        (None, Language::Japanese) => writeln!(text, "クレジットはなくなりません。"),
        (Some(at), Language::English) => {
            writeln!(text, "The credits are gone after {}; from then on the volume has its baseline.", clock(at))
        }
        (Some(at), Language::Japanese) => {
            writeln!(text, "{} でクレジットがなくなり、以後はベースライン性能になります。", clock(at))
        }
    }?;
    match (simulation.full_again, language) {
        (None, _) => Ok(()),
        (Some(at), Language::English) => writeln!(text, "They are all there again after {}.", clock(at)),
        (Some(at), Language::Japanese) => writeln!(text, "{} で満タンに戻ります。", clock(at)),
    }
}

fn rate(rate: Rate) -> String {
    format!("{:.0} IOPS, {:.1} MiB/s", rate.iops, rate.bytes / MIB)
}

/// `1:02:03`
pub(crate) fn clock(seconds: u32) -> String {
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, KIB, Volume, VolumeType, Workload, simulate};

    #[test]
    fn a_table_tells_when_the_credits_go() {
        let workload = Workload::parse("3000iops:1h", 16.0 * KIB, Access::Random).expect("a workload");
        let volume = Volume { kind: VolumeType::Gp2, gib: 100, iops: None, throughput: None };
        let simulation = simulate(volume, &workload, 600);
        let english = table(&simulation, Language::English);
        assert!(english.contains("baseline: 300 IOPS, 75.0 MiB/s"), "{english}");
        assert!(english.contains("gone after 0:33:20"), "{english}");
        assert_eq!(english.lines().filter(|line| line.ends_with('%')).count(), 6);
        assert!(table(&simulation, Language::Japanese).contains("0:33:20 でクレジットがなくなり"));
    }
}
