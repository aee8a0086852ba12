//! The JSON dialects of `/predict` against hand-made schemas: what is read, and errors that tell what to change.

use proptest::prelude::*;
use smartserve::config::ExtraFeatures;
use smartserve::http::decode::{DecodeError, DecodeOptions, read};
use smartserve::http::problem::{FieldError, Problem};
use smartserve::model::batch::Batch;
use smartserve::model::schema::{Feature, FeatureKind, Impute, Schema, Target, Task};
use smartserve::model::statistics::Stats;

fn numeric(name: &str) -> Feature {
    let stats = Some(Stats::numeric(&[1.0, 2.0, 9.5]));
    Feature { stats, unbounded: false, is_imported: false, ..Feature::imported(name.to_owned(), false) }
}

fn categorical(name: &str, categories: &[&str]) -> Feature {
    let categories: Vec<String> = categories.iter().map(|c| (*c).to_owned()).collect();
    let stats = Some(Stats::categorical(&[0.0, 1.0], categories.len()));
    Feature { kind: FeatureKind::Categorical, categories, stats, ..numeric(name) }
}

fn imputed(name: &str) -> Feature {
    Feature { impute: Some(Impute::Median(2.0)), ..numeric(name) }
}

fn schema(features: Vec<Feature>) -> Schema {
    let target = Target { name: "y".to_owned(), unit: None, classes: vec![], outputs: None };
    Schema::new(features, target, Task::Regression).unwrap()
}

/// Two numbers and a category: `RM`, `TAX` (imputed), `a/b`.
fn three() -> Schema {
    schema(vec![numeric("RM"), imputed("TAX"), categorical("a/b", &["blue", "green", "red"])])
}

fn rules(schema: &Schema) -> DecodeOptions<'_> {
    DecodeOptions { schema, model: "boston", max_rows: 100, extra: ExtraFeatures::Reject }
}

fn batch(schema: &Schema, body: &str) -> Result<Batch, DecodeError> {
    read(body.as_bytes(), &rules(schema)).map(|decoded| decoded.batch)
}

/// The errors of a body that does not fit, as (pointer, detail).
fn errors(schema: &Schema, body: &str) -> Vec<(String, String)> {
    match batch(schema, body) {
        Err(DecodeError::Schema(faults)) => {
            let told = faults.into_errors().0;
            told.into_iter().map(|FieldError { pointer, detail }| (pointer, detail)).collect()
        }
        other => panic!("{body}: {other:?}"),
    }
}

fn pointers(schema: &Schema, body: &str) -> Vec<String> {
    errors(schema, body).into_iter().map(|(pointer, _)| pointer).collect()
}

fn status(schema: &Schema, body: &str) -> u16 {
    batch(schema, body).map_or_else(|refusal| Problem::from(refusal).kind().status().as_u16(), |_| 200)
}

proptest! {
    #[test]
    fn no_body_makes_the_parser_panic(text in r#"[\[\]\{\}",:0-9\-a-z /]{0,60}"#) {
        let _ = read(text.as_bytes(), &rules(&three()));
    }
}

/// Keys in the schema's order are guessed before they are read; a guess must not overlook a comma.
#[test]
fn a_missing_comma_is_a_syntax_error() {
    let schema = schema(vec![numeric("a"), numeric("b")]);
    for body in [
        r#"{"a":1 "b":2}"#,
        r#"{"a":1"b":2}"#,
        r#"{"a":[1]"b":[2]}"#,
        r#"{"a":{"0":1}"b":{"0":2}}"#,
        r#"{"a":{"0":1 "1":2},"b":{"0":3,"1":4}}"#,
        r#"{"a":{"0":1,"1":2},"b":{"0":3"1":4}}"#,
        r#"[{"a":1 "b":2}]"#,
        r#"[{"a":1,"b":2},{"a":1"b":2}]"#,
        r#"{"instances":[{"a":1 "b":2}]}"#,
        r#"{"columns":["a","b"] "data":[[1,2]]}"#,
        r#"{,"a":1,"b":2}"#,
        r#"{"a":1,,"b":2}"#,
    ] {
        assert_eq!(status(&schema, body), 400, "{body}");
    }
}

#[test]
fn labels_of_the_first_column_order_rows() {
    let schema = schema(vec![numeric("a"), numeric("b")]);
    let body = r#"{"b":{"10":1,"9":2,"0":3},"a":{"0":30,"10":10,"9":20}}"#;
    assert_eq!(batch(&schema, body).unwrap().values(), [10.0, 1.0, 20.0, 2.0, 30.0, 3.0]);
}

