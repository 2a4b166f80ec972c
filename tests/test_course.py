"""The builder: sources become learner and solution notebooks, the same every time."""

import re
import shutil
import subprocess
import sys
import textwrap
from html.parser import HTMLParser

import nbformat
import pytest

from musicgan_edu import checks, course
from musicgan_edu.score import MusicganError

BODY = """
# %% [markdown]
# ## Objectives
# ## Exercises
# ### Exercise ★ `frequency`

# %%
def frequency(pitch: float) -> float:
    \"\"\"The frequency, in hertz, of a MIDI pitch: 440 for pitch 69.\"\"\"
    # BEGIN SOLUTION
    return 440 * 2 ** ((pitch - 69) / 12)
    # END SOLUTION


# %%
frequency = checks.check("00.frequency", frequency)

# %% [markdown] solution="00.frequency"
# Mind the brackets.

# %% [markdown]
# ## Quiz

# %% [markdown] tags=["quiz"]
# **How many semitones has an octave?**
# - [ ] Eight :: That's the white keys,
#   both ends counted.
# - [x] Twelve :: `12`, so 2 to the power of 12/12.

# %% interactive="player"
play()

# %% static="player"
print("twin")

# %% [markdown]
# ## Recap
"""


@pytest.fixture
def register(monkeypatch):
    """The exercises that the little course is taken to have."""
    checks.names("00")  # registers them, as every other test file may or may not have done before

    def known(*names):
        monkeypatch.setattr(
            checks, "names", lambda lesson=None: [n for n in names if n.startswith(lesson or "")]
        )

    known("00.frequency")
    return known


@pytest.fixture
def root(tmp_path, register):
    """A little course: lesson 00 with everything in it, lesson 01 with next to nothing."""
    (tmp_path / "source").mkdir()
    write(tmp_path, "00_make_tone", "# %% [markdown]\n# # 00 · A tone\n" + BODY)
    plain = "# # 01 · More\n#\n# ## Objectives\n#\n# ## Exercises\n#\n# ## Quiz\n#\n# ## Recap\n"
    write(tmp_path, "01_make_more", "# %% [markdown]\n" + plain)
    return tmp_path


def write(root, name, text):
    (root / "source" / f"{name}.py").write_text(text, encoding="utf-8")


def cells(root, path):
    return nbformat.read(root / path, as_version=4).cells


def test_the_learners_version_has_stubs_and_folded_solutions(root):
    course.build(root)
    made = cells(root, "00_make_tone.ipynb")
    stub = next(cell for cell in made if cell.source.startswith("def frequency"))
    assert stub.source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert stub.id == "00-frequency"
    assert stub.metadata == {"musicgan": {"exercise": "00.frequency"}}
    assert not any("440 * 2" in cell.source for cell in made if cell.cell_type == "code")
    folded = made[
        [cell.source for cell in made].index('frequency = checks.check("00.frequency", frequency)') + 1
    ]
    assert folded.metadata == {"musicgan": {"solution": "00.frequency"}}
    assert folded.source == textwrap.dedent('''\
        <details><summary>Solution of 00.frequency</summary>

        ```python
        def frequency(pitch: float) -> float:
            """The frequency, in hertz, of a MIDI pitch: 440 for pitch 69."""
            return 440 * 2 ** ((pitch - 69) / 12)
        ```

        Mind the brackets.

        </details>''')


def test_the_solutions_version_has_them_written_in(root):
    course.build(root)
    made = cells(root, "solutions/00_make_tone.ipynb")
    code = [cell.source for cell in made if cell.cell_type == "code"]
    assert "return 440 * 2 ** ((pitch - 69) / 12)" in code[0]
    assert not any("SOLUTION" in text or "NotImplementedError" in text for text in code)
    assert any(cell.source == "Mind the brackets." for cell in made)
    assert not any("<summary>Solution" in cell.source for cell in made)
    assert "version with the solutions" in made[0].source


def test_links_lead_to_the_neighbours(root):
    course.build(root)
    first, second = cells(root, "00_make_tone.ipynb"), cells(root, "01_make_more.ipynb")
    assert first[-1].source == "[01 · More →](01_make_more.ipynb)"
    assert second[-1].source == "[← 00 · A tone](00_make_tone.ipynb)"
    assert first[0].source.endswith(first[-1].source)


