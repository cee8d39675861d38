"""Letters: their text from templates, their MIME by Flask-Mail, and sending them step by step.

Flask-Mail's own sending has no time-out, checks no certificate, and raises after a letter was taken when the server
drops the line before QUIT, so that nobody can tell "not sent" from "sent". Here the answer says which of four it was.
Building a message needs the application's context (Flask-Mail reads its settings there); sending does not.
"""

from nps.adapters.mail.composing import Letter, LetterError, Message, build, catch, one_line, render
from nps.adapters.mail.sending import Deferred, Refused, Result, Sent, Unknown, Unreachable, send
from nps.adapters.mail.settings import MailSettings, configure, settings
from nps.adapters.mail.table import workbook

__all__ = [
    "Deferred",
    "Letter",
    "LetterError",
    "MailSettings",
    "Message",
    "Refused",
    "Result",
    "Sent",
    "Unknown",
    "Unreachable",
    "build",
    "catch",
    "configure",
    "one_line",
    "render",
    "send",
    "settings",
    "workbook",
]
