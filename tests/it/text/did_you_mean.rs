//! The nearest name is found, and found cheaply.

use std::cell::Cell;

use smartserve::text::did_you_mean::nearest;

#[test]
fn a_slip_is_recognised_and_another_word_is_not() {
    let names = ["RM", "TAX", "PTRATIO", "LSTAT", "Straße", "temperature"];
    for (text, expected) in [
        ("TOX", Some("TAX")),
        ("tax", Some("TAX")),
        ("PTRATO", Some("PTRATIO")),
        ("LSTAR", Some("LSTAT")),
        ("strase", Some("Straße")),
        ("tempreature", Some("temperature")),
        ("pressure", None),
        ("", None),
        ("x", None),
    ] {
        assert_eq!(nearest(text, names.into_iter()), expected, "{text}");
    }
    let names = ["x", "tenure", "Population, total", "day"];
    for (text, expected) in [
        ("tenure_months", Some("tenure")),
        ("Tenure months", Some("tenure")),
        ("tenured_months", None),
        ("population", Some("Population, total")),
        ("Population", Some("Population, total")),
        ("x_max", None),
        ("yy", None),
    ] {
        assert_eq!(nearest(text, names.into_iter()), expected, "{text}");
    }
    assert_eq!(nearest("abcd", ["abxx", "abcx", "abcy"].into_iter()), Some("abcx"));
    assert_eq!(nearest(&"a".repeat(65), std::iter::once("a")), None);
}

#[test]
fn few_of_many_like_names_are_compared() {
    let names: Vec<String> = (0..65_000).map(|i| format!("{:a>58}{i:06}", "")).collect();
    let looked_at = Cell::new(0);
    let counted = names.iter().map(String::as_str).inspect(|_| looked_at.set(looked_at.get() + 1));
    let found = nearest(&format!("{:b>20}{:a>38}000007", "", ""), counted);
    assert_eq!((found.map(str::len), looked_at.get()), (Some(64), 256));
}
