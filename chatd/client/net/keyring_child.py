"""The process that asks the system's keyring: one question on its standard input, one answer on its output.

The keyring may ask its owner to unlock it, or hang with the service behind it: what asks it is nothing that a window
could wait for.
"""

from __future__ import annotations

import json
import sys
from typing import Any

UNSAFE = "there is no secure keyring on this system"
_NO_KEEPERS = frozenset({"keyring.backends.fail", "keyring.backends.null"})
_LEAST_PRIORITY = 1
"""What `keyring` itself holds to be safe; those that write files of their own have less, or ask on a terminal."""


def find_backend() -> Any:
    """Return the keyring in which a password is safe. Raise `LookupError` with why there is none."""
    import keyring
    from keyring.backends.chainer import ChainerBackend

    chosen = keyring.get_keyring()
    # What keeps nothing lets the next in a chain keep it, so that the one which would is taken itself.
    candidates = list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]
    for each in candidates:
        if _is_safe(each):
            return each
    raise LookupError(UNSAFE)


def _is_safe(backend: Any) -> bool:
    kind = type(backend)
    if (
        kind.__module__ in _NO_KEEPERS
        or kind.__module__.startswith("keyrings.alt")
        or "plaintext" in kind.__name__.lower()
    ):
        return False
    try:
        return bool(backend.priority >= _LEAST_PRIORITY)
    except RuntimeError:  # it cannot be used here
        return False


def answer(question: dict[str, str]) -> dict[str, str | None]:
    """Return what the keyring says: a password, None if it has none, or a problem as a sentence without its end."""
    place = question.get("service", ""), question.get("name", "")
    try:
        backend = find_backend()
        match question.get("do"):
            case "get":
                return {"password": backend.get_password(*place)}
            case "put":
                backend.set_password(*place, question["password"])
            case "forget":
                if backend.get_password(*place) is not None:
                    backend.delete_password(*place)
        return {"name": str(backend.name)}
    except LookupError as error:
        return {"problem": str(error)}
    except Exception as error:  # of any backend, and of what is behind it
        return {"problem": " ".join(str(error).split()) or type(error).__name__}


def main() -> None:
    """Answer the question."""
    json.dump(answer(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
