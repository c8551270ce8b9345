"""Drive a real JupyterLab in headless Chromium, the way a learner's hands would.

    with JupyterLab(Path("notebooks")) as lab, chromium() as browser:
        with lab.open(browser, "00_start_here.ipynb") as notebook:
            notebook.run_all()
            for stepper in notebook.steppers():
                stepper.step("ArrowRight")

The tests, `tools/screenshots.py` and the slider benchmark all work through this module. The
notebooks are opened in a temporary copy, with JupyterLab settings of their own: nothing in the
project or in the user's home is read or changed.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

Theme = Literal["light", "dark"]

START_SECONDS = 90
RUN_SECONDS = 180
STEP_SECONDS = 10

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The same text widths on every machine, whatever its hinting and its screen.
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)

# What the browser's console says in every JupyterLab, with or without our notebooks.
CONSOLE_NOISE = (
    # A workspace or a setting that was never saved.
    "Failed to load resource: the server responded with a status of 404",
)

LAB_CONFIG: dict[str, dict[str, object]] = {
    "ServerApp": {"open_browser": False, "port_retries": 0, "allow_root": True},
    "LabApp": {
        # No call to the outside: no news, no update check, no list of extensions.
        "news_url": None,
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "extension_manager": "readonly",
        # Gives the page `jupyterapp`, through which this module runs JupyterLab's own commands.
        "expose_app_in_browser": True,
    },
    "LanguageServerManager": {"autodetect": False},
}

LAB_SETTINGS: dict[str, dict[str, object]] = {
    # Every cell is in the page, and the page ends where the notebook does.
    "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
    "docmanager-extension/plugin": {"autosave": False},
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}

# The JavaScript below runs in the page; `jupyterapp` is JupyterLab's own application object.
NOTEBOOK_READY = """() => {
    const app = window.jupyterapp;
    const panel = app?.shell.currentWidget;
    return Boolean(panel?.content?.widgets)
        && panel.context.isReady
        && panel.sessionContext.isReady
        && panel.sessionContext.session?.kernel?.status === 'idle'
        // Some of JupyterLab's plugins start only after the notebook is shown.
        && app.commands.hasCommand('apputils:change-theme')
        && app.commands.hasCommand('notebook:run-all-cells');
}"""

START_RUNNING = """() => {
    window.runAllHasEnded = false;
    window.jupyterapp.commands.execute('notebook:run-all-cells')
        .finally(() => { window.runAllHasEnded = true; });
}"""

HAS_RUN = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    return window.runAllHasEnded
        && panel.sessionContext.session?.kernel?.status === 'idle'
        && !panel.node.textContent.includes('Loading widget...');
}"""

UNRUN_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .map((cell, index) => ({ number: index + 1, model: cell.model }))
    .filter(({ model }) => model.type === 'code' && model.sharedModel.getSource().trim()
        && model.executionCount === null)
    .map(({ number }) => number)"""

ERRORS_SHOWN = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const cells = panel.content.widgets.map((cell) => cell.node);
    // JupyterLab gives a traceback and plain stderr text the same type.
    const kinds = {
        '[data-mime-type="application/vnd.jupyter.stderr"]': 'an error or text on stderr',
        '.jupyter-widgets-error-widget': 'a widget that cannot be displayed',
    };
    const where = (node) => `cell ${cells.findIndex((cell) => cell.contains(node)) + 1}`;
    const texts = Object.entries(kinds).flatMap(([selector, kind]) =>
        [...panel.node.querySelectorAll(selector)].map((node) =>
            `${where(node)} shows ${kind}: ${node.textContent.trim()}`));
    const images = [...panel.node.querySelectorAll('img')]
        .filter((image) => image.complete && image.naturalWidth === 0)
        .map((image) => `${where(image)} shows a broken image: ${image.alt}`);
    return [...texts, ...images];
}"""

# The one frame that is on the screen; a stepper hides the others, whichever way it likes.
VISIBLE_FRAMES = """(root) => [...root.querySelectorAll('.rnn-frame')]
    .filter((frame) => frame.getClientRects().length > 0)
    .map((frame) => {
        const sentence = frame.querySelector('.rnn-sentence');
        const shown = sentence !== null && sentence.getBoundingClientRect().height > 0;
        return {
            picture: frame.querySelector('svg')?.outerHTML ?? '',
            sentence: shown ? sentence.textContent.trim() : '',
        };
    })"""

# The notebook scrolls inside this element, not in the window.
SCROLLER = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer"


class ChromiumMissingError(RuntimeError):
    """There is no Chromium on this machine; the message says how to get one."""


class DriverError(AssertionError):
    """What the page shows is not what a learner should see; the message is one sentence."""


@dataclass(frozen=True)
class Frame:
    """What a stepper shows at one position: its picture (SVG source) and its sentence."""

    picture: str
    sentence: str


