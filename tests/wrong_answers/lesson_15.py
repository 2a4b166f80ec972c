"""What students write in lesson 15 before they get it right."""

import numpy as np

from musicgan_edu.checks.lesson_15 import model_card


def ring_to_the_left(held, turn):
    n, after = len(held), held.copy()
    for k in range(n):
        after[(k - 1) % n, (k - turn) % n] += held[k, (k - turn) % n]
    return after


def ring_that_replaces(held, turn):
    n, after = len(held), held.copy()
    for k in range(n):
        after[(k + 1) % n, (k - turn) % n] = held[k, (k - turn) % n]
    return after


def ring_in_place(held, turn):
    n = len(held)
    for k in range(n):
        held[(k + 1) % n, (k - turn) % n] += held[k, (k - turn) % n]
    return held


def ring_that_forgets_the_turn(held, turn):
    n, after = len(held), held.copy()
    for k in range(n):
        after[(k + 1) % n, k] += held[k, k]
    return after


def without(line):
    """The reference's card, without the words that `line` picks out of a fact's name."""
    return lambda facts: "\n".join(row for row in model_card(facts).splitlines() if line(row, facts))


WRONG = {
    "15.averaged_gradient": [
        (lambda gradients, sizes: gradients.sum(axis=0), "the plain mean, not the sum"),
        (lambda gradients, sizes: gradients.mean(axis=0), "weigh each gradient by its size"),
        (lambda gradients, sizes: sizes @ gradients, "the plain mean, not the sum"),
        (lambda gradients, sizes: (gradients.T * sizes).T / sizes.sum(), "gave shape"),
    ],
    "15.ring_round": [
        (ring_to_the_left, "never back"),
        (ring_that_replaces, "each adds what it gets"),
        (ring_in_place, "work on a copy"),
        (ring_that_forgets_the_turn, "in turn 1 worker k hands over chunk k − 1"),
    ],
    "15.step_seconds": [
        (lambda n, work, rest, size, speed: work / n + rest + 2 * size / speed, "nobody to talk to"),
        (lambda n, work, rest, size, speed: (work + rest) / n + 2 * (n - 1) / n * size / speed, "rest isn't"),
        (lambda n, work, rest, size, speed: work / n + rest + (n - 1) / n * size / speed, "15 seconds"),
        (lambda n, work, rest, size, speed: work / n + rest + 2 * (n - 1) * size / speed, "15 seconds"),
    ],
    "15.model_card": [
        (lambda facts: "## What it is\nA fine model.", "'What it is' doesn't say"),
        (lambda facts: model_card(facts).replace("Data", "Music"), "no section '## Data'"),
        (
            lambda facts: model_card(facts).replace(f" --seed {facts['seed']}", ""),
            "without it nobody gets the same run",
        ),
        (lambda facts: model_card(facts | {"low": 9.0}), "half a number"),
        (lambda facts: model_card(facts | {"baseline": facts["accuracy"]}), "good compared with what"),
        (lambda facts: model_card(facts | {"copied_real": 0.0}), "without real music's beside it"),
        (lambda facts: model_card(facts | {"limits": facts["limits"][:1]}), "where must nobody trust it"),
        (without(lambda row, facts: facts["not_for"][0] not in row), "what must nobody use it for"),
        (
            lambda facts: model_card(facts | {"accuracy": float(np.floor(10 * facts["accuracy"]) / 10)}),
            "told from real",
        ),
        (lambda facts: print(model_card(facts)), "a card is text"),
    ],
}
