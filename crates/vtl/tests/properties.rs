//! Whatever the text: an answer or an error, soon, and never a panic.

use kogumo_vtl::api_gateway::Mapping;
use kogumo_vtl::json_path::Path;
use kogumo_vtl::{Heap, Limits, Missing, Template, Variables};
use proptest::prelude::*;

/// Pieces that make most texts nearly a template.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "$",
        "$!",
        "${",
        "}",
        "x",
        ".y",
        "[",
        "]",
        "(",
        ")",
        "'",
        "\"",
        "#set(",
        "#if(",
        "#elseif(",
        "#else",
        "#end",
        "#break",
        "#foreach($i in ",
        "#macro(m $a)",
        "#m(",
        "#define($d)",
        "$d",
        "#stop",
        " = ",
        "==",
        "!",
        "&&",
        "+",
        "-",
        "/",
        "1",
        "9223372036854775807",
        "..",
        ",",
        ":",
        "{",
        "$x",
        "$input.path('$')",
        "$x.split(",
        "$x.replaceAll('(a)', '$1')",
        "$x.put('k', $x)",
        "$l.add($l)",
        "#set($l = [])",
        "#set($x = {})",
        "\\",
        "##",
        "#*",
        "*#",
        "#[[",
        "]]#",
        "雲",
        "\n",
        " ",
        "$foreach.hasNext",
        "true",
        "1.5",
        ".substring(1, ",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..40).prop_map(|words| words.concat())
}

fn limits() -> Limits {
    Limits { steps: 50_000, bytes: 4 << 20, output: 1 << 20, iterations: 100 }
}

fn render(source: &str) -> Option<String> {
    let template = Template::parse(source).ok()?;
    template.render(&mut Heap::new(limits()), &mut Variables::new(), Missing::AsWritten).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(source in pieces(), body in ".{0,40}") {
        render(&source);
        if let Ok(template) = Template::parse(&source) {
            let _ = Mapping { body: &body, ..Mapping::default() }.render(&template);
        }
    }

    #[test]
    fn nothing_panics_on_noise(source in ".{0,200}") {
        render(&source);
    }

    #[test]
    fn text_without_marks_is_itself(source in "[^$#\\\\]{0,100}") {
        prop_assert_eq!(render(&source), Some(source));
    }

    #[test]
    fn literals_are_themselves(text in "[^']{0,60}") {
        let source = format!("#set($x = '{text}')$x");
        prop_assert_eq!(render(&source), Some(text));
    }

    #[test]
    fn whole_numbers_add_as_ours_do(a in -1_000_000i64..1_000_000, b in 1i64..1_000) {
        let source = format!("#set($x = {a} + {b} * 2 - {a} / {b} + {a} % {b})$x");
        prop_assert_eq!(render(&source), Some((a + b * 2 - a / b + a % b).to_string()));
    }

    #[test]
    fn paths_never_panic(path in "[$@.*\\[\\]'a-c0-9:,?()=<>!&| ~/-]{0,30}") {
        let document = serde_json::json!({"a": [1, {"b": "c"}], "b": {"a": null}});
        let mut left = 10_000;
        if let Ok(path) = Path::parse(&path) {
            let _ = path.find(&document, &mut || {
                left -= 1;
                if left > 0 { Ok(()) } else { Err(kogumo_vtl::Error::Limit("steps")) }
            });
        }
    }

    #[test]
    fn json_survives_the_heap(text in "[a-z雲\"\\\\\n]{0,20}", number in any::<i32>()) {
        let json = serde_json::json!({"t": text, "list": [number, {"n": null, "f": true}]});
        let mut heap = Heap::new(limits());
        let value = heap.load(&json).expect("small");
        prop_assert_eq!(heap.json(&value).expect("small"), json);
    }
}