class Stepper:
    """One stepper in an open notebook: a slider and the frame it has chosen."""

    def __init__(self, root: Locator, name: str) -> None:
        self.root = root
        self.name = name
        self.handle = root.locator(".noUi-handle").first

    @property
    def position(self) -> int:
        """Where the slider's handle stands."""
        return self._number("aria-valuenow")

    @property
    def first(self) -> int:
        """The slider's lowest position."""
        return self._number("aria-valuemin")

    @property
    def last(self) -> int:
        """The slider's highest position."""
        return self._number("aria-valuemax")

    def _number(self, attribute: str) -> int:
        # noUiSlider keeps its positions as text, "3.0".
        return round(float(self.handle.get_attribute(attribute, timeout=5000) or "nan"))

    def frame(self) -> Frame:
        """Return what is visible now; raises DriverError unless exactly one frame is."""
        frames = self.root.evaluate(VISIBLE_FRAMES)
        if len(frames) != 1:
            raise DriverError(f"{self.name} shows {len(frames)} frames at once instead of one.")
        return Frame(**frames[0])

    def press(self, key: str) -> None:
        """Press a key on the slider's handle and return at once."""
        self.handle.focus()
        self.root.page.keyboard.press(key)

    def step(self, key: str) -> Frame:
        """Press a key that should move the slider, and return the new frame.

        Raises DriverError if the handle stays where it was or the picture stays the same.
        """
        before, start = self.frame(), self.position
        self.press(key)
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            if self.position != start:
                after = self.frame()
                if after.picture != before.picture:
                    return after
            time.sleep(0.01)
        if self.position == start:
            raise DriverError(f"{self.name} stays at {start} when {key} is pressed.")
        raise DriverError(
            f"{self.name} shows the same picture at {start} and at {self.position} "
            f"(after {key}, for {STEP_SECONDS} s)."
        )

    def go_to(self, position: int) -> Frame:
        """Move the slider by keys to a position and return the frame there.

        Raises ValueError for a position outside the slider, DriverError if a step fails.
        """
        if not self.first <= position <= self.last:
            raise ValueError(
                f"position must be from {self.first} to {self.last} on {self.name}, got {position}."
            )
        while self.position != position:
            self.step("ArrowRight" if self.position < position else "ArrowLeft")
        return self.frame()


class OpenNotebook:
    """A notebook in a browser page, with its kernel; leaving the `with` block ends both."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.console_errors: list[str] = []
        page.on("console", self._note_console_message)
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))

    def _note_console_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(CONSOLE_NOISE):
            self.console_errors.append(message.text.splitlines()[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.shut_down_kernel()
        finally:
            self.page.context.close()

    def wait_until_ready(self) -> None:
        """Wait for the notebook and its idle kernel; raises DriverError if they do not come."""
        self._wait_for(NOTEBOOK_READY, START_SECONDS, "its kernel does not start")

    def _wait_for(self, condition: str, seconds: float, otherwise: str) -> None:
        try:
            self.page.wait_for_function(condition, timeout=seconds * 1000, polling=100)
        except PlaywrightTimeoutError as error:
            raise DriverError(f"{self.name}: {otherwise} within {seconds:g} s.") from error

    def command(self, command: str, arguments: dict[str, object] | None = None) -> None:
        """Execute one of JupyterLab's own commands and wait until it has ended."""
        self.page.evaluate(
            "([id, args]) => window.jupyterapp.commands.execute(id, args).then(() => null)",
            [command, arguments or {}],
        )

    def run_all(self, seconds: float = RUN_SECONDS) -> None:
        """Run every cell and wait for the kernel and the widgets; raises DriverError if it hangs.

        A cell that fails ends the run early, as it does for a learner: see `errors`.
        """
        self.page.evaluate(START_RUNNING)
        self._wait_for(HAS_RUN, seconds, "Run All does not end")

    def errors(self) -> list[str]:
        """Return a line for each error, broken widget or image on show, and for each unrun cell."""
        unrun = [f"cell {number} has not run" for number in self.page.evaluate(UNRUN_CELLS)]
        return [*self.page.evaluate(ERRORS_SHOWN), *unrun]

    def steppers(self) -> list[Stepper]:
        """Return the notebook's steppers, from top to bottom."""
        roots = self.page.locator(".rnn-stepper")
        return [
            Stepper(roots.nth(index), f"{self.name}, stepper {index + 1}")
            for index in range(roots.count())
        ]

    def shut_down_kernel(self) -> None:
        """End the kernel and leave the page open."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def set_theme(self, theme: Theme) -> None:
        """Switch JupyterLab's colours."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {theme.capitalize()}"})
        light = "true" if theme == "light" else "false"
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")

    def screenshots(self, piece_height: int = 1600) -> Iterator[bytes]:
        """Yield PNG pictures of the notebook from top to bottom, none higher than asked."""
        page, scroller = self.page, self.page.locator(SCROLLER)
        viewport = page.viewport_size
        assert viewport is not None, "open() always sets one"
        # Nothing of the page but the notebook itself counts; what is above it keeps its height.
        frame_height = viewport["height"] - scroller.evaluate("(node) => node.clientHeight")
        page.set_viewport_size({"width": viewport["width"], "height": frame_height + piece_height})
        # A focused cell or handle has a frame and a tooltip that a resting notebook has not.
        page.evaluate("() => document.activeElement?.blur()")
        page.mouse.move(0, 0)
        top = 0
        while True:
            # At the end the notebook cannot scroll further: what remains is then lower down.
            reached, total = scroller.evaluate(
                """async (node, top) => {
                    node.scrollTop = top;
                    await new Promise((done) => requestAnimationFrame(
                        () => requestAnimationFrame(done)));
                    return [node.scrollTop, node.scrollHeight];
                }""",
                top,
            )
            box = scroller.bounding_box()
            assert box is not None, "a notebook that is open has a place on the page"
            seen = top - reached
            height = min(piece_height - seen, total - top)
            yield page.screenshot(
                clip={
                    "x": box["x"],
                    "y": box["y"] + seen,
                    "width": box["width"],
                    "height": height,
                },
            )
            top += height
            if top >= total:
                break
        page.set_viewport_size(viewport)


