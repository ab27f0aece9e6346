"""Takes all pictures of the README and the documentation: ``python -m tools.pictures``. Afterwards look at each."""

from __future__ import annotations

import subprocess
import sys

TOOLS = ("hero_picture", "page_pictures", "window_pictures")


def main() -> None:
    """Run the tools one after the other; each has its own daemon and display."""
    for tool in TOOLS:
        subprocess.run([sys.executable, "-m", f"tools.{tool}"], check=True)


if __name__ == "__main__":
    main()
