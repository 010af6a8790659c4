//! `cargo xtask dictionary`: makes the translation engine's data out of two Debian packages, `edict` (EDICT/JMdict of the
//! EDRDG, CC BY-SA 4.0) and `mecab-ipadic` (IPADIC of NAIST). Run when the data should change; the result is committed.
//!
//! Three files come out, all gzip'd: `morphemes.gz` (the analyser's lexicon and connection costs), `ja-en.gz` (a Japanese
//! word, its class, its reading, its first meanings; sorted) and `en-ja.gz` (an English word, its class, its Japanese; sorted).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::{Compression, write::GzEncoder};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const EDICT: &str = "/usr/share/edict/edict";
const IPADIC: &str = "/usr/share/mecab/dic/ipadic";
const OUT: &str = "crates/translation/data";

/// One line of EDICT: a spelling, how it is read, and what it means.
struct Entry {
    word: String,
    reading: String,
    common: bool,
    senses: Vec<Sense>,
}

/// One numbered meaning of an entry.
struct Sense {
    class: &'static str,
    transitive: bool,
    usually_kana: bool,
    glosses: Vec<String>,
}

/// Reads the sources at `edict` and `ipadic` (the packages' own places unless given) and writes the three files.
pub fn run(sources: &[&str]) -> Result<()> {
    let edict = sources.first().copied().unwrap_or(EDICT);
    let ipadic = Path::new(sources.get(1).copied().unwrap_or(IPADIC));
    let entries: Vec<Entry> = euc_jp(Path::new(edict))?.lines().filter_map(entry).collect();
    let lexicon = lexicon(ipadic, &entries)?;
    write_gz("morphemes.gz", &morphemes(ipadic, &lexicon)?)?;
    write_gz("ja-en.gz", japanese_to_english(&entries).as_bytes())?;
    write_gz("en-ja.gz", english_to_japanese(&entries, &frequencies(&lexicon)).as_bytes())
}

