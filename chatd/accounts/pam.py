"""``--auth pam``: checks passwords with the machine's Linux-PAM.

See pam_conv(3) and pam_authenticate(3); for the groups getgrouplist(3) and nsswitch.conf(5).
"""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from zope.interface import implementer

from chatd.accounts.checkers import AvatarId, GroupMember

SERVICE = "chatd"
"""The rules of ``/etc/pam.d/chatd``; where there is no such file, Linux-PAM takes those of ``/etc/pam.d/other``."""
_LIBRARY = "libpam.so.0"
_SUCCESS, _BUFFER_ERROR = 0, 5
_ASK_HIDDEN, _ASK = 1, 2
_NO_EMPTY_PASSWORD = 1
_OUR_TROUBLE = frozenset({1, 2, 3, 4, _BUFFER_ERROR, 9, 26, 28})
"""Results which say nothing about the password: a module cannot be loaded, its data cannot be read, and so on."""


class PamError(Exception):
    """PAM does not work; the argument says why."""


class _Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class _Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("unused", ctypes.c_int)]


_Answer = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(_Message)),
    ctypes.POINTER(ctypes.POINTER(_Response)),
    ctypes.c_void_p,
)


class _Conversation(ctypes.Structure):
    _fields_ = [("answer", _Answer), ("unused", ctypes.c_void_p)]


@implementer(ICredentialsChecker)
class PamChecker:
    """Accepts whom the rules of a PAM service accept. Raises `PamError` where there is no Linux-PAM.

    ``rules`` is the folder with the services if it is another than ``/etc/pam.d``.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, service: str = SERVICE, rules: Path | None = None) -> None:
        if not service.isascii() or "/" in service or not service:
            raise PamError(f"not a PAM service: {service!r}; name a file in /etc/pam.d")
        try:
            self._pam = ctypes.CDLL(_LIBRARY)
        except OSError as error:
            raise PamError(f"Linux-PAM is not available: {error}") from None
        self._pam.pam_strerror.restype = ctypes.c_char_p
        self.service = service
        self._rules = rules

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[AvatarId]:
        """Return the name that was authenticated, and its groups; it fails with `UnauthorizedLogin` or `PamError`.

        It takes its time, some seconds for a wrong password, so it is done in a thread of the reactor's pool.
        """
        return deferToThread(self._check_and_list, credentials.username, credentials.password)

    def _check_and_list(self, name: bytes, password: bytes) -> AvatarId:
        return GroupMember.of(self.check(name, password), machine_groups(name.decode(errors="replace")))

    def check(self, name: bytes, password: bytes) -> bytes:
        """Return ``name`` if that is the password and the account may be used; see `requestAvatarId`."""
        conversation = _Conversation(_answering(name, password), None)
        handle = ctypes.c_void_p()
        start: list[Any] = [self.service.encode(), name, ctypes.byref(conversation)]
        if self._rules is None:
            result = self._pam.pam_start(*start, ctypes.byref(handle))
        else:
            result = self._pam.pam_start_confdir(*start, os.fsencode(self._rules), ctypes.byref(handle))
        if result != _SUCCESS:
            raise PamError(f"PAM could not start ({result})")
        try:
            for step in (self._pam.pam_authenticate, self._pam.pam_acct_mgmt):
                result = step(handle, _NO_EMPTY_PASSWORD)
                if result in _OUR_TROUBLE:
                    raise PamError(f"PAM: {self._pam.pam_strerror(handle, result).decode(errors='replace')}")
                if result != _SUCCESS:
                    raise UnauthorizedLogin
        finally:
            self._pam.pam_end(handle, result)
        return name


def machine_groups(name: str) -> frozenset[str]:
    """Return the groups that somebody is in by what this machine knows (NSS): its files, SSSD, and so on.

    It may ask other machines, and takes its time. Whom PAM knows and NSS does not is in none.
    """
    try:
        numbers = os.getgrouplist(name, pwd.getpwnam(name).pw_gid)
    except (KeyError, OSError):
        return frozenset()
    found: set[str] = set()
    for number in numbers:
        with suppress(KeyError, OSError):  # a number may have no name
            found.add(grp.getgrgid(number).gr_name)
    return frozenset(found)


def _answering(name: bytes, password: bytes) -> Any:
    """Return what PAM calls with its questions; the answers are freed by PAM."""
    libc = ctypes.CDLL(None)
    libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
    libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    libc.strdup.argtypes = [ctypes.c_char_p]
    answers: dict[int, bytes] = {_ASK_HIDDEN: password, _ASK: name}

    def answer(count: int, questions: Any, responses: Any, _unused: object) -> int:
        space = libc.calloc(count, ctypes.sizeof(_Response))
        if not space:
            return _BUFFER_ERROR
        given = ctypes.cast(space, ctypes.POINTER(_Response))
        for number in range(count):
            text = answers.get(questions[number].contents.style)
            given[number].text = None if text is None else libc.strdup(text)
        responses[0] = given
        return _SUCCESS

    made: Callable[..., Any] = _Answer(answer)
    return made
