"""Graded variants: the public solution's numbers fail, the same solution with the course's numbers passes."""

import json

import pytest

from musicgan_edu import checks, course
from musicgan_edu.teaching import assignments, judging, nbgrader_step

VARIED = sorted(name for name in checks.names() if checks.find(name).varies)
SEEDS = (1, 2, 3, 20261130)


def lesson_of(name):
    return course.read(next((course.ROOT / "source").glob(f"{name[:2]}_*.py")))


def answer_of(name, numbers):
    """The lesson's solution with these numbers, run beside what it needs."""
    lesson = lesson_of(name)
    own = name.split(".")[1]
    code = next(cell.text for cell in lesson.cells if cell.exercise == own)
    space = {}
    exec(assignments.setup_code(lesson), space)
    space |= {other.split(".")[1]: checks.find(other).reference for other in checks.names(name[:2])}
    exec(assignments._with_numbers(code, name, numbers), space)
    return space[own]


def test_four_exercises_vary():
    assert VARIED == ["00.tone", "03.split_of", "08.diagnose", "10.wilson_interval"]


@pytest.mark.parametrize("name", VARIED)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_course_numbers_pass_and_the_lessons_fail(name, seed):
    numbers = assignments.variant(name, seed)
    assert numbers
    assert checks.judge(name, answer_of(name, numbers), seed=seed, numbers=numbers).status == "correct"
    public = answer_of(name, {})
    assert checks.judge(name, public, seed=seed).status == "correct"
    assert checks.judge(name, public, seed=seed, numbers=numbers).status == "wrong"
    assert checks.judge(name, checks.find(name).reference, seed=seed, numbers=numbers).status == "wrong"


@pytest.mark.parametrize(
    ("name", "key", "number"),
    [(n, key, number) for n in VARIED for key, all_ in checks.find(n).varies.items() for number in all_[1:]],
)
def test_every_single_number_tells_the_copy_from_the_solution(name, key, number):
    assert checks.judge(name, answer_of(name, {key: number}), numbers={key: number}).status == "correct"
    assert checks.judge(name, answer_of(name, {}), numbers={key: number}).status == "wrong"


@pytest.mark.parametrize("name", VARIED)
def test_the_sheet_says_the_numbers_and_hides_the_seed(name):
    numbers = assignments.variant(name, 20261130)
    cells = {c["id"]: c["source"] for c in assignments.assignment(lesson_of(name), seed=20261130)["cells"]}
    own = name.replace(".", "-")
    for key, number in numbers.items():
        assert f"- {number:g} in place of" in cells[f"{own}-numbers"]
        assert f"{key}={number:g})" in cells[f"{own}-test"] or f"{key}={number:g}," in cells[f"{own}-test"]
    shown = json.dumps(
        {key: text.partition("### END HIDDEN TESTS")[2] or text for key, text in cells.items()}
    )
    assert "20261130" not in shown
    assert str(judging.exercise_seed(20261130, name)) not in shown


def test_the_judge_reads_a_tests_line_with_and_without_numbers():
    line = nbgrader_step._TEST.search('checks.grade("00.tone", tone, seed=12, amplitude=0.25)')
    assert (line[1], line[2], line[3]) == ("00.tone", "12", None)
    assert nbgrader_step._numbers(line[4]) == {"amplitude": 0.25}
    plain = nbgrader_step._TEST.search('checks.grade("07.train_step", train_step, seed=12, outside=False)')
    assert plain[3]
    assert nbgrader_step._numbers(plain[4]) == {}


def test_two_courses_ask_other_numbers():
    sheets = {str([assignments.variant(name, seed) for name in VARIED]) for seed in range(20)}
    assert len(sheets) > 15
    assert assignments.variant("01.to_step", 7) == {}
