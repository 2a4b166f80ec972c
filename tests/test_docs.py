"""The course's frame: links resolve, and what docs/ and the start page name is there."""

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from musicgan_edu import checks, course, lab
from musicgan_edu.commands import COMMANDS

ROOT = course.ROOT.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
ROOMS = ("audio", "checks", "cleaning", "corpus", "encoding", "evaluation", "lab", "listeners", "losses", "models", "playback", "plane", "plotting", "sampling", "training")  # fmt: skip


def prose(path):
    return re.sub(r"^(```|~~~).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)


def sources():
    return sorted((course.ROOT / "source").glob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_internal_links_resolve(page):
    links = re.findall(r"\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)", prose(page))
    for link in links:
        if not re.match(r"https?:", link):
            assert (page.parent / link).exists(), link
    assert all(ch not in prose(page) for ch in ("\t", "\u00a0"))


def test_every_page_is_listed():
    listed = re.findall(r"\]\((\w+\.md)\)", prose(ROOT / "docs" / "README.md"))
    assert sorted(listed) == sorted(page.name for page in PAGES if page.name != "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_function_that_a_page_names_exists(page):
    for room, name in re.findall(rf"\b({'|'.join(ROOMS)})\.([a-z_0-9]+)\b(?!\.\w)", prose(page)):
        module = "evaluation.listeners" if room == "listeners" else room
        assert hasattr(importlib.import_module(f"musicgan_edu.{module}"), name), f"{room}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_exercise_that_a_page_names_exists(page):
    for command in re.findall(r"`musicgan ([a-z]+)", page.read_text(encoding="utf-8")):
        assert command in COMMANDS, command
    exercises = {name.split(".")[1] for path in sources() for name in checks.names(path.stem[:2])}
    for name in re.findall(r"`([a-z_0-9]+)`(?= ★)", prose(page)):
        assert name in exercises, name


def test_every_lesson_that_a_page_names_is_in_the_syllabus():
    for page in PAGES:
        for number in re.findall(r"lessons? (\d\d)", prose(page)):
            assert int(number) <= 15, f"{page.name}: lesson {number}"


def test_the_guide_has_each_lessons_own_minutes():
    guide = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d\d) [^|]+\| (\d+) \|", guide, flags=re.M))
    stated = {
        path.stem[:2]: re.search(r"\*(\d+) minutes", path.read_text(encoding="utf-8"))[1]
        for path in sources()
        if path.stem[:2].isdigit()
    }
    assert len(rows) == len(stated) == 16
    assert rows == stated


def test_the_glossary_has_the_missions_words_in_both_languages():
    text = prose(ROOT / "docs" / "glossary.md")
    for word in "生成对抗网络 生成器 判别器 潜变量 交叉熵 随机梯度下降 沃瑟斯坦距离 去噪 静音去除 风格迁移 作曲辅助 补全 推荐 模式崩溃 梯度惩罚".split():
        assert f"| {word}" in text, word
    rows = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    for row in rows:
        assert row.count("|") == 5, row
        assert re.search(r"[\u4e00-\u9fff]|中文", row), row


@pytest.mark.parametrize(("file", "app"), [("lab", "LabApp"), ("notebook", "JupyterNotebookApp")])
def test_binder_opens_the_start_page_that_its_build_puts_there(file, app):
    """Binder starts `jupyter lab`; an image that somebody makes with repo2docker, `jupyter notebook`."""
    config = json.loads((ROOT / "binder" / "jupyter" / f"jupyter_{file}_config.json").read_text())
    folder, name = Path(config[app]["default_url"].removeprefix("/lab/tree/")).parts
    assert f"musicgan lab {folder} --copy-only" in (ROOT / "binder" / "postBuild").read_text()
    assert (lab.lessons_folder() / name).is_file()
    assert "$PWD/binder/jupyter" in (ROOT / "binder" / "start").read_text()


def test_binder_gets_what_the_course_needs_and_none_of_the_proofs_tools():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    ours = _names(project["dependencies"], *(extras[name] for name in ("audio", "scale", "teach")))
    tools = _names(extras["test"]) - {"nbclient"}  # nbgrader needs it as well
    first, *beside = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    binder = _names((ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines())
    assert first == "-r ../binder/requirements.txt"
    assert binder >= ours
    assert not binder & tools
    assert _names(beside) >= tools


def _names(*lists):
    return {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for lines in lists for line in lines}


def test_the_start_page_leads_to_every_lesson_and_primer():
    cells = json.loads((course.ROOT / "start.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    linked = set(re.findall(r"\]\((\w+\.ipynb)\)", text))
    there = {path.name for path in course.ROOT.glob("*.ipynb")} - {"start.ipynb"}
    assert linked == there
