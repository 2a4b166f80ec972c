"""What `pip install` brings: the lessons inside the package, found without a checkout."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import musicgan_edu
from musicgan_edu.lab.courses import PATTERNS

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("musicgan_edu", "notebooks", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "CITATION.cff", "CONTRIBUTING.md")  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy, so that the tree stays clean."""
    copy = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(
                source, copy / part, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            )
        else:
            shutil.copy(source, copy / part)
    line = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        "out",
        ".",
    ]
    subprocess.run(line, cwd=copy, check=True)
    return next((copy / "out").glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_carries_lessons_and_parts_and_stays_small(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (path for pattern in PATTERNS for path in ROOT.glob(f"notebooks/**/{pattern}")):
        assert f"musicgan_edu/lessons/{path.relative_to(ROOT / 'notebooks').as_posix()}" in names
    for folder, kinds in (("sounds", ".sf3"), ("widgets", ".js")):
        assert any(name.startswith(f"musicgan_edu/{folder}/") and name.endswith(kinds) for name in names)
    assert not any(name.startswith(("tests", "notebooks", "setup")) for name in names)
    assert wheel.stat().st_size < 15e6


@pytest.mark.slow
def test_lessons_are_put_down_from_the_wheel_alone(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import musicgan_edu; "
        "from musicgan_edu.__main__ import main; print(musicgan_edu.__file__); main(['lab', 'mine', '--copy-only'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(tmp_path / "site"))
    built = {path.name for pattern in PATTERNS for path in ROOT.glob(f"notebooks/{pattern}")}
    assert "start.ipynb" in built
    assert {p.name for p in (tmp_path / "mine").glob("*.ipynb")} == built


@pytest.mark.slow
def test_the_sources_of_assignments_travel_too(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in ROOT.glob("notebooks/source/[0-9][0-9]_*.py"):
        assert f"musicgan_edu/lessons/source/{path.name}" in names


@pytest.mark.slow
def test_a_wheel_made_from_the_sdist_is_the_same(wheel, tmp_path):
    sdist = "from setuptools import build_meta; print(build_meta.build_sdist('out'))"
    subprocess.run([sys.executable, "-c", sdist], cwd=wheel.parents[1], check=True, capture_output=True)
    (made,) = wheel.parent.glob("*.tar.gz")
    line = ["pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(tmp_path), str(made)]
    subprocess.run([sys.executable, "-m", *line], cwd=tmp_path, check=True)
    again = zipfile.ZipFile(next(tmp_path.glob("*.whl")))
    first = zipfile.ZipFile(wheel)
    assert {i.filename: i.CRC for i in again.infolist()} == {i.filename: i.CRC for i in first.infolist()}


@pytest.mark.slow
def test_the_version_stands_in_one_place(wheel):
    assert wheel.name == f"musicgan_edu-{musicgan_edu.__version__}-py3-none-any.whl"
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {musicgan_edu.__version__}\n" in cited
