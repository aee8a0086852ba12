//! Texts written by hand, as `LightGBM` lays them out.

/// A text: its head, its trees, its tail.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) objective: Option<&'static str>,
    pub(super) per_round: usize,
    pub(super) flags: &'static str,
    pub(super) names: Vec<String>,
    pub(super) infos: Vec<String>,
    pub(super) trees: Vec<String>,
    pub(super) tail: String,
}

impl Text {
    /// Of these trees, over columns of numbers `a`, `b`, `c`.
    pub(super) fn of(trees: Vec<String>) -> Self {
        Self {
            objective: Some("regression"),
            per_round: 1,
            flags: "",
            names: ["a", "b", "c"].map(str::to_owned).to_vec(),
            infos: vec!["[-9:9]".to_owned(); 3],
            trees,
            tail: "\nparameters:\n[boosting: gbdt]\n[learning_rate: 0.25]\n\nend of parameters\n".to_owned(),
        }
    }

    pub(super) fn written(&self) -> String {
        let trees = self.trees.iter().enumerate().map(|(i, tree)| format!("Tree={i}\n{tree}\n\n"));
        let trees: Vec<String> = trees.collect();
        let sizes: Vec<String> = trees.iter().map(|tree| tree.len().to_string()).collect();
        let objective = self.objective.map(|objective| format!("objective={objective}\n")).unwrap_or_default();
        format!(
            "tree\nversion=v4\nnum_class={n}\nnum_tree_per_iteration={n}\nlabel_index=0\nmax_feature_idx={last}\n\
             {objective}{flags}feature_names={names}\nfeature_infos={infos}\ntree_sizes={sizes}\n\n{trees}end of trees\n\
             {tail}",
            n = self.per_round,
            last = self.names.len() - 1,
            flags = self.flags,
            names = self.names.join(" "),
            infos = self.infos.join(" "),
            sizes = sizes.join(" "),
            trees = trees.concat(),
            tail = self.tail,
        )
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.written().into_bytes()
    }
}

/// A tree of one leaf.
pub(super) fn constant(value: f64) -> String {
    format!("num_leaves=1\nnum_cat=0\nsplit_feature=\nthreshold=\nleaf_value={value}\nis_linear=0\nshrinkage=1\n")
}

/// A tree of one split: left 1, right −2.
pub(super) fn stump(column: usize, threshold: &str, decision_type: u8) -> String {
    format!(
        "num_leaves=2\nnum_cat=0\nsplit_feature={column}\nsplit_gain=1\nthreshold={threshold}\n\
         decision_type={decision_type}\nleft_child=-1\nright_child=-2\nleaf_value=1 -2\nleaf_weight=1 1\nleaf_count=1 1\n\
         internal_value=0\ninternal_weight=2\ninternal_count=2\nis_linear=0\nshrinkage=0.1\n"
    )
}

/// A tree of one split by categories of the last column, given as words: left 1, right −2.
pub(super) fn categories(words: &[u32]) -> String {
    let text: Vec<String> = words.iter().map(u32::to_string).collect();
    let (n, words) = (words.len(), text.join(" "));
    stump(2, "0", 1).replace("num_cat=0", "num_cat=1") + &format!("cat_boundaries=0 {n}\ncat_threshold={words}\n")
}
