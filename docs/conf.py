"""How Sphinx makes a site of these pages: ``sphinx-build docs build/site``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE / "_site"))

project = "chatd"
release = re.findall(r'__version__ = "(.+)"', (_HERE.parent / "chatd" / "__init__.py").read_text())[0]
copyright = ""  # noqa: A001  # the name that Sphinx reads
extensions = ["forge_pages", "unreleased"]
exclude_patterns = ["_site"]
nitpicky = True
highlight_language = "text"
smartquotes = False

html_theme = "furo"
html_title = f"chatd {release}"
html_favicon = "../chatd/edges/web/page/icon.svg"
html_static_path = ["_site/static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

linkcheck_ignore = [r"https?://([\w.-]+\.)?example\.(org|com)\b", r"https?://(127\.0\.0\.1|localhost)\b"]
