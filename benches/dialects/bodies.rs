//! The same rows in every dialect and protocol.

use axum::body::{Body, Bytes};
use http::Request;
use serde_json::{Value, json};

/// A line of the table: a body, and where it goes.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) body: Bytes,
    path: &'static str,
    content_type: &'static str,
    json_length: Option<usize>,
    /// Whether the bar holds for it.
    pub(crate) is_held: bool,
}

impl Line {
    pub(crate) fn request(&self) -> Request<Body> {
        let mut request = Request::post(self.path)
            .header("host", "localhost")
            .header("content-length", self.body.len())
            .header("content-type", self.content_type);
        if let Some(length) = self.json_length {
            request = request.header("inference-header-content-length", length);
        }
        request.body(Body::from(self.body.clone())).unwrap()
    }
}

/// The features' names and rows of a CSV, whose last column is the target.
pub(crate) struct Bodies {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Bodies {
    pub(crate) fn of(csv: &[u8]) -> Self {
        let mut reader = csv::Reader::from_reader(csv);
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let n = names.len() - 1;
        let row = |r: csv::StringRecord| r.iter().take(n).map(|cell| cell.parse().unwrap()).collect();
        let rows = reader.into_records().map(|record| row(record.unwrap())).collect();
        Self { names: names[..n].to_vec(), rows }
    }

    /// Every spelling of the first `n` rows, over and over; the first is what the others are compared with.
    pub(crate) fn with_rows(&self, n: usize) -> Vec<Line> {
        let is_one = n == 1;
        let rows: Vec<&Vec<f64>> = self.rows.iter().cycle().take(n).collect();
        let lists = json!(rows);
        let records: Value = rows.iter().map(|row| self.record(row)).collect();
        let columns = self.columns(|column| json!(column), &rows);
        let labelled = self.columns(|c| c.iter().enumerate().map(|(i, v)| (i.to_string(), json!(v))).collect(), &rows);
        let split = json!({"columns": self.names, "data": lists});
        let post = |name: &str, path, body: &Value, is_held| Line {
            name: name.to_owned(),
            body: body.to_string().into(),
            path,
            content_type: "application/json",
            json_length: None,
            is_held,
        };
        let mut lines = vec![
            post("1 columns of labelled values", "/predict", &labelled, is_one),
            post("2 columns of lists", "/predict", &columns, is_one),
            post("4 records", "/predict", &records, is_one),
            post("5 columns and data", "/predict", &split, is_one),
            post("5 dataframe_split", "/predict", &json!({"dataframe_split": split}), is_one),
            post("5 dataframe_records", "/predict", &json!({"dataframe_records": records}), is_one),
            post("5 instances, records", "/predict", &json!({"instances": records}), is_one),
            post("5 instances, lists", "/predict", &json!({"instances": lists}), is_one),
            post("5 inputs, columns", "/predict", &json!({"inputs": columns}), is_one),
            post("v1 instances, lists", "/v1/models/boston:predict", &json!({"instances": lists}), is_one),
            post("v1 instances, records", "/v1/models/boston:predict", &json!({"instances": records}), is_one),
            post("v1 inputs, columns", "/v1/models/boston:predict", &json!({"inputs": columns}), is_one),
            post("invocations, dataframe_split", "/invocations", &json!({"dataframe_split": split}), false),
        ];
        if is_one {
            lines.insert(2, post("3 one record", "/predict", &records[0], true));
        } else {
            // What the long ones are compared with.
            lines.swap(0, 1);
        }
        lines.extend(self.tensors(&rows));
        lines.push(text("CSV", "text/csv", self.csv(&rows), !is_one));
        let lines_of = |rows: &Value| rows.as_array().unwrap().iter().map(|row| format!("{row}\n")).collect::<String>();
        lines.push(text("NDJSON, records", "application/x-ndjson", lines_of(&records), false));
        lines
    }

    fn record(&self, row: &[f64]) -> Value {
        self.names.iter().zip(row).map(|(name, value)| (name.clone(), json!(value))).collect()
    }

    fn columns(&self, write: impl Fn(Vec<f64>) -> Value, rows: &[&Vec<f64>]) -> Value {
        let column = |i: usize| rows.iter().map(|row| row[i]).collect();
        self.names.iter().enumerate().map(|(i, name)| (name.clone(), write(column(i)))).collect()
    }

    fn csv(&self, rows: &[&Vec<f64>]) -> String {
        let line = |row: &&Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",") + "\n";
        std::iter::once(self.names.join(",") + "\n").chain(rows.iter().map(line)).collect()
    }

    /// The Open Inference Protocol's spellings: a tensor a column or one matrix, in JSON or in binary.
    fn tensors(&self, rows: &[&Vec<f64>]) -> Vec<Line> {
        let flat: Vec<f64> = rows.iter().flat_map(|row| row.iter().copied()).collect();
        let column = |i: usize| rows.iter().map(|row| row[i]).collect::<Vec<f64>>();
        let columns: Vec<_> = self.names.iter().enumerate().map(|(i, name)| (name.as_str(), 1, column(i))).collect();
        let matrix = [("rows", self.names.len(), flat)];
        let n = rows.len();
        vec![
            tensors("v2 a tensor a column", n, &columns, false),
            tensors("v2 a matrix", n, &matrix, false),
            tensors("v2 a tensor a column, binary", n, &columns, true),
            tensors("v2 a matrix, binary", n, &matrix, true),
        ]
    }
}

fn text(name: &str, content_type: &'static str, body: String, is_held: bool) -> Line {
    Line { name: name.to_owned(), body: body.into(), path: "/predict", content_type, json_length: None, is_held }
}

/// Inputs by name, width and values.
fn tensors(name: &str, n: usize, inputs: &[(&str, usize, Vec<f64>)], is_binary: bool) -> Line {
    let mut behind = Vec::new();
    let input = |(name, width, values): &(&str, usize, Vec<f64>)| {
        let mut tensor = json!({"name": name, "shape": [n, width], "datatype": "FP64"});
        if is_binary {
            tensor["parameters"] = json!({"binary_data_size": 8 * values.len()});
            behind.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        } else {
            tensor["data"] = json!(values);
        }
        tensor
    };
    let inputs: Value = inputs.iter().map(input).collect();
    let mut body = json!({ "inputs": inputs }).to_string().into_bytes();
    let json_length = is_binary.then_some(body.len());
    body.append(&mut behind);
    let content_type = if is_binary { "application/octet-stream" } else { "application/json" };
    let path = "/v2/models/boston/infer";
    Line { name: name.to_owned(), body: body.into(), path, content_type, json_length, is_held: true }
}
