"""What students write in lesson 04 before they get it right."""

import numpy as np


def marginal_counts(tokens, n_classes):
    return np.eye(n_classes)[tokens].sum(axis=0)


def marginals_of_all_cells(tokens, n_classes):
    return np.bincount(tokens.ravel(), minlength=n_classes) / tokens.size


def marginals_without_steps(tokens, n_classes):
    return np.eye(n_classes)[tokens].mean(axis=1)


def marginals_over_everything(tokens, n_classes):
    return np.eye(n_classes)[tokens].sum(axis=0) / tokens.size


def perplexity_of_the_mean(probabilities):
    return float(1 / probabilities.mean())


def perplexity_of_the_sum(probabilities):
    return float(np.exp(-np.log(probabilities).sum()))


def cross_entropy_only(probabilities):
    return float(-np.log(probabilities).mean())


def perplexity_in_bits_and_nats(probabilities):
    return float(2 ** -np.log(probabilities).mean())


def perplexity_that_hides_the_impossible(probabilities):
    return float(np.exp(-np.log(probabilities[probabilities > 0]).mean()))


def transition_counts(melodies, n_states):
    counts = np.zeros((n_states, n_states))
    for melody in melodies:
        np.add.at(counts, (melody[:-1], melody[1:]), 1)
    return counts


def transitions_backwards(melodies, n_states):
    counts = transition_counts(melodies, n_states)
    return (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).T


def transitions_through_the_end(melodies, n_states):
    counts = transition_counts([np.concatenate(melodies)], n_states)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def transitions_with_nan(melodies, n_states):
    counts = transition_counts(melodies, n_states)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=1, keepdims=True)


def transitions_counted_once(melodies, n_states):
    counts = np.zeros((n_states, n_states))
    for melody in melodies:
        counts[melody[:-1], melody[1:]] = 1
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def heat_upside_down(p, temperature):
    hot = p**temperature
    return hot / hot.sum()


def heat_not_normalised(p, temperature):
    return p ** (1 / temperature)


def heat_by_scaling(p, temperature):
    return p / temperature / (p / temperature).sum()


def heat_as_if_logits(p, temperature):
    hot = np.exp(p / temperature)
    return hot / hot.sum()


def _backed_off(tables, past, n_states, start=None, kinds=np.count_nonzero, context=None, skip=False):
    p = np.full(n_states, 1 / n_states) if start is None else start
    for k, table in enumerate(tables):
        key = tuple(past[len(past) - k :]) if context is None else context(past, k)
        if len(past) < k or key not in table:
            if skip:
                continue
            break
        counts = table[key]
        p = (counts + kinds(counts) * p) / (counts.sum() + kinds(counts))
    return p


def backed_off_from_nothing(tables, past, n_states):
    counts = tables[0][()]
    return _backed_off([{}, *tables[1:]], past, n_states, start=counts / counts.sum(), skip=True)


def backed_off_by_all_notes(tables, past, n_states):
    return _backed_off(tables, past, n_states, kinds=np.sum)


def backed_off_newest_first(tables, past, n_states):
    return _backed_off(tables, past, n_states, context=lambda past, k: tuple(past[::-1][:k]))


def backed_off_from_the_beginning(tables, past, n_states):
    return _backed_off(tables, past, n_states, context=lambda past, k: tuple(past[:k]))


def backed_off_with_minus_zero(tables, past, n_states):
    return _backed_off(tables, past, n_states, context=lambda past, k: tuple(past[-k:]))


WRONG = {
    "04.marginals": [
        (marginal_counts, "these are counts"),
        (marginals_of_all_cells, "one row for all"),
        (marginals_without_steps, "give shape (2, 2, 3)"),
        (marginals_over_everything, "instead of 1"),
    ],
    "04.perplexity": [
        (perplexity_of_the_mean, "surprises are averaged"),
        (perplexity_of_the_sum, "48"),
        (cross_entropy_only, "a die with 48 sides"),
        (perplexity_in_bits_and_nats, "48"),
        (perplexity_that_hides_the_impossible, "impossible"),
    ],
    "04.transitions": [
        (transition_counts, "these are counts"),
        (transitions_backwards, "swapped"),
        (transitions_through_the_end, "the beginning of the next"),
        (transitions_with_nan, "0/0"),
        (transitions_counted_once, "counts once"),
    ],
    "04.heat": [
        (heat_upside_down, "cold makes the likelier one likelier"),
        (heat_not_normalised, "normalise"),
        (heat_by_scaling, "cold makes the likelier"),
        (heat_as_if_logits, "temperature 1 changes nothing"),
    ],
    "04.backed_off": [
        (backed_off_from_nothing, "begin with 1/n_states"),
        (backed_off_by_all_notes, "different notes"),
        (backed_off_newest_first, "oldest first"),
        (backed_off_from_the_beginning, "the last two notes"),
        (backed_off_with_minus_zero, "past[-0:] is all of past"),
    ],
}
