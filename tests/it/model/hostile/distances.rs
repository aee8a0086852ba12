//! Each structural check of nearest neighbours, support vector machines and naive Bayes has a file, resealed with a
//! right hash, that only this check refuses.

use crate::support::artifact::{Parts, trained};
use crate::support::smartcore::{Bayes, Distribution, NeighborVoters, Neighbors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::ir::Kernel;
use smartserve::model::smartcore::SupportMachines;
use smartserve::train::TaskChoice;

fn bare(data: &str, target: &str, algorithm: Algorithm) -> Parts {
    let task = (data == "iris").then_some(TaskChoice::Classification);
    let mut parts = Parts::of(&trained(data, target, algorithm, task));
    parts.sections.retain(|(name, _)| name == "estimator");
    let toc = parts.header["payload"]["sections"].as_array_mut().unwrap();
    toc.retain(|section| section["name"] == "estimator");
    parts.header.as_object_mut().unwrap().remove("calibration");
    Model::load(&parts.clone().sealed()).unwrap().check_golden().unwrap();
    parts
}

/// Changes the estimator and expects these words.
#[track_caller]
fn refused<T: Serialize + DeserializeOwned>(parts: &Parts, words: &str, change: impl FnOnce(&mut T)) {
    let mut parts = parts.clone();
    let section = parts.section("estimator");
    let mut object: T = postcard::from_bytes(section).unwrap();
    assert_eq!(&postcard::to_allocvec(&object).unwrap(), section, "the mirror is not the layout");
    change(&mut object);
    *section = postcard::to_allocvec(&object).unwrap();
    let said = Model::load(&parts.sealed()).map(|_| ()).expect_err("it was taken").to_string();
    assert!(said.contains(words), "{said:?} does not say {words:?}");
    assert!(!said.contains('\n'), "{said:?} is more than one line");
}

#[test]
fn neighbors_must_be_rows_with_targets() {
    let parts = bare("boston", "MEDV", Algorithm::Knn);
    let change = |words: &str, change: &dyn Fn(&mut Neighbors)| refused(&parts, words, change);
    let rows = |n: &mut Neighbors, change: &dyn Fn(&mut Vec<Vec<f64>>)| change(&mut n.search.as_mut().unwrap().1);
    change("the list of targets is absent", &|n| n.y = None);
    change("target is not finite", &|n| n.y.as_mut().unwrap()[3] = f64::NAN);
    change("rows have 404 targets", &|n| rows(n, &|r| r.truncate(403)));
    change("the search is absent", &|n| n.search = None);
    change("does not search linearly", &|n| n.search.as_mut().unwrap().0 = 1);
    change("row 7 has 14 cells, expected 13", &|n| rows(n, &|r| r[7].push(0.0)));
    change("404 rows cannot fit", &|n| rows(n, &|r| r[7].truncate(12)));
    change("cell of a row is not finite", &|n| rows(n, &|r| r[7][2] = f64::INFINITY));
    change("do not all weigh the same", &|n| n.weight = Some(1));
    change("the weighting is absent", &|n| n.weight = None);
    change("0 neighbours of 404 rows", &|n| n.k = Some(0));
    change("405 neighbours of 404 rows", &|n| n.k = Some(405));
    change("the number of neighbours is absent", &|n| n.k = None);
}

#[test]
fn neighbors_must_vote_for_known_classes() {
    let parts = bare("iris", "species", Algorithm::Knn);
    let change = |words: &str, change: &dyn Fn(&mut NeighborVoters)| refused(&parts, words, change);
    change("2 classes, the header lists 3", &|v| v.classes.as_mut().unwrap().truncate(2));
    change("not 0, 1, … in order", &|v| v.classes.as_mut().unwrap().swap(0, 1));
    change("a row has class 3 of 3", &|v| v.y.as_mut().unwrap()[9] = 3);
    change("rows have 119 targets", &|v| v.y.as_mut().unwrap().truncate(119));
    change("the list of targets is absent", &|v| v.y = None);
}

#[test]
fn machines_must_have_vectors_and_weights() {
    let parts = bare("boston", "MEDV", Algorithm::Svr);
    let change = |words: &str, change: &dyn Fn(&mut SupportMachines)| refused(&parts, words, change);
    change("fitted on 12 columns", &|m| m.n_columns = 12);
    change("do not make support vectors of 13 columns", &|m| m.vectors.truncate(14));
    change("cell of a support vector is not finite", &|m| m.vectors[5] = f64::NAN);
    change("0 machines, the header's classes make 1", &|m| m.machines.clear());
    change("2 machines, the header's classes make 1", &|m| m.machines.push(m.machines[0].clone()));
    change("a machine has support vector 1000 of", &|m| m.machines[0].vectors[2] = 1_000);
    change("weights", &|m| m.machines[0].weights.truncate(9));
    change("weight is not finite", &|m| m.machines[0].weights[0] = f64::NEG_INFINITY);
    change("intercept is not finite", &|m| m.machines[0].intercept = f64::NAN);
}

#[test]
fn kernel_parameters_must_make_sense() {
    let parts = bare("boston", "MEDV", Algorithm::Svr);
    let change = |words: &str, kernel: Kernel| refused(&parts, words, |m: &mut SupportMachines| m.kernel = kernel);
    let (degree, gamma, coef0) = (3.0, 0.1, 0.0);
    change("kernel's gamma is 0, not above 0", Kernel::Rbf { gamma: 0.0 });
    change("a gamma is not finite", Kernel::Rbf { gamma: f64::NAN });
    change("kernel's gamma is -1, not above 0", Kernel::Sigmoid { gamma: -1.0, coef0 });
    change("a coef0 is not finite", Kernel::Sigmoid { gamma, coef0: f64::INFINITY });
    change("kernel's degree is -3, not above 0", Kernel::Polynomial { degree: -3.0, gamma, coef0 });
    change("a degree is not finite", Kernel::Polynomial { degree: f64::INFINITY, gamma, coef0 });
    change("kernel's gamma is 0, not above 0", Kernel::Polynomial { degree, gamma: 0.0, coef0 });
    change("a coef0 is not finite", Kernel::Polynomial { degree, gamma, coef0: f64::NAN });
    let mut unknown = parts.clone();
    unknown.section("estimator")[0] = 4;
    let said = Model::load(&unknown.sealed()).unwrap_err().to_string();
    assert!(said.contains("there is no kernel 4"), "{said}");
}

#[test]
fn every_pair_of_classes_needs_a_machine() {
    let parts = bare("iris", "species", Algorithm::Svc);
    let change = |words: &str, change: &dyn Fn(&mut SupportMachines)| refused(&parts, words, change);
    change("2 machines, the header's classes make 3", &|m| m.machines.truncate(2));
    change("4 machines, the header's classes make 3", &|m| m.machines.push(m.machines[0].clone()));
}

#[test]
fn naive_bayes_must_be_complete() {
    let parts = bare("iris", "species", Algorithm::GaussianNb);
    let change = |words: &str, change: &dyn Fn(&mut Distribution)| {
        refused(&parts, words, |b: &mut Bayes| change(b.distribution.as_mut().unwrap()));
    };
    refused(&parts, "the distribution is absent", |b: &mut Bayes| b.distribution = None);
    change("2 classes, the header lists 3", &|d| d.labels.truncate(2));
    change("not one count a class", &|d| d.counts.truncate(2));
    change("not one prior above 0 a class", &|d| d.priors.truncate(2));
    change("not one prior above 0 a class", &|d| d.priors[1] = 0.0);
    change("not one prior above 0 a class", &|d| d.priors[1] = 1.5);
    change("prior is not finite", &|d| d.priors[1] = f64::NAN);
    change("not one variance a class", &|d| d.var.truncate(2));
    change("not one variance a column", &|d| d.var[0].truncate(3));
    change("a variance is not above 0", &|d| d.var[2][3] = 0.0);
    change("a variance is not above 0", &|d| d.var[2][3] = f64::MAX);
    change("not one mean a class", &|d| d.theta.truncate(2));
    change("not one mean a column", &|d| d.theta[1].push(0.0));
    change("mean is not finite", &|d| d.theta[1][0] = f64::NAN);
}
