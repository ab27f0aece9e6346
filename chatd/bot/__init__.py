"""Bots that stay: they reconnect by themselves, miss nothing, and post nothing twice.

A bot is a few functions that are called with the messages of others::

    from chatd.bot import Bot, Message

    bot = Bot("echo", "#builds", state="echo.json")

    @bot.on_message
    def answer(message: Message) -> None:
        if message.text.startswith("!echo "):
            message.answer(message.text.removeprefix("!echo "))

    bot.run()

Messages are handled one at a time, in order. A message is done when its handlers have returned, what they returned (a
coroutine or a Deferred) has fired, and every answer is stored. After a lost connection, a restart of the server or,
with ``state``, one of the bot, the bot continues after the last message that is done. Each answer has a label made of
the id of its message, so the server stores it once even if the bot sends it again.

At most 1,500 messages wait for their turn in memory; further ones are read from the history of the server.

A bot that is killed while it handles a message handles it again when it starts, and so it does with the messages of its
last second: answers are safe; guard any other effect with ``message.id``. A handler that raises is logged, and its
message is done.

``docs/bots.rst`` shows how to run a bot and how to test it with `chatd.testing`. Bots that need more than the messages
of rooms use `chatd.protocol`.
"""

from chatd.bot.bot import Bot
from chatd.bot.message import Message
from chatd.bot.places import BotError

__all__ = ["Bot", "BotError", "Message"]
