"""The exercises' checks: stubs, wrong answers and solutions each get the answer that they should."""

import importlib
import json
import re

import numpy as np
import pytest

from musicgan_edu import checks, course
from musicgan_edu.checks import _progress
from musicgan_edu.score import MusicganError

NAMES = checks.names()


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICGAN_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def wrong_answers(name):
    module = importlib.import_module(f"tests.wrong_answers.lesson_{name.split('.')[0]}")
    return module.WRONG.get(name, [])


def stub(*args):
    raise NotImplementedError


def test_every_lesson_with_a_source_has_its_exercises_registered():
    sources = sorted((course.ROOT / "source").glob("*.py"))
    assert len(sources) >= 2
    for path in sources:
        lesson = course.read(path)
        written = [f"{lesson.number}.{cell.exercise}" for cell in lesson.cells if cell.exercise]
        assert bool(written) != lesson.is_page
        assert sorted(written) == sorted(checks.names(lesson.number))


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_is_not_attempted(name):
    assert checks.judge(name, stub) == checks.Result("not attempted")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 20261123])
def test_the_reference_is_correct_whatever_the_seed(name, seed):
    assert str(checks.judge(name, checks.find(name).reference, seed=seed)) == "✔ correct"


@pytest.mark.parametrize("name", [name for name in NAMES if checks.find(name).twin])
def test_the_packages_own_form_is_correct(name):
    assert str(checks.judge(name, checks.find(name).twin)) == "✔ correct"


@pytest.mark.parametrize("name", NAMES)
def test_plausible_wrong_answers_get_a_reason_that_helps(name):
    answers = wrong_answers(name)
    assert len(answers) >= 2, f"{name} needs two wrong answers in tests/wrong_answers"
    for answer, words in answers:
        result = checks.judge(name, answer)
        assert result.status == "wrong", answer
        assert words in result.reason


def test_wrong_answers_belong_to_exercises():
    """So that the count of `benchmarks/lessons.py` is one of answers that the test above has judged."""
    for number in sorted({name.split(".")[0] for name in NAMES}):
        module = importlib.import_module(f"tests.wrong_answers.lesson_{number}")
        assert module.WRONG.keys() == {name for name in NAMES if name.startswith(number)}


def test_a_correct_answer_is_given_back_and_noted(capsys, progress_file):
    def frequency(pitch):
        return 440.0 * 2.0 ** (pitch / 12 - 5.75)

    assert checks.check("00.frequency", frequency) is frequency
    assert capsys.readouterr().out == "00.frequency: ✔ correct\n"
    noted = json.loads(progress_file.read_text())
    assert list(noted["passed"]) == ["00.frequency"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", noted["passed"]["00.frequency"])


def test_an_open_exercise_goes_on_with_the_reference_and_says_so(capsys, progress_file):
    stand_in = checks.check("00.frequency", stub)
    said = capsys.readouterr().out
    assert "00.frequency: ○ not attempted" in said
    assert "REFERENCE SOLUTION" in said
    assert stand_in(81) == 880
    assert capsys.readouterr().out == "[this cell uses the reference solution of 00.frequency]\n"
    assert stand_in(57) == 220  # the same cell: said once
    assert capsys.readouterr().out == ""
    assert not progress_file.exists()


def test_the_reference_cannot_be_handed_in(capsys, progress_file):
    stand_in = checks.check("00.frequency", stub)
    assert checks.check("00.frequency", stand_in) is stand_in
    assert "Run your own cell above" in capsys.readouterr().out
    assert not progress_file.exists()


def test_a_wrong_answer_says_why_and_where():
    result = checks.judge("00.seconds_of", lambda beats, tempo: beats / 0)
    assert result.status == "wrong"
    assert result.reason.startswith("it raised ZeroDivisionError: division by zero")
    assert str(checks.judge("00.seconds_of", 60)) == "✘ wrong, because seconds_of is 60, not a function"


def test_an_unknown_exercise_is_named_beside_the_known_ones():
    with pytest.raises(MusicganError, match=r"no exercise '00.frequenzy'.*00.frequency"):
        checks.check("00.frequenzy", stub)


def test_an_exercise_must_be_called_as_its_function():
    with pytest.raises(MusicganError, match=r"'00.tempo' needs a reference of that name"):
        checks.exercise("00.tempo", reference=stub)
    with pytest.raises(MusicganError, match="1 to 3 stars"):
        checks.exercise("00.stub", reference=stub, stars=4)


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (None, 3, "gave None: is a `return` missing?"),
        (2, 3, "f(7) gave 2 instead of 3: count again"),
        (np.zeros(2), np.zeros(3), "gave shape (2,) instead of (3,)"),
        (np.array([1.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0]), "gave 5.0 instead of 2.0 at index 1 (2 of 3 differ)"),
        (np.array([[1, 2]]), np.array([[1, 3]]), "gave 2 instead of 3 at index (0, 1) (1 of 2 differ)"),
        ("C", "D", "gave 'C' instead of 'D'"),
        ([1, 2], [1, 3], "gave [1, 2] instead of [1, 3]"),
        ("seven", 7, "gave seven instead of 7"),
    ],
)  # fmt: skip
def test_expect_names_the_first_difference(got, want, words):
    def f(x):
        return got

    with pytest.raises(checks.Wrong, match=re.escape(words)):
        checks.expect(f, [7], want, "count again")


def test_expect_takes_rounding_for_equal_and_guards_its_arguments():
    assert checks.expect(lambda x: x + 1e-12, [1.0], 1.0) == pytest.approx(1.0)
    given = np.array([3, 1, 2])

    def sorts_in_place(values):
        values.sort()
        return values

    with pytest.raises(checks.Wrong, match="changed what it was given"):
        checks.expect(sorts_in_place, [given], np.array([1, 2, 3]))
    assert given.tolist() == [3, 1, 2]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"passed": 3}', "\x00\x01"])
def test_a_damaged_progress_file_is_moved_aside_not_overwritten(damage, progress_file):
    progress_file.write_text(damage)
    assert _progress.load() == {}
    _progress.record("00.tone")
    assert list(_progress.load()) == ["00.tone"]
    progress_file.write_text("damaged anew")
    _progress.record("00.tone")
    assert progress_file.with_suffix(".damaged.json").read_text() == damage
    assert progress_file.with_suffix(".damaged1.json").read_text() == "damaged anew"


def test_progress_that_cannot_be_written_costs_no_lesson(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").touch()  # no folder, not even root's
    monkeypatch.setenv("MUSICGAN_PROGRESS", str(tmp_path / "file" / "progress.json"))
    reference = checks.find("00.seconds_of").reference
    assert checks.check("00.seconds_of", reference) is reference
    assert "correct" in capsys.readouterr().out
