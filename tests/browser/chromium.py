"""A headless Chromium, driven through its chromedriver by the WebDriver protocol (W3C), which is JSON over HTTP."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

PACKAGES = ("chromium", "chromium-driver")
# No network and no GPU; WebGL is computed by SwiftShader.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's number, as the protocol has it
KEYS = {"enter": "\ue007", "left": "\ue012", "up": "\ue013", "right": "\ue014"}
SECONDS = 120


def why_not() -> str | None:
    """Return why no Chromium can be had on this machine, None where it can; installs it where that is allowed."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return None
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "a Chromium with chromedriver is not installed, and to install it needs root and apt-get"
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", "-qq", *command], capture_output=True, text=True)
        if done.returncode != 0:
            return f"apt-get {command[0]} says {done.stderr.strip()[-300:]}"
    return None


class Chromium:
    """One window of a browser, in a profile of its own."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        log = Path(self.folder.name) / "log"
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0", f"--log-path={log}"], stdout=subprocess.PIPE, text=True
        )
        self.address = f"http://127.0.0.1:{self.port()}"
        options = {"args": [*FLAGS, f"--user-data-dir={self.folder.name}/profile"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        opened = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.address += f"/session/{opened['sessionId']}"

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()
        self.folder.cleanup()

    def port(self) -> int:
        """Return the port that the driver listens on, which it prints."""
        assert self.driver.stdout is not None
        for line in self.driver.stdout:
            if "successfully on port" in line:
                return int(line.rsplit("on port ", 1)[1].strip(" .\n"))
        raise AssertionError("chromedriver ended at once")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a command and return its value; an error that the browser reports is an AssertionError."""
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            f"{self.address}{path}", data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def open(self, page: Path, width: int = 1280, height: int = 900) -> float:
        """Open a file in a window of a size, and return after how many seconds its scripts were done."""
        self.resize(width, height)
        begun = time.monotonic()
        self.ask("POST", "/url", {"url": page.resolve().as_uri()})
        while self.run("return document.documentElement.dataset.ready") != "yes":
            assert time.monotonic() < begun + SECONDS, self.messages()
            time.sleep(0.05)
        return time.monotonic() - begun

    def resize(self, width: int, height: int) -> None:
        """Give the page this size in pixels, as a phone's browser has it."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, **features: str) -> None:
        """Let the reader prefer something: `prefer(color_scheme="dark")`."""
        wanted = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", {"features": wanted})

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """Send a command of the Chrome DevTools protocol."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def type(self, selector: str, keys: str) -> None:
        """Type into the first element that a selector finds."""
        found = self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        self.ask("POST", f"/element/{found}/value", {"text": keys})

    def messages(self) -> list[str]:
        """Return what the console has said since it was last asked, but for hints on the speed of reading pixels."""
        said = [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]
        return [message for message in said if "GPU stall due to ReadPixels" not in message]

    def picture(self, whole: bool = False) -> bytes:
        """Return what the window shows, or the whole page, as PNG."""
        taken = self.command("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        return base64.b64decode(taken["data"])

    def printed(self) -> bytes:
        """Return the page as it is printed, as PDF."""
        return base64.b64decode(self.command("Page.printToPDF", {"printBackground": True})["data"])
