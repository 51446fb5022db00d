"""Takes the pictures of the documentation anew: `make pictures`.

It runs the tests beside it, and takes pictures of what pytest prints and of the page. Needs
Debian's chromium and pngquant.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
IMAGES = HERE.parent / "images"

TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #16181d; }
pre {
  margin: 0; padding: 22px 26px; width: max-content; color: #d7dae0;
  font: 13px/1.55 "DejaVu Sans Mono", monospace;
}
.c1 { font-weight: bold; } .c31, .c91 { color: #ff8a80; } .c32, .c92 { color: #5fd0ac; }
.c33, .c93 { color: #e5b765; } .c34, .c94 { color: #8aa6f5; } .c35, .c95 { color: #c9a4f5; }
.c36, .c96 { color: #62c8d8; } .c90 { color: #8b919c; }
</style><pre>%s</pre>"""


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(HERE / "test_promotion.py", folder)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
        ]
        command += ["--color=yes"]
        result = subprocess.run(
            [*command, "--wandb-automations-report=page.html"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        (folder / "terminal.html").write_text(TERMINAL % _coloured(result.stdout), "utf-8")
        _shoot(folder)
    for path in IMAGES.glob("*.png"):
        subprocess.run(
            ["pngquant", "--force", "--ext", ".png", "--quality", "70-95", path], check=True
        )


def _coloured(output: str) -> str:
    """Return what pytest prints of the first failure as HTML, in its own colours."""
    (told,) = re.findall(r"^[^\n]*_ test_a_promoted.*?elsewhere: \S+$", output, re.M | re.S)
    parts = re.split(r"\x1b\[([\d;]*)m", html.escape(told, quote=False))
    spans = [parts[0]]
    for codes, text in zip(parts[1::2], parts[2::2], strict=True):
        classes = " ".join(f"c{code}" for code in codes.split(";"))
        spans.append(f'<span class="{classes}">{text}</span>')
    return "".join(spans)


def _shoot(folder: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 300}, device_scale_factor=1.5)
        page.goto((folder / "terminal.html").as_uri())
        page.locator("pre").screenshot(path=IMAGES / "failure-report.png")
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": 1000, "height": 1110},
                device_scale_factor=1.5,
                color_scheme=scheme,
            )
            page.goto((folder / "page.html").as_uri())
            page.locator("details.test").nth(0).evaluate("each => { each.open = false }")
            page.screenshot(path=IMAGES / f"page-{scheme}.png")
        browser.close()


if __name__ == "__main__":
    main()
