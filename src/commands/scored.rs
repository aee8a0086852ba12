//! A chunk's answers, of which some may be missing.

use std::ops::Range;

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::{Answer, PredictError};

/// The answers of a chunk, handed out in row order.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pieces: Vec<Piece>,
    /// The row that comes next.
    at: usize,
    /// The piece that it is in.
    piece: usize,
}

/// Rows beside each other.
#[derive(Debug)]
struct Piece {
    rows: Range<usize>,
    /// Their answers, or why the one row has none.
    answers: Result<Answer, String>,
}

impl Answers {
    /// Answers for every row.
    pub(super) fn of(answers: Answer) -> Self {
        let rows = 0..answers.prediction.n_rows();
        Self { pieces: vec![Piece { rows, answers: Ok(answers) }], ..Self::default() }
    }

    /// The next row's answer: the answers that it is among, and its place in them; or why there is none.
    pub(super) fn next(&mut self) -> Result<(&Answer, usize), String> {
        while self.pieces.get(self.piece).is_some_and(|piece| piece.rows.end <= self.at) {
            self.piece += 1;
        }
        let Some(piece) = self.pieces.get(self.piece) else { return Err(String::new()) };
        let row = self.at - piece.rows.start;
        self.at += 1;
        match &piece.answers {
            Ok(answers) => Ok((answers, row)),
            Err(why) => Err(why.clone()),
        }
    }
}

/// Answers rows, with all that the batch asks for.
pub(super) fn answer(
    model: &Model,
    batch: &Batch,
    rows: Range<usize>,
    scratch: &mut Scratch,
) -> Result<Answer, PredictError> {
    let mut answer = model.answer(batch, rows.clone(), scratch)?;
    if batch.question().explain {
        answer.contributions = model.contributions(batch, rows, scratch, &|| false)?;
    }
    Ok(answer)
}

/// Answers the rows that have an answer; of the others says why. What is asked at one time begins anew with a row behind
/// each of these, and doubles: a chunk of them costs a small multiple of one without.
pub(super) fn answer_some(model: &Model, batch: &Batch, scratch: &mut Scratch) -> Answers {
    let n_rows = batch.n_rows();
    let (mut pieces, mut at, mut length) = (Vec::new(), 0, n_rows);
    while at < n_rows {
        let rows = at..n_rows.min(at + length);
        match answer(model, batch, rows.clone(), scratch) {
            Ok(answers) => {
                at = rows.end;
                length *= 2;
                pieces.push(Piece { rows, answers: Ok(answers) });
            }
            // Up to the row that has none.
            Err(error) if rows.len() > 1 && error.row > at => length = error.row - at,
            Err(error) => {
                pieces.push(Piece { rows: at..at + 1, answers: Err(reason(error)) });
                (at, length) = (at + 1, 1);
            }
        }
    }
    Answers { pieces, ..Answers::default() }
}

fn reason(PredictError { cells, .. }: PredictError) -> String {
    if cells.is_empty() {
        return "the model's answer is not a finite number".to_owned();
    }
    cells.into_iter().map(|cell| cell.detail).collect::<Vec<_>>().join("; ")
}
