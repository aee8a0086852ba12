//! Models by another library's rule: the section keeps them, kernels answer as the plain walk does, bit for bit, and no
//! bytes make the reader panic.

use smartserve::model::compiled::{Predictor as Compiled, Scratch};
use smartserve::model::ir::{Decision, LinearLeaf, LinearRule, Link, Width};
use smartserve::model::neutral::{
    Comparison, Forest, Function, Leaves, LinearModel, Missing, Neutral, Node, Operation, Predictor, Side, Split, Step,
    Steps, Sum, Test, Tree,
};
use smartserve::model::prediction::Prediction;

use crate::support::random::Random;

const THRESHOLDS: [f64; 11] =
    [-2.5, -1e-35, -0.0, 0.0, 1e-35, 0.1, 0.5, 1.0, 16_777_217.0, f64::INFINITY, f64::NEG_INFINITY];

/// Between −1 and 1, of the width.
fn number(random: &mut Random, width: Width) -> f64 {
    let v = random.number();
    if width == Width::F32 { f64::from(v as f32) } else { v }
}

fn split(random: &mut Random, n_columns: u32, n_sets: usize, value: Width, at: u32) -> Split {
    let sides = [Side::Left, Side::Right];
    let side = random.of(&sides);
    let is_set = n_sets > 0 && random.below(3) == 0;
    let test = match is_set {
        true => Test::Set { set: random.below(n_sets) as u32, members: random.of(&sides) },
        false => Test::Threshold(random.of(&THRESHOLDS)),
    };
    let below_all = test == Test::Threshold(f64::NEG_INFINITY);
    let missing = match random.below(3) {
        0 if !is_set && !below_all && value == Width::F64 => Missing::AsZero,
        1 if !is_set && !below_all && value == Width::F64 => Missing::WithZeroTo(side),
        _ => Missing::To(side),
    };
    let (left, right) = if random.below(2) == 0 { (at, at + 1) } else { (at + 1, at) };
    Split { column: random.below(n_columns as usize) as u16, test, left, right, missing }
}

fn forest(random: &mut Random, n_columns: u32) -> Forest {
    let kind = random.below(3);
    let value = random.of(&[Width::F32, Width::F64]);
    let width = if kind == 2 { Width::F64 } else { random.of(&[Width::F32, Width::F64]) };
    let n_outputs = 1 + random.below(3);
    let n_sets = random.below(4);
    let n_trees = random.of(&[1, 5, 20]);
    let trees = (0..n_trees)
        .map(|_| {
            let leaf = |random: &mut Random| match kind {
                0 => Node::Leaf(number(random, width)),
                _ => Node::Leaf(random.below(7) as f64),
            };
            let mut nodes = vec![leaf(random)];
            for _ in 0..random.below(16) {
                let at = random.below(nodes.len());
                if matches!(nodes[at], Node::Leaf(_)) {
                    nodes[at] = Node::Split(split(random, n_columns, n_sets, value, nodes.len() as u32));
                    let children = [leaf(random), leaf(random)];
                    nodes.extend(children);
                }
            }
            let weight = if kind == 0 { number(random, width) } else { 1.0 };
            Tree { nodes, output: random.below(n_outputs) as u16, weight, cover: Vec::new() }
        })
        .collect();
    let linear = |random: &mut Random| LinearLeaf {
        constant: number(random, width),
        terms: (0..random.below(3)).map(|_| (random.below(n_columns as usize) as u16, 0.25)).collect(),
        otherwise: number(random, width),
    };
    let links = match width {
        Width::F32 => {
            [Link::Identity, Link::Exp, Link::WideExp, Link::Hinge, Link::Logistic { slope: 1.0 }, Link::Softmax]
        }
        Width::F64 => [
            Link::Identity,
            Link::SoftPlus,
            Link::Hinge,
            Link::SignedSquare,
            Link::Logistic { slope: 0.7 },
            Link::Softmax,
        ],
    };
    Forest {
        n_columns,
        value,
        comparison: random.of(&[Comparison::Below, Comparison::AtMost]),
        trees,
        sets: (0..n_sets).map(|i| [0, 3, 64, 16_777_215].into_iter().skip(i).collect()).collect(),
        leaves: match kind {
            0 => Leaves::Values,
            1 => Leaves::Vectors((0..7 * n_outputs).map(|_| number(random, width)).collect()),
            _ => Leaves::Linear((0..7).map(|_| linear(random)).collect()),
        },
        sum: Sum {
            width,
            start: (0..n_outputs).map(|_| number(random, width)).collect(),
            divisor: (random.below(2) == 0).then_some(n_trees as f64),
            raw_is_undivided: random.below(2) == 0,
        },
        link: random.of(&links),
        decision: decision(random),
    }
}

