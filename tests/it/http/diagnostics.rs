//! The errors of one body: their pointers, and how many of them are told.

use smartserve::http::decode::{Diagnostics, Step};

#[test]
fn twenty_errors_are_told_and_that_there_are_more() {
    let mut diagnostics = Diagnostics::default();
    for i in 0..25 {
        diagnostics.add(&[Step::Index(i)], || "x".to_owned());
    }
    let (reported, has_more) = diagnostics.into_errors();
    assert_eq!((reported.len(), has_more), (20, true));
}

#[test]
fn pointers_escape_slash_and_tilde_and_leave_out_what_is_too_long_to_repeat() {
    let pointer = |steps: &[Step<'_>]| {
        let mut diagnostics = Diagnostics::default();
        diagnostics.add(steps, || "x".to_owned());
        diagnostics.into_errors().0.remove(0).pointer
    };
    assert_eq!(pointer(&[Step::Key("a/b~c"), Step::Index(3)]), "/a~1b~0c/3");
    assert_eq!(pointer(&[Step::Key("a"), Step::Key(&"k".repeat(100)), Step::Index(3)]), "/a");
    assert_eq!(pointer(&[]), "");
}
