//! Arrow IPC streams as bodies and as answers: the rows that JSON has, with the same bits; what is broken, hostile or not
//! read is refused in a sentence, whatever lengths it declares.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    BooleanArray, DictionaryArray, Float32Array, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use axum::body::Body;
use http::Request;
use proptest::prelude::*;
use smartserve::config::Limits;
use smartserve::http::service::Service;

use crate::support::arrow::{array, batch, file, stream};
use crate::support::router::{Answer, post, public, request, send};

const ARROW: &str = "application/vnd.apache.arrow.stream";

fn typed(target: &str, body: impl Into<Body>, accept: &'static str) -> Request<Body> {
    let mut request = request("POST", target, body);
    request.headers_mut().insert("content-type", ARROW.parse().unwrap());
    request.headers_mut().insert("accept", accept.parse().unwrap());
    request
}

async fn ask(router: &Service, model: &str, body: Vec<u8>, accept: &'static str) -> Answer {
    send(router, typed(&format!("/models/{model}/predict"), body, accept)).await
}

fn numbers(name: &str, values: &[f64]) -> RecordBatch {
    batch(vec![(name, array(Float64Array::from(values.to_vec())))])
}

fn read(bytes: &[u8]) -> RecordBatch {
    StreamReader::try_new(bytes, None).unwrap().next().unwrap().unwrap()
}

#[tokio::test]
async fn rows_are_answered_as_those_of_json() {
    let router = public(Limits::default());
    let values: Vec<f64> = (0..1_500).map(|i| f64::from(i) * 0.37 - 9.0).collect();
    let json = post(&router, "/models/line/predict", format!("{{\"x\":{values:?}}}")).await.json();
    let expected: Vec<f64> = json["prediction"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let answer = ask(&router, "line", stream(&numbers("x", &values)), "application/json").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["prediction"]), (200, &json["prediction"]));
    let answer = ask(&router, "line", stream(&numbers("x", &values)), ARROW).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, ARROW));
    let columns = read(&answer.body);
    assert_eq!(columns.schema().field(0).name(), "prediction");
    assert!(columns.column(0).as_primitive::<Float64Type>().values()[..] == expected);
    // Several record batches are one table.
    let mut writer = StreamWriter::try_new(Vec::new(), &numbers("x", &values).schema()).unwrap();
    values.chunks(400).for_each(|part| writer.write(&numbers("x", part)).unwrap());
    let answer = ask(&router, "line", writer.into_inner().unwrap(), ARROW).await;
    assert!(read(&answer.body).column(0).as_primitive::<Float64Type>().values()[..] == expected);
    // JSON in, Arrow out.
    let mut asked = request("POST", "/models/line/predict", "{\"x\":[1,2]}");
    asked.headers_mut().insert("accept", ARROW.parse().unwrap());
    assert_eq!(read(&send(&router, asked).await.body).num_rows(), 2);
}

#[tokio::test]
async fn other_widths_and_labels_are_read_and_given() {
    let router = public(Limits::default());
    let narrow =
        batch(vec![("x", array(Float32Array::from(vec![3.0, 30.0]))), ("z", array(Int64Array::from(vec![1, 4])))]);
    let json = post(&router, "/models/kinds/predict", "[{\"x\":3,\"z\":1},{\"x\":30,\"z\":4}]").await.json();
    let answer = read(&ask(&router, "kinds", stream(&narrow), ARROW).await.body);
    let names: Vec<_> = answer.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["prediction", "probability_no \"a\"", "probability_yes"]);
    assert_eq!(answer.column(0).as_string::<i32>().value(0), json["prediction"][0].as_str().unwrap());
    let yes = answer.column(2).as_primitive::<Float64Type>();
    assert_eq!(yes.value(1), json["probability"][1]["yes"].as_f64().unwrap());
    let truths = batch(vec![("x", array(BooleanArray::from(vec![true, false])))]);
    let ones = numbers("x", &[1.0, 0.0]);
    let answers = [&truths, &ones].map(stream);
    let [a, b] = answers.map(|body| ask(&router, "line", body, "text/csv"));
    assert_eq!(a.await.body, b.await.body);
}

