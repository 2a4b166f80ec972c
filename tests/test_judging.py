"""A submission's code, judged from outside: what it may do to itself, and what it can't do to its marks."""

import inspect
import pickle
import textwrap
import time

import numpy as np
import pytest

from musicgan_edu import checks, course, teaching
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.teaching import assignments, judging, wire

SETUP = ("setup", "", "import numpy as np\nfrom musicgan_edu import checks")
STEP = ("answer", "01.to_step", "def to_step(beat, steps_per_beat):\n    return round(beat * steps_per_beat)")


def source(name):
    return textwrap.dedent(inspect.getsource(checks.find(name).reference))


def judge(code, *, name="01.to_step", seconds=30.0, outside=True):
    other = [STEP] if name != STEP[1] else []
    with judging.Examiner([SETUP, ("answer", name, code), *other], seconds=seconds) as examiner:
        found = examiner.judge(name, seed=3, outside=outside)
        if other:  # whatever happened, the next exercise is judged as if it hadn't
            assert examiner.judge("01.to_step", seed=3).status == "correct"
    return found


ATTACKS = {
    "exits": ("import os\nos._exit(0)", "ended the process"),
    "exits when called": ("def tokens_of(*a):\n    import os\n    os._exit(0)", "ended the process"),
    "loops": ("while True: pass", "longer than 5 s"),
    "loops when called": ("def tokens_of(*a):\n    while True: pass", "longer than 5 s"),
    "system exit": ("raise SystemExit(0)", "SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "prints a lot": ("for _ in range(2000): print('x' * 100_000)\ndef tokens_of(*a): return 0", "four steps"),
    "gives too much": ("def tokens_of(*a):\n    return np.zeros(10**7)", "80 MB"),
    "forges a message": ("import os\nfor fd in range(3, 30):\n    try: os.write(fd, b'\\x08' + bytes(7) + b'correct!')\n"
                         "    except OSError: pass\ndef tokens_of(*a): return 0", "broke the line"),
    "sends code": ("class Bomb:\n    def __reduce__(self):\n        import os\n        return os.system, ('touch pwned',)\n"
                   "def tokens_of(*a): return Bomb()", "may not hold"),
    "deletes": ("import shutil, os\nshutil.rmtree(os.getcwd())\nshutil.rmtree(os.path.expanduser('~'), True)\n"
                "def tokens_of(*a): return 0", "four steps"),
    "no function": ("tokens_of = 3", "no function"),
    "syntax": ("def tokens_of(:", "SyntaxError"),
    "patches": ("import musicgan_edu.checks.lesson_01 as own\nfor m in (checks, own):\n"
                "    m.expect = m.require = m.judge = lambda *a, **k: checks.Result('correct')\n"
                "np.isclose = np.array_equal = lambda *a, **k: True\ndef tokens_of(*a): return np.zeros(a[1])", "two holds"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_gets_no_marks_and_costs_nothing_else(attack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("here")
    code, words = ATTACKS[attack]
    found = judge(code, name="01.tokens_of", seconds=5)
    assert found.status == "wrong"
    assert words in found.reason
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine"]


@pytest.mark.slow
def test_inside_a_judge_that_takes_nonsense_is_not_believed():
    patched = (
        "checks._REGISTRY['01.tokens_of'].__dict__['judge'] = lambda *a: None\ndef tokens_of(*a): return 0"
    )
    found = judge(patched, name="01.tokens_of", outside=False)
    assert "the check was changed" in found.reason
    assert judge(source("01.tokens_of"), name="01.tokens_of", outside=False).status == "correct"


def test_right_answers_stubs_and_errors_are_told_apart():
    assert judge(STEP[2]).status == "correct"
    assert judge("def to_step(*a):\n    raise NotImplementedError").status == "not attempted"
    told = judge("def to_step(beat, n):\n    return 1 // 0")
    assert "ZeroDivisionError" in told.reason
    assert "line 2 of your cell: return 1 // 0" in told.reason


def test_an_answer_that_changes_its_arguments_is_seen_from_outside():
    sorts = "def perplexity(*args):\n    args[0][:] = 0\n    return 1.0"
    with judging.Examiner([SETUP, ("answer", "04.marginals", source("04.marginals"))]) as examiner:
        examiner._start([], fresh=True)
        examiner._ask("load", "04.perplexity", [], [("setup", SETUP[2]), ("answer", sorts)])
        given = np.arange(3.0)
        with examiner._clock(20):
            examiner._answer("04.perplexity")(given)
    assert given.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "value",
    [None, 3, 2.5, "é", [1, (2, {"a": {3}})], np.arange(6).reshape(2, 3), np.float32(2), Score.from_rows([(0, 60, 0, 1)], tempo=90)],
)  # fmt: skip
def test_data_comes_back_as_it_was(value):
    again = wire.unpack_answer(wire.pack_answer(value))
    assert type(again) is type(value)
    assert repr(again) == repr(value)


def test_an_answer_that_is_code_is_refused():
    for bad in (time.sleep, judging.Examiner, np.load):
        with pytest.raises(pickle.UnpicklingError, match="may not hold"):
            wire.unpack_answer(pickle.dumps(bad))


def lesson(number):
    return course.read(next((course.ROOT / "source").glob(f"{number}_*.py")))


def test_an_assignment_holds_exercises_and_what_they_need_only():
    made = assignments.assignment(lesson("06"), seed=1)
    code = "\n".join(c["source"] for c in made["cells"] if c["cell_type"] == "code")
    assert "def sigmoid" in code
    assert "import matplotlib" not in code
    assert not any(word in code for word in ("training.", "corpus.", "player.play", "model.fit"))
    assert sum(c["metadata"].get("nbgrader", {}).get("points", 0) for c in made["cells"]) == sum(
        checks.find(name).stars for name in checks.names("06")
    )


def test_another_seed_asks_for_other_numbers():
    assert judging.exercise_seed(1, "01.to_step") != judging.exercise_seed(2, "01.to_step")
    first, second = (json_of(assignments.assignment(lesson("01"), seed=seed)) for seed in (1, 2))
    assert first != second
    assert first == json_of(assignments.assignment(lesson("01"), seed=1))


def json_of(notebook):
    return [cell["source"] for cell in notebook["cells"]]


def test_a_folder_in_use_and_an_unknown_lesson_are_refused(tmp_path):
    (tmp_path / "mine").write_text("here")
    with pytest.raises(MusicganError, match="is there already"):
        teaching.make_course(tmp_path, seed=1)
    with pytest.raises(MusicganError, match="no lesson 77"):
        teaching.make_course(tmp_path / "new", seed=1, lessons=["77"])
    assert not (tmp_path / "new").exists()


def test_the_hidden_test_itself_fails_wrong_answers_and_the_reference_that_stands_in(capsys):
    checks.grade("01.to_step", checks.find("01.to_step").reference, seed=5)
    with pytest.raises(AssertionError, match="wrong, because"):
        checks.grade("01.to_step", lambda *_: 0, seed=5)
    stand_in = checks.check("01.to_step", lambda *_: 0)
    with pytest.raises(AssertionError, match="that is the reference"):
        checks.grade("01.to_step", stand_in, seed=5)