#[test]
fn rows_may_come_before_columns() {
    let body = r#"{"data":[[1,null,"red"],[2,3,"blue"]],"columns":["RM","TAX","a/b"]}"#;
    assert_eq!(batch(&three(), body).unwrap().n_rows(), 2);
}

#[test]
fn a_feature_may_be_named_like_a_wrapper() {
    let schema = schema(vec![numeric("data"), numeric("x")]);
    assert_eq!(batch(&schema, r#"{"data":[1,2],"x":[3,4]}"#).unwrap().values(), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(
        pointers(&schema, r#"{"columns":["x"],"data":[1]}"#),
        ["/x", "/columns"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>()
    );
    assert_eq!(batch(&schema, r#"{"instances":[[1,2]]}"#).unwrap().values(), [1.0, 2.0]);
}

#[test]
fn open_inference_bodies_are_told_their_route() {
    let body = r#"{"id":"7","outputs":[],"inputs":[{"name":"RM","shape":[1,1],"datatype":"FP64","data":[1.0]}]}"#;
    let expected = ("/inputs".to_owned(), "an Open Inference Protocol body goes to /v2/models/boston/infer".to_owned());
    assert_eq!(errors(&three(), body), [expected]);
}

#[test]
fn errors_tell_their_place_and_a_remedy() {
    let schema = three();
    let told = errors(
        &schema,
        r#"{"RM":{"0":"6.5","1":"true"},"TAX":{"0":null,"1":[1]},"a~c/b":{"0":1},"a/b":{"0":"gren","1":"x"}}"#,
    );
    let expected = [
        ("/RM/0", "RM must be a number, not \"6.5\"; training saw 1 to 9.5"),
        ("/RM/1", "RM must be a number, not \"true\"; training saw 1 to 9.5"),
        ("/TAX/1", "TAX must be a number, not an array; training saw 1 to 9.5"),
        ("/a~1b/0", "a/b has no category \"gren\"; did you mean \"green\"?"),
        ("/a~1b/1", "a/b has no category \"x\"; it has \"blue\", \"green\", \"red\""),
        ("/a~0c~1b", "\"a~c/b\" is not a feature of this model; did you mean \"a/b\"?"),
    ];
    assert_eq!(told, expected.map(|(p, d)| (p.to_owned(), d.to_owned())));
}

#[test]
fn wrong_shapes_are_refused_with_their_place() {
    let schema = three();
    let cases: &[(&str, &[&str])] = &[
        ("{}", &["/RM", "/TAX", "/a~1b"]),
        ("[]", &[""]),
        ("7", &[""]),
        (r#"{"RM":{},"TAX":{},"a/b":{}}"#, &[""]),
        (r#"{"RM":[],"TAX":[],"a/b":[]}"#, &[""]),
        (r#"{"RM":[1,2],"TAX":[1],"a/b":["red","red"]}"#, &["/TAX"]),
        (r#"{"RM":{"0":1,"1":2},"TAX":{"0":1,"2":1},"a/b":{"1":"red","0":"red"}}"#, &["/TAX/2", "/TAX/1"]),
        (r#"{"RM":[1],"TAX":1,"a/b":["red"]}"#, &["/TAX"]),
        (r#"[{"RM":1,"TAX":1},{"RM":1,"TAX":1,"a/b":"red","x":1}]"#, &["/0/a~1b", "/1/x"]),
        (r#"[[1,1,"rot"]]"#, &["/0/2"]),
        (r#"{"instances":[[1,1,"red"],[1,1],7]}"#, &["/instances/1", "/instances/2"]),
        (r#"{"instances":[]}"#, &["/instances"]),
        (r#"{"instances":{}}"#, &["/instances"]),
        (r#"{"dataframe_records":[[1]]}"#, &["/dataframe_records/0"]),
        (
            r#"{"columns":["RM","RM","TOX",7],"data":[]}"#,
            &["/columns/1", "/columns/2", "/columns/3", "/columns", "/columns", "/data"],
        ),
        (r#"{"columns":["RM","TAX","a/b"]}"#, &["/data"]),
        (r#"{"data":[[1,2,"red"]]}"#, &["/columns"]),
        (r#"{"columns":["RM","TAX","a/b"],"data":[[1,2,"red"],[1],{}]}"#, &["/data/1", "/data/2"]),
        (
            r#"{"dataframe_split":{"columns":["RM","TAX","a/b"],"data":[[1,2,7]],"rows":1}}"#,
            &["/dataframe_split/data/0/2", "/dataframe_split/rows"],
        ),
        (r#"{"inputs":{"RM":[1],"TAX":[1],"x":[2]}}"#, &["/inputs/x", "/inputs/a~1b"]),
        (r#"{"instances":[[1,1,"red"]],"RM":[1]}"#, &["/RM"]),
        (r#"{"RM":[1],"TAX":[1],"a/b":["red"],"instances":[[1]]}"#, &["/instances"]),
        (r#"{"RM":null,"TAX":null,"a/b":null}"#, &["/RM", "/a~1b"]),
    ];
    for (body, expected) in cases {
        assert_eq!(pointers(&schema, body), *expected, "{body}");
        assert_eq!(status(&schema, body), 422, "{body}");
    }
}

#[test]
fn syntax_wins_over_shape() {
    let schema = three();
    let bodies = [
        r#"{"RM":"wrong"} x"#,
        r#"{"nobody":1,"nobody":2}"#,
        r#"{"nobody":{"a":1,"a":2}}"#,
        r#"[{"RM":1,"RM":2}]"#,
        r#"[{"x":1,"x":2}]"#,
        r#"{"RM":{"0":1,"0":2}}"#,
        r#"{"RM":{"0":1,"1":2},"TAX":{"1":1,"1":2}}"#,
        r#"{"RM":{"0":1},"TAX":{"5":1,"5":2}}"#,
        r#"{"RM":{"a":1,"b":2,"a":3}}"#,
        r#"{"RM":[1],"RM":[1]}"#,
        r#"{"instances":[[1]],"RM":1,"RM":2}"#,
        r#"{"instances":[[1]],"instances":[[1]]}"#,
        r#"{"dataframe_split":{"columns":[],"columns":[]}}"#,
        r#"{"inputs":{"x":1,"x":2}}"#,
        r#"{"RM":"wrong","TAX":[1e999]}"#,
        r#"{"RM":[NaN]}"#,
        "",
    ];
    for body in bodies {
        assert_eq!(status(&schema, body), 400, "{body}");
    }
}

#[test]
fn too_many_rows_are_refused_while_read() {
    let schema = schema(vec![numeric("x")]);
    let n = |n: usize| vec!["1"; n].join(",");
    assert_eq!(status(&schema, &format!(r#"{{"x":[{}]}}"#, n(100))), 200);
    assert_eq!(status(&schema, &format!(r#"{{"x":[{}, this is not JSON"#, n(101))), 413);
    let records = |n: usize| vec![r#"{"x":1}"#; n].join(",");
    assert_eq!(status(&schema, &format!("[{}]", records(101))), 413);
    let labels = |n: usize| (0..n).map(|i| format!("\"{i}\":1")).collect::<Vec<_>>().join(",");
    assert_eq!(status(&schema, &format!(r#"{{"x":{{{}}}}}"#, labels(101))), 413);
    assert_eq!(status(&schema, &format!(r#"{{"columns":["x"],"data":[{}]}}"#, vec!["[1]"; 101].join(","))), 413);
    assert_eq!(status(&schema, &format!(r#"{{"data":[{}],"columns":["x"]}}"#, vec!["[1]"; 101].join(","))), 413);
}

#[test]
fn extra_features_are_dropped_when_asked() {
    let schema = schema(vec![numeric("x"), numeric("y")]);
    let rules = DecodeOptions { extra: ExtraFeatures::Ignore, ..rules(&schema) };
    let bodies = [
        r#"{"id":{"a":[1]},"x":{"0":1},"z":{"0":[2]},"y":{"0":2}}"#,
        r#"[{"id":"q","x":1,"z":{},"y":2}]"#,
        r#"{"columns":["id","x","y"],"data":[["q",1,2]]}"#,
        r#"{"inputs":{"x":[1],"id":3,"y":[2]}}"#,
    ];
    for body in bodies {
        assert_eq!(read(body.as_bytes(), &rules).unwrap().batch.values(), [1.0, 2.0], "{body}");
    }
}

#[test]
fn short_rows_of_wide_schemas_cost_little() {
    let schema = schema((0..5_000).map(|i| numeric(&format!("f{i}"))).collect());
    let rules = DecodeOptions { max_rows: 100_000, ..rules(&schema) };
    // 100,000 rows of 5,000 features would be 4 GB.
    let body = format!("{{\"instances\":[{}]}}", vec!["[]"; 100_000].join(","));
    assert!(matches!(read(body.as_bytes(), &rules), Err(DecodeError::Schema(_))));
    let labels: Vec<String> = (0..100_000).map(|i| format!("\"{i}\":1")).collect();
    let empty: Vec<String> = (1..5_000).map(|i| format!("\"f{i}\":{{}}")).collect();
    let body = format!("{{\"f0\":{{{}}},{}}}", labels.join(","), empty.join(","));
    assert!(matches!(read(body.as_bytes(), &rules), Err(DecodeError::Schema(_))));
}
