//! smartcore's private objects, as postcard writes them: to change what an artifact holds.

use serde::{Deserialize, Serialize};

/// smartcore's regression forest, as postcard writes it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Forest {
    pub(crate) fitted: Option<Fitted>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Fitted {
    pub(crate) trees: Option<Vec<Tree>>,
    pub(crate) num_features: Option<usize>,
    pub(crate) samples: Option<Vec<Vec<bool>>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) parameters: Option<Parameters>,
    pub(crate) depth: u16,
    pub(crate) root_mass: f64,
}

#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Node {
    pub(crate) output: f64,
    pub(crate) split_feature: usize,
    pub(crate) split_value: Option<f64>,
    pub(crate) split_score: Option<f64>,
    pub(crate) true_child: Option<usize>,
    pub(crate) false_child: Option<usize>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) max_depth: Option<u16>,
    pub(crate) min_samples_leaf: usize,
    pub(crate) min_samples_split: usize,
    pub(crate) seed: Option<u64>,
    pub(crate) splitter: u32,
}

/// smartcore's classification forest.
#[derive(Serialize, Deserialize)]
pub(crate) struct Voters {
    pub(crate) trees: Option<Vec<Voter>>,
    pub(crate) classes: Option<Vec<u32>>,
    pub(crate) samples: Option<Vec<Vec<bool>>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Voter {
    pub(crate) nodes: Vec<VoterNode>,
    pub(crate) parameters: Option<VoterParameters>,
    pub(crate) num_classes: usize,
    pub(crate) classes: Vec<u32>,
    pub(crate) depth: u16,
    pub(crate) num_features: usize,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct VoterNode {
    pub(crate) output: usize,
    pub(crate) n_node_samples: usize,
    pub(crate) split_feature: usize,
    pub(crate) split_value: Option<f64>,
    pub(crate) split_score: Option<f64>,
    pub(crate) true_child: Option<usize>,
    pub(crate) false_child: Option<usize>,
    pub(crate) impurity: Option<f64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct VoterParameters {
    pub(crate) criterion: u32,
    pub(crate) max_depth: Option<u16>,
    pub(crate) min_samples_leaf: usize,
    pub(crate) min_samples_split: usize,
    pub(crate) seed: Option<u64>,
}

/// smartcore's `XGRegressor`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Boosting {
    pub(crate) trees: Option<Vec<Boosted>>,
    pub(crate) parameters: Option<BoostingParameters>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Boosted {
    pub(crate) left: Option<Box<Boosted>>,
    pub(crate) right: Option<Box<Boosted>>,
    pub(crate) value: f64,
    pub(crate) threshold: f64,
    pub(crate) feature: usize,
    pub(crate) score: f64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct BoostingParameters {
    pub(crate) n_estimators: usize,
    pub(crate) max_depth: u16,
    pub(crate) learning_rate: f64,
    pub(crate) min_child_weight: usize,
    pub(crate) lambda: f64,
    pub(crate) gamma: f64,
    pub(crate) base_score: f64,
    pub(crate) subsample: f64,
    pub(crate) seed: u64,
    pub(crate) objective: u32,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Dense {
    pub(crate) ncols: usize,
    pub(crate) nrows: usize,
    pub(crate) values: Vec<f64>,
    pub(crate) column_major: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Linear {
    pub(crate) coefficients: Option<Dense>,
    pub(crate) intercept: Option<Dense>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Ridge {
    pub(crate) coefficients: Option<Dense>,
    pub(crate) intercept: Option<f64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Logistic {
    pub(crate) coefficients: Option<Dense>,
    pub(crate) intercept: Option<Dense>,
    pub(crate) classes: Option<Vec<u32>>,
    pub(crate) num_attributes: usize,
    pub(crate) num_classes: usize,
}

/// smartcore's kNN regressor with linear search, as postcard writes it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Neighbors {
    pub(crate) y: Option<Vec<f64>>,
    pub(crate) search: Option<(u32, Vec<Vec<f64>>)>,
    pub(crate) weight: Option<u32>,
    pub(crate) k: Option<u64>,
}

/// smartcore's kNN classifier with linear search.
#[derive(Serialize, Deserialize)]
pub(crate) struct NeighborVoters {
    pub(crate) classes: Option<Vec<u32>>,
    pub(crate) y: Option<Vec<u32>>,
    pub(crate) search: Option<(u32, Vec<Vec<f64>>)>,
    pub(crate) weight: Option<u32>,
    pub(crate) k: Option<u64>,
}

/// smartcore's Gaussian naive Bayes.
#[derive(Serialize, Deserialize)]
pub(crate) struct Bayes {
    pub(crate) distribution: Option<Distribution>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Distribution {
    pub(crate) labels: Vec<u32>,
    pub(crate) counts: Vec<usize>,
    pub(crate) priors: Vec<f64>,
    pub(crate) var: Vec<Vec<f64>>,
    pub(crate) theta: Vec<Vec<f64>>,
}
