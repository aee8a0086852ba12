//! The section's numbers: little-endian, read without trust.

/// A cursor over a section's bytes.
#[derive(Debug)]
pub(super) struct SectionReader<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> SectionReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    /// Fails with `what` and the place.
    pub(super) fn fault<T>(&self, what: impl std::fmt::Display) -> Result<T, String> {
        Err(format!("{what} (byte {} of the neutral section)", self.len - self.rest.len()))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        match self.rest.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => self.fault("it ends too early"),
        }
    }

    pub(super) fn u8(&mut self) -> Result<u8, String> {
        self.take().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, String> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Result<f64, String> {
        self.take().map(f64::from_le_bytes)
    }

    /// 0 or 1.
    pub(super) fn flag(&mut self) -> Result<bool, String> {
        self.choice("a switch", &[false, true])
    }

    /// One of these by its position.
    pub(super) fn choice<T: Copy>(&mut self, what: &str, of: &[T]) -> Result<T, String> {
        let byte = self.u8()?;
        match of.get(usize::from(byte)) {
            Some(choice) => Ok(*choice),
            None => self.fault(format_args!("{what} is {byte}, which is none of {}", of.len())),
        }
    }

    /// A list's length, refused when this many elements of at least `smallest` bytes cannot follow.
    pub(super) fn length(&mut self, smallest: usize, what: &str) -> Result<usize, String> {
        let n = self.u32()? as usize;
        if n.saturating_mul(smallest) <= self.rest.len() {
            return Ok(n);
        }
        self.fault(format_args!("{n} {what} cannot fit"))
    }

    /// Leaves out `n` elements of `each` bytes.
    pub(super) fn skip(&mut self, n: usize, each: usize) -> Result<(), String> {
        match n.checked_mul(each).and_then(|bytes| self.rest.get(bytes..)) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => self.fault("it ends too early"),
        }
    }

    /// A list of f64.
    pub(super) fn f64s(&mut self, what: &str) -> Result<Vec<f64>, String> {
        let n = self.length(8, what)?;
        (0..n).map(|_| self.f64()).collect()
    }

    /// A list of u32.
    pub(super) fn u32s(&mut self, what: &str) -> Result<Vec<u32>, String> {
        let n = self.length(4, what)?;
        (0..n).map(|_| self.u32()).collect()
    }

    /// The section must end here.
    pub(super) fn end(&self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { self.fault(format_args!("{} bytes too many", self.rest.len())) }
    }
}

/// Appends numbers.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u8(&mut self, v: u8) {
        self.0.push(v);
    }

    pub(super) fn flag(&mut self, v: bool) {
        self.0.push(u8::from(v));
    }

    pub(super) fn u16(&mut self, v: u16) {
        self.0.extend(v.to_le_bytes());
    }

    pub(super) fn u32(&mut self, v: u32) {
        self.0.extend(v.to_le_bytes());
    }

    pub(super) fn f64(&mut self, v: f64) {
        self.0.extend(v.to_le_bytes());
    }

    /// A list's length.
    pub(super) fn length(&mut self, n: usize) -> Result<(), String> {
        self.u32(u32::try_from(n).map_err(|_| format!("a list of {n} is too long"))?);
        Ok(())
    }

    pub(super) fn f64s(&mut self, list: &[f64]) -> Result<(), String> {
        self.length(list.len())?;
        for v in list {
            self.f64(*v);
        }
        Ok(())
    }

    pub(super) fn u32s(&mut self, list: &[u32]) -> Result<(), String> {
        self.length(list.len())?;
        for v in list {
            self.u32(*v);
        }
        Ok(())
    }
}
