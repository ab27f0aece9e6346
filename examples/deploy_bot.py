"""Runs a command when somebody writes ``!deploy`` in #ops, and says how it ended.

    python examples/deploy_bot.py COMMAND [ENDPOINT]

It shows a handler of `chatd.bot` that waits: the next message is handled when the command has ended. A request that
came while the bot was away, or that was interrupted, is declined, since nobody may expect it to run any more.
Everybody who can write in the room can deploy: make the room private, or let only its operators speak.
"""

import os
import shlex
import sys

from twisted.internet.utils import getProcessOutputAndValue

from chatd.bot import Bot, Message

bot = Bot("deploy", "#ops", state="deploy.json")


@bot.on_message
async def deploy(message: Message) -> None:
    """Run the command, and wait for it."""
    if message.text != "!deploy":
        return
    if message.old:
        message.answer(f"{message.nick}: I was away; write !deploy again if you still want it")
        return
    program, *arguments = shlex.split(sys.argv[1])
    ended = getProcessOutputAndValue(program, arguments, env=os.environ)
    ended.addErrback(lambda killed: (*killed.value[:2], -killed.value[2]))  # by a signal: awaiting that would fail
    output, errors, status = await ended
    last_line = (output + errors).decode(errors="replace").strip().rpartition("\n")[2]
    message.answer(f"{message.nick}: {f'failed, status {status}' if status else 'deployed'}: {last_line}")


if __name__ == "__main__":
    bot.run(*sys.argv[2:])
