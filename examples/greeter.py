"""Welcomes each person who joins #lobby.

    python examples/greeter.py [ENDPOINT]

It shows `on_join` of `chatd.bot`. ENDPOINT is a Twisted client endpoint, by default ``tcp:127.0.0.1:10319``.
"""

import sys

from chatd.bot import Bot

bot = Bot("greeter", "#lobby")


@bot.on_join
def welcome(nick: str, room: str) -> None:
    """Say hello."""
    bot.say(room, f"welcome, {nick}")


if __name__ == "__main__":
    bot.run(*sys.argv[1:])
