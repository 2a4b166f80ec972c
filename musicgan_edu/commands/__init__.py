"""The commands: one module for each family, one function for each command.

Comes in: parsed arguments. Goes out: files, a few lines on stdout. Thin on purpose: a command calls one
room and prints. Rooms are imported inside the functions, so that `musicgan --help` answers at once.
"""

from musicgan_edu.commands import (
    clean,
    complete,
    generator,
    harmonise,
    learner,
    mix,
    recommend,
    restyle,
    teacher,
    transcribe,
)
from musicgan_edu.commands.arguments import Command

__all__ = ["COMMANDS", "Command"]

COMMANDS: dict[str, Command] = {
    **learner.COMMANDS,
    **generator.COMMANDS,
    **mix.COMMANDS,
    **restyle.COMMANDS,
    **harmonise.COMMANDS,
    **clean.COMMANDS,
    **complete.COMMANDS,
    **recommend.COMMANDS,
    **transcribe.COMMANDS,
    **teacher.COMMANDS,
}
