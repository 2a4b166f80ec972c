"""Checks of lesson 04: marginals, perplexity, transitions, temperature, backing off."""

import copy

import numpy as np

from musicgan_edu import baselines, sampling
from musicgan_edu.checks import Answer, exercise, expect, require
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import Grid, Track

__all__ = ["backed_off", "heat", "marginals", "perplexity", "transitions"]


def marginals(tokens: np.ndarray, n_classes: int) -> np.ndarray:
    """The share of windows with each class in each cell, (T, V, C).

    `tokens` holds classes, (N, T, V).
    """
    one_hot = np.eye(n_classes)[tokens]  # (N, T, V, C)
    return one_hot.mean(axis=0)


def _package_marginals(tokens: np.ndarray, n_classes: int) -> np.ndarray:
    """The package's form: `baselines.cells`, divided by the number of windows."""
    _, n_steps, n_voices = tokens.shape
    tracks = tuple(Track(f"voice {i}") for i in range(n_voices))
    form = VoiceEncoding(Grid(n_steps, 1.0, 1), tracks, 0, n_classes - 3)
    return baselines.cells(tokens, form)["cells"] / len(tokens)


@exercise("04.marginals", reference=marginals, stars=1, twin=_package_marginals)
def _(answer: Answer, rng: np.random.Generator) -> None:
    tokens = np.array([[[0, 2], [1, 1]], [[0, 1], [1, 1]], [[0, 2], [2, 1]], [[1, 2], [2, 1]]])
    got = answer(tokens.copy(), 3)
    require(got is not None, "it gave None: is a `return` missing?")
    got = np.asarray(got, dtype=float)
    require(got.shape != (3,), "it has one row for all steps and voices: each cell has shares of its own")
    require(got.shape == (2, 2, 3), f"2 steps, 2 voices and 3 classes give shape (2, 2, 3), not {got.shape}")
    require(not np.allclose(got.sum(-1), 4), "these are counts: divide by the number of windows")
    require(np.allclose(got.sum(-1), 1), f"the shares of a cell sum to {got.sum(-1)[0, 0]:g} instead of 1")
    expect(answer, [tokens, 3], marginals(tokens, 3), "in the first cell three of four windows have class 0")
    for _ in range(3):
        tokens = rng.integers(0, 5, (12, 3, 2))
        expect(answer, [tokens, 5], marginals(tokens, 5))


def perplexity(probabilities: np.ndarray) -> float:
    """exp of the mean surprise, from what a model gave to each note that came, (n,)."""
    with np.errstate(divide="ignore"):
        return float(np.exp(-np.log(probabilities).mean()))


