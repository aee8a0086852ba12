//! Splits that ask for a set of categories: looked up for one cell, for all sets at once, or as row masks for a block.

use std::ops::Range;

use crate::model::ir::{CategorySet, Width, category};

/// The sets of a forest, for one cell at a time.
#[derive(Debug, Clone)]
pub(super) struct SetLookup {
    input: Width,
    sets: Vec<Members>,
}

/// One set.
#[derive(Debug, Clone)]
struct Members {
    missing: bool,
    /// A bit a category, where that takes no more room than a list; else empty.
    bits: Vec<u64>,
    /// Ascending, where there are no bits.
    list: Vec<u32>,
}

impl SetLookup {
    pub(super) fn new(sets: &[CategorySet], input: Width) -> Self {
        Self { input, sets: sets.iter().map(Members::of).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.sets.iter().map(|set| size_of::<Members>() + set.bits.len() * 8 + set.list.len() * 4).sum()
    }

    /// True when a cell names a member of a set.
    #[inline]
    pub(super) fn holds(&self, set: usize, cell: f64) -> bool {
        let set = &self.sets[set];
        if cell.is_nan() {
            return set.missing;
        }
        let Some(category) = category(cell, self.input) else { return false };
        if set.bits.is_empty() {
            return set.list.binary_search(&category).is_ok();
        }
        set.bits.get(category as usize / 64).is_some_and(|word| word >> (category % 64) & 1 == 1)
    }
}

impl Members {
    /// Bits pay up to two words a member: a list is searched by halving.
    fn of(set: &CategorySet) -> Self {
        let members = set.members();
        let n_words = members.last().map_or(0, |last| *last as usize / 64 + 1);
        let mut new = Self { missing: set.missing, bits: Vec::new(), list: Vec::new() };
        if n_words > 2 * members.len() {
            new.list = members.to_vec();
            return new;
        }
        new.bits.resize(n_words, 0);
        for member in members {
            new.bits[*member as usize / 64] |= 1 << (member % 64);
        }
        new
    }
}

/// The sets that splits ask one column for, for blocks of rows.
#[derive(Debug, Clone)]
pub(super) struct CategoryColumn {
    pub(super) column: u16,
    /// All members of all its sets, ascending.
    members: Vec<u32>,
    /// Of each set: its slot, whether it takes missing cells, where it ends in `positions`.
    sets: Vec<(u16, bool, usize)>,
    /// Positions in `members`, set after set.
    positions: Vec<u32>,
}

impl CategoryColumn {
    /// `sets` are a column's, each with its slot.
    #[expect(clippy::cast_possible_truncation, reason = "members are fewer than 2^24")]
    pub(super) fn new(column: u16, sets: &[(u16, &CategorySet)]) -> Self {
        let mut members: Vec<u32> = sets.iter().flat_map(|(_, set)| set.members()).copied().collect();
        let positions = Vec::with_capacity(members.len());
        members.sort_unstable();
        members.dedup();
        members.shrink_to_fit();
        let mut new = Self { column, members, sets: Vec::with_capacity(sets.len()), positions };
        for (slot, set) in sets {
            for member in set.members() {
                new.positions.push(new.members.partition_point(|m| m < member) as u32);
            }
            new.sets.push((*slot, set.missing, new.positions.len()));
        }
        new
    }

    pub(super) fn resident_bytes(&self) -> usize {
        (self.members.len() + self.positions.len()) * 4 + self.sets.len() * size_of::<(u16, bool, usize)>()
    }

    /// Calls `holds` with the position of each member of each set, and with one behind all for missing cells that it
    /// takes, and the set's slot.
    fn each_holding(&self, mut holds: impl FnMut(usize, u16)) {
        let mut from = 0;
        for (slot, takes_missing, to) in &self.sets {
            self.positions[from..*to].iter().for_each(|at| holds(*at as usize, *slot));
            if *takes_missing {
                holds(self.members.len(), *slot);
            }
            from = *to;
        }
    }

    /// Masks that [`Self::mark`] needs.
    pub(super) fn n_masks(&self) -> usize {
        self.members.len() + 1
    }

