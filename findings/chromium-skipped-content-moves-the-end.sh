#!/usr/bin/env bash
# Guess: content-visibility: auto with contain-intrinsic-size, which spares a long list the layout of what is out of sight, has no effect on what is in
#     sight: an element that is added at the end of what is scrolled to its end is as high as its content, and scrollTop = scrollHeight stays at the end.
# Instead: a new element has the height of the placeholder until it has been drawn once. Code that goes to the end in the same task goes to the end of that
#     height, far below the content; in one of the next frames the element shrinks, scrollTop is clamped, and there is a scroll event that no hand has made.
# Why it matters: a conversation that keeps its days in such elements takes that event for somebody who scrolls: one line in a new day, and it stops following
#     what comes and counts it as unread. Leave the last element out (:not(:last-child)), since it is drawn anyway.
# Source: Chromium 156, observed; CSS Containment Module Level 2, section 4: whether an element is relevant is determined while a frame is made.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for program in chromium chromedriver; do
    command -v "$program" >/dev/null || { echo "this one needs $program (packages chromium and chromium-driver)" >&2; exit 2; }
done
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install selenium==4.27.1 2>/dev/null
cat >"$tmp/page.html" <<'HTML'
<!doctype html>
<style>
  #list { height: 300px; overflow-y: auto }
  .day { content-visibility: auto; contain-intrinsic-size: auto 1200px }
  .rest .day:last-child { content-visibility: visible }
  p { margin: 0; height: 20px }
</style>
<div id="list"></div>
HTML
cat >"$tmp/show.js" <<'JS'
const [rest, done] = arguments;
const list = document.getElementById('list');
list.className = rest ? 'rest' : '';
list.replaceChildren();
const drawn = async () => {
  for (let frames = 0; frames < 5; frames++) await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
};
const add = (lines) => {
  const day = document.createElement('div');
  day.className = 'day';
  for (let i = 0; i < lines; i++) day.append(document.createElement('p'));
  list.append(day);
  list.scrollTop = list.scrollHeight;
};
(async () => {
  add(40);
  await drawn();
  list.scrollTop = list.scrollHeight;
  await drawn();
  const seen = { before: list.scrollTop };
  add(1);
  seen.atOnce = list.scrollTop;
  let moves = 0;
  list.onscroll = () => { if (list.scrollTop < seen.atOnce) moves++; };
  await drawn();
  done({ ...seen, later: list.scrollTop, moves });
})();
JS
cat >"$tmp/show.py" <<'PY'
import shutil
import sys
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

folder = Path(sys.argv[1])
options = webdriver.ChromeOptions()
options.add_argument("--headless=new")
options.add_argument("--no-sandbox")
with webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver"))) as browser:
    print("Chromium", browser.capabilities["browserVersion"])
    browser.get((folder / "page.html").as_uri())
    browser.set_script_timeout(30)
    skipped, drawn = (browser.execute_async_script((folder / "show.js").read_text(), rest) for rest in (False, True))
for name, seen in (("all of them auto", skipped), ("the last one visible", drawn)):
    print(
        f"{name}: scrolled to the end at {seen['before']:.0f}; a line of 20 pixels added: {seen['atOnce']:.0f}, "
        f"some frames later {seen['later']:.0f}; scroll events that went back: {seen['moves']}"
    )
sys.exit(not (skipped["moves"] and skipped["atOnce"] > skipped["later"] and drawn["atOnce"] == drawn["later"] and not drawn["moves"]))
PY
timeout 120 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: an element that was not drawn yet is as high as its placeholder"
