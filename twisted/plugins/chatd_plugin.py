"""Tells twistd that there is a chatd, and --auth that there is PAM; the rest is imported when it is asked for."""

from twisted.application.service import ServiceMaker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import ICheckerFactory
from twisted.plugin import IPlugin
from zope.interface import implementer


class ChatServiceMaker(ServiceMaker):
    """Holds the signals that come before the rest is imported."""

    @property
    def options(self) -> object:
        """What reads the options; it is asked for once twistd is to run chatd, and nothing else."""
        from chatd.app.early_signals import hold_signals

        hold_signals()
        return super().options


chatd = ChatServiceMaker(
    "chatd", "chatd.app.options", "A chat server for browsers, IRC clients, nc, curl and scripts.", "chatd"
)


@implementer(ICheckerFactory, IPlugin)
class PamCheckerFactory:
    """What ``--auth pam`` and ``--auth pam:SERVICE`` make; `chatd.accounts.pam` asks PAM."""

    authType = "pam"
    authHelp = (
        "Asks Linux-PAM, with the rules of the service named (default: chatd).\n"
        'Without such a file in /etc/pam.d, the rules of "other" apply.\n'
        "Checking the passwords of the machine needs root or the group shadow.\n"
    )
    argStringFormat = "PAM service: the name of a file in /etc/pam.d."
    credentialInterfaces = (IUsernamePassword,)

    def generateChecker(self, argstring: str) -> object:
        """Return the checker for a service."""
        from chatd.accounts.pam import SERVICE, PamChecker

        return PamChecker(argstring or SERVICE)


pam = PamCheckerFactory()
