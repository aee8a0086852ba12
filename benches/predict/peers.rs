//! Compiled predictors against other libraries' closest estimators, fitted on the same data, on the same 10,000 rows:
//! `make bench-peers`. The libraries run in a Python process (`peers.py`) that is asked in turns with ours.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use smartserve::model::algorithm::Algorithm;
use smartserve::model::compiled::Scratch;

use crate::data::{self, Case, Data};
use crate::time::Stopwatch;

/// Turns of both sides.
const ROUNDS: usize = 5;

/// A Python process.
pub(crate) struct Peers {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peers {
    /// Starts a script of this folder.
    pub(crate) fn start(python: &str, script: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/predict").join(script);
        let mut child = Command::new(python)
            .args(["-B", script.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, to, from }
    }

    /// What it answers to a line.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.to, "{line}").unwrap();
        let mut answer = String::new();
        self.from.read_line(&mut answer).unwrap();
        assert!(answer.ends_with('\n'), "{line}: the peers' process ended");
        answer.trim_end().to_owned()
    }

    pub(crate) fn end(mut self) {
        drop(self.to);
        self.child.wait().unwrap();
    }
}

/// A file of numbers as they are in memory.
fn file(name: &str, numbers: &[f64]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("peers-{name}.f64"));
    std::fs::write(&path, numbers.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    path
}

/// Prints the table.
pub(crate) fn compare(python: &str) {
    println!("10,000 distinct rows in one batch, one thread, CPU time in µs a row; ratios are theirs / ours\n");
    println!("{:<36} {:<14} {:>9} {:>9} {:>7}  what they fitted", "", "", "theirs", "ours", "ratio");
    let (boston, wide, digits) = (data::boston(), data::synthetic(), data::digits());
    let all = ["scikit-learn", "ONNX Runtime", "Yggdrasil"];
    let mut peers = Peers::start(python, "peers.py");
    for algorithm in [Algorithm::RandomForest, Algorithm::GradientBoosting] {
        line(&mut peers, &boston, &all, || data::regression(algorithm, &boston));
    }
    line(&mut peers, &wide, &all, || data::regression(Algorithm::RandomForest, &wide));
    for algorithm in [Algorithm::Linear, Algorithm::Knn] {
        line(&mut peers, &wide, &all[..1], || data::regression(algorithm, &wide));
    }
    line(&mut peers, &boston, &all[..1], || data::regression(Algorithm::Svr, &boston));
    line(&mut peers, &digits, &all[..1], || data::classification(Algorithm::Svc, &digits));
    peers.end();
}

fn line(peers: &mut Peers, data: &Data, names: &[&str], case: impl FnOnce() -> Option<Case>) {
    let Some(case) = case() else { return };
    let probes = data.mixed(10_000);
    let files = [file("x", data.cells()), file("y", data.targets()), file("probes", &probes)];
    let [x, y, at] = files.each_ref().map(|path| path.to_str().unwrap());
    for name in names {
        let (algorithm, columns, gamma) = (case.estimator.algorithm(), data.n_columns, data.gamma());
        let told = peers.ask(&format!("fit\t{name}\t{algorithm}\t{columns}\t{gamma}\t{x}\t{y}\t{at}"));
        let scratch = &mut Scratch::default();
        let (mut theirs, mut ours) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            theirs = theirs.min(peers.ask("time").parse().unwrap());
            ours = ours.min(Stopwatch::least(|| drop(black_box(case.predictor.predict(&probes, 0, scratch)))));
        }
        let per_row = |seconds: f64| seconds * 1e6 / 10_000.0;
        let (label, ratio) = (&case.name, theirs / ours);
        println!("{label:<36} {name:<14} {:>9.3} {:>9.3} {ratio:>7.1}  {told}", per_row(theirs), per_row(ours));
    }
}
