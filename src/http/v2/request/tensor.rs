//! One input: its members, in whatever order they come.
//!
//! Stands apart because data can only be read once name, shape and datatype are known: where it comes before them it is
//! read past, and read again at the end; where it is binary it stands behind all the JSON.

use std::borrow::Cow;

use crate::http::json::{Reader, Value};
use crate::http::predict::dialect::pointer::Step;
use crate::http::predict::dialect::{Faults, Refusal};
use crate::http::v2::datatype::Datatype;

use super::keys::Keys;
use super::parameters::Parameters;
use super::table::{Frame, Shape, Table};
use super::{binary, data, misplaced, unknown};

/// Members of an input.
const MEMBERS: [(&str, &str); 5] =
    [("name", "text"), ("shape", "an array"), ("datatype", "text"), ("parameters", "an object"), ("data", "an array")];

/// The bytes behind the JSON, given out in the order of the inputs.
#[derive(Debug)]
pub(super) struct Tail<'a> {
    /// None when the request has no binary part at all.
    bytes: Option<&'a [u8]>,
    /// Bytes that inputs asked for so far.
    asked: usize,
}

impl<'a> Tail<'a> {
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
    pub(super) fn finish(&self, faults: &mut Faults) {
        let there = self.bytes.map_or(0, <[u8]>::len);
        if self.bytes.is_some() && there != self.asked {
            faults.add(&[], || {
                format!("{there} bytes stand behind the JSON, binary_data_size adds up to {}", self.asked)
            });
        }
    }
}

/// A member that was read: none when it was wrong and an error was noted.
type Read<T> = Option<T>;

/// An input being read.
struct Tensor<'t, 's, 'a> {
    index: usize,
    table: &'t mut Table<'s>,
    name: Option<Read<Cow<'a, str>>>,
    shape: Option<Read<Shape>>,
    datatype: Option<Read<Datatype>>,
    parameters: Parameters,
    data: Data<'a>,
}

/// Where the elements are.
enum Data<'a> {
    Absent,
    /// Read, or read past after an error.
    Done,
    /// Here, to be read when the rest is known.
    Waiting(Reader<'a>),
}

/// Reads the rest of input `index`.
///
/// # Errors
/// [`Refusal`]: it is not JSON, or has too many rows.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    index: usize,
    table: &mut Table<'_>,
    tail: &mut Tail<'a>,
    faults: &mut Faults,
) -> Result<(), Refusal> {
    let mut tensor = Tensor {
        index,
        table,
        name: None,
        shape: None,
        datatype: None,
        parameters: Parameters::default(),
        data: Data::Absent,
    };
    let mut keys = Keys::default();
    while let Some(key) = reader.key()? {
        keys.add(reader, &key)?;
        tensor.member(reader, &key, faults)?;
    }
    tensor.finish(tail, faults)
}

