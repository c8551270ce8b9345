"""Measure how long a key press takes to become a new picture, in JupyterLab in Chromium.

    python benchmarks/sliders.py [--presses 60]

First the same step of the same network, drawn in two ways; then every slider of the course that
needs the kernel; last, what a thousand moves of each leave behind.

The same step of the same network is drawn in two ways: as the course does it (frames made
beforehand, linked to the slider in the browser), and by `interact` with Matplotlib, as is usual.
Each press is timed in the page itself: from the key's event to the frame after the one in which
the new picture was there. The two take turns, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
from ipywidgets import Dropdown, FloatSlider, IntSlider, Text
from ipywidgets.widgets.widget import _instances
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from jupyterlab_driver import DriverError, JupyterLab, OpenNotebook, chromium  # noqa: E402
from playwright.sync_api import Browser, ElementHandle  # noqa: E402
from run_notebook import pictures_with_controls  # noqa: E402

from rnn_core.show import Explore  # noqa: E402

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
    chain.set(xlim=(-0.6, 9), ylim=(0, 3))
    chain.axis("off")
    for s, word in enumerate(words):
        alpha = 1.0 if s < t else 0.4
        chain.text(s, 0.3, word, ha="center", bbox={"fc": "none", "ec": "green"}, alpha=alpha)
        chain.add_patch(plt.Rectangle((s - 0.3, 1.4), 0.6, 0.7, fill=False, ec="purple"))
        if s < t:
            chain.imshow(trace.a[s].reshape(2, 5), extent=(s - 0.25, s + 0.25, 1.5, 2.0),
                         cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
        for start, end in (((s, 0.6), (s, 1.4)), ((s - 0.7, 1.75), (s - 0.3, 1.75))):
            chain.annotate("", end, start, arrowprops={"arrowstyle": "->", "alpha": alpha})
        chain.text(s, 1.1, f"$a_{s + 1}$", alpha=alpha)
    chain.set(xlim=(-0.8, 8.6), ylim=(0, 3))
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
    table.set_xticks(range(10), range(1, 11))
    table.set_yticks(range(len(rows)), rows)
    bars.bar(word_order.NAMES, softmax(rows["y"]))
    figure.suptitle(f"t = {t}")
    plt.show()

interact(draw, t=IntSlider(min=0, max=9));
"""

# Times one press of a key on a slider's handle: resolves with milliseconds, or null where the
# picture stays as it is (a threshold that nothing reaches, say).
TIME_A_PRESS = """
([root, handle, seconds]) => {
    const shown = () => {
        const frames = [...root.querySelectorAll(".rnn-frame")]
            .filter((node) => node.offsetParent !== null);
        if (frames.length) return frames[0].innerHTML;
        const image = root.querySelector("img");
        return image && image.complete && image.naturalWidth ? image.src : null;
    };
    const before = shown();
    window.rnnPress = new Promise((resolve) => {
        const giveUp = setTimeout(() => resolve(null), seconds * 1000);
        handle.addEventListener("keydown", () => {
            const start = performance.now();
            const look = () => {
                const now = shown();
                if (now === null || now === before) return requestAnimationFrame(look);
                requestAnimationFrame(() => {
                    clearTimeout(giveUp);
                    resolve(performance.now() - start);
                });
            };
            requestAnimationFrame(look);
        }, {once: true, capture: true});
    });
}
"""


def time_a_press(
    notebook: OpenNotebook, root: ElementHandle, handle: ElementHandle, key: str
) -> float | None:
    """Return the milliseconds from a key's event to the frame after the new picture was there.

    None where the picture stays as it is for five seconds.
    """
    handle.focus()
    notebook.page.evaluate(TIME_A_PRESS, [root, handle, 5])
    notebook.page.keyboard.press(key)
    milliseconds: float | None = notebook.page.evaluate("() => window.rnnPress")
    notebook.page.wait_for_timeout(50)
    return milliseconds


def two_ways(lab: JupyterLab, browser: Browser, presses: int) -> dict[str, list[float]]:
    """Return the milliseconds of each press for both ways, which take turns press by press."""
    with lab.open(browser, "sliders.ipynb") as notebook:
        notebook.run_all()
        roots = {
            "frames made beforehand": notebook.page.query_selector(".rnn-stepper"),
            "interact and Matplotlib": notebook.page.query_selector(".widget-interact"),
        }
        times: dict[str, list[float]] = {name: [] for name in roots}
        for number in range(presses):
            # Nine steps forward, nine back: no press is lost at an end.
            key = "ArrowRight" if number % 18 < 9 else "ArrowLeft"
            for name, root in roots.items():
                handle = root and root.query_selector(".noUi-handle")
                if root is None or handle is None:
                    raise DriverError(f"The benchmark's notebook shows no slider for {name}.")
                milliseconds = time_a_press(notebook, root, handle, key)
                if milliseconds is None:
                    raise DriverError(f"{name} shows no new picture when {key} is pressed.")
                times[name].append(milliseconds)
        return times


