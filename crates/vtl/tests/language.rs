//! The language, example by example.

use kogumo_vtl::{Error, Heap, Limits, Missing, Template, Variables};
use serde_json::json;

fn render(source: &str) -> Result<String, Error> {
    let mut heap = Heap::new(Limits { steps: 300_000, ..Limits::default() });
    let data = json!({
        "name": "Kogumo", "n": 3, "none": null, "list": ["a", "b", "c"],
        "map": {"x": 1, "y": {"z": "deep"}}, "items": [{"id": 1}, {"id": 2}]
    });
    let mut variables = Variables::new();
    for (name, value) in data.as_object().expect("an object") {
        variables.insert(name.clone(), heap.load(value).expect("small"));
    }
    Template::parse(source)?.render(&mut heap, &mut variables, Missing::AsWritten)
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (source, text) in cases {
        assert_eq!(render(source).as_deref(), Ok(*text), "{source}");
    }
}

#[test]
fn references() {
    check(&[
        ("Hi $name, ${name}san $!name $!{name}.", "Hi Kogumo, Kogumosan Kogumo Kogumo."),
        ("$nobody ${nobody} $!nobody|$!{nobody}|", "$nobody ${nobody} ||"),
        ("$map.y.z $map['x'] $map.get('x') $map.y.nope", "deep 1 1 $map.y.nope"),
        ("$list[0] $list[-1] $list.get(1) $items[1].id", "a c b 2"),
        ("5$ $5 $ $. $name.", "5$ $5 $ $. Kogumo."),
        ("$name-$name $name[see]", "Kogumo-Kogumo Kogumo[see]"),
        ("$map $items", r#"{x=1, y={z=deep}} [{"id":1},{"id":2}]"#),
    ]);
}

#[test]
fn escapes_and_comments() {
    check(&[
        (r"\$name \\$name \$nobody", r"$name \Kogumo \$nobody"),
        (r"\#if \#foo a\b", r"#if \#foo a\b"),
        ("a## gone\nb#* gone\n *#c", "abc"),
        ("#[[ $name #if ]]#", " $name #if "),
        ("#foo #1 # C#", "#foo #1 # C#"),
    ]);
}

#[test]
fn conditions() {
    check(&[
        ("#if($n == 3)yes#else no#end", "yes"),
        ("#if($n > 5)a#elseif($n < 4)b#{else}c#end", "b"),
        ("#if($nobody)a#{else}b#end", "b"),
        ("#if('')empty strings are true#end", "empty strings are true"),
        ("#if($n == '3' && $name != 'x')same text#end", "same text"),
        ("#if(!$none and ($n ge 3 or false))ok#end", "ok"),
        ("#if($none == $nobody)null is null#end", "null is null"),
        ("#if ( $list.contains('b') )\nin\n#end\nout", "in\nout"),
    ]);
}

#[test]
fn loops() {
    check(&[
        ("#foreach($x in $list)$foreach.index$x#if($foreach.hasNext),#end#end", "0a,1b,2c"),
        ("#foreach($x in [1..5])#if($x == 3)#break#end$x#end", "12"),
        ("#foreach($x in [3..1])$x$velocityCount #end", "31 22 13 "),
        ("#foreach($e in $map.entrySet())$e.key=$e.value;#end", "x=1;y={z=deep};"),
        ("#foreach($k in $map.keySet())$k#end #foreach($v in {'a': 7})$v#end", "xy 7"),
        ("#foreach($a in [1,2])#foreach($b in [1,2])$foreach.parent.count$b #end#end", "11 12 21 22 "),
        ("#foreach($x in $nobody)never#end#foreach($x in [])never#end.", "."),
        ("#set($x = 'kept')#foreach($x in [1])#end$x", "kept"),
        ("a#foreach($x in [1,2])$x#stop#end never", "a1"),
    ]);
}

#[test]
fn sets_and_arithmetic() {
    check(&[
        ("#set($a = 1 + 2 * 3 - 8 / 2 % 3)$a", "6"),
        ("#set($a = (1 + 2) * -3)$a", "-9"),
        ("#set($a = 7 / 2)$a #set($b = 7.0 / 2)$b", "3 3.5"),
        ("#set($a = 1 / 0)$!a.", "."),
        ("#set($a = 9223372036854775807 + 1)$a", "9.223372036854776E18"),
        ("#set($a = 'x' + 1)$a", "x1"),
        ("#set($a = \"$name is ${n}#if($n == 3)!#end\")$a", "Kogumo is 3!"),
        ("#set($a = '$name')$a", "$name"),
        ("#set($a = \"say \"\"hi\"\"\")$a", "say \"hi\""),
        ("#set($m = {})#set($m.a = 1)#set($m['b'] = [])$m.b.add('q') $m", "true {a=1, b=[q]}"),
        ("#set($l = [1, 2])#set($l[0] = 'z')$l", "[z, 2]"),
        ("  #set($x = 1)  \nnext", "  next"),
        ("#define($block)<$n>#end#set($n = 4)$block$block", "<4><4>"),
        ("#macro(twice $x)$x$x#end#twice('ab') #twice($n)", "abab 33"),
    ]);
}

#[test]
fn string_methods() {
    check(&[
        ("$name.length() $name.toUpperCase() $name.substring(2) $name.substring(0, 2)", "6 KOGUMO gumo Ko"),
        ("$name.replace('o', '0') $name.replaceAll('[aeiou]', '<$0>')", "K0gum0 K<o>g<u>m<o>"),
        ("#set($s = 'a,b,,c,,')#foreach($p in $s.split(','))$p;#end", "a;b;;c;"),
        ("$name.contains('gum') $name.startsWith('K') $name.indexOf('m') $name.indexOf('z')", "true true 4 -1"),
        ("#set($s = '  t ')[$s.trim()] $s.isEmpty() $s.equals('x')", "[t] false false"),
        ("#set($s = '小雲')$s.length() $s.charAt(1)", "2 雲"),
        ("$name.matches('K.*') $name.matches('K')", "true false"),
        ("#set($i = 0)#set($x = $i.parseInt('12') + 1)$x", "13"),
        ("$name.nonsense()", "$name.nonsense()"),
    ]);
}

#[test]
fn list_and_map_methods() {
    check(&[
        ("$list.size() $list.isEmpty() $list.indexOf('c') $list.subList(1, 3)", "3 false 2 [b, c]"),
        ("#set($l = [])#set($void = $l.add('a'))#set($void = $l.addAll(['b']))$l $l.remove(0) $l", "[a, b] a [b]"),
        ("#set($m = {'k': 'v'})$m.containsKey('k') $!m.put('n', 2)$m.size() $m.remove('k') $m", "true 2 v {n=2}"),
        ("$map.getOrDefault('q', 'd') $map.isEmpty() $map.values()", "d false [1, {z=deep}]"),
    ]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (source, message) in [
        ("a\n#if($x)", "#if without #end at line 2, column 8"),
        ("#end", "#end without a directive that it ends at line 1, column 5"),
        ("#set($x 1)", "Expected '=' at line 1, column 9"),
        ("#set($x = )", "Expected a value at line 1, column 11"),
        ("#set($x = 'a)", "String without its closing quote at line 1, column 11"),
        ("#include('f')", "Directive #include is not allowed in a mapping template"),
        ("#parse('f')", "Directive #parse is not allowed in a mapping template"),
        ("$list.get(9)", "Index 9 out of bounds for length 3"),
        ("$name.substring(4, 2)", "String index out of range: begin 4, end 2, length 6"),
        ("#foreach($x in [1..1001])#end", "Mapping template exceeds the limit of iterations of #foreach (1,000)"),
    ] {
        assert_eq!(render(source).map_err(|error| error.to_string()), Err(message.to_owned()), "{source}");
    }
}

#[test]
fn greed_hits_a_limit() {
    let deep = format!("#set($x = {}1{})", "(".repeat(5000), ")".repeat(5000));
    let chain = format!("#set($x = 1{})$x", " + 1".repeat(50_000));
    assert_eq!(render(&chain).as_deref(), Ok("50001"));
    for source in [
        deep.as_str(),
        &"#if(1)".repeat(5000),
        &"!".repeat(300 * 1024 + 1),
        "#set($s = 'aaaaaaaaaaaaaaaa')#foreach($i in [1..100])#set($s = \"$s$s\")#end",
        "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])#set($x = 1)#end#end#end",
        "#foreach($a in [1..1000])#foreach($b in [1..1000])0123456789abcdef#end#end",
        "#set($m = {})#set($m.self = $m)$m",
        "#set($l = [])#set($v = $l.add($l))$l.equals($l)",
        "#define($d)$d#end$d",
        "#macro(m)#m()#end#m()",
        "#set($x = [1..999999999])",
        "#set($s = 'a')$s.repeat(999999999)",
        "#set($l = [1])#foreach($i in [1..60])#set($l = [$l, $l])#end$l",
        "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $name.replaceAll(\"$i$j.*\", 'b'))#end#end",
    ] {
        assert!(matches!(render(source), Err(Error::Limit(_))), "{}", &source[..source.len().min(80)]);
    }
}
