//! Columns that may be better left out are told before the fit, each with what to do; how columns were read is noted.

use std::sync::Mutex;

use smartserve::model::algorithm::Algorithm;
use smartserve::table::TableFile;
use smartserve::train::{Progress, TrainSpec, train};

/// What is told while it works.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn warn(&self, warning: &str) {
        self.0.lock().unwrap().push(warning.to_owned());
    }

    fn begin(&self, _: usize) {}

    fn fitted(&self) {}
}

fn spec() -> TrainSpec {
    TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", "y", Algorithm::DecisionTree) }
}

/// The warnings, those told before the fit, and the notes.
fn warnings(spec: &TrainSpec, text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let told = Told::default();
    let table = TableFile::from_bytes("t.csv", text.as_bytes().to_vec());
    let report = train(spec, &table, &told).unwrap().report;
    (report.warnings, told.0.into_inner().unwrap(), report.data.notes)
}

fn rows(head: &str, row: impl Fn(usize) -> String) -> String {
    (0..100).fold(format!("{head}\n"), |text, i| format!("{text}{}\n", row(i)))
}

#[test]
fn identifiers_repeated_and_nearly_empty_columns_are_told_before_the_fit() {
    let text = rows("order,member_id,name,x,same,word,kind,rare,one,y", |i| {
        let (x, word) = (i * 7 % 23, i % 5);
        let rare = if i % 50 == 0 { i.to_string() } else { String::new() };
        format!("{},{},n{i},{x}.5,{x}.50,w{word},k{word},{rare},7,{}", 1_000 + i, i * 37 % 100, i * 29 % 31)
    });
    let (warnings, told, notes) = warnings(&spec(), &text);
    assert_eq!(warnings, told);
    let expected = [
        "one has one value in all training rows: it stays in the schema, the model ignores it",
        "order has 100 different whole numbers in 100 rows, in order: if it is an identifier, --drop order",
        "member_id has 100 different whole numbers in 100 rows: if it is an identifier, --drop member_id",
        "name has 100 categories in 100 rows: if it is an identifier, --drop name",
        "rare is missing in 98 of 100 rows: --drop rare, unless that it is there says something",
        "same tells rows apart as x does, in every row: --drop one of them",
        "kind tells rows apart as word does, in every row: --drop one of them",
    ];
    assert_eq!(told, expected);
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn ordinary_columns_are_not_told() {
    let text = rows("grid,price,age,flag,y", |i| {
        format!("{},{}.25,{},{},{}", i * 3 % 50, i, i * 11 % 40, if i % 3 == 0 { "True" } else { "False" }, i * 29 % 31)
    });
    let (warnings, told, _) = warnings(&spec(), &text);
    assert_eq!((warnings, told), (Vec::new(), Vec::new()));
}

#[test]
fn many_such_columns_are_counted() {
    let head: Vec<String> = (0..15).map(|column| format!("c{column}")).collect();
    let text = rows(&format!("{},y", head.join(",")), |i| {
        let cells: Vec<String> = (0..15).map(|column| (column * 1_000 + i).to_string()).collect();
        format!("{},{}", cells.join(","), i * 29 % 31)
    });
    let (_, told, _) = warnings(&spec(), &text);
    assert_eq!(told.len(), 11, "{told:?}");
    assert_eq!(told[10], "5 more columns may be identifiers");
}

#[test]
fn dates_and_numbers_that_may_be_codes_are_noted() {
    let text = rows("when,rooms,flag,code,y", |i| {
        format!("2021-0{}-{:02},{},{},{},{}", 1 + i / 28, 1 + i % 28, i % 4, i % 2, i % 9, i * 29 % 31)
    });
    let (_, _, notes) = warnings(&spec(), &text);
    let expected = [
        "when is read as a date, 2021-01-01 to 2021-04-16: year, month, day, weekday, hour, seconds since 1970",
        "read as numbers, though they hold few different ones: rooms, code; --categorical makes categories of them",
    ];
    assert_eq!(notes, expected);
    let said = TrainSpec { numeric: vec!["code".to_owned()], categorical: vec!["rooms".to_owned()], ..spec() };
    assert_eq!(warnings(&said, &text).2, expected[..1]);
}

#[test]
fn every_category_and_missing_cell_of_the_file_is_known_whatever_the_seed() {
    let text = rows("kind,day,n,y", |i| {
        let (kind, day) = (if i == 40 { "rare" } else { "usual" }, if i == 41 { "" } else { "2021-03-04" });
        format!("{kind}{},{day},{},{}", i % 2, if i == 42 { String::new() } else { i.to_string() }, i * 29 % 31)
    });
    let table = TableFile::from_bytes("t.csv", text.into_bytes());
    for seed in 0..8 {
        for algorithm in [Algorithm::DecisionTree, Algorithm::HistGradientBoosting] {
            let spec = TrainSpec { seed, algorithm, test_size: 0.2, ..spec() };
            let trained = train(&spec, &table, &()).unwrap();
            let model = smartserve::model::Model::load(&trained.artifact).unwrap();
            let features = model.schema().features();
            assert_eq!(features[0].categories, ["rare0", "usual0", "usual1"], "seed {seed}");
            assert!(features[1].accepts_missing() && features[2].accepts_missing(), "seed {seed}");
        }
    }
}
