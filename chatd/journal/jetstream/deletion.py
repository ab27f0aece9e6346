"""Deleting single messages from a stream."""

from __future__ import annotations

from chatd.journal.jetstream.errors import ApiError, Requester, api

_NO_SEQUENCE = 10043
_NO_MESSAGE = "no message found"
"""How JetStream says that a message is not there any more: by its code or, before the first there is, by a text."""


async def delete_message(requester: Requester, stream: str, place: int, *, overwrite: bool = True) -> None:
    """Delete a message; with ``overwrite`` its bytes too. It may be gone already. Raise `NatsError`."""
    question = {"seq": place} if overwrite else {"seq": place, "no_erase": True}
    try:
        await api(requester, f"STREAM.MSG.DELETE.{stream}", question)
    except ApiError as error:
        if error.code != _NO_SEQUENCE and _NO_MESSAGE not in str(error):
            raise
