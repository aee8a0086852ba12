//! The envelope of errors: its members, and what a client does not see.

use smartserve::http::problem::{FieldError, Problem, ProblemKind};
use smartserve::model::prediction::PredictError;
use smartserve::serve::error::ComputeError;

#[test]
fn the_envelope_has_rfc_9457s_members_and_the_open_inference_protocols() {
    let error = FieldError { pointer: "/RM/0".to_owned(), detail: "RM must be a number".to_owned() };
    let problem = Problem::schema(vec![error.clone(), error.clone()], false);
    let body: serde_json::Value = serde_json::from_slice(&problem.render("r-1")).unwrap();
    let expected = serde_json::json!({
        "type": "about:blank", "title": "Unprocessable Content", "status": 422,
        "detail": "RM must be a number (and 1 more error)", "request_id": "r-1",
        "errors": [error, error],
        "error": "RM must be a number (and 1 more error)",
    });
    assert_eq!(body, expected);
}

#[test]
fn an_answer_that_is_not_finite_is_our_fault() {
    let error = ComputeError::NotFinite(PredictError { row: 3, cells: Vec::new() });
    let problem = Problem::from(error);
    assert_eq!((problem.kind(), problem.kind().status().as_u16()), (ProblemKind::Internal, 500));
    assert_eq!(problem.cause(), Some("the model's answer for row 3 is not a finite number"));
}

#[test]
fn what_went_wrong_inside_is_not_shown() {
    let problem = Problem::internal("index out of bounds at forest.rs");
    assert_eq!(problem.kind(), ProblemKind::Internal);
    assert!(!String::from_utf8(problem.render("r-1")).unwrap().contains("forest.rs"));
    assert_eq!(problem.cause(), Some("index out of bounds at forest.rs"));
}
