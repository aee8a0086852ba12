//! A request's `outputs`: which of the model's outputs it asks for, and in which form.

use crate::http::decode::diagnostics::Diagnostics;
use crate::http::decode::options::DecodeError;
use crate::http::decode::pointer::Step;
use crate::http::json::{JsonReader, Value};
use crate::http::tensor::Output;

use super::keys::SeenKeys;
use super::members::{misplaced, not_an_object, unknown};
use super::parameters::Parameters;

/// Members of an output.
const MEMBERS: [(&str, &str); 2] = [("name", "text"), ("parameters", "an object")];

/// The outputs asked for, and whether in binary, where that was said.
pub(super) type RequestedOutputs = Vec<(Output, Option<bool>)>;

/// Reads the rest of the array. At most the outputs that are `offered`, each once.
///
/// # Errors
/// It is not JSON.
pub(super) fn read(
    reader: &mut JsonReader<'_>,
    offered: &[Output],
    diagnostics: &mut Diagnostics,
) -> Result<RequestedOutputs, DecodeError> {
    let (mut outputs, mut index) = (RequestedOutputs::new(), 0);
    while reader.next_element()? {
        let value = reader.next_value()?;
        if value == Value::Object {
            read_output(reader, index, offered, &mut outputs, diagnostics)?;
        } else {
            diagnostics.add(&[Step::Key("outputs"), Step::Index(index)], || not_an_object("an output", &value));
            reader.skip_rest(&value)?;
        }
        index += 1;
    }
    Ok(outputs)
}

/// Reads the rest of an output.
fn read_output(
    reader: &mut JsonReader<'_>,
    index: usize,
    offered: &[Output],
    outputs: &mut RequestedOutputs,
    diagnostics: &mut Diagnostics,
) -> Result<(), DecodeError> {
    let (mut output, mut has_name) = (None, false);
    let (mut parameters, mut keys) = (Parameters::default(), SeenKeys::default());
    while let Some(key) = reader.next_key()? {
        keys.add(reader, &key)?;
        let place = [Step::Key("outputs"), Step::Index(index), Step::Key(&key)];
        let value = reader.next_value()?;
        has_name |= key == "name";
        match (&*key, &value) {
            ("parameters", Value::Null) => {}
            ("parameters", Value::Object) => parameters = Parameters::read(reader, &place, diagnostics)?,
            ("name", Value::Text(_)) if diagnostics.is_full() => {}
            ("name", Value::Text(name)) => match named(name, offered, outputs) {
                Ok(found) => output = Some(found),
                Err(detail) => diagnostics.add(&place, || detail),
            },
            (key, value) => {
                diagnostics.add(&place, || misplaced("an output", &MEMBERS, key, value));
                reader.skip_rest(value)?;
            }
        }
    }
    if !has_name {
        let place = [Step::Key("outputs"), Step::Index(index), Step::Key("name")];
        diagnostics.add(&place, || "name is missing".to_owned());
    }
    outputs.extend(output.map(|output| (output, parameters.is_output_binary)));
    Ok(())
}

/// The output of that name, if it is offered and was not asked for before.
fn named(name: &str, offered: &[Output], outputs: &RequestedOutputs) -> Result<Output, String> {
    let found = offered.iter().find(|output| output.as_str() == name);
    match found {
        Some(output) if outputs.iter().any(|(earlier, _)| earlier == output) => {
            Err(format!("{name} is asked for twice"))
        }
        Some(output) => Ok(*output),
        None => Err(format!("the model has no output {}", unknown(name, offered.iter().map(|output| output.as_str())))),
    }
}
