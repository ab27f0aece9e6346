"""A real window that is killed, and the next one that goes on from there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Daemon, netcat, wait_until
from tests.support.display import virtual_display
from tests.support.windows import MISSING_TOOLS, RealWindow, Screen, started

pytestmark = [pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS), pytest.mark.slow]
