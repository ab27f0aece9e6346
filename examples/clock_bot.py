"""Says the time in #lobby at each full hour, once, however often it is restarted.

    python examples/clock_bot.py [ENDPOINT [SECONDS]]

It shows a bot of `chatd.bot` that speaks of its own accord. The hour is the label of what it says, so whatever it says
again within the same hour is not said twice. SECONDS is the interval: 3600.
"""

import sys
import time

from twisted.internet.task import LoopingCall

from chatd.bot import Bot

bot = Bot("clock", "#lobby")
interval = float(sys.argv[2]) if len(sys.argv) > 2 else 3600


def say_the_hour() -> None:
    """Say which interval has begun; the server drops what it has been told already."""
    begun = time.gmtime(time.time() // interval * interval)
    bot.say("#lobby", time.strftime("it is %H:%M:%S UTC", begun), label=time.strftime("%Y-%m-%dT%H:%M:%S", begun))


if __name__ == "__main__":
    LoopingCall(say_the_hour).start(interval / 60)
    bot.run(*sys.argv[1:2])
