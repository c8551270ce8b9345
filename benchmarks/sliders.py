"""Measure how long a key press takes to become a new picture, in JupyterLab in Chromium.

    python benchmarks/sliders.py [--presses 60]

The same step of the same network is drawn in two ways: as the course does it (frames made
beforehand, linked to the slider in the browser), and by `interact` with Matplotlib, as is usual.
Each press is timed in the page itself: from the key's event to the frame after the one in which
the new picture was there. The two take turns, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from jupyterlab_driver import DriverError, JupyterLab, OpenNotebook, chromium  # noqa: E402

SETUP = """
import numpy as np
from rnn_core import show, softmax
from rnn_core.tasks import word_order

model = word_order.rnn()
words = word_order.question("Bob is stronger than Tom")
ids, _ = word_order.VOCABULARY.encode_batch([words])
trace, words = model.forward(ids), words.split()
"""

STEPPER = """
show.step_through(trace, words, readout=model.readout, classes=word_order.NAMES)
"""

INTERACT = """
import matplotlib.pyplot as plt
from ipywidgets import IntSlider, interact

def draw(t):
    figure, (chain, table, bars) = plt.subplots(
        3, 1, figsize=(8.6, 6.4), height_ratios=(2, 5, 2), layout="constrained"
    )
    chain.imshow(np.where(np.arange(9)[:, None] < t, trace.a[:, 0], np.nan).T,
                 cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
    chain.set_xticks(range(9), words)
    step = trace.step(max(t, 1))
    rows = {"x": step.x[0], "a before": step.a_prev[0], "x @ Wxh": step.from_x[0],
            "a @ W": step.from_a[0], "b": model.cell.b, "z": step.z[0], "a": step.a[0],
            "y": model.readout.forward(step.a)[0]}
    grid = np.full((len(rows), 10), np.nan)
    for number, values in enumerate(rows.values()):
        grid[number, : len(values)] = values
        for unit, value in enumerate(values):
            table.text(unit, number, f"{value:.2f}", ha="center", va="center")
    table.imshow(grid, cmap="PuOr", vmin=-2, vmax=2, aspect="auto")
    table.set_yticks(range(len(rows)), rows)
    bars.bar(word_order.NAMES, softmax(rows["y"]))
    figure.suptitle(f"t = {t}")
    plt.show()

interact(draw, t=IntSlider(min=0, max=9));
"""

# Times one press of a key on the slider in an element: resolves with milliseconds.
TIME_A_PRESS = """
([root, seconds]) => new Promise((resolve, reject) => {
    const shown = () => {
        const sentences = [...root.querySelectorAll(".rnn-sentence")]
            .filter((node) => node.offsetParent !== null);
        if (sentences.length) return sentences[0].textContent;
        const image = root.querySelector("img");
        return image && image.complete && image.naturalWidth ? image.src : null;
    };
    const before = shown();
    const give_up = setTimeout(() => reject(new Error("no new picture")), seconds * 1000);
    root.querySelector(".noUi-handle").addEventListener("keydown", () => {
        const start = performance.now();
        const look = () => {
            const now = shown();
            if (now === null || now === before) return requestAnimationFrame(look);
            requestAnimationFrame(() => {
                clearTimeout(give_up);
                resolve(performance.now() - start);
            });
        };
        requestAnimationFrame(look);
    }, {once: true, capture: true});
    window.rnnReady = true;
})
"""


def time_presses(notebook: OpenNotebook, presses: int) -> dict[str, list[float]]:
    """Return the milliseconds of each press for both ways, which take turns press by press."""
    page = notebook.page
    roots = {
        "frames made beforehand": page.locator(".rnn-stepper").element_handle(),
        "interact and Matplotlib": page.locator(".widget-interact").element_handle(),
    }
    times: dict[str, list[float]] = {name: [] for name in roots}
    for number in range(presses):
        # Nine steps forward, nine back: no press is lost at an end.
        key = "ArrowRight" if number % 18 < 9 else "ArrowLeft"
        for name, root in roots.items():
            if root is None:
                raise DriverError(f"The benchmark's notebook shows no slider for {name}.")
            handle = root.query_selector(".noUi-handle")
            assert handle is not None
            handle.focus()
            page.evaluate("() => { window.rnnReady = false; }")
            page.evaluate(
                f"(args) => {{ window.rnnPress = ({TIME_A_PRESS})(args); return null; }}",
                [root, 30],
            )
            page.wait_for_function("window.rnnReady")
            page.keyboard.press(key)
            times[name].append(float(page.evaluate("() => window.rnnPress")))
            page.wait_for_timeout(50)
    return times


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--presses", type=int, default=60, help="of each slider (default 60)")
    presses = parser.parse_args().presses
    cells = [new_code_cell(source.strip()) for source in (SETUP, STEPPER, INTERACT)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(notebook, Path(folder) / "sliders.ipynb")
        with (
            JupyterLab(Path(folder)) as lab,
            chromium() as browser,
            lab.open(browser, "sliders.ipynb") as opened,
        ):
            opened.run_all()
            times = time_presses(opened, presses)
    slowest = max(statistics.median(values) for values in times.values())
    print(f"Milliseconds from key press to new picture, {presses} presses each.\n")
    print("| way | median | 90 % below | times faster |")
    print("|---|---|---|---|")
    for name, values in times.items():
        median, high = statistics.median(values), sorted(values)[int(0.9 * len(values))]
        print(f"| {name} | {median:.0f} | {high:.0f} | {slowest / median:.1f} |")


if __name__ == "__main__":
    main()
