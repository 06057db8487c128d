"""Draw the pictures of the explorer that the documentation shows, from SYNTHETIC reports made for it.

Usage: python docs/draw_explorer.py. Needs the extra `explorer`, Playwright and the system's Chromium; writes the
pictures into docs/how-to/.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent / "how-to"
SEEN = {
    "explorer-signals.png": "/signals?what=anti-wrinkle&cohort=sex%3AF",
    "explorer-compare.png": "/compare?what=anti-wrinkle&cohort=use%3Acosmetic&versus=use%3Atherapeutic",
}


def main() -> None:
    """Make reports, serve them, and keep what a reader sees."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "primum", "demo", "--in", folder], check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        serve = [sys.executable, "-m", "primum", "serve", "--store", f"{folder}/store", "--port", str(port)]
        with subprocess.Popen(serve) as process:
            try:
                draw(f"http://127.0.0.1:{port}")
            finally:
                process.terminate()


def draw(address: str) -> None:
    """Open each page and keep its picture."""
    for _ in range(200):
        with suppress(OSError):
            urllib.request.urlopen(address).close()
            break
        time.sleep(0.1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1180, "height": 640}, color_scheme="light")
        for name, path in SEEN.items():
            page.goto(address + path)
            page.screenshot(path=HERE / name)
        browser.close()


if __name__ == "__main__":
    main()
