//! Flags in sentences.

use smartserve::text::flag::flag;

#[test]
fn a_name_behind_a_flag_is_one_word_to_a_shell() {
    for (name, shown) in [
        ("area", "--drop area"),
        ("Größe_m2", "--drop Größe_m2"),
        ("Unnamed: 0", "--drop 'Unnamed: 0'"),
        ("#1", "--drop '#1'"),
        ("it's", r"--drop 'it'\''s'"),
        ("Population, total", "--drop '\"Population, total\"'"),
        ("5\" tall", "--drop '\"5\"\" tall\"'"),
        ("-x", "--drop=-x"),
    ] {
        assert_eq!(flag("--drop", name), shown);
    }
}
