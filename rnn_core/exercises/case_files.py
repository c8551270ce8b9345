"""Put a case file together: measure the errors, walk both loops, and ask for the wrong line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rnn_core.exercises.backward import arguments, gradient_errors
from rnn_core.exercises.suspects import CORRECT, SUSPECTS, Suspect, setting
from rnn_core.losses import softmax_cross_entropy
from rnn_core.show.case_file import CaseFile, evidence, side_by_side
from rnn_core.show.question import Question
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.training import History

LENGTHS = range(1, 10)
WALK_T, WALK_B, WALK_N_H = 4, 1, 4


def case_file(
    program: str | Suspect, histories: Mapping[str, History] = MappingProxyType({})
) -> CaseFile:
    """Return the case file of one of the programs A to F by its name, or of a program of your own.

    `histories` holds trainings by name; those of "correct" and of the program are shown. Your own
    program gets no question: you know which line it is.
    Raises ValueError for another name.
    """
    if isinstance(program, str):
        if program not in SUSPECTS:
            raise ValueError(f"program is {program!r}, expected one of {', '.join(SUSPECTS)}.")
        program = SUSPECTS[program]
    question = _ask(program) if SUSPECTS.get(program.name) is program else None
    return CaseFile(_errors_by_T(program, histories), _beside_correct(program), question)


def _errors_by_T(program: Suspect, histories: Mapping[str, History]) -> Frame:
    """Return the gradient errors for T = 1 to 9 with B = 2, and beside them the trainings."""
    name = program.name
    found = {T: gradient_errors(program, *setting(T, 2)) for T in LENGTHS}
    chosen = [known for known in ("correct", name) if known in histories]
    return evidence(name, found, {known: histories[known].losses for known in chosen})


def _beside_correct(suspect: Suspect) -> Stepper:
    """Return the walk of a program beside that of the correct one, over 4 steps."""
    tried = setting(WALK_T, WALK_B, n_h=WALK_N_H)
    trace = tried.model.forward(tried.x, a_0=tried.a_0)
    _, dy = softmax_cross_entropy(trace.y, tried.targets)
    given = arguments(tried.model, trace, dy)
    walks = [program.walk(**given) for program in (CORRECT, suspect)]
    return side_by_side(suspect.name, *walks)


def _ask(suspect: Suspect) -> Question:
    """Return the question for the wrong line: the loop as the program has it is the choice."""
    lines = suspect.lines()
    loop, *inside = lines
    indented = {loop: lines[loop], **{f"    {line}": lines[line] for line in inside}}
    words = f"Program {suspect.name}: which line of the loop is wrong?"
    return Question(words, indented, f"    {suspect.wrong}")
