"""The runner of the pages' blocks: what is wrong on a page fails, and what is right does not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.support import page_shell
from tests.support.page_commands import CommandError
from tests.support.page_output import matches, refreshed
from tests.support.page_runner import Difference, Page
from tests.support.pages import Block, blocks_of

SESSION = """
.. others: alice, ci

.. code-block:: console

   $ nc 127.0.0.1 10319
   NOTE This is chatd ... HELP for more.
   JOIN bob #builds
   NOTE You are bob. ...
   OK JOIN #builds 1 nick=bob
   JOIN alice #builds
   MSG alice #builds is the tree green?
   JOIN ci #builds
   MSG ci #builds passed
   PART ci #builds
   WHO
   WHO #builds bob alice
   OK WHO #builds 2
   TELL alice on it
   OK TELL alice stored=no
   FROM alice thank you
"""


def written(folder: Path, text: str) -> list[Block]:
    page = folder / "page.rst"
    page.write_text(dedent(text))
    return blocks_of(page)


def run(folder: Path, text: str) -> list[Difference]:
    with Page(folder / "world") as page:
        found = [difference for block in written(folder, text) if (difference := page.run(block)) is not None]
        page.finish()
        return found


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("listening since 2026-01-01 10:00", "listening since 2027-12-31 23:59"),
        ("took 12 ms, 3.4 MB", "took 9 ms, 120 kB"),
        ('{"id":57,"time":"2026-11-29T08:20:12.757Z"}', '{"id":1,"time":"2027-01-09T08:20:12.001Z"}'),
        ("epoch 7f3a9c.b2", "epoch 1f0c9b6e22.57"),
        ("one ... three", "one two three"),
        ("one\n...\nfour", "one\ntwo\nthree\nfour"),
    ],
)
def test_what_differs_each_time_is_no_difference(shown: str, printed: str) -> None:
    assert matches(shown.splitlines(), printed.splitlines())


@pytest.mark.parametrize(
    ("shown", "printed"),
    [("slow=10s", "slow=20s"), ("2 members", "3 members"), ("one\n...", "two\none"), ("one", "one\ntwo"), ("a", "")],
)
def test_all_else_is(shown: str, printed: str) -> None:
    assert not matches(shown.splitlines(), printed.splitlines())


def test_a_line_is_refreshed_and_what_is_left_out_stays_left_out() -> None:
    assert refreshed(["one", "...", "size 5"], ["one", "two", "three", "size 6"]) == ["one", "...", "size 6"]
    assert refreshed(["at 2026-01-01", "old"], ["at 2027-01-01", "new"]) == ["at 2026-01-01", "new"]


def test_a_console_is_compared(tmp_path: Path) -> None:
    page = """
    .. code-block:: console

       $ printf '%s\\n' one \\
           two
       one
       {second}
    """
    assert run(tmp_path, page.format(second="two")) == []
    (tmp_path / "again").mkdir()
    (found,) = run(tmp_path / "again", page.format(second="three"))
    assert found.lines == ["$ printf '%s\\n' one \\", "    two", "one", "two"]


def test_later_blocks_use_what_earlier_ones_made(tmp_path: Path) -> None:
    page = """
    .. file: greeting.txt

    .. code-block:: text

       hello

    .. code-block:: sh

       name=$(cat greeting.txt)
       for each in 1 2; do
           echo "$name" >> all.txt
       done

    .. output of: cat all.txt

    .. code-block:: text

       hello
       hello
    """
    assert run(tmp_path, page) == []


@pytest.mark.parametrize(
    "block",
    [
        ".. code-block:: sh\n\n   false",
        ".. code-block:: sh\n\n   echo good\n   no-such-command-here",
        ".. code-block:: console\n\n   $ sh -c 'exit 3'",
        ".. code-block:: python\n\n   raise ValueError",
        ".. code-block:: json\n\n   {'single': 1}",
        ".. code-block:: toml\n\n   [limits]\n   max-romes = 3",
        ".. code-block:: sh\n\n   .venv/bin/pip install '.[no-such-extra]'",
        ".. code-block:: yaml\n\n   a: 1",
        ".. exit status: 2\n\n.. code-block:: sh\n\n   true",
    ],
)
def test_what_fails_fails(tmp_path: Path, block: str) -> None:
    with pytest.raises(CommandError):
        run(tmp_path, block)


def test_what_should_fail_may(tmp_path: Path) -> None:
    assert run(tmp_path, ".. exit status: 3\n\n.. code-block:: sh\n\n   sh -c 'exit 3'") == []


def test_a_comment_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="tested bye"):
        run(tmp_path, ".. tested bye: nothing\n\n.. code-block:: sh\n\n   true")


def test_a_block_knows_where_it_stands(tmp_path: Path) -> None:
    one, two = written(
        tmp_path, "text::\n\n    one\n    1\n\n.. before: true\n\n.. code-block:: sh\n\n   one\n   two\n"
    )
    assert (one.first, one.indent, one.kind, one.steering) == (2, "    ", "", {})
    assert (two.first, two.indent, two.kind, two.steering) == (9, "   ", "sh", {"before": "true"})


@pytest.mark.slow
def test_a_session_is_played(tmp_path: Path) -> None:
    assert run(tmp_path, SESSION) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("OK WHO #builds 2", "OK WHO #builds 3"),
        ("WHO #builds bob alice\n", "WHO #builds bob\n"),
        ("OK JOIN #builds 1 nick=bob\n", ""),
        ("PART ci #builds", "PART ci #build"),
    ],
)
def test_a_session_that_went_otherwise_is_told_from_it(tmp_path: Path, right: str, wrong: str) -> None:
    page = SESSION.replace(f"   {right}", f"   {wrong}" if wrong else "")
    assert page != SESSION
    try:
        (found,) = run(tmp_path, page)
    except CommandError:
        return
    assert right.strip() in found.lines


@pytest.mark.slow
def test_lines_may_be_typed_whose_answers_are_left_out(tmp_path: Path) -> None:
    page = """
    .. as: JOIN bob #den

    .. answers: left out

    .. code-block:: text

       MSG hello
       {line}

    .. code-block:: console

       $ curl -s http://127.0.0.1:10380/-/health
       {{"status":"ok"}}
    """
    assert run(tmp_path, page.format(line="WHO")) == []
    (tmp_path / "again").mkdir()
    with pytest.raises(CommandError, match="ERR"):
        run(tmp_path / "again", page.format(line="KICK nobody"))


@pytest.mark.slow
def test_what_goes_on_has_to_print_what_is_shown(tmp_path: Path) -> None:
    page = """
    .. code-block:: sh

       chatd --port 10319 --journal memory: &

    .. code-block:: console

       $ curl -sN http://127.0.0.1:10380/builds/raw
       2026-11-29 08:20:12 ci: {said}

    .. code-block:: sh

       curl -fsS -d passed 'http://127.0.0.1:10380/builds?nick=ci'
    """
    assert run(tmp_path, page.format(said="passed")) == []


@pytest.mark.slow
def test_what_the_others_say_is_not_typed(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="others"):
        run(tmp_path, SESSION.replace("others: alice, ci", "others: ci"))


@pytest.mark.slow
def test_a_server_that_is_started_has_to_print_what_is_shown(tmp_path: Path) -> None:
    page = """
    .. code-block:: console

       $ chatd --port 10319
       ...
       ... listening on 127.0.0.1:{port}

    .. code-block:: sh

       chatd --help
    """
    assert run(tmp_path, page.format(port="10319")) == []
    (tmp_path / "again").mkdir()
    with pytest.raises(CommandError, match="did not print"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_shell, "PATIENCE_SECONDS", 5.0)
        run(tmp_path / "again", page.format(port="10320"))


@pytest.mark.slow
def test_a_block_may_be_the_log_of_the_server(tmp_path: Path) -> None:
    page = """
    .. output of: the server

    .. code-block:: text

       ...
       ... listening on 127.0.0.1:10319
    """
    assert run(tmp_path, page) == []
