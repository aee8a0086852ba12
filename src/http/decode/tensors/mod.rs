//! From an inference request to a [`Batch`] and the outputs asked for, in one pass over its JSON and its binary
//! tensors.
//!
//! `input` reads one tensor's members, `table` decides which features it holds and joins the columns, `data` and
//! `binary` read its elements, `parameters` what the protocol leaves open. Members may come in any order; unknown ones
//! are refused.

mod binary;
mod data;
mod input;
mod keys;
mod members;
mod outputs;
mod parameters;
mod table;

use crate::http::decode::diagnostics::Diagnostics;
use crate::http::decode::options::{DecodeError, DecodeOptions};
use crate::http::decode::places::Places;
use crate::http::decode::pointer::Step;
use crate::http::json::{JsonReader, Value};
use crate::model::batch::Batch;
use crate::model::question::Asked;

use crate::http::tensor::{Output, RequestedOutput};
use input::BinaryTail;
use keys::SeenKeys;
use members::{misplaced, not_an_object};
use parameters::Parameters;
use table::InputTable;

/// An inference request, judged.
#[derive(Debug, Clone)]
pub struct InferRequest {
    /// The client's name for it, to be echoed.
    pub id: Option<String>,
    /// At least one output, in the order in which they were asked for.
    pub outputs: Vec<RequestedOutput>,
    /// The rows.
    pub batch: Batch,
    /// Where their cells stand.
    pub places: Places,
    /// The parameters `raw`, `explain` and `interval`, and the outputs that need them.
    pub asked: Asked,
}

/// Members of a request. The last two are what `KServe`'s client adds; the path decides.
const MEMBERS: [(&str, &str); 6] = [
    ("id", "text"),
    ("parameters", "an object"),
    ("inputs", "an array"),
    ("outputs", "an array"),
    ("model_name", "text"),
    ("model_version", "text"),
];

/// Reads a body whose first `json_length` bytes are JSON, and the rest the binary tensors; without it all is JSON.
/// `offered` are the model's outputs.
///
/// # Errors
/// [`DecodeError`]; of a request that does not fit, up to 20 errors at once.
pub fn read(
    body: &[u8],
    json_length: Option<usize>,
    options: &DecodeOptions<'_>,
    offered: &[Output],
) -> Result<InferRequest, DecodeError> {
    let mut diagnostics = Diagnostics::default();
    let (json, tail) = json_length.and_then(|length| body.split_at_checked(length)).unwrap_or((body, &[]));
    let mut reader = JsonReader::new(json)?;
    let value = reader.next_value()?;
    let mut request = RequestReader {
        offered,
        id: None,
        wanted: Vec::new(),
        is_binary_output: false,
        asked: Asked::default(),
        has_inputs: false,
        table: InputTable::new(options),
        tail: BinaryTail::new(json_length.map(|_| tail)),
    };
    if value == Value::Object {
        request.members(&mut reader, &mut diagnostics)?;
    } else {
        diagnostics.add(&[], || format!("an inference request must be an object, not {}", value.noun()));
        reader.skip_rest(&value)?;
    }
    reader.finish()?;
    request.finish(body.len(), diagnostics)
}

/// A request being read.
struct RequestReader<'s, 'a> {
    offered: &'s [Output],
    id: Option<String>,
    /// The outputs asked for, and whether in binary, where that was said.
    wanted: Vec<(Output, Option<bool>)>,
    is_binary_output: bool,
    asked: Asked,
    has_inputs: bool,
    table: InputTable<'s>,
    tail: BinaryTail<'a>,
}

impl<'a> RequestReader<'_, 'a> {
    fn members(&mut self, reader: &mut JsonReader<'a>, diagnostics: &mut Diagnostics) -> Result<(), DecodeError> {
        let mut keys = SeenKeys::default();
        while let Some(key) = reader.next_key()? {
            keys.add(reader, &key)?;
            let value = reader.next_value()?;
            match (&*key, value) {
                // Some clients write null for what they do not send.
                (_, Value::Null) | ("model_name" | "model_version", Value::Text(_)) => {}
                ("id", Value::Text(id)) => self.id = Some(id.into_owned()),
                ("parameters", Value::Object) => {
                    let parameters = Parameters::read(reader, &[Step::Key("parameters")], diagnostics)?;
                    self.is_binary_output = parameters.are_outputs_binary.unwrap_or_default();
                    self.asked = parameters.asked;
                    if self.asked.raw && !self.offered.contains(&Output::Raw) {
                        let place = [Step::Key("parameters"), Step::Key("raw")];
                        diagnostics.add(&place, || "this model has no raw scores".to_owned());
                    }
                }
                ("inputs", Value::Array) => {
                    self.has_inputs = true;
                    self.inputs(reader, diagnostics)?;
                }
                ("outputs", Value::Array) => self.wanted = outputs::read(reader, self.offered, diagnostics)?,
                (key, value) => {
                    diagnostics.add(&[Step::Key(key)], || misplaced("an inference request", &MEMBERS, key, &value));
                    self.has_inputs |= key == "inputs";
                    reader.skip_rest(&value)?;
                }
            }
        }
        Ok(())
    }

    fn inputs(&mut self, reader: &mut JsonReader<'a>, diagnostics: &mut Diagnostics) -> Result<(), DecodeError> {
        let mut index = 0;
        while reader.next_element()? {
            let value = reader.next_value()?;
            if value == Value::Object {
                input::read(reader, index, &mut self.table, &mut self.tail, diagnostics)?;
            } else {
                diagnostics.add(&[Step::Key("inputs"), Step::Index(index)], || not_an_object("an input", &value));
                reader.skip_rest(&value)?;
            }
            index += 1;
        }
        Ok(())
    }

    /// Checks the request as a whole, and makes the batch.
    fn finish(self, body_bytes: usize, mut diagnostics: Diagnostics) -> Result<InferRequest, DecodeError> {
        if !self.has_inputs {
            diagnostics.add(&[Step::Key("inputs")], || {
                let width = self.table.n_features();
                format!("inputs is missing: a tensor per feature, or one of shape [n, {width}]")
            });
        }
        self.tail.finish(&mut diagnostics);
        let places = self.table.places();
        let batch = self.table.finish(self.has_inputs, body_bytes, diagnostics)?;
        let default = self.is_binary_output;
        let wanted = |(output, is_binary): (Output, Option<bool>)| RequestedOutput {
            output,
            is_binary: is_binary.unwrap_or(default),
        };
        // Those beside predictions come where they are asked for.
        let usual = self.offered.iter().filter(|output| output.asks() == Asked::default());
        let all = || usual.map(|output| (*output, None)).collect();
        let outputs = if self.wanted.is_empty() { all() } else { self.wanted };
        let outputs: Vec<RequestedOutput> = outputs.into_iter().map(wanted).collect();
        let asked = outputs.iter().fold(self.asked, |asked, wanted| asked.or(wanted.output.asks()));
        Ok(InferRequest { id: self.id, outputs, batch, places, asked })
    }
}