fn decision(random: &mut Random) -> Decision {
    random.of(&[Decision::Probability, Decision::Margin, Decision::MarginFromZero])
}

fn linear(random: &mut Random, n_columns: u32) -> LinearModel {
    let width = random.of(&[Width::F32, Width::F64]);
    let n_outputs = 1 + random.below(3);
    LinearModel {
        n_columns,
        weights: (0..n_columns as usize * n_outputs).map(|_| number(random, width)).collect(),
        intercepts: (0..n_outputs).map(|_| number(random, width)).collect(),
        link: random.of(&[Link::Identity, Link::Softmax, Link::Logistic { slope: 1.0 }]),
        rule: LinearRule {
            width,
            intercept_first: random.below(2) == 0,
            skips_missing: true,
            decision: decision(random),
        },
    }
}

/// Features: two numeric ones and one of three categories, others accepted.
const N_CATEGORIES: [usize; 3] = [0, 0, 3];

fn steps(random: &mut Random) -> Steps {
    if random.below(2) == 0 {
        return Steps::none(3);
    }
    let made = [
        (2, Operation::Codes { codes: vec![64.0, f64::NAN, 3.0], unknown: random.of(&[f64::NAN, 7.0]) }),
        (0, Operation::AsMissing(0.5)),
        (4, Operation::Fill(0.25)),
        (4, Operation::IsMissing),
        (2, Operation::OneHot(vec![0.0, 2.0, f64::NAN])),
        (0, Operation::Standardize { offset: 0.3, divisor: 0.7 }),
        (1, Operation::Affine { factor: 3.0, offset: -0.1 }),
        (1, Operation::Clip { low: -1.0, high: 1.0 }),
        (1, Operation::Function(random.of(&Function::ALL).0)),
        (1, Operation::Narrow),
    ];
    let steps: Vec<Step> = made.map(|(input, operation)| Step { input, operation }).into();
    let n = 3 + steps.iter().map(|step| step.operation.n_made()).sum::<usize>();
    Steps { n_features: 3, steps, outputs: (0..5 + random.below(4)).map(|_| random.below(n) as u32).collect() }
}

fn model(random: &mut Random) -> Neutral {
    let steps = steps(random);
    let n_columns = steps.outputs.len() as u32;
    let predictor = match random.below(4) {
        0 => Predictor::Linear(linear(random, n_columns)),
        _ => Predictor::Forest(forest(random, n_columns)),
    };
    Neutral { steps, predictor, has_probability: true }
}

fn row(random: &mut Random) -> [f64; 3] {
    let cell = |random: &mut Random| match random.below(4) {
        0 => f64::NAN,
        1 => random.of(&THRESHOLDS),
        2 => random.of(&THRESHOLDS).next_up(),
        _ => random.of(&[-1e30, -1.0, -0.5, 1e-36, 0.1_f32 as f64, 3.0, 3.7, 64.0, 1e30]),
    };
    [cell(random), cell(random), random.of(&[f64::NAN, 0.0, 1.0, 2.0, 3.0])]
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect()
}

/// A model's columns for a row, by a predictor that hands them on.
fn columns(neutral: &Neutral, row: &[f64]) -> Vec<f64> {
    let n = neutral.steps.outputs.len();
    let mut weights = vec![0.0; n * n];
    (0..n).for_each(|i| weights[i * n + i] = 1.0);
    let rule = LinearRule { width: Width::F64, intercept_first: true, skips_missing: true, decision: Decision::Margin };
    let link = Link::Identity;
    let hands_on = LinearModel { n_columns: n as u32, weights, intercepts: vec![0.0; n], link, rule };
    let model = Neutral { predictor: Predictor::Linear(hands_on), ..neutral.clone() };
    model.walk(row, &mut |_| ()).raw
}

#[test]
fn the_section_keeps_every_number() {
    let mut random = Random(11);
    for _ in 0..200 {
        let model = model(&mut random);
        let section = model.to_section().unwrap();
        let read = Neutral::from_section(&section).unwrap();
        // NaN among the codes is unequal to itself.
        assert_eq!(format!("{read:?}"), format!("{model:?}"));
        assert_eq!(read.to_section().unwrap(), section);
    }
}