@exercise("04.perplexity", reference=perplexity, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(
        answer, [np.full(5, 1 / 48)], 48.0, "who spreads evenly over 48 is as unsure as a die with 48 sides"
    )
    because = "surprises are averaged, not probabilities: the geometric mean of 1/2 and 1/8 is 1/4"
    expect(answer, [np.array([0.5, 0.125])], 4.0, because)
    expect(answer, [np.array([0.5, 0.0])], np.inf, "what was impossible came: no surprise is greater")
    for _ in range(3):
        p = rng.uniform(0.05, 1, 7)
        expect(answer, [p], perplexity(p))


def transitions(melodies: list, n_states: int) -> np.ndarray:
    """The share of each next note after each note, (n_states, n_states), row: from.

    A row that no melody ever leaves is all 0.
    """
    counts = np.zeros((n_states, n_states))
    for melody in melodies:
        np.add.at(counts, (melody[:-1], melody[1:]), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


@exercise("04.transitions", reference=transitions, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    melodies = [np.array([0, 1, 0, 1]), np.array([2, 0, 0, 1])]
    want = transitions(melodies, 4)  # 0 goes to 0 once, to 1 three times; 1 and 2 go to 0 once; 3 nowhere
    got = answer([melody.copy() for melody in melodies], 4)
    require(got is not None, "it gave None: is a `return` missing?")
    got = np.asarray(got, dtype=float)
    require(got.shape == (4, 4), f"4 states give shape (4, 4), not {got.shape}")
    require(not np.isnan(got).any(), "a note that nothing followed gives 0/0: leave its row at 0")
    require(not np.isclose(got.sum(), 6), "these are counts: divide each row by its sum")
    require(not np.allclose(got, want.T), "rows and columns are swapped: a row is where one comes from")
    joined = transitions([np.concatenate(melodies)], 4)
    require(not np.allclose(got, joined), "the end of one melody was followed by the beginning of the next")
    half = got[0, 0] == got[0, 1] == 0.5
    require(not half, "after 0 came 0 once and 1 three times: `+= 1` on repeated indices counts once")
    require(np.allclose(got, want), f"after 0 came 0 once and 1 three times: ¼ and ¾, not {got[0]}")
    for _ in range(3):
        melodies = [rng.integers(0, 5, rng.integers(2, 12)) for _ in range(4)]
        given = [melody.tolist() for melody in melodies]
        got = np.asarray(answer([melody.copy() for melody in melodies], 6), dtype=float)
        require(np.allclose(got, transitions(melodies, 6)), f"the shares of {given} came out wrong")


def heat(p: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n,) at a temperature above 0: p^(1/temperature), normalised."""
    hot = p ** (1 / temperature)
    return hot / hot.sum()


@exercise("04.heat", reference=heat, stars=2, twin=sampling.heated)
def _(answer: Answer, rng: np.random.Generator) -> None:
    p = np.array([0.25, 0.75])
    expect(answer, [p, 1.0], p, "temperature 1 changes nothing")
    got = answer(p.copy(), 0.5)
    require(got is not None, "it gave None: is a `return` missing?")
    got = np.asarray(got, dtype=float)
    require(np.isclose(got.sum(), 1), f"at temperature ½ they sum to {got.sum():g}: normalise afterwards")
    require(got[1] > 0.76, f"at temperature ½ {p} became {got}: cold makes the likelier one likelier")
    expect(answer, [p, 0.5], np.array([0.1, 0.9]), "squared they are 1/16 and 9/16, so one to nine")
    expect(answer, [np.array([0.0, 1.0]), 2.0], np.array([0.0, 1.0]), "no heat makes the impossible possible")
    for temperature in rng.uniform(0.2, 3, 4).tolist():
        p = rng.dirichlet(np.ones(5))
        expect(answer, [p, temperature], heat(p, temperature))


def backed_off(tables: list, past: list, n_states: int) -> np.ndarray:
    """What comes next, (n_states,): from no memory to the longest that is known.

    tables[k] maps the last k notes, a tuple, oldest first, to counts of what followed.
    """
    p = np.full(n_states, 1 / n_states)
    for k, table in enumerate(tables):
        context = tuple(past[len(past) - k :])
        if len(past) < k or context not in table:
            break
        counts = table[context]
        n_kinds = np.count_nonzero(counts)
        p = (counts + n_kinds * p) / (counts.sum() + n_kinds)
    return p


@exercise("04.backed_off", reference=backed_off, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    tables = [
        {(): np.array([2.0, 2.0, 0.0])},
        {(0,): np.array([1.0, 3.0, 0.0])},
        {(1, 0): np.array([0.0, 1.0, 0.0])},
    ]
    first = (np.array([2, 2, 0]) + 2 / 3) / 6
    second = (np.array([1, 3, 0]) + 2 * first) / 6
    third = (np.array([0, 1, 0]) + second) / 2

    def ask(order: int, past: list) -> np.ndarray:
        got = answer(copy.deepcopy(tables[: order + 1]), list(past), 3)
        require(got is not None, "it gave None: is a `return` missing?")
        return np.asarray(got, dtype=float)

    got = ask(0, [0])
    require(not np.allclose(got, [0.5, 0.5, 0]), "nothing of the even spread is left: begin with 1/n_states")
    require(
        not np.allclose(got, 1 / 3), "the memory of no note, (), was passed over: past[-0:] is all of past"
    )
    by_all = (np.array([2, 2, 0]) + 4 / 3) / 8
    require(not np.allclose(got, by_all), "n counts the different notes that followed, not all that followed")
    for order, past, want, because in (
        (0, [0], first, "counts 2, 2, 0 of two kinds over 1/3 each make (2 + 2/3) / 6"),
        (1, [0], second, "the shorter memory's answer takes the even spread's place"),
        (2, [1, 0], third, "the last two notes, oldest first, are (1, 0)"),
        (2, [2, 1, 0], third, "only the last k notes count: the last two notes are (1, 0)"),
        (2, [0, 0], second, "(0, 0) was never seen: stop at the memory of one note"),
        (2, [], first, "with no past there's no memory of one note either"),
        (2, [2], first, "after 2 nothing is known: back to no memory"),
    ):
        got = ask(order, past)
        good = got.shape == (3,) and np.allclose(got, want)
        require(
            good,
            f"with memories up to {order} and past {past} it gave {got.round(3)}, not {want.round(3)}: {because}",
        )
