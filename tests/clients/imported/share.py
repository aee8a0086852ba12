"""A part of a library's models that has every objective or estimator, and every kind of cells and columns."""

import collections
import random


def of(names, always, parts, seed):
    """One of so many `parts` of the names, rounded up for each first word (the objective or estimator), besides those
    that are `always` taken; which ones follows from the seed.

    The models that differ in one thing alone (a pickle of a ranker, a tree of one leaf) are always taken: their names
    have fewer words. Of the others those are taken whose words (the rule for missing cells, the kind of category, the
    type of column, what stands before the estimator) were taken least often so far; the names are shuffled before, so
    that ties fall otherwise with another seed.
    """
    n_words = max(name.count("-") for name in names)
    taken = {name for name in names if name in always or name.count("-") < n_words}
    groups, often = collections.defaultdict(list), collections.Counter()
    for name in random.Random(seed).sample(names, len(names)):
        if name.count("-") == n_words:
            groups[name.split("-")[0]].append(name)

    def times(name):
        return sum(often[place] for place in enumerate(name.split("-")))

    for group in groups.values():
        for _ in range(-(-len(group) // parts)):
            name = min(group, key=times)
            group.remove(name)
            taken.add(name)
            often.update(enumerate(name.split("-")))
    return [name for name in names if name in taken]