#[test]
fn kernels_answer_as_the_plain_walk_bit_for_bit() {
    let (mut random, scratch) = (Random(12), &mut Scratch::default());
    for _ in 0..400 {
        let model = Neutral { steps: Steps::none(3), ..model(&mut random) };
        let n_columns = model.predictor.n_columns();
        let steps = Steps { outputs: (0..n_columns as u32).map(|i| i % 3).collect(), ..Steps::none(3) };
        let model = Neutral { steps, ..model };
        let form = model.to_form(&N_CATEGORIES).unwrap();
        let rows: Vec<[f64; 3]> = (0..random.of(&[1, 8, 50, 300])).map(|_| row(&mut random)).collect();
        let matrix: Vec<f64> =
            rows.iter().flat_map(|row| model.steps.outputs.iter().map(|c| row[*c as usize])).collect();
        let walked: Vec<_> = rows.iter().map(|row| model.walk(row, &mut |_| ())).collect();
        let raw: Vec<f64> = walked.iter().flat_map(|w| w.raw.clone()).collect();
        let numbers = Compiled::compile(&form, 0).unwrap();
        assert_eq!(bits(&raw), bits(&numbers.raw(&matrix, scratch).unwrap()), "{model:?}");
        let linked: Vec<f64> = walked.iter().flat_map(|w| w.linked.clone()).collect();
        let Ok(Prediction::Regression { values, .. }) = numbers.predict(&matrix, 0, scratch) else {
            assert!(linked.iter().any(|v| !v.is_finite()), "{model:?}");
            continue;
        };
        assert_eq!(bits(&linked), bits(&values), "{model:?}");
        if raw.iter().any(|m| !m.is_finite()) {
            continue;
        }
        let n_classes = model.predictor.n_outputs().max(2);
        let classifier = Compiled::compile(&form, n_classes).unwrap();
        let Ok(Prediction::Classification { classes, .. }) = classifier.predict(&matrix, 0, scratch) else { panic!() };
        let expected: Vec<u32> = walked.iter().map(|w| w.class as u32).collect();
        assert_eq!(expected, classes, "{model:?}");
    }
}

