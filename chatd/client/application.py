"""The client put together: settings, transcript, link and window, run in the reactor until the window is closed."""

from __future__ import annotations

import gc
import os
import sys
import time
import tkinter as tk
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.error import ReactorNotRunning
from twisted.internet.task import LoopingCall

from chatd.client.model.kept_servers import KeptServer
from chatd.client.model.kept_state import KeptState
from chatd.client.model.settings import NOTHING_KEPT, Store
from chatd.client.model.transcript import Transcript
from chatd.client.model.trust import CertificateQuestion, KnownServers, Trust
from chatd.client.net.endpoint import endpoint_of
from chatd.client.net.kept_passwords import system_keyring
from chatd.client.net.link import Link, fresh_label
from chatd.client.net.nearby import nearby
from chatd.client.net.probe import probe_of
from chatd.client.view.certificate_question import ask_about_certificate, show_certificate_notice
from chatd.client.view.desktop import this_desktop
from chatd.client.view.glyphs import Glyphs, trial_command
from chatd.client.view.programs import Programs
from chatd.client.view.pump import Pump
from chatd.client.view.servers import ServerSession
from chatd.client.view.window import Window
from chatd.client.view.x_selection import x_reader
from chatd.runtime.clocks import tell_monotonic_time
from chatd.runtime.server_address import Address, parse

KEEP_SECONDS = 1.0
"""How often what has changed is kept; what waits to be sent is kept at once."""
TRIAL_SECONDS = 60.0
"""How long it may take to find out whether emoji can be drawn; until then, and after that, they are words."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for; it wins over what is kept."""

    address: Address | None = None
    nick: str = ""
    rooms: tuple[str, ...] = ()


def run(root: tk.Tk, descriptor: int | None, wishes: Wishes) -> None:
    """Show the window in a root, whose display has this descriptor, and run the reactor until it is closed."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    tell_monotonic_time(reactor)
    store = Store()
    settings, problem = store.load()

    def complain(text: str) -> None:
        window.question.show_error(text)

    def soon(save: Callable[[], None]) -> None:
        reactor.callLater(0, save)
        reactor.callLater(0, keep)  # what waits is of no use without the name and the server

    settings.conversations = KeptState(store.state_folder, fresh_label(), complain, soon)
    transcript = Transcript("", lambda: int(time.time() * 1000))
    pump = Pump(root, reactor, descriptor)
    programs = Programs(reactor)
    reads = x_reader(reactor, os.environ) if root.tk.call("tk", "windowingsystem") == "x11" else None
    desktop = replace(
        this_desktop(os.environ), nearby=nearby(reactor), keyring=system_keyring(reactor), read_clipboard=reads
    )

    # Several servers may ask at once, and there is a place for one question.
    asking = DeferredLock()

    def ask(question: CertificateQuestion) -> Deferred[bool]:
        asked: Deferred[bool] = asking.run(ask_about_certificate, window.question, question)
        return asked

    def tell(text: str) -> None:
        show_certificate_notice(window.question, text)

    trust = Trust(KnownServers(store.folder), ask, tell)

    def dial(where: Address, session: ServerSession) -> Link:
        endpoint, probe = endpoint_of(where, reactor, trust), probe_of(reactor, where)
        return Link(reactor, endpoint, session.transcript, session.changed, session.status_changed, probe=probe)

    window = Window(root, reactor, transcript, settings, dial, desktop, pump.soon, partial(stop, reactor))
    # Also when a signal ends it: the server is told, and what is to be kept is kept.
    reactor.addSystemEventTrigger("before", "shutdown", window.disconnect)
    reactor.addSystemEventTrigger("before", "shutdown", desktop.keyring.finish)

    def keep() -> None:
        window.store()
        if failed := store.save_changed(settings):
            complain(failed)

    keeping = LoopingCall(keep)
    keeping.clock = reactor

    def clean_up() -> None:
        window.stop_drawing()
        pump.stop()
        programs.stop()
        if keeping.running:
            keeping.stop()
        settings.conversations.close()
        desktop.keyring.stop()
        if failed := store.save(settings):
            print(f"chatd-client: {failed}", file=sys.stderr)
        root.destroy()

    reactor.addSystemEventTrigger("after", "shutdown", clean_up)
    root.deiconify()
    pump.start()
    reactor.callWhenRunning(_begin, window, wishes, problem)
    reactor.callWhenRunning(keeping.start, KEEP_SECONDS)
    reactor.callWhenRunning(_try_colour, programs, window.glyphs, window.talk.repaint)
    reactor.callWhenRunning(_look_for_garbage)
    reactor.callWhenRunning(window.look.ask_system, programs, desktop.gsettings)
    reactor.run()


def stop(reactor: Any) -> None:
    """Stop a reactor, unless a signal has done so already and it only waits for the servers to be left."""
    with suppress(ReactorNotRunning):
        reactor.stop()


def _begin(window: Window, wishes: Wishes, problem: str) -> None:
    """Join at the servers that are kept, with the one that is wished for in front, or ask for one."""
    settings = window.settings
    kept: dict[Address, KeptServer] = {}
    problems = [problem] if problem not in ("", NOTHING_KEPT) else []
    for each in settings.servers:
        try:
            kept[parse(each.address)] = each
        except ValueError as error:
            problems.append(str(error))
    wished = wishes.address or next(iter(kept), None)
    if wished is None and not (wishes.nick or wishes.rooms):
        window.connect_sheet.ask(Address(), settings.nick, "", problem="; ".join(problems))
        return
    first = wished or Address()
    for address in dict.fromkeys([*kept, first]):
        there = kept.get(address) or KeptServer(str(address))
        asked = wishes if address == first else Wishes()
        window.connect(address, asked.nick or there.nick or settings.nick, asked.rooms or there.rooms)
    window.go_to_server(first)
    if problems:
        window.question.show_error("; ".join(problems))


def _look_for_garbage() -> None:
    """Begin to, but not among what the start has made: a look through that is a tenth of a second without an answer."""
    gc.freeze()
    gc.enable()


def _try_colour(programs: Programs, glyphs: Glyphs, repaint: Callable[[], None]) -> None:
    """Find out, in a process of its own, whether emoji can be drawn; until then they are words."""

    def tried(well: bool) -> None:  # noqa: FBT001  # as `Programs` tells it
        if well:
            glyphs.allow_colour()
            repaint()

    programs.run(trial_command(), TRIAL_SECONDS, tried)
