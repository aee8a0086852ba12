//! One input tensor: its members, in any order.
//!
//! Data can be read only once name, shape and datatype are known. If it comes first it is skipped and read at the end;
//! if it is binary it follows the whole JSON.

use std::borrow::Cow;

use crate::http::decode::diagnostics::Diagnostics;
use crate::http::decode::options::DecodeError;
use crate::http::decode::pointer::Step;
use crate::http::json::{JsonReader, Value};
use crate::http::tensor::Datatype;

use super::keys::SeenKeys;
use super::members::{misplaced, unknown, whole};
use super::parameters::Parameters;
use super::table::{InputLayout, InputTable, Shape};
use super::{binary, data};

/// Members of an input.
const MEMBERS: [(&str, &str); 5] =
    [("name", "text"), ("shape", "an array"), ("datatype", "text"), ("parameters", "an object"), ("data", "an array")];

/// The bytes after the JSON, given out in the order of the inputs.
#[derive(Debug)]
pub(super) struct BinaryTail<'a> {
    /// None when the request has no binary part at all.
    bytes: Option<&'a [u8]>,
    /// Bytes that inputs asked for so far.
    asked: usize,
}

impl<'a> BinaryTail<'a> {
    /// All of it.
    pub(super) fn new(bytes: Option<&'a [u8]>) -> Self {
        Self { bytes, asked: 0 }
    }

    /// The next `size` bytes; none when they are not there.
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let start = self.asked;
        self.asked = start.saturating_add(size);
        self.bytes?.get(start..self.asked)
    }

    /// Notes when there were more bytes than the inputs asked for, or fewer.
    pub(super) fn finish(&self, diagnostics: &mut Diagnostics) {
        let there = self.bytes.map_or(0, <[u8]>::len);
        if self.bytes.is_some() && there != self.asked {
            diagnostics.add(&[], || {
                let asked = self.asked;
                format!("the body has {there} bytes after the JSON, but the binary_data_size values add up to {asked}")
            });
        }
    }
}

/// A member that was read: none when it was wrong and an error was noted.
type MemberState<T> = Option<T>;

/// An input being read.
struct InputReader<'t, 's, 'a> {
    index: usize,
    table: &'t mut InputTable<'s>,
    name: Option<MemberState<Cow<'a, str>>>,
    shape: Option<MemberState<Shape>>,
    datatype: Option<MemberState<Datatype>>,
    parameters: Parameters,
    data: ElementsState<'a>,
}

/// Where the elements are.
enum ElementsState<'a> {
    Absent,
    /// Read, or skipped after an error.
    Done,
    /// At this reader, to be read when the rest is known.
    Waiting(JsonReader<'a>),
}

/// Reads the rest of input `index`.
///
/// # Errors
/// [`DecodeError`]: it is not JSON, or has too many rows.
pub(super) fn read<'a>(
    reader: &mut JsonReader<'a>,
    index: usize,
    table: &mut InputTable<'_>,
    tail: &mut BinaryTail<'a>,
    diagnostics: &mut Diagnostics,
) -> Result<(), DecodeError> {
    let mut tensor = InputReader {
        index,
        table,
        name: None,
        shape: None,
        datatype: None,
        parameters: Parameters::default(),
        data: ElementsState::Absent,
    };
    let mut keys = SeenKeys::default();
    while let Some(key) = reader.next_key()? {
        keys.add(reader, &key)?;
        tensor.member(reader, &key, diagnostics)?;
    }
    tensor.finish(tail, diagnostics)
}