#[test]
fn steps_make_the_columns_that_their_names_say() {
    let steps = Steps {
        n_features: 3,
        steps: vec![
            Step { input: 2, operation: Operation::Codes { codes: vec![9.0, f64::NAN, 5.0], unknown: -1.0 } },
            Step { input: 0, operation: Operation::AsMissing(0.0) },
            Step { input: 4, operation: Operation::Fill(8.0) },
            Step { input: 4, operation: Operation::IsMissing },
            Step { input: 2, operation: Operation::OneHot(vec![2.0, 0.0]) },
            Step { input: 1, operation: Operation::Standardize { offset: 1.0, divisor: 4.0 } },
            Step { input: 1, operation: Operation::Affine { factor: 2.0, offset: 1.0 } },
            Step { input: 1, operation: Operation::Clip { low: 0.0, high: 2.0 } },
            Step { input: 1, operation: Operation::Function(Function::named("log1p").unwrap()) },
        ],
        outputs: (3..13).collect(),
    };
    steps.check(&N_CATEGORIES).unwrap();
    let link = Link::Identity;
    let predictor = Predictor::Linear(LinearModel {
        n_columns: 10,
        weights: vec![0.0; 10],
        intercepts: vec![0.0],
        link,
        rule: LinearRule::plain(Decision::Margin),
    });
    let model = Neutral { steps, predictor, has_probability: false };
    let seen = columns(&model, &[0.0, 3.0, 2.0]);
    assert_eq!(seen, [5.0, 0.0, 8.0, 1.0, 1.0, 0.0, 0.5, 7.0, 2.0, 4.0_f64.ln()]);
    // A missing cell is left out of a sum: 0.
    assert_eq!(columns(&model, &[7.0, 3.0, 3.0])[..4], [-1.0, 7.0, 7.0, 0.0]);
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let mut random = Random(13);
    let mut read = 0;
    for _ in 0..40 {
        let section = model(&mut random).to_section().unwrap();
        for _ in 0..100 {
            let mut bytes = section.clone();
            for _ in 0..1 + random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = random.of(&[0, 1, 2, 0x7f, 0x80, 0xff]);
            }
            bytes.truncate(bytes.len() - random.below(2) * random.below(bytes.len()));
            if let Ok(model) = Neutral::from_section(&bytes)
                && let Ok(form) = model.to_form(&N_CATEGORIES)
            {
                read += 1;
                let row = row(&mut random);
                model.walk(&row, &mut |_| ());
                Compiled::compile(&form, 0).unwrap();
            }
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let refused = |change: &dyn Fn(&mut Neutral)| {
        let mut model = sound();
        change(&mut model);
        let read = Neutral::from_section(&model.to_section().unwrap()).unwrap();
        read.to_form(&N_CATEGORIES).unwrap_err()
    };
    let tree = |model: &mut Neutral, change: &dyn Fn(&mut Forest)| match &mut model.predictor {
        Predictor::Forest(forest) => change(forest),
        Predictor::Linear(_) => unreachable!(),
    };
    sound().to_form(&N_CATEGORIES).unwrap();
    let of_tree = |change: &dyn Fn(&mut Forest)| refused(&|model| tree(model, change));
    let of_split = |change: &dyn Fn(&mut Split)| {
        of_tree(&|forest| {
            if let Node::Split(split) = &mut forest.trees[0].nodes[0] {
                change(split);
            }
        })
    };
    assert!(of_split(&|split| split.test = Test::Threshold(f64::NAN)).contains("threshold is not a number"));
    assert!(of_split(&|split| split.test = Test::Set { set: 1, members: Side::Left }).contains("set 1 of 1"));
    assert!(of_split(&|split| split.missing = Missing::AsZero).contains("64 bits"));
    assert!(of_split(&|split| split.left = 0).contains("child 0"));
    assert!(of_split(&|split| split.right = 1).contains("two parents"));
    assert!(of_split(&|split| split.column = 3).contains("column 3 of 3"));
    let unsorted = of_tree(&|forest| {
        forest.sets[0] = vec![2, 1];
        if let Node::Split(split) = &mut forest.trees[0].nodes[0] {
            split.test = Test::Set { set: 0, members: Side::Left };
        }
    });
    assert!(unsorted.contains("ascending"), "{unsorted}");
    assert!(of_tree(&|forest| forest.trees[0].output = 1).contains("output 1 of 1"));
    assert!(of_tree(&|forest| forest.sum.start[0] = 0.1).contains("starts with"));
    assert!(of_tree(&|forest| forest.n_columns = 4).contains("3 columns, the predictor takes 4"));
    assert!(refused(&|model| model.steps.outputs[0] = 9).contains("column 9 of 3"));
    assert!(refused(&|model| model.steps.n_features = 2).contains("2 features"));
    let step = |input, operation| {
        refused(&|model: &mut Neutral| model.steps.steps.push(Step { input, operation: Operation::clone(&operation) }))
    };
    assert!(step(3, Operation::IsMissing).contains("reads column 3"));
    assert!(step(0, Operation::Codes { codes: vec![1.0], unknown: 0.0 }).contains("one a category"));
    assert!(step(2, Operation::Codes { codes: vec![1.0], unknown: 0.0 }).contains("one a category"));
    assert!(step(0, Operation::Standardize { offset: 0.0, divisor: 0.0 }).contains("divides by 0"));
    assert!(step(0, Operation::Clip { low: 1.0, high: 0.0 }).contains("clips"));
    assert!(step(0, Operation::Fill(f64::NAN)).contains("fills"));
}

/// One tree of one split.
fn sound() -> Neutral {
    let split = Split { column: 0, test: Test::Threshold(0.5), left: 1, right: 2, missing: Missing::To(Side::Left) };
    let nodes = vec![Node::Split(split), Node::Leaf(1.0), Node::Leaf(2.0)];
    let forest = Forest {
        n_columns: 3,
        value: Width::F32,
        comparison: Comparison::Below,
        trees: vec![Tree { nodes, output: 0, weight: 1.0, cover: Vec::new() }],
        sets: vec![vec![1, 2]],
        leaves: Leaves::Values,
        sum: Sum { width: Width::F32, start: vec![0.5], divisor: None, raw_is_undivided: false },
        link: Link::Identity,
        decision: Decision::Probability,
    };
    Neutral { steps: Steps::none(3), predictor: Predictor::Forest(forest), has_probability: true }
}
