#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""browser.py - the page in a real headless Chromium: open, click, pick, move, undo, save; makes a screenshot

  browser.py SERVER MODEL PICTURE SCREENSHOT.png [X,Y=#RRGGBB ...]

Speaks the DevTools protocol over a pipe, so it needs Chromium (CHROMIUM=path) and nothing else. X,Y are pixels of the
picture; with a colour the point gets it, else the likeliest that is suggested. What was saved is compared with what
cnn-colorize makes of the saved hints where TOOL=path says it. Run by hand; prints what took how long.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time


class Browser:
    """Chromium with one tab."""

    def __init__(self, folder):
        down, self.down = os.pipe()
        self.up, up = os.pipe()
        program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        options = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-sandbox", "--disable-gpu",
                   "--disable-background-networking", f"--user-data-dir={folder}/profile", "about:blank"]
        # The protocol's ends are 3 and 4 in the browser.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" 3<&{down} 4>&{up}', program, *options], pass_fds=(down, up),
            stderr=subprocess.DEVNULL)
        os.close(down), os.close(up)
        self.number, self.left, self.said, self.session = 0, b"", [], None
        target = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "DOM", "Log"):
            self.ask(domain + ".enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=1280, height=800, deviceScaleFactor=1, mobile=False)

    def read(self):
        """The next message."""
        while b"\0" not in self.left:
            more = os.read(self.up, 1 << 20)
            if not more:
                sys.exit("the browser has gone")
            self.left += more
        text, self.left = self.left.split(b"\0", 1)
        return json.loads(text)

    def ask(self, method, **params):
        self.number += 1
        message = dict(id=self.number, method=method, params=params)
        if self.session:
            message["sessionId"] = self.session
        os.write(self.down, json.dumps(message).encode() + b"\0")
        while True:
            found = self.read()
            if found.get("id") == self.number:
                if "error" in found:
                    sys.exit(f"{method}: {found['error']['message']}")
                return found["result"]
            if found.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.said.append(json.dumps(found["params"])[:300])

    def value(self, expression):
        found = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            sys.exit(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def until(self, expression, seconds=60):
        """Waits; seconds that it took."""
        start = time.monotonic()
        while not self.value(expression):
            if time.monotonic() - start > seconds:
                sys.exit(f"waited {seconds} s for {expression}; the page says: {self.value('said.textContent')}")
            time.sleep(0.02)
        return time.monotonic() - start

    def mouse(self, kind, x, y):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click(self, x, y):
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def press(self, selector):
        """Clicks the middle of an element, as a hand does."""
        box = self.value(f"(b => [b.x + b.width / 2, b.y + b.height / 2])"
                         f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")
        self.click(*box)

    def choose_file(self, selector, path):
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[os.path.abspath(path)])

    def close(self):
        self.session = None
        self.ask("Browser.close")
        self.process.wait(20)


IDLE = "!busy && view.complete"  # names of the page


def on_screen(b, x, y):
    """Where a pixel of the picture is."""
    return b.value(f"(m => [m.x + ({x} + .5) * m.width / picture.width, m.y + ({y} + .5) * m.height / picture.height])"
                   "(marks.getBoundingClientRect())")


def put_point(b, x, y, colour):
    """Clicks there and picks: seconds until the picture had colours after the click, and after the choice."""
    start, n, before = time.monotonic(), b.value("points.length"), b.value("view.src")
    b.click(*on_screen(b, x, y))
    b.until(f"points.length == {n + 1} && view.src != {json.dumps(before)} && {IDLE}")
    first, before, start = time.monotonic() - start, b.value("view.src"), time.monotonic()
    if colour:
        b.value(f"any.value = '{colour}'; any.onchange({{target: any}})")
    else:
        b.press("#suggested .swatch:nth-child(2)")
    b.until(f"view.src != {json.dumps(before)} && {IDLE}")
    return first, time.monotonic() - start


def check(truth, sentence):
    print(("ok    " if truth else "WRONG ") + sentence, flush=True)
    check.failed = check.failed or not truth


check.failed = False


def saved(folder, name, seconds=120):
    path, start = os.path.join(folder, name), time.monotonic()
    while not os.path.exists(path) and time.monotonic() - start < seconds:
        time.sleep(0.05)
    return path


def move_and_undo(b):
    """The first point is dragged, put back, removed, put back."""
    before = b.value("JSON.stringify(points)")
    x, y = on_screen(b, *b.value("[points[0].x, points[0].y]"))
    b.mouse("mousePressed", x, y)
    for i in range(1, 6):
        b.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x + 6 * i, y=y + 4 * i, button="left", buttons=1)
    b.mouse("mouseReleased", x + 30, y + 20)
    b.until(IDLE)
    moved = b.value("JSON.stringify(points)")
    check(moved != before and len(json.loads(moved)) == len(json.loads(before)), "a point is moved by dragging it")
    b.press("#undo")
    b.until(IDLE)
    check(b.value("JSON.stringify(points)") == before, "undo puts it back")
    b.press("#points li:first-child")
    b.press("#remove")
    b.until(IDLE)
    check(b.value("points.length") == len(json.loads(before)) - 1, "remove takes it away")
    b.press("#undo")
    b.until(IDLE)
    check(b.value("JSON.stringify(points)") == before, "undo brings it again")


def work(b, url, picture, screenshot, wanted, folder):
    b.ask("Page.navigate", url=url)
    b.until("document.readyState == 'complete' && typeof picture != 'undefined'")
    b.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
    b.choose_file("#open", picture)
    print(f"opened and coloured in {b.until('picture && url && ' + IDLE):.2f} s", flush=True)
    for x, y, colour in wanted:
        print("%d,%d: colours after the click in %.2f s, after the choice in %.2f s"
              % (x, y, *put_point(b, x, y, colour)), flush=True)
    check(b.value("suggestions.length") >= 2, "colours are suggested")
    move_and_undo(b)
    b.press("#points li:last-child")
    b.until(IDLE + " && suggestions.length")
    with open(screenshot, "wb") as f:
        f.write(base64.b64decode(b.ask("Page.captureScreenshot", format="png")["data"]))
    b.press("#hints")
    b.press("#png")
    hints, result = saved(folder, "hints.json"), saved(folder, "coloured.png")
    check(os.path.exists(hints) and os.path.exists(result), "picture and hints are saved")
    b.value("points = [], past = [], show()")
    b.choose_file("#load", hints)
    b.until("points.length == %d && %s" % (len(wanted), IDLE))
    check(not b.said, "the browser has nothing to complain of" + "".join("\n      " + s for s in b.said))
    return hints, result


def main(server, model, picture, screenshot, *points):
    wanted = [(*map(int, p.split("=")[0].split(",")), p.partition("=")[2]) for p in points]
    with tempfile.TemporaryDirectory() as folder:
        page = subprocess.Popen([server, "--port", "0", model], stdout=subprocess.PIPE, text=True)
        try:
            b = Browser(folder)
            hints, result = work(b, page.stdout.readline().strip(), picture, screenshot, wanted, folder)
            b.close()
        finally:
            page.terminate()
        check(page.wait(20) == 0, "the server ends when it is told to")
        if os.environ.get("TOOL"):
            own = os.path.join(folder, "tool.png")
            subprocess.run([os.environ["TOOL"], "--quiet", "-m", model, "--hints", hints, picture, own], check=True)
            same = open(own, "rb").read() == open(result, "rb").read()
            check(same, "cnn-colorize makes the same bytes of the saved hints")
    return check.failed


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