def kernel_sliders(
    lab: JupyterLab, browser: Browser, name: str, presses: int
) -> dict[str, list[float]]:
    """Return the milliseconds of each press for every slider of a notebook that asks the kernel."""
    times: dict[str, list[float]] = {}
    with lab.open(browser, name) as notebook:
        notebook.run_all()
        for place, root in enumerate(notebook.page.query_selector_all(".rnn-explore"), start=1):
            for slider in root.query_selector_all(".widget-slider"):
                handle = slider.query_selector(".noUi-handle")
                label = slider.query_selector(".widget-label")
                assert handle is not None and label is not None
                low, now, high = (
                    float(handle.get_attribute(f"aria-value{end}") or "nan")
                    for end in ("min", "now", "max")
                )
                # There and back, away from the nearer end.
                keys = (
                    ("ArrowRight", "ArrowLeft")
                    if high - now > now - low
                    else ("ArrowLeft", "ArrowRight")
                )
                measured = []
                for number in range(presses):
                    milliseconds = time_a_press(notebook, root, handle, keys[number % 2])
                    if milliseconds is None:
                        break
                    measured.append(milliseconds)
                times[f"{name}, picture {place}, {label.inner_text()}"] = measured
    return times


def thousand_moves(path: Path) -> list[str]:
    """Return a row for each picture of a notebook that the kernel redraws: what moves leave."""
    rows = []
    for place, explore in enumerate(pictures_with_controls(path), start=1):
        move(explore, 200)
        gc.collect()
        before, widgets = memory(), len(_instances)
        start = time.perf_counter()
        move(explore, 1000)
        redraw = time.perf_counter() - start
        gc.collect()
        grown = (memory() - before) / 1e6
        rows.append(
            f"| {path.name}, picture {place} | {redraw:.1f} | {grown:+.1f} "
            f"| {len(_instances) - widgets:+d} |"
        )
    return rows


def move(explore: Explore, times: int) -> None:
    """Set one control after the other to random values that it can take."""
    rng = np.random.default_rng(0)
    controls = list(explore.controls.values())
    for number in range(times):
        control = controls[number % len(controls)]
        if isinstance(control, IntSlider):
            control.value = int(rng.integers(control.min, control.max + 1))
        elif isinstance(control, FloatSlider):
            control.value = float(rng.uniform(control.min, control.max))
        elif isinstance(control, Dropdown):
            control.value = control.options[int(rng.integers(len(control.options)))]
        elif isinstance(control, Text):
            control.value = control.value[:-1] if number % 4 < 2 else control.value + "b"


def memory() -> int:
    """Return the bytes of memory that this process holds."""
    return int(psutil.Process().memory_info().rss)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--presses", type=int, default=60, help="of each slider (default 60)")
    presses = parser.parse_args().presses
    cells = [new_code_cell(source.strip()) for source in (SETUP, STEPPER, INTERACT)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(notebook, Path(folder) / "sliders.ipynb")
        for path in paths:
            shutil.copy(path, folder)
        with JupyterLab(Path(folder)) as lab, chromium() as browser:
            times = two_ways(lab, browser, presses)
            kernel_times: dict[str, list[float]] = {}
            for path in paths:
                kernel_times |= kernel_sliders(lab, browser, path.name, max(10, presses // 3))
    slowest = max(statistics.median(values) for values in times.values())
    print(f"Milliseconds from key press to new picture, {presses} presses each.\n")
    print("| way | median | 90 % below | times faster |")
    print("|---|---|---|---|")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"| {name} | {median:.0f} | {high(values):.0f} | {slowest / median:.1f} |")
    print("\n| slider that asks the kernel | median | 90 % below |")
    print("|---|---|---|")
    for name, values in kernel_times.items():
        if values:
            print(f"| {name} | {statistics.median(values):.0f} | {high(values):.0f} |")
        else:
            print(f"| {name} | (it changes nothing at first) | |")
    print("\n| a thousand moves | ms in the kernel, each | MB more | widgets more |")
    print("|---|---|---|---|")
    for path in paths:
        for row in thousand_moves(path):
            print(row)


def high(values: list[float]) -> float:
    """Return the value that nine of ten are at most as large as."""
    return sorted(values)[int(0.9 * len(values))]


if __name__ == "__main__":
    main()