def test_notebooks_are_valid_carry_a_kernel_and_nothing_that_changes(root):
    course.build(root)
    for path in [*root.glob("*.ipynb"), *root.glob("solutions/*.ipynb")]:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        assert all(
            not c.outputs and c.execution_count is None for c in notebook.cells if c.cell_type == "code"
        )
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_building_twice_changes_nothing_and_ids_follow_the_cell(root):
    assert len(course.build(root)) == 4
    assert course.build(root) == []
    before = {cell.source: cell.id for cell in cells(root, "00_make_tone.ipynb")}
    source = (root / "source/00_make_tone.py").read_text()
    write(root, "00_make_tone", source.replace("play()", "play(1)"))
    assert {path.name for path in course.build(root)} == {"00_make_tone.ipynb"}
    after = {cell.source: cell.id for cell in cells(root, "00_make_tone.ipynb")}
    assert {text for text in before if after.get(text) == before[text]} == before.keys() - {"play()"}


def test_check_finds_nothing_in_a_good_course_and_each_stale_notebook(root):
    course.build(root)
    assert course.check(root) == []
    (root / "01_make_more.ipynb").write_text("{}")
    (root / "solutions/00_make_tone.ipynb").unlink()
    shutil.copy(root / "00_make_tone.ipynb", root / "02_left_over.ipynb")
    assert course.check(root) == [
        "01_make_more.ipynb: stale; run `make lessons`",
        "02_left_over.ipynb: no source makes it; run `make lessons`",
        "solutions/00_make_tone.ipynb: stale; run `make lessons`",
    ]
    course.build(root)
    assert course.check(root) == []
    assert not (root / "02_left_over.ipynb").exists()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("69) / 12)", "69) / 13)", "00.frequency: the lesson's solution and the reference in checks differ"),
        ('"00.frequency", frequency', '"00.tone", frequency', "checks '00.tone', which no exercise"),
        ('frequency = checks.check("00.frequency", frequency)', "pass", "'00.frequency' is never checked"),
        ("## Recap", "## The end", "no section '## Recap'"),
        ("### Exercise", "##### Exercise", "skips a level"),
        ("## Quiz", "# Quiz", "a second title: 'Quiz'"),
        ("## Recap", "## Recap\n# ![](roll.png)", "image without alt text: ![](roll.png)"),
        ('static="player"', 'static="other"', "interactive 'player' has no static twin"),
        ("play()", "play()\n" * 16, "code cell too long (16 lines, 16 of code)"),
        ("play()", f"play({'1' * 90})", "line over 88 columns: 'play(111"),
        ("play()", "# why\n" * 25 + "play()", "code cell too long (26 lines, 1 of code)"),
    ],
)
def test_check_names_what_breaks_the_format(root, old, new, problem):
    source = (root / "source/00_make_tone.py").read_text()
    assert old in source
    write(root, "00_make_tone", source.replace(old, new, 1))
    course.build(root)
    found = course.check(root)
    assert any(problem in line and line.startswith("00_make_tone: ") for line in found), found


def test_check_compares_exercises_with_the_registry(root, register):
    course.build(root)
    register()
    assert course.check(root) == ["00_make_tone: exercise '00.frequency' isn't registered in checks"]
    register("00.frequency", "00.tone")
    assert course.check(root) == ["00_make_tone: checks registers '00.tone', not in the lesson"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tone", "# %% [markdown]\n# # 00 · A tone", "called NN_verb_object.py, not tone.py"),
        ("00_tone", "# %% [markdown]\n# # 00 · A tone", "called NN_verb_object.py"),
        ("00_make_tone", "# %% [markdown]\n# # A tone", "must open with '# 00 · Title', not '# A tone'"),
        ("00_make_tone", "", "must open with"),
    ],
)
def test_a_source_with_a_wrong_name_or_title_is_refused(tmp_path, name, text, message):
    path = tmp_path / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MusicganError, match=re.escape(message)):
        course.read(path)


PAGE = """# %% [markdown]
# # Start here
# First [zero](00), then [](01), [two](02), [](02).
#
# | lesson |
# |---|
# | [](00) |

# %% interactive="player"
play()

# %% static="player"
print("[](00)")
"""


