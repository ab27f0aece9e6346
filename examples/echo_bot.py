"""Answers each ``!echo`` in #builds once, whatever restarts in between.

    python examples/echo_bot.py [ENDPOINT]

It shows `chatd.bot`: a bot that keeps its place in ``echo.json``. ENDPOINT is a Twisted client endpoint, by default
``tcp:127.0.0.1:10319``.
"""

import sys

from chatd.bot import Bot, Message

bot = Bot("echo", "#builds", state="echo.json")


@bot.on_message
def answer(message: Message) -> None:
    """Repeat what follows ``!echo``."""
    if message.text.startswith("!echo "):
        message.answer(f"{message.nick}: {message.text.removeprefix('!echo ')}")


if __name__ == "__main__":
    bot.run(*sys.argv[1:])
