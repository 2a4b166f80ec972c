"""Names that Windows can hold: what is shipped lands there from the wheel, a zip or a clone."""

import re
import subprocess
from pathlib import PureWindowsPath

import pytest

from musicgan_edu import course

RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{kind}{n}" for kind in ("COM", "LPT") for n in range(1, 10))}
PLACE = PureWindowsPath(r"C:\Users\a-rather-long-user-name\musicgan\env\Lib\site-packages")


def trouble(name):
    """What Windows has against a relative path; empty if nothing."""
    parts = PureWindowsPath(name).parts
    if any(re.search(r'[<>:"|?*\x00-\x1f]|[. ]$', part) for part in parts):
        return "a character or an end that it forbids"
    if any(part.split(".")[0].upper() in RESERVED for part in parts):
        return "a device's name"
    return "too long" if len(str(PLACE / name)) >= 260 else ""


def test_every_tracked_file_has_a_name_for_windows_and_no_twin_in_other_letters():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=course.ROOT.parent, capture_output=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name]
    if not names:
        pytest.skip("not a clone")
    assert {name: trouble(name) for name in names if trouble(name)} == {}
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.parametrize("name", ["docs/aux.md", "a:b", "x/con", "end.", "what?.py", "long/" + "x" * 255])
def test_bad_names_are_found(name):
    assert trouble(name)