impl<'s, 'a> InputReader<'_, 's, 'a> {
    fn member(
        &mut self,
        reader: &mut JsonReader<'a>,
        key: &str,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let place = self.place(key);
        let value = reader.next_value()?;
        match (key, value) {
            (_, Value::Null) => {}
            ("name", Value::Text(name)) => self.name = Some(Some(name)),
            ("datatype", Value::Text(name)) => {
                self.datatype = Some(Datatype::named(&name));
                if self.datatype == Some(None) {
                    diagnostics.add(&place, || {
                        format!(
                            "the protocol has no datatype {}",
                            unknown(&name, Datatype::ALL.iter().map(|d| d.as_str()))
                        )
                    });
                }
            }
            ("shape", Value::Array) => self.shape = Some(shape(reader, &place, diagnostics)?),
            ("parameters", Value::Object) => self.parameters = Parameters::read(reader, &place, diagnostics)?,
            ("data", Value::Array) => self.data(reader, diagnostics)?,
            (key, value) => {
                diagnostics.add(&place, || misplaced("an input", &MEMBERS, key, &value));
                match key {
                    "name" => self.name = Some(None),
                    "datatype" => self.datatype = Some(None),
                    "shape" => self.shape = Some(None),
                    "data" => self.data = ElementsState::Done,
                    _ => {}
                }
                reader.skip_rest(&value)?;
            }
        }
        Ok(())
    }

    /// Reads the rest of `data` if its layout is known, else skips it.
    fn data(&mut self, reader: &mut JsonReader<'a>, diagnostics: &mut Diagnostics) -> Result<(), DecodeError> {
        if self.name.is_none() || self.shape.is_none() || self.datatype.is_none() {
            self.data = ElementsState::Waiting(reader.clone());
            return Ok(reader.skip_rest(&Value::Array)?);
        }
        self.data = ElementsState::Done;
        match self.layout(diagnostics)? {
            Some(layout) if !diagnostics.is_full() => {
                let cells = data::read(reader, &layout, diagnostics)?;
                self.table.put(&layout, cells);
                Ok(())
            }
            _ => Ok(reader.skip_rest(&Value::Array)?),
        }
    }

    fn finish(mut self, tail: &mut BinaryTail<'a>, diagnostics: &mut Diagnostics) -> Result<(), DecodeError> {
        let is_absent = [self.name.is_none(), self.shape.is_none(), self.datatype.is_none()];
        for ((member, _), _) in MEMBERS.iter().zip(is_absent).filter(|(_, is_absent)| *is_absent) {
            diagnostics.add(&self.place(member), || format!("{member} is missing"));
        }
        match (std::mem::replace(&mut self.data, ElementsState::Done), self.parameters.size) {
            (ElementsState::Waiting(mut reader), None) => {
                if let Some(layout) = self.layout(diagnostics)? {
                    let cells = data::read(&mut reader, &layout, diagnostics)?;
                    self.table.put(&layout, cells);
                }
            }
            (ElementsState::Absent, Some(size)) => self.binary(size, tail, diagnostics)?,
            (ElementsState::Absent, None) => {
                self.layout(diagnostics)?;
                diagnostics.add(&self.place("data"), || "data is missing".to_owned());
            }
            (_, Some(size)) => {
                tail.take(size);
                diagnostics.add(&self.place("data"), || "data is not allowed next to binary_data_size".to_owned());
            }
            (ElementsState::Done, None) => {}
        }
        Ok(())
    }

    fn binary(
        &mut self,
        size: usize,
        tail: &mut BinaryTail<'a>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let is_there = tail.bytes.is_some();
        let bytes = tail.take(size);
        let Some(layout) = self.layout(diagnostics)? else { return Ok(()) };
        let place =
            [Step::Key("inputs"), Step::Index(self.index), Step::Key("parameters"), Step::Key("binary_data_size")];
        match bytes {
            Some(bytes) => {
                let cells = binary::read(bytes, &layout, diagnostics);
                self.table.put(&layout, cells);
            }
            None if is_there => diagnostics.add(&place, || format!("the body ends before these {size} bytes")),
            None => diagnostics.add(&place, || {
                "binary data needs the header Inference-Header-Content-Length: the JSON's bytes".to_owned()
            }),
        }
        Ok(())
    }

    /// The layout, once name, shape and datatype are known and right. Called once.
    fn layout(&mut self, diagnostics: &mut Diagnostics) -> Result<Option<InputLayout<'s>>, DecodeError> {
        match (&self.name, self.shape, self.datatype) {
            (Some(Some(name)), Some(Some(shape)), Some(Some(datatype))) => {
                self.table.layout((name, shape, datatype), self.index, diagnostics)
            }
            (Some(Some(name)), ..) => {
                self.table.announce(name);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn place<'x>(&self, member: &'x str) -> [Step<'x>; 3] {
        [Step::Key("inputs"), Step::Index(self.index), Step::Key(member)]
    }
}

/// Reads the rest of a shape; none when it is wrong.
fn shape(
    reader: &mut JsonReader<'_>,
    place: &[Step<'_>],
    diagnostics: &mut Diagnostics,
) -> Result<MemberState<Shape>, DecodeError> {
    let (mut shape, mut index, mut is_right) = (Shape::default(), 0, true);
    while reader.next_element()? {
        let value = reader.next_value()?;
        let dim = if let Value::Number(number) = value { whole(number) } else { None };
        if let Some(dim) = dim {
            shape.push(dim);
        } else {
            is_right = false;
            diagnostics.add(&[place, &[Step::Index(index)]].concat(), || {
                "a dimension is a whole number, 0 or more".to_owned()
            });
            reader.skip_rest(&value)?;
        }
        index += 1;
    }
    Ok(is_right.then_some(shape))
}
