"""Predict, then look: a question whose every wrong choice opens the misconception behind it."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from rnn_core.show.live import LiveBox


class Question(LiveBox):
    """A question with choices; choosing one opens its answer, without a kernel.

    `choices` maps each choice to its answer; `right` is the choice that is correct.
    Raises ValueError unless there are at least two choices and `right` is one of them.
    """

    def __init__(self, question: str, choices: dict[str, str], right: str) -> None:
        if len(choices) < 2:
            raise ValueError(f"choices has {len(choices)} entries, expected at least 2.")
        if right not in choices:
            raise ValueError(f"right is {right!r}, expected one of {', '.join(choices)}.")
        self.question, self.choices, self.right = question, dict(choices), right
        self.buttons = widgets.RadioButtons(
            options=list(choices), index=None, layout=widgets.Layout(width="auto")
        )
        self.answers = widgets.Stack(
            [self._answer(choice) for choice in choices], selected_index=None
        )
        # Both count from 0, so that the browser alone can open the answer.
        widgets.jslink((self.buttons, "index"), (self.answers, "selected_index"))
        ask = widgets.HTML(f'<p class="rnn-ask">{escape(question)}</p>')
        super().__init__([ask, self.buttons, self.answers], "rnn-question")

    def _answer(self, choice: str) -> widgets.HTML:
        verdict, kind = ("Yes.", "right") if choice == self.right else ("Not so.", "wrong")
        return widgets.HTML(
            f'<p class="rnn-answer rnn-{kind}"><b>{verdict}</b> {escape(self.choices[choice])}</p>'
        )

    def stored(self) -> dict[str, str]:
        # On a page without widgets the answers stay folded until the reader opens them.
        folded = "".join(
            f"<details><summary>{escape(choice)}</summary>"
            f"<p>{'Yes.' if choice == self.right else 'Not so.'} {escape(answer)}</p></details>"
            for choice, answer in self.choices.items()
        )
        plain = f"Question: {self.question} ({' / '.join(self.choices)})"
        html = f"<p><b>{escape(self.question)}</b></p>{folded}"
        return {"text/plain": plain, "text/html": html}