#[tokio::test]
async fn what_does_not_fit_is_told_with_its_row() {
    let router = public(Limits::default());
    let rows = batch(vec![("x", array(Float64Array::from(vec![Some(1.0), None, Some(1e200)])))]);
    let answer = ask(&router, "line", stream(&rows), ARROW).await;
    assert_eq!(answer.status, 422);
    let json = answer.json();
    assert_eq!(json["errors"][0]["pointer"], "/1/x");
    let first = json["errors"][0]["detail"].as_str().unwrap();
    assert!(first.starts_with("body, row 2, column 1 (x): x is missing"), "{first}");
    assert!(json["errors"][1]["detail"].as_str().unwrap().starts_with("body, row 3, column 1 (x): "), "{json}");
    let text = batch(vec![("x", array(StringArray::from(vec!["two"])))]);
    let answer = ask(&router, "line", stream(&text), ARROW).await;
    assert!(answer.text().contains("x must be a number, not \\\"two\\\""), "{}", answer.text());
    let other = ask(&router, "line", stream(&numbers("y", &[1.0])), ARROW).await;
    assert_eq!(other.status, 422);
    assert!(other.text().contains("no feature is called"), "{}", other.text());
    let none = ask(&router, "line", stream(&numbers("x", &[])), ARROW).await;
    assert_eq!((none.status.as_u16(), none.text().contains("no rows")), (422, true), "{}", none.text());
}

#[tokio::test]
async fn what_is_not_read_is_refused_by_name() {
    let router = public(Limits::default());
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)])]);
    let keys = DictionaryArray::<Int32Type>::new(vec![0].into(), Arc::new(Int64Array::from(vec![5])));
    for (column, what) in [
        (array(list), "the column \"x\" is nested (List("),
        (array(arrow_array::NullArray::new(1)), "the column \"x\" is null"),
        (array(keys), "the column \"x\" is a dictionary of Int64, not of text"),
    ] {
        let answer = ask(&router, "line", stream(&batch(vec![("x", column)])), ARROW).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text().contains(&what.replace('"', "\\\""))),
            (415, true),
            "{}",
            answer.text()
        );
    }
    let limits = Limits { max_rows: 3, ..Limits::default() };
    let answer = ask(&public(limits), "line", stream(&numbers("x", &[1.0; 4])), ARROW).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text().contains("more than the 3 rows")),
        (413, true),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn what_is_cut_off_or_followed_by_more_is_no_stream() {
    let router = public(Limits::default());
    let whole = stream(&numbers("x", &[1.0, 2.0, 3.0]));
    for cut in (0..whole.len() - 8).step_by(9) {
        let answer = ask(&router, "line", whole[..cut].to_vec(), ARROW).await;
        // Cut between two messages it is a stream of no rows.
        assert!([400, 422].contains(&answer.status.as_u16()), "{cut}: {}", answer.text());
    }
    let answer = ask(&router, "line", [&whole[..], b"more"].concat(), ARROW).await;
    assert!(answer.text().contains("4 bytes stand behind the end of the stream"), "{}", answer.text());
    let whole = file(&numbers("x", &[1.0, 2.0, 3.0]));
    let answer = ask(&router, "line", whole, ARROW).await;
    assert_eq!(answer.status.as_u16(), 400);
    assert!(answer.text().contains("it is an Arrow file (Feather), not a stream; write a stream"), "{}", answer.text());
    let answer = ask(&router, "line", b"{\"x\":1}\n{\"x\":2}\n".to_vec(), ARROW).await;
    assert!(answer.text().contains("it is no Arrow IPC stream"), "{}", answer.text());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn no_changed_bytes_are_more_than_a_refusal(
        changes in prop::collection::vec((0_usize..1_200, prop_oneof![Just(0xff_u8), Just(0x7f), Just(0), any::<u8>()]), 1..6)
    ) {
        let words = batch(vec![
            ("x", array(Float64Array::from(vec![1.0, 2.0, 3.0]))),
            ("z", array(["a", "b", "a"].into_iter().collect::<DictionaryArray<Int32Type>>())),
        ]);
        let mut body = stream(&words);
        for (at, byte) in changes {
            let at = at % body.len();
            body[at] = byte;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let status = runtime.block_on(async { ask(&public(Limits::default()), "kinds", body, ARROW).await.status });
        prop_assert!([200, 400, 413, 415, 422, 503].contains(&status.as_u16()), "{}", status);
    }
}
