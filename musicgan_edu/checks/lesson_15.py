"""Checks of lesson 15: averaging over workers, the ring, what a step costs, a model card."""

import re

import numpy as np

from musicgan_edu.checks import Answer, exercise, expect, require

__all__ = ["averaged_gradient", "model_card", "ring_round", "step_seconds"]


def averaged_gradient(gradients: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The gradient of the whole batch from the workers' own, (n_weights,).

    `gradients` is (n_workers, n_weights), each the mean over that worker's part;
    `sizes` is (n_workers,), the windows in each part.
    """
    return sizes @ gradients / sizes.sum()


@exercise("15.averaged_gradient", reference=averaged_gradient, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    equal = np.array([[1.0, 4.0], [3.0, 0.0]])
    expect(
        answer,
        [equal, np.array([8, 8])],
        np.array([2.0, 2.0]),
        "two equal parts: the plain mean, not the sum",
    )
    unequal = np.array([[1.0, 1.0], [5.0, 5.0]])
    because = "a worker with three times the windows counts three times: weigh each gradient by its size"
    expect(answer, [unequal, np.array([12, 4])], np.array([2.0, 2.0]), because)
    for _ in range(5):
        windows = rng.normal(size=(24, 6))
        cuts = np.sort(rng.choice(np.arange(1, 24), size=3, replace=False))
        parts = np.split(windows, cuts)
        means = np.stack([part.mean(axis=0) for part in parts])
        expect(answer, [means, np.array([len(part) for part in parts])], windows.mean(axis=0))


def ring_round(held: np.ndarray, turn: int) -> np.ndarray:
    """What each worker holds after a turn of adding, (n_workers, n_workers, size).

    `held[k, c]` is chunk c at worker k, (size,). In turn `turn` worker k hands chunk
    (k - turn) mod n to worker (k + 1) mod n, who adds it to their own. `held` stays.
    """
    n = len(held)
    after = held.copy()
    for k in range(n):
        chunk = (k - turn) % n
        after[(k + 1) % n, chunk] += held[k, chunk]
    return after


@exercise("15.ring_round", reference=ring_round, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    two = np.array([[[1.0], [2.0]], [[10.0], [20.0]]])
    after = np.array([[[1.0], [22.0]], [[11.0], [20.0]]])
    because = (
        "worker 0 hands its chunk 0 to worker 1, worker 1 its chunk 1 to worker 0, and each adds what it gets"
    )
    expect(answer, [two, 0], after, because)
    three = rng.integers(1, 99, size=(3, 3, 2)).astype(float)
    expect(
        answer,
        [three, 0],
        ring_round(three, 0),
        "with three workers, each hands over to the next, never back",
    )
    expect(
        answer,
        [three, 1],
        ring_round(three, 1),
        "in turn 1 worker k hands over chunk k − 1, what it has just added to",
    )
    for n in (4, 5):
        parts = rng.normal(size=(n, n, 3))
        held = parts
        for turn in range(n - 1):
            held = np.asarray(expect(answer, [held, turn], ring_round(held, turn)))
        whole = parts.sum(axis=0)
        complete = all(np.allclose(held[k, (k + 1) % n], whole[(k + 1) % n]) for k in range(n))
        require(complete, f"after {n - 1} turns worker k must hold chunk k + 1 complete")


def step_seconds(n_workers: int, work: float, rest: float, n_bytes: float, bandwidth: float) -> float:
    """Seconds of one training step, averaging by a ring included."""
    talk = 2 * (n_workers - 1) / n_workers * n_bytes / bandwidth
    return work / n_workers + rest + talk


@exercise("15.step_seconds", reference=step_seconds, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(
        answer,
        [1, 8.0, 1.0, 100.0, 10.0],
        9.0,
        "one worker has nobody to talk to: work and rest, nothing else",
    )
    expect(answer, [4, 8.0, 1.0, 0.0, 10.0], 3.0, "work is shared out, rest isn't: 8/4 + 1")
    because = "2 · 3/4 of 100 bytes at 10 bytes a second take 15 seconds, beside 2 of work and 1 of rest"
    expect(answer, [4, 8.0, 1.0, 100.0, 10.0], 18.0, because)
    for n in rng.integers(1, 100, size=5).tolist():
        numbers = rng.uniform(0.1, 9, size=4).tolist()
        expect(answer, [n, *numbers], step_seconds(n, *numbers))


def model_card(facts: dict) -> str:
    """The model card in Markdown: five sections, everything in them from `facts`."""
    f = facts
    copying = f"{f['copied']:.3f}, unseen real music {f['copied_real']:.3f}"
    interval = f"[{f['low']:.3f}, {f['high']:.3f}]"
    again = f"musicgan train --corpus {f['corpus']} --recipe {f['recipe']}"
    again += f" --steps {f['steps']} --seed {f['seed']}"
    sections = {
        "What it is": f"`{f['name']}`: {f['form']}.",
        "Data": f"{f['n_train']} pieces of `{f['corpus']}`; {f['licence']}.",
        "Make it again": again,
        "How good": f"On {f['split']}: told from real {f['accuracy']:.3f} {interval}, "
        f"baseline {f['baseline']:.3f}. Copying: {copying}.",
        "Limits": "\n".join(f"- {x}" for x in [*f["limits"], *f["not_for"]]),
    }
    return "\n\n".join(f"## {name}\n{text}" for name, text in sections.items())


#: Section → fact → why a stranger needs it.
_WANTED = {
    "What it is": {"name": "what is it called?", "form": "what does it make?"},
    "Data": {
        "corpus": "what did it learn from?",
        "n_train": "from how many pieces?",
        "licence": "on what terms are the data, and so perhaps the weights, to be had?",
    },
    "Make it again": {
        "corpus": "on what?",
        "recipe": "by which recipe?",
        "steps": "minutes differ from machine to machine, steps don't",
        "seed": "without it nobody gets the same run",
    },
    "How good": {
        "split": "measured on which pieces?",
        "accuracy": "how often is it told from real music?",
        "low": "a rate without an interval is half a number",
        "high": "a rate without an interval is half a number",
        "baseline": "good compared with what?",
        "copied": "a copyist would get the same accuracy",
        "copied_real": "a share of copying says little without real music's beside it",
    },
    "Limits": {"limits": "where must nobody trust it?", "not_for": "what must nobody use it for?"},
}


@exercise("15.model_card", reference=model_card, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    for facts in (_facts(rng), _facts(rng)):
        card = answer(dict(facts))
        require(isinstance(card, str), f"a card is text, not {type(card).__name__}: is a `return` missing?")
        sections = dict(
            re.findall(r"^##[ \t]+(.+?)[ \t]*\n(.*?)(?=^##[ \t]|\Z)", card + "\n", flags=re.M | re.S)
        )
        for name, wanted in _WANTED.items():
            require(name in sections, f"the card has no section '## {name}'; it has {list(sections)}")
            for fact, why in wanted.items():
                missing = _missing(sections[name], facts[fact])
                require(not missing, f"'{name}' doesn't say {missing} (facts[{fact!r}]): {why}")


def _missing(text: str, fact: object) -> str:
    """What of a fact a text doesn't say; empty if it says all."""
    if isinstance(fact, list):
        return next((repr(part) for part in fact if part not in text), "")
    numbers = [float(found) for found in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]|\.\d)", text)]
    if isinstance(fact, int):
        return "" if fact in numbers else f"{fact}"
    if isinstance(fact, float):
        return "" if any(abs(number - fact) <= 0.00501 for number in numbers) else f"{fact:.3f}"
    return "" if str(fact) in text else repr(fact)


def _facts(rng: np.random.Generator) -> dict:
    """Facts of a run that never was; all numbers differ, so that none stands in for another."""
    shares = (0.2 + 0.08 * rng.permutation(6) + rng.uniform(0, 0.02, size=6)).round(4).tolist()
    whole = rng.choice(np.arange(100, 9000), size=3, replace=False).tolist()
    words = ["river", "stone", "birch", "ember", "heron", "cedar", "linen", "raven", "maple"]
    names = [words[i] for i in rng.permutation(len(words))]
    facts = dict(zip(("name", "corpus", "recipe"), names, strict=False))
    facts |= {"form": f"{names[3]} for two voices", "licence": f"free for {names[4]}", "split": names[5]}
    facts |= dict(zip(("accuracy", "low", "high", "baseline", "copied", "copied_real"), shares, strict=True))
    facts |= dict(zip(("n_train", "steps", "seed"), whole, strict=True))
    return facts | {"limits": [f"no {names[6]}", f"no {names[7]}"], "not_for": [f"selling {names[8]}"]}
