//! NDJSON files: cells are those of a request's JSON, in training, in `predict` and in what it writes.

use crate::support::folder::Folder;
use crate::support::process::{Ran, Server, run_with};

fn train(folder: &Folder, data: &str, more: &[&str]) -> Ran {
    let out = folder.path("m.model");
    let args = ["train", "--data", data, "--target", "y", "--folds", "0", "--trees", "3", "-o", &out];
    run_with(&[], &[&args[..], more].concat())
}

fn predict(folder: &Folder, input: &str, more: &[&str]) -> Ran {
    run_with(&[], &[&["predict", "--model", &folder.path("m.model"), "--input", input][..], more].concat())
}

fn lines(row: impl Fn(usize) -> String) -> String {
    (0..60).map(|i| format!("{{{},\"y\":{}}}\n", row(i), i * 2 + i % 3)).collect()
}

#[test]
fn a_string_of_digits_is_text_in_a_file_as_in_a_body() {
    let folder = Folder::new();
    let numbers = folder.write("t.ndjson", lines(|i| format!("\"size\":{},\"note\":\"n\"", i % 9)));
    assert_eq!(train(&folder, &numbers, &["--drop", "note"]).code, Some(0));
    let text = folder.write("text.ndjson", "{\"size\":2}\n{\"size\":\"2\"}\n");
    let ran = predict(&folder, &text, &[]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("text.ndjson, line 2, column 1 (size): size must be a number, not \"2\""), "{ran:?}");
    let (status, told) =
        Server::start(&["--model", &folder.path("m.model")]).ask("POST", "/predict", "{\"size\":\"2\"}");
    assert_eq!(status, 422);
    assert!(told["errors"][0]["detail"].as_str().unwrap().contains("size must be a number, not \"2\""), "{told}");
    // Training takes it as text too: as a category, or not at all.
    let codes = folder.write("t.ndjson", lines(|i| format!("\"code\":\"{}\"", i % 4 + 1)));
    assert_eq!(train(&folder, &codes, &[]).code, Some(0));
    let inspected = run_with(&[], &["inspect", &folder.path("m.model")]).out;
    assert!(inspected.lines().any(|line| line.contains("code") && line.contains("categorical")), "{inspected}");
    let answer =
        |text: &str| predict(&folder, &folder.write("r.ndjson", text), &[]).out.lines().last().unwrap().to_owned();
    assert_eq!(answer("{\"code\":2}").rsplit(',').next(), answer("{\"code\":\"2\"}").rsplit(',').next());
    let said = train(&folder, &codes, &["--numeric", "code"]);
    assert_eq!(said.code, Some(65));
    let told = "t.ndjson, line 1, column 1 (code): \"1\" is text, not a number: a number has no quotes, and a missing cell is \
                null\n";
    assert!(said.err.ends_with(told), "{said:?}");
}

#[test]
fn cells_of_lines_come_back_as_they_were() {
    let folder = Folder::new();
    let row = |i: usize| format!("\"new\":{},\"color\":\"{}\"", i.is_multiple_of(3), ["red", "blue"][i % 2]);
    assert_eq!(train(&folder, &folder.write("t.ndjson", lines(row)), &[]).code, Some(0));
    let kept =
        "\"id\":123456789012345678901,\"note\":\"say \\\"hi\\\", \\n\",\"true\":\"true\",\"n\":null,\"half\":0.50";
    let input = format!("{{\"new\":true,\"color\":\"red\",{kept}}}\n{{\"color\":\"blue\",\"new\":false}}\n");
    let input = folder.write("in.ndjson", &input);
    let ran = predict(&folder, &input, &["--output-format", "ndjson"]);
    let all: Vec<&str> = ran.out.lines().collect();
    assert!(all[0].starts_with(&format!("{{\"new\":true,\"color\":\"red\",{kept},\"prediction\":")), "{ran:?}");
    let absent = "\"id\":null,\"note\":null,\"true\":null,\"n\":null,\"half\":null,\"prediction\":";
    assert!(all[1].starts_with(&format!("{{\"new\":false,\"color\":\"blue\",{absent}")), "{ran:?}");
    let csv = predict(&folder, &input, &[]).out;
    assert!(csv.contains("\ntrue,red,123456789012345678901,\"say \"\"hi\"\", \n\",true,,0.50,"), "{csv}");
    // A column of one cell a line, which is missing, is a row.
    assert_eq!(
        train(
            &folder,
            &folder
                .write("t.ndjson", lines(|i| format!("\"x\":{}", if i == 4 { "null".into() } else { i.to_string() }))),
            &[]
        )
        .code,
        Some(0)
    );
    let ran = predict(&folder, &folder.write("one.ndjson", "{\"x\":null}\n{\"x\":3}\n"), &[]);
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
}

#[test]
fn a_set_of_classes_is_a_list_in_lines_and_quoted_in_one_text() {
    let folder = Folder::new();
    let text: String = (0..90).map(|i| format!("{},{}\n", i % 7, ["a|b", "c", "\"\"\"d\"\"\""][i % 3])).collect();
    let data = folder.write("t.csv", format!("x,y\n{text}"));
    let out = folder.path("m.model");
    let args =
        ["train", "--data", &data, "--target", "y", "--algorithm", "decision-tree", "--max-depth", "2", "-o", &out];
    assert_eq!(run_with(&[], &args).code, Some(0));
    let input = folder.write("in.csv", "x\n1\n");
    let ran = predict(&folder, &input, &["--interval", "0.95", "--output-format", "ndjson"]);
    assert!(ran.out.contains("\"set\":[\"\\\"d\\\"\",\"a|b\",\"c\"]"), "{ran:?}");
    let ran = predict(&folder, &input, &["--interval", "0.95"]);
    let mut csv = csv::Reader::from_reader(ran.out.as_bytes());
    let row = csv.records().next().unwrap().unwrap();
    assert_eq!(row.iter().next_back(), Some("\"\"\"d\"\"\"|\"a|b\"|c"), "{ran:?}");
}
