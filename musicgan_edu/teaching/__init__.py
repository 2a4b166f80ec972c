"""The course for a class: assignments for nbgrader, grades that a submission can't give itself, a USB stick.

Comes in: the lessons' sources and an instructor's seed. Goes out: a nbgrader course folder (`make_course`), verdicts
on submissions (`judging.Examiner`, run by nbgrader through `nbgrader_step.Judge`), and a folder that installs
everything without a network (`make_classroom`).
"""

from musicgan_edu.teaching.assignments import TeachingError, assignment
from musicgan_edu.teaching.folder import make_course

__all__ = ["TeachingError", "assignment", "make_course"]