/// A file in EUC-JP as text. `iconv` knows the encoding; a crate for one file a year would be too much.
fn euc_jp(path: &Path) -> Result<String> {
    let output = Command::new("iconv").args(["-c", "-f", "EUC-JP", "-t", "UTF-8"]).arg(path).output()?;
    if !output.status.success() {
        return Err(format!("cannot read {} (apt-get install edict mecab-ipadic)", path.display()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn write_gz(name: &str, bytes: &[u8]) -> Result<()> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let packed = encoder.finish()?;
    println!("{name}: {} bytes, {} packed", bytes.len(), packed.len());
    Ok(fs::write(Path::new(OUT).join(name), packed)?)
}

// === EDICT ===

/// `今日 [きょう] /(n-t) today/this day/(P)/` as an entry; `None` for a line of another form.
fn entry(line: &str) -> Option<Entry> {
    let (head, meanings) = line.split_once(" /")?;
    let (word, reading) = match head.split_once(" [") {
        Some((word, reading)) => (word, reading.trim_end_matches(']')),
        None => (head, head),
    };
    let mut senses: Vec<Sense> = Vec::new();
    let mut common = false;
    for part in meanings.split('/').filter(|part| !part.is_empty() && !part.starts_with("EntL")) {
        if part == "(P)" {
            common = true;
            continue;
        }
        let (marks, gloss) = marks(part);
        let class = marks.iter().find_map(|mark| class(mark));
        let numbered = marks.iter().any(|mark| mark.parse::<u32>().is_ok());
        if senses.is_empty() || numbered {
            let class = class.or(senses.last().map(|sense| sense.class)).unwrap_or("n");
            let usually_kana = marks.iter().any(|mark| mark == "uk");
            let transitive = marks.iter().any(|mark| mark == "vt");
            senses.push(Sense { class, transitive, usually_kana, glosses: Vec::new() });
        }
        const UNFIT: [&str; 12] =
            ["arch", "obs", "X", "vulg", "sl", "derog", "col", "male", "fem", "ksb:", "ktb:", "ok"];
        if !marks.iter().any(|mark| UNFIT.contains(&mark.as_str()))
            && let (Some(sense), Some(gloss)) = (senses.last_mut(), plain(gloss))
        {
            sense.glosses.push(gloss);
        }
    }
    senses.retain(|sense| !sense.glosses.is_empty());
    (!senses.is_empty()).then(|| Entry { word: word.into(), reading: reading.into(), common, senses })
}

/// Takes the marks in brackets off a gloss: `(n,vs) (1) translation` → `["n", "vs", "1"]`, `translation`.
fn marks(mut part: &str) -> (Vec<String>, &str) {
    let mut marks = Vec::new();
    while let Some((inside, rest)) = part.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        let known = inside.split(',').all(|mark| class(mark).is_some() || is_mark(mark));
        if !known {
            break;
        }
        marks.extend(inside.split(',').map(String::from));
        part = rest.trim_start();
    }
    (marks, part)
}

/// Marks that say nothing of the word's class: numbers, fields, registers, dialects.
fn is_mark(mark: &str) -> bool {
    mark.parse::<u32>().is_ok()
        || mark.ends_with(':')
        || mark.starts_with("See ")
        || (mark.len() <= 7 && !mark.contains(' ') && mark.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// The word classes the engine tells apart. EDICT's own tags, the rarer ones folded into their neighbours.
fn class(mark: &str) -> Option<&'static str> {
    Some(match mark {
        "n" | "n-suf" | "n-pref" | "adj-no" => "n",
        "n-adv" | "n-t" => "time",
        "pn" => "pn",
        "adj-i" | "adj-ix" => "adj-i",
        "adj-na" | "adj-nari" => "adj-na",
        "adj-pn" | "adj-f" => "adj-pn",
        "adv" | "adv-to" => "adv",
        "v1" | "v1-s" => "v1",
        "v5u" | "v5u-s" => "v5u",
        "v5k" => "v5k",
        "v5k-s" => "v5k-s",
        "v5g" => "v5g",
        "v5s" => "v5s",
        "v5t" => "v5t",
        "v5n" => "v5n",
        "v5b" => "v5b",
        "v5m" => "v5m",
        "v5r" | "v5r-i" => "v5r",
        "v5aru" => "v5aru",
        "vk" => "vk",
        "vs-i" | "vs-s" | "vz" => "vs-i",
        "vs" => "vs",
        "int" => "int",
        "exp" => "exp",
        "conj" => "conj",
        "ctr" => "ctr",
        "num" => "num",
        "pref" => "pref",
        "suf" => "suf",
        _ => return None,
    })
}

/// A gloss as a translation can use it: no remarks in brackets, no leading `to `, not a whole explanation.
fn plain(gloss: &str) -> Option<String> {
    let mut text = String::new();
    let mut depth = 0usize;
    for c in gloss.chars() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(c),
            _ => {}
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.strip_prefix("to ").unwrap_or(&text).trim_end_matches(['!', '?', '.', ',', ';']).to_string();
    let usable = !text.is_empty() && text.len() <= 40 && text.is_ascii() && !text.contains([':', ';', '|', '"']);
    usable.then_some(text)
}

// === Japanese to English ===

/// `word TAB class TAB reading TAB gloss|gloss|gloss`, sorted by word; within a word the likeliest entry first. The class of
/// a transitive verb ends in `,vt`; a reading that is the word itself is left out.
fn japanese_to_english(entries: &[Entry]) -> String {
    let mut words: BTreeMap<&str, Vec<(u32, &Entry)>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.word.chars().count() <= 8) {
        let rank = u32::from(!entry.common);
        words.entry(&entry.word).or_default().push((rank, entry));
        if entry.reading != entry.word && (entry.common || entry.senses[0].usually_kana) {
            let rank = rank + if entry.senses.iter().any(|sense| sense.usually_kana) { 2 } else { 4 };
            words.entry(&entry.reading).or_default().push((rank, entry));
        }
    }
    let mut text = String::new();
    for (word, mut found) in words {
        found.sort_by_key(|(rank, _)| *rank);
        let mut readings = HashSet::new();
        for (nth, (_, entry)) in found.into_iter().enumerate() {
            if (nth == 0 || entry.common) && readings.len() < 3 && readings.insert(&entry.reading) {
                let sense = &entry.senses[0];
                let transitive = if sense.transitive { ",vt" } else { "" };
                let reading = if entry.reading == word { "" } else { &entry.reading };
                text.push_str(&format!(
                    "{word}\t{}{transitive}\t{reading}\t{}\n",
                    sense.class,
                    glosses(entry).join("|")
                ));
            }
        }
    }
    text
}

/// The first meanings of an entry that have its first class: three, each once.
fn glosses(entry: &Entry) -> Vec<&str> {
    let class = entry.senses[0].class;
    let mut found: Vec<&str> = Vec::new();
    for gloss in entry.senses.iter().filter(|sense| sense.class == class).flat_map(|sense| &sense.glosses) {
        if !found.contains(&gloss.as_str()) {
            found.push(gloss);
        }
    }
    found.truncate(3);
    found
}

// === English to Japanese ===

/// `english TAB class TAB japanese TAB reading`, sorted; one line for each English word and kind of word: the likeliest
/// Japanese.
fn english_to_japanese(entries: &[Entry], frequencies: &HashMap<String, i32>) -> String {
    let mut best: BTreeMap<(String, &str), (i32, &Entry, &Sense)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.common && entry.word.chars().count() <= 8) {
        let frequency = frequencies.get(&entry.word).copied().unwrap_or(12_000);
        for (nth, sense) in entry.senses.iter().enumerate().take(2) {
            for (place, gloss) in sense.glosses.iter().enumerate().take(4) {
                if gloss.split(' ').count() > 3 {
                    continue;
                }
                // A word whose first meaning this is beats a more frequent word that means it too.
                let cost = frequency + 6_000 * nth as i32 + 3_000 * place as i32;
                let key = (gloss.to_ascii_lowercase(), kind(sense.class));
                match best.get(&key) {
                    Some((known, ..)) if *known <= cost => {}
                    _ => drop(best.insert(key, (cost, entry, sense))),
                }
            }
        }
    }
    let mut text = String::new();
    for ((english, _), (_, entry, sense)) in best {
        let word = if sense.usually_kana { &entry.reading } else { &entry.word };
        text.push_str(&format!("{english}\t{}\t{word}\t{}\n", sense.class, entry.reading));
    }
    text
}

/// The kind of an English word that a Japanese class answers to: all verbs are one kind, all adjectives another.
fn kind(class: &'static str) -> &'static str {
    match class {
        "vs" => "n",
        class if class.starts_with('v') => "v",
        class if class.starts_with("adj") => "adj",
        class => class,
    }
}

/// How rare a base form is: the analyser's lowest word cost for it.
fn frequencies(lexicon: &str) -> HashMap<String, i32> {
    let mut costs = HashMap::new();
    for line in lexicon.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let base = if fields[7].is_empty() { fields[0] } else { fields[7] };
        let cost = fields[3].parse().unwrap_or(20_000);
        let known = costs.entry(base.to_string()).or_insert(cost);
        *known = cost.min(*known);
    }
    costs
}

// === The analyser's lexicon ===

/// IPADIC cut down to the words EDICT knows, closed classes, and the better known names, each with the compact feature
/// `class,subclass,form,base,reading` (base and reading empty when they say nothing new).
fn lexicon(ipadic: &Path, entries: &[Entry]) -> Result<String> {
    let known: HashSet<&str> = entries.iter().flat_map(|entry| [entry.word.as_str(), entry.reading.as_str()]).collect();
    let mut files: Vec<_> = fs::read_dir(ipadic)?.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    let mut lines = Vec::new();
    for file in files {
        for line in euc_jp(&file)?.lines() {
            let fields: Vec<&str> = line.split(',').collect();
            // Symbols that are commas or quotes themselves are left to the unknown-word rules.
            if let [surface, left, right, cost, features @ ..] = &fields[..]
                && features.len() == 9
                && wanted(features, cost.parse().unwrap_or(0), &known)
            {
                lines.push(format!("{surface},{left},{right},{cost},{}", feature(surface, features)));
            }
        }
    }
    lines.sort();
    lines.dedup();
    Ok(lines.join("\n") + "\n")
}

fn wanted(features: &[&str], cost: i32, known: &HashSet<&str>) -> bool {
    let literary = features[4].starts_with("文語") || features[5].contains("特殊") || features[5].contains("縮約");
    match (features[0], features[1]) {
        ("動詞" | "形容詞", _) => known.contains(features[6]) && !literary,
        ("名詞", "固有名詞") => match (features[2], features[3]) {
            ("地域", "国") => true,
            ("人名", "姓" | "名") => cost < 7_000,
            _ => known.contains(features[6]) || cost < 4_000,
        },
        ("名詞", "一般" | "サ変接続" | "形容動詞語幹") | ("副詞", _) => known.contains(features[6]),
        _ => true,
    }
}

fn feature(surface: &str, features: &[&str]) -> String {
    let subclass = match features[1] {
        "固有名詞" if features[2] != "一般" => features[2],
        subclass => subclass,
    };
    let base = if features[6] == surface { "" } else { features[6] };
    let reading = if features[7] == surface { "" } else { features[7] };
    format!("{},{subclass},{},{base},{reading}", features[0], features[5])
}

/// The analyser's own binary form of the lexicon, IPADIC's connection costs, and its rules for unknown words.
fn morphemes(ipadic: &Path, lexicon: &str) -> Result<Vec<u8>> {
    let unknown: String = euc_jp(&ipadic.join("unk.def"))?
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            format!("{},{},*,,\n", fields[..4].join(","), fields[4..6].join(","))
        })
        .collect();
    let dictionary = vibrato::SystemDictionaryBuilder::from_readers(
        lexicon.as_bytes(),
        File::open(ipadic.join("matrix.def"))?,
        euc_jp(&ipadic.join("char.def"))?.as_bytes(),
        unknown.as_bytes(),
    )?;
    let mut bytes = Vec::new();
    dictionary.write(&mut bytes)?;
    Ok(bytes)
}
