//! LightGBM's text: a head, a block of lines a tree, a tail. The head holds each tree's length in bytes.

use super::random::rearrange;
use super::{Random, words};

/// A text with one part changed; mostly the lengths of its trees are right again.
pub fn change(text: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    match random.below(8) {
        0..=2 => change_number(&mut lines, random)?,
        3 => change_node(&mut lines, random)?,
        4 => grow(&mut lines, random)?,
        5 => rearrange_trees(&mut lines, random)?,
        6 => match random.below(2) {
            0 => rearrange(&mut lines, random),
            _ => exchange_values(&mut lines, random)?,
        },
        _ => lines = words::change(text, random)?.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect(),
    }
    if !random.one_in(4) {
        number_trees(&mut lines);
    }
    Some(lines.join(&b'\n'))
}

/// Lines with a list of numbers, and those of the head.
fn entry(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b'=')?;
    Some((&line[..at], &line[at + 1..]))
}

fn is_tree(line: &[u8]) -> bool {
    line.starts_with(b"Tree=")
}

/// Where each tree begins, and where the last one ends.
fn bounds(lines: &[Vec<u8>]) -> Vec<usize> {
    let starts = lines.iter().enumerate().filter(|(_, line)| is_tree(line)).map(|(at, _)| at);
    let end = lines.iter().position(|line| line == b"end of trees").unwrap_or(lines.len());
    let mut bounds: Vec<usize> = starts.filter(|start| *start < end).collect();
    bounds.push(end);
    bounds
}

/// Another number in a list.
fn change_number(lines: &mut [Vec<u8>], random: &mut Random) -> Option<()> {
    let with_lists: Vec<usize> = (0..lines.len()).filter(|at| entry(&lines[*at]).is_some()).collect();
    if with_lists.is_empty() {
        return None;
    }
    let line = &mut lines[*random.pick(&with_lists)];
    let (key, list) = entry(line)?;
    let mut numbers: Vec<Vec<u8>> = list.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
    let at = random.below(numbers.len());
    numbers[at] = match random.below(3) {
        0 => random.pick(&numbers).clone(),
        _ => words::number(&numbers[at], random),
    };
    *line = [key, b"=", &numbers.join(&b' ')].concat();
    Some(())
}

/// A split and a leaf more or fewer in all lists of a tree that have one of each.
fn change_node(lines: &mut [Vec<u8>], random: &mut Random) -> Option<()> {
    let bounds = bounds(lines);
    let tree = random.below(bounds.len() - 1);
    let block = &mut lines[*bounds.get(tree)?..*bounds.get(tree + 1)?];
    let count = |line: &[u8]| entry(line).map_or(0, |(_, list)| list.split(|byte| *byte == b' ').count());
    let n_splits = block.iter().find(|line| line.starts_with(b"split_feature=")).map(|line| count(line))?;
    let (split, leaf, doubles) = (random.below(n_splits), random.below(n_splits + 1), random.one_in(2));
    for line in block {
        let (key, list) = entry(line).unwrap_or_default();
        let mut numbers: Vec<Vec<u8>> = list.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
        let at = match numbers.len() {
            _ if key == b"num_leaves" => {
                let n = n_splits + 2 * usize::from(doubles);
                *line = format!("num_leaves={n}").into_bytes();
                continue;
            }
            1 if n_splits != 1 || !key.starts_with(b"split") => continue,
            n if n == n_splits => split,
            n if n == n_splits + 1 => leaf,
            _ => continue,
        };
        if doubles {
            numbers.insert(at, numbers[at].clone());
        } else {
            numbers.remove(at);
        }
        *line = [key, b"=", &numbers.join(&b' ')].concat();
    }
    Some(())
}

/// A split in the place of a leaf: the tree is sound if it was.
fn grow(lines: &mut [Vec<u8>], random: &mut Random) -> Option<()> {
    let bounds = bounds(lines);
    let tree = random.below(bounds.len() - 1);
    let block = &mut lines[*bounds.get(tree)?..*bounds.get(tree + 1)?];
    let numbers =
        |line: &[u8]| entry(line).map(|(_, list)| list.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect());
    let splits: Vec<Vec<u8>> = numbers(block.iter().find(|line| line.starts_with(b"split_feature="))?)?;
    let leaf = format!("-{}", 1 + random.below(splits.len() + 1)).into_bytes();
    for line in block {
        let (key, mut list): (_, Vec<Vec<u8>>) = (entry(line).unwrap_or_default().0, numbers(line).unwrap_or_default());
        match key {
            b"num_leaves" => list = vec![(splits.len() + 2).to_string().into_bytes()],
            b"left_child" | b"right_child" => {
                let place = list.iter_mut().find(|child| **child == leaf);
                place.into_iter().for_each(|child| *child = splits.len().to_string().into_bytes());
                list.push(if key == b"left_child" {
                    leaf.clone()
                } else {
                    format!("-{}", splits.len() + 2).into_bytes()
                });
            }
            b"num_cat" | b"cat_boundaries" | b"cat_threshold" | b"shrinkage" | b"is_linear" => continue,
            _ if list.len() == splits.len() || list.len() == splits.len() + 1 => list.push(random.pick(&list).clone()),
            _ => continue,
        }
        *line = [key, b"=", &list.join(&b' ')].concat();
    }
    Some(())
}

/// Doubles a tree, takes it away, or exchanges two.
fn rearrange_trees(lines: &mut Vec<Vec<u8>>, random: &mut Random) -> Option<()> {
    let bounds = bounds(lines);
    let mut trees: Vec<Vec<Vec<u8>>> = bounds.windows(2).map(|ends| lines[ends[0]..ends[1]].to_vec()).collect();
    rearrange(&mut trees, random);
    lines.splice(*bounds.first()?..*bounds.last()?, trees.into_iter().flatten());
    Some(())
}

/// The value of a line in another line's place, of any key.
fn exchange_values(lines: &mut [Vec<u8>], random: &mut Random) -> Option<()> {
    let other = random.pick(lines).clone();
    let at = random.below(lines.len());
    let (key, _) = entry(&lines[at])?;
    lines[at] = [key, b"=", entry(&other)?.1].concat();
    Some(())
}

/// Numbers the trees, and tells their lengths in the head.
fn number_trees(lines: &mut [Vec<u8>]) {
    let bounds = bounds(lines);
    let mut sizes = Vec::new();
    for (number, ends) in bounds.windows(2).enumerate() {
        lines[ends[0]] = format!("Tree={number}").into_bytes();
        sizes.push(lines[ends[0]..ends[1]].iter().map(|line| line.len() + 1).sum::<usize>().to_string());
    }
    if let Some(line) = lines.iter_mut().find(|line| line.starts_with(b"tree_sizes=")) {
        *line = format!("tree_sizes={}", sizes.join(" ")).into_bytes();
    }
}