def test_a_page_has_one_version_and_links_to_the_lessons_that_exist(root):
    write(root, "start", PAGE)
    source = (root / "source/00_make_tone.py").read_text()
    write(
        root,
        "00_make_tone",
        source.replace("# # 00 · A tone", "# # 00 · A tone\n# *45 minutes. No network.*"),
    )
    course.build(root)
    first, *_, last = cells(root, "start.ipynb")
    assert (
        "First [zero](00_make_tone.ipynb), then [01 · More](01_make_more.ipynb), two, 02 · still to come."
        in first.source
    )
    assert "| [00 · A tone](00_make_tone.ipynb), 45 minutes |" in first.source
    assert last.source == 'print("[](00)")'  # code stays as it is
    assert not (root / "solutions" / "start.ipynb").exists()
    assert cells(root, "01_make_more.ipynb")[-1].source == "[← 00 · A tone](00_make_tone.ipynb)"
    assert course.check(root) == []


def test_a_page_needs_no_sections_but_keeps_every_other_rule(root):
    write(root, "primer_music_theory", PAGE.replace('static="player"', 'static="other"'))
    write(root, "primer_mathematics", PAGE + BODY.replace("# ## Quiz", "# ##### Quiz"))
    write(root, "start", PAGE)
    course.build(root)
    (root / "start.ipynb").write_text("{}")
    found = course.check(root)
    assert "primer_music_theory: interactive 'player' has no static twin" in found
    assert "start.ipynb: stale; run `make lessons`" in found
    assert any(
        line.startswith("primer_mathematics: ") and "isn't registered in checks" in line for line in found
    )
    assert any("heading 'Quiz' skips a level" in line for line in found)
    (root / "source" / "start.py").unlink()
    assert root / "start.ipynb" in course.build(root)
    assert not (root / "start.ipynb").exists()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("primer", "# %% [markdown]\n# # A", "called NN_verb_object.py, not primer.py"),
        ("start", "# %% [markdown]\n# ## A", "start.py must open with '# Title', not '## A'"),
    ],
)
def test_a_page_with_a_wrong_name_or_title_is_refused(tmp_path, name, text, message):
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    with pytest.raises(MusicganError, match=re.escape(message)):
        course.read(tmp_path / f"{name}.py")


def test_every_region_is_cut_at_its_own_depth():
    code = "a = 1\n# BEGIN SOLUTION\na = 2\n# END SOLUTION\nif a:\n    # BEGIN SOLUTION\n    b = 3\n    # END SOLUTION"
    assert course.cut_solution(code) == (
        "a = 1\n# YOUR CODE HERE\nraise NotImplementedError()\nif a:\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    )


class _Folds(HTMLParser):
    """Counts elements, and fails on one that is left open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_quiz_explains_every_option():
    made = course.quiz_html("**Which?**\n- [ ] `a < b` :: No,\n  never.\n- [x] *yes* :: Because.")
    assert made.startswith("**Which?**\n\n<details><summary>A. <code>a &lt; b</code></summary>")
    assert "**No.** No, never." in made
    assert "<summary>B. <em>yes</em></summary>\n\n**Right.** Because." in made
    assert _Folds(made).seen.count("summary") == 2


@pytest.mark.parametrize(
    "text",
    [
        "Which?",
        "Which?\n- [x] one :: alone",
        "Which?\n- [ ] a :: x\n- [ ] b :: y",
        "Which?\n- [x] a :: x\n- [x] b :: y",
        "Which?\n- [x] a :: x\n- [ ] b",
    ],
)
def test_a_quiz_without_one_right_answer_or_an_explanation_is_refused(text):
    with pytest.raises(MusicganError, match="a quiz cell needs"):
        course.quiz_html(text)


def test_the_courses_own_notebooks_are_fresh():
    assert course.check() == []


def test_the_makefiles_commands_answer_with_exit_codes():
    def run(*arguments):
        line = [sys.executable, "-m", "musicgan_edu.course", *arguments]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    assert run("check").returncode == 0
    assert run("rebuild").returncode == 2
    assert run("rebuild").stderr == "usage: python -m musicgan_edu.course build|check\n"
