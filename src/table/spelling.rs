//! Texts that are numbers to a reader: with a decimal comma, marks between thousands, a percent or a currency sign. What
//! would read them, for the error that names them.

use super::options::Numerals;

/// The ways in which all the texts of a column may spell numbers; a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spellings {
    /// Writings of the whole text.
    whole: u8,
    /// Writings of what is beside a percent or a currency sign.
    beside: u8,
    /// The signs.
    signs: u8,
}

/// Numbers in another writing, and the flags that read it.
const WRITINGS: [(Numerals, &str); 6] = [
    (Numerals { decimal: '.', thousands: Some(',') }, "--thousands ,"),
    (Numerals { decimal: ',', thousands: None }, "--decimal ,"),
    (Numerals { decimal: ',', thousands: Some('.') }, "--decimal , --thousands ."),
    (Numerals { decimal: '.', thousands: Some(' ') }, "--thousands ' '"),
    (Numerals { decimal: ',', thousands: Some(' ') }, "--decimal , --thousands ' '"),
    (Numerals { decimal: '.', thousands: Some('\'') }, "--thousands \"'\""),
];

/// As programs write them.
const PLAIN: u8 = 1 << 6;

const PERCENT: u8 = 1;
const CURRENCY: u8 = 2;

/// Signs of currencies.
const CURRENCIES: [char; 8] = ['$', '€', '£', '¥', '₹', '₽', '₩', '₺'];

impl Default for Spellings {
    /// Of no text: every way.
    fn default() -> Self {
        Self { whole: u8::MAX, beside: u8::MAX, signs: u8::MAX }
    }
}

impl Spellings {
    /// No way.
    pub(super) fn none() -> Self {
        Self { whole: 0, beside: 0, signs: 0 }
    }

    /// The ways in which a text that is no number as the options have them spells one.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if !text.bytes().any(|b| b.is_ascii_digit()) {
            return Self::none();
        }
        let whole = writings(text);
        let (signs, beside) = match without_sign(text) {
            Some((sign, number)) => (if sign == '%' { PERCENT } else { CURRENCY }, writings(&number)),
            None => (0, 0),
        };
        Self { whole, beside, signs: if beside == 0 { 0 } else { signs } }
    }

    /// Keeps the ways in which this text spells a number, too.
    pub(super) fn narrow(&mut self, text: &str) {
        if *self != Self::none() {
            let Self { whole, beside, signs } = Self::of(text);
            *self = Self { whole: self.whole & whole, beside: self.beside & beside, signs: self.signs & signs };
        }
    }

    /// What is special about such a text, and what reads it, where numbers are `given` to be written so; none where it is
    /// no number, or the same without flags.
    pub fn advice(self, text: &str, given: Numerals) -> Option<String> {
        if self.signs & (PERCENT | CURRENCY) != 0
            && let Some((sign, number)) = without_sign(text.trim())
        {
            let called = if sign == '%' { "percent" } else { "currency" };
            let how = self.alone(sign, &number);
            return Some(format!("it has a {called} sign: write the number alone (pandas: {how})"));
        }
        let of_given = flags_of(given);
        let plain = Numerals::default().parse(text);
        if let (Some(flags), Some(number)) = (&of_given, plain)
            && self.whole & PLAIN != 0
        {
            return Some(format!("leave out {flags} and it is {number}"));
        }
        let one = |(number, _, flags): (f64, Numerals, &str)| match &of_given {
            Some(given) if !flags.contains(given.as_str()) => {
                format!("{flags} instead of {given} reads it as {number}")
            }
            _ => format!("{flags} reads it as {number}"),
        };
        let others = readings(self.whole, text).into_iter().filter(|(number, ..)| plain != Some(*number));
        let told: Vec<String> = others.map(one).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    /// What makes a number of a text with a sign, in pandas; of two that it may be, what makes each. A mark that `number`
    /// does not have, and that may mean two things, is left: the next run asks about it.
    fn alone(self, sign: char, number: &str) -> String {
        let is_only = fitting(self.beside).count() == 1;
        let how = |writing: Numerals| {
            let is_there = |mark: char| is_only || number.contains(mark);
            let thousands = writing.thousands.filter(|mark| *mark != ' ' && is_there(*mark));
            let marks = thousands.map_or_else(String::new, |mark| mark.to_string());
            let point = if writing.decimal == ',' && is_there(',') { ".str.replace(\",\", \".\")" } else { "" };
            format!("str.replace(r\"[{sign}{marks}\\s]\", \"\", regex=True){point}")
        };
        if self.beside & PLAIN != 0 {
            return how(Numerals::default());
        }
        match readings(self.beside, number).as_slice() {
            [(_, writing, _)] => how(*writing),
            several => {
                let each = several.iter().map(|(value, writing, _)| format!("{} for {value}", how(*writing)));
                each.collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// A text's percent or currency sign, and the text without it.
fn without_sign(text: &str) -> Option<(char, String)> {
    if let Some(number) = text.strip_suffix('%') {
        return Some(('%', number.trim_end().to_owned()));
    }
    let (minus, unsigned) = text.strip_prefix('-').map_or(("", text), |unsigned| ("-", unsigned));
    let ends = [unsigned.chars().next()?, unsigned.chars().next_back()?];
    let sign = ends.into_iter().find(|c| CURRENCIES.contains(c))?;
    let number = unsigned.strip_prefix(sign).or_else(|| unsigned.strip_suffix(sign))?;
    Some((sign, format!("{minus}{}", number.trim())))
}

/// What these writings read a text as, each number once, with the first writing that reads it so and its flags.
fn readings(bits: u8, text: &str) -> Vec<(f64, Numerals, &'static str)> {
    let mut all: Vec<(f64, Numerals, &str)> = Vec::new();
    for (numerals, flags) in fitting(bits) {
        // The shortest of those that agree comes first.
        if let Some(number) = numerals.parse(text).filter(|number| !all.iter().any(|(other, ..)| other == number)) {
            all.push((number, numerals, flags));
        }
    }
    all
}

/// The writings of these bits.
fn fitting(bits: u8) -> impl Iterator<Item = (Numerals, &'static str)> {
    WRITINGS.into_iter().enumerate().filter(move |(bit, _)| bits & 1 << bit != 0).map(|(_, writing)| writing)
}

fn writings(text: &str) -> u8 {
    let fitting = WRITINGS.iter().enumerate().filter(|(_, (numerals, _))| numerals.parse(text).is_some());
    let plain = if Numerals::default().parse(text).is_some() { PLAIN } else { 0 };
    fitting.fold(plain, |bits, (bit, _)| bits | 1 << bit)
}

/// The flags that say that numbers are written so; none for the writing of programs.
fn flags_of(numerals: Numerals) -> Option<String> {
    let decimal = (numerals.decimal != '.').then(|| format!("--decimal {}", numerals.decimal));
    let thousands = numerals.thousands.map(|mark| match mark {
        ' ' => "--thousands ' '".to_owned(),
        '\'' => "--thousands \"'\"".to_owned(),
        mark => format!("--thousands {mark}"),
    });
    let flags: Vec<String> = decimal.into_iter().chain(thousands).collect();
    (!flags.is_empty()).then(|| flags.join(" "))
}