    /// Makes the masks of its slots: of each set the rows whose cell names a member. `cells` are this column's, with
    /// the word and bit of each row; `masks` is a buffer of [`Self::n_masks`].
    pub(super) fn mark<const W: usize>(
        &self,
        cells: impl Iterator<Item = (f64, (usize, usize))>,
        input: Width,
        masks: &mut [[u64; W]],
        slots: &mut [[u64; W]],
    ) {
        masks.fill([0; W]);
        let missing = self.members.len();
        for (cell, (word, bit)) in cells {
            let at = match category(cell, input) {
                _ if cell.is_nan() => missing,
                Some(category) => match self.members.binary_search(&category) {
                    Ok(at) => at,
                    Err(_) => continue,
                },
                None => continue,
            };
            masks[at][word] |= 1 << bit;
        }
        let mut from = 0;
        for (slot, takes_missing, to) in &self.sets {
            let mut mask = if *takes_missing { masks[missing] } else { [0; W] };
            for at in &self.positions[from..*to] {
                let of_member = &masks[*at as usize];
                mask = std::array::from_fn(|w| mask[w] | of_member[w]);
            }
            slots[usize::from(*slot)] = mask;
            from = *to;
        }
    }
}

/// The sets of a [`CategoryColumn`], for one row: of each category, which of them do not hold it.
#[derive(Debug, Clone)]
pub(super) struct SetSlots {
    /// Those of all its sets.
    slots: Range<usize>,
    by_member: ByMember,
}

/// What is known of each member of any of the sets; after them, of missing cells.
#[derive(Debug, Clone)]
enum ByMember {
    /// For each set whether it does not hold it, `[n_members + 1, n_sets]`: to be copied.
    Outcomes(Vec<bool>),
    /// Where its sets' slots end in `holding`, where that takes less than half the room: the bound of memory counts on it.
    Slots { ends: Vec<u32>, holding: Vec<u16> },
}

impl SetSlots {
    pub(super) fn of(column: &CategoryColumn) -> Self {
        let first = column.sets.first().map_or(0, |(slot, ..)| usize::from(*slot));
        let slots = first..first + column.sets.len();
        let mut n_holding = 0;
        column.each_holding(|_, _| n_holding += 1);
        let n_outcomes = column.n_masks() * column.sets.len();
        if n_outcomes > 2 * size_of::<u16>() * n_holding {
            return Self { slots, by_member: holding(column) };
        }
        let mut fails = vec![true; n_outcomes];
        column.each_holding(|at, slot| fails[at * column.sets.len() + usize::from(slot) - first] = false);
        Self { slots, by_member: ByMember::Outcomes(fails) }
    }

    pub(super) fn resident_bytes(&self) -> usize {
        match &self.by_member {
            ByMember::Outcomes(fails) => fails.len(),
            ByMember::Slots { ends, holding } => ends.len() * 4 + holding.len() * 2,
        }
    }

    /// Writes for each of its slots whether the set does not hold a cell of `column`, which this is of.
    pub(super) fn write(&self, column: &CategoryColumn, cell: f64, input: Width, fails: &mut [bool]) {
        let at = if cell.is_nan() {
            Some(column.members.len())
        } else {
            category(cell, input).and_then(|category| column.members.binary_search(&category).ok())
        };
        let of_sets = &mut fails[self.slots.clone()];
        let Some(at) = at else { return of_sets.fill(true) };
        match &self.by_member {
            ByMember::Outcomes(rows) => of_sets.copy_from_slice(&rows[at * of_sets.len()..][..of_sets.len()]),
            ByMember::Slots { ends, holding } => {
                of_sets.fill(true);
                let from = at.checked_sub(1).map_or(0, |before| ends[before]);
                for slot in &holding[from as usize..ends[at] as usize] {
                    fails[usize::from(*slot)] = false;
                }
            }
        }
    }
}

/// The slots of the sets that hold each member.
fn holding(column: &CategoryColumn) -> ByMember {
    let missing = column.members.len();
    let mut ends = vec![0_u32; column.n_masks()];
    column.each_holding(|at, _| ends[at] += 1);
    let mut end = 0;
    for of_member in &mut ends {
        end += *of_member;
        *of_member = end;
    }
    // From the end of each member's places to their beginning, which becomes the end of the member before.
    let mut holding = vec![0; end as usize];
    column.each_holding(|at, slot| {
        ends[at] -= 1;
        holding[ends[at] as usize] = slot;
    });
    ends.rotate_left(1);
    ends[missing] = end;
    ByMember::Slots { ends, holding }
}