impl<'s, 'a> Tensor<'_, 's, 'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: &str, faults: &mut Faults) -> Result<(), Refusal> {
        let place = self.place(key);
        let value = reader.value()?;
        match (key, value) {
            (_, Value::Null) => {}
            ("name", Value::Text(name)) => self.name = Some(Some(name)),
            ("datatype", Value::Text(name)) => {
                self.datatype = Some(Datatype::named(&name));
                if self.datatype == Some(None) {
                    faults.add(&place, || {
                        format!(
                            "the protocol has no datatype {}",
                            unknown(&name, Datatype::ALL.iter().map(|d| d.as_str()))
                        )
                    });
                }
            }
            ("shape", Value::Array) => self.shape = Some(shape(reader, &place, faults)?),
            ("parameters", Value::Object) => self.parameters = Parameters::read(reader, &place, faults)?,
            ("data", Value::Array) => self.data(reader, faults)?,
            (key, value) => {
                faults.add(&place, || misplaced("an input", &MEMBERS, key, &value));
                match key {
                    "name" => self.name = Some(None),
                    "datatype" => self.datatype = Some(None),
                    "shape" => self.shape = Some(None),
                    "data" => self.data = Data::Done,
                    _ => {}
                }
                reader.skip(&value)?;
            }
        }
        Ok(())
    }

    /// Reads the rest of `data` if what it means is known, else past it.
    fn data(&mut self, reader: &mut Reader<'a>, faults: &mut Faults) -> Result<(), Refusal> {
        if self.name.is_none() || self.shape.is_none() || self.datatype.is_none() {
            self.data = Data::Waiting(reader.clone());
            return Ok(reader.skip(&Value::Array)?);
        }
        self.data = Data::Done;
        match self.frame(faults)? {
            Some(frame) if !faults.is_full() => {
                let cells = data::read(reader, &frame, faults)?;
                self.table.put(&frame, cells);
                Ok(())
            }
            _ => Ok(reader.skip(&Value::Array)?),
        }
    }

    fn finish(mut self, tail: &mut Tail<'a>, faults: &mut Faults) -> Result<(), Refusal> {
        let is_absent = [self.name.is_none(), self.shape.is_none(), self.datatype.is_none()];
        for ((member, _), _) in MEMBERS.iter().zip(is_absent).filter(|(_, is_absent)| *is_absent) {
            faults.add(&self.place(member), || format!("{member} is missing"));
        }
        match (std::mem::replace(&mut self.data, Data::Done), self.parameters.size) {
            (Data::Waiting(mut reader), None) => {
                if let Some(frame) = self.frame(faults)? {
                    let cells = data::read(&mut reader, &frame, faults)?;
                    self.table.put(&frame, cells);
                }
            }
            (Data::Absent, Some(size)) => self.binary(size, tail, faults)?,
            (Data::Absent, None) => {
                self.frame(faults)?;
                faults.add(&self.place("data"), || "data is missing".to_owned());
            }
            (_, Some(size)) => {
                tail.take(size);
                faults.add(&self.place("data"), || "data cannot stand beside binary_data_size".to_owned());
            }
            (Data::Done, None) => {}
        }
        Ok(())
    }

    fn binary(&mut self, size: usize, tail: &mut Tail<'a>, faults: &mut Faults) -> Result<(), Refusal> {
        let is_there = tail.bytes.is_some();
        let bytes = tail.take(size);
        let Some(frame) = self.frame(faults)? else { return Ok(()) };
        let place =
            [Step::Key("inputs"), Step::Index(self.index), Step::Key("parameters"), Step::Key("binary_data_size")];
        match bytes {
            Some(bytes) => {
                let cells = binary::read(bytes, &frame, faults);
                self.table.put(&frame, cells);
            }
            None if is_there => faults.add(&place, || format!("the body ends before these {size} bytes")),
            None => faults.add(&place, || {
                "binary data needs the header Inference-Header-Content-Length: the JSON's bytes".to_owned()
            }),
        }
        Ok(())
    }

    /// The place in the table, once name, shape and datatype are known and right. Asked once.
    fn frame(&mut self, faults: &mut Faults) -> Result<Option<Frame<'s>>, Refusal> {
        match (&self.name, self.shape, self.datatype) {
            (Some(Some(name)), Some(Some(shape)), Some(Some(datatype))) => {
                self.table.frame((name, shape, datatype), self.index, faults)
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
fn shape(reader: &mut Reader<'_>, place: &[Step<'_>], faults: &mut Faults) -> Result<Read<Shape>, Refusal> {
    let (mut shape, mut index, mut is_right) = (Shape::default(), 0, true);
    while reader.element()? {
        let value = reader.value()?;
        let dim = if let Value::Number(number) = value { whole(number) } else { None };
        if let Some(dim) = dim {
            shape.push(dim);
        } else {
            is_right = false;
            faults.add(&[place, &[Step::Index(index)]].concat(), || {
                "a dimension is a whole number, 0 or more".to_owned()
            });
            reader.skip(&value)?;
        }
        index += 1;
    }
    Ok(is_right.then_some(shape))
}

/// A number as a count, when it is one. 2⁵³ is none: the whole number after it reads the same.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a whole number below 2^53")]
pub(super) fn whole(number: f64) -> Option<usize> {
    const END: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..END).contains(&number)).then_some(number as usize)
}