class JupyterLab:
    """A JupyterLab server on a temporary copy of a folder of notebooks.

    Entering the `with` block starts it and raises RuntimeError, with the end of its log, if it
    does not answer; leaving it ends the server and every kernel.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._token = secrets.token_hex(16)
        self._scratch = tempfile.TemporaryDirectory(
            prefix="rnn_core-lab-", ignore_cleanup_errors=True
        )
        self._root = Path(self._scratch.name)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """The copy that the server shows; what is written there can be opened too."""
        return self._root / "work"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            try:
                # Asked by its own door, it ends its kernels too; a signal does that only on Unix.
                self._request("POST", "/api/shutdown")
                self._process.wait(timeout=20)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait()
        self._scratch.cleanup()

    def _start(self) -> None:
        shutil.copytree(
            self._folder, self.folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints")
        )
        # Every folder that Jupyter and IPython would look for in the user's home.
        variables = {
            name: str(self._root / name.lower())
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "JUPYTERLAB_SETTINGS_DIR",
                "JUPYTERLAB_WORKSPACES_DIR",
                "IPYTHONDIR",
            )
        }
        for folder in variables.values():
            Path(folder).mkdir()
        port = int(self._url.rsplit(":", 1)[1])
        config = {
            **LAB_CONFIG,
            "ServerApp": {
                **LAB_CONFIG["ServerApp"],
                "ip": "127.0.0.1",
                "port": port,
                "root_dir": str(self.folder),
            },
            # In a file, not on the command line, where every user of the machine can read it.
            "IdentityProvider": {"token": self._token},
        }
        config_file = Path(variables["JUPYTER_CONFIG_DIR"], "jupyter_lab_config.json")
        config_file.write_text(json.dumps(config), encoding="utf-8")
        for plugin, settings in LAB_SETTINGS.items():
            path = Path(
                variables["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab", f"{plugin}.jupyterlab-settings"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings), encoding="utf-8")

        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter", "lab", "--no-browser"],
                cwd=self.folder,
                env={**os.environ, **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_up()

    @property
    def _log_path(self) -> Path:
        return self._root / "server.log"

    def _wait_until_up(self) -> None:
        assert self._process is not None, "_start() has just set it"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self._request("GET", "/api/status")
                return
            except OSError:
                time.sleep(0.1)
        log = self._log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        raise RuntimeError("JupyterLab does not answer; its log ends:\n" + "\n".join(log[-20:]))

    def _request(self, method: str, path: str) -> None:
        request = urllib.request.Request(
            self._url + path, method=method, headers={"Authorization": f"token {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=10):
            pass

    def open(
        self,
        browser: Browser,
        notebook: str,
        *,
        width: int = 1280,
        height: int = 900,
        theme: Theme = "light",
    ) -> OpenNotebook:
        """Open a notebook, by its name in the folder, in a page of its own with the kernel ready.

        Raises FileNotFoundError if there is no such notebook, DriverError if it does not open.
        """
        if not (self.folder / notebook).is_file():
            raise FileNotFoundError(f"There is no notebook {notebook} in {self._folder}.")
        context = browser.new_context(viewport={"width": width, "height": height})
        opened = OpenNotebook(context.new_page(), notebook)
        try:
            # `reset` forgets what an earlier page left open.
            opened.page.goto(f"{self._url}/lab/tree/{notebook}?token={self._token}&reset")
            opened.wait_until_ready()
            opened.set_theme(theme)
            # The file browser takes a third of a narrow page, and no lesson needs it.
            opened.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        except BaseException:
            context.close()
            raise
        return opened


def find_chromium(playwright: Playwright) -> Path | None:
    """Return the Chromium to use, or None: $CHROMIUM, else one on the PATH, else Playwright's own.

    Raises FileNotFoundError if $CHROMIUM names a file that is not there.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"The variable CHROMIUM names {named}, which is not a file.")
        return Path(named)
    installed = (shutil.which(name) for name in CHROMIUM_NAMES)
    candidates = [*filter(None, installed), playwright.chromium.executable_path]
    return next((Path(path) for path in candidates if Path(path).is_file()), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium; raises ChromiumMissingError if there is none."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            raise ChromiumMissingError(
                "There is no Chromium here: install the system's, or run "
                "python -m playwright install chromium."
            )
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()
