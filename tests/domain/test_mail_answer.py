"""What real servers say, and whom it is about: published answers of Yandex, Mail.ru, Gmail, Exchange, Postfix, Exim."""

from __future__ import annotations

import pytest

from nps.domain.mail_answer import Blame, Step, blame

HOUSE = [
    ("соединение", 554, "5.7.1 Service unavailable; client host blocked"),
    ("соединение", 554, "mx.example.ru ESMTP not accepting messages"),
    ("соединение", 550, "IP blacklisted"),
    ("EHLO", 501, "5.5.4 Invalid domain name"),
    ("EHLO", 550, "HELO refused: bad reputation"),
    ("STARTTLS", 554, "5.7.3 Unable to initialize security subsystem"),
    ("AUTH", 535, "5.7.8 Error: authentication failed: Invalid user or password!"),
    ("AUTH", 535, "5.7.0 NEOBHODIM parol prilozheniya https://help.mail.ru/mail/security/protection/external"),
    ("AUTH", 530, "5.7.1 Client was not authenticated"),
    ("AUTH", 534, "5.7.9 Application-specific password required"),
    ("MAIL", 553, "5.7.1 Sender address rejected: not owned by auth user."),
    ("MAIL", 530, "5.7.0 Must issue a STARTTLS command first"),
    ("MAIL", 503, "5.5.4 Error: send AUTH command first"),
    ("MAIL", 550, "5.1.8 Sender address rejected: Domain not found"),
    ("MAIL", 501, "5.1.7 Bad sender address syntax"),
    ("MAIL", 550, "not local sender over smtp"),
    ("MAIL", 550, "5.7.60 SMTP; Client does not have permissions to send as this sender"),
    ("RCPT", 550, "5.7.1 Relaying denied. Proper authentication required."),
    ("RCPT", 554, "5.7.1 <k@example.ru>: Relay access denied"),
    ("RCPT", 550, "relay not permitted"),
    ("RCPT", 550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
    ("RCPT", 554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"),
    ("RCPT", 550, "5.7.23 The message was rejected because of Sender Policy Framework violation"),
    ("RCPT", 550, "5.7.1 Client host rejected: cannot find your reverse hostname"),
    ("RCPT", 550, "Verification failed for sender"),
    ("RCPT", 550, "Sender verify failed"),
    ("RCPT", 554, "5.7.1 <mail.example.ru>: Helo command rejected: Host not found"),
    ("RCPT", 550, "5.1.8 <n@example.ru>: Sender address rejected: Domain not found"),
    ("RCPT", 550, "5.3.2 System not accepting network messages"),
    ("RCPT", 550, "5.4.5 Daily user sending limit exceeded."),
    ("RCPT", 550, "5.7.1 Our system has detected an unusual rate of mail from your IP address; rate limit"),
    ("текст письма", 550, "5.4.5 Daily user sending limit exceeded."),
    ("текст письма", 554, "5.7.0 ... limit on the number of allowed outgoing messages was exceeded. Try again later."),
    ("текст письма", 550, "5.7.26 This mail has been blocked because the sender is unauthenticated (SPF, DKIM)"),
    ("текст письма", 550, "5.7.1 Email rejected per DMARC policy for example.ru"),
    ("текст письма", 554, "5.7.1 Policy rejection: your domain has no valid PTR"),
]
LATER = [
    ("соединение", 421, "4.7.0 Try again later, closing connection"),
    ("RCPT", 450, "4.2.0 Recipient address rejected: Greylisted"),
    ("RCPT", 451, "4.7.1 Sorry, the service is currently unavailable. Please come back later."),
    ("RCPT", 552, "5.2.2 Mailbox full"),
    ("RCPT", 552, "Mailbox size limit exceeded: mailbox is full"),
    ("RCPT", 550, "5.2.2 <k@example.ru>: user is over quota"),
    ("RCPT", 552, "4.2.2 Message rejected: quota exceeded"),
    ("RCPT", 554, "5.2.0 Message could not be delivered, please try again later"),
    ("текст письма", 552, "5.2.2 The email account that you tried to reach is over quota"),
    ("текст письма", 554, "5.0.0 Temporary problem, try again later"),
    ("текст письма", 451, "4.3.0 Error: queue file write error"),
]
LETTER = [
    ("RCPT", 550, "5.1.1 <k@example.ru>: Recipient address rejected: User unknown in virtual mailbox table"),
    ("RCPT", 550, "5.7.1 No such user!"),
    ("RCPT", 550, "5.7.1 <k@example.ru>: Recipient address rejected: Access denied"),
    ("RCPT", 550, "5.4.1 Recipient address rejected: Access denied"),
    (
        "RCPT",
        550,
        "Message was not accepted -- invalid mailbox. Local mailbox k@example.ru is unavailable: user not found",
    ),
    ("RCPT", 550, "5.2.1 The email account that you tried to reach is disabled"),
    ("RCPT", 550, "Unrouteable address"),
    ("RCPT", 550, "no such recipient here"),
    ("RCPT", 501, "5.1.3 Bad recipient address syntax"),
    ("RCPT", 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    ("MAIL", 552, "5.3.4 Message size exceeds fixed limit"),
    ("DATA", 554, "5.5.1 Error: no valid recipients"),
    ("текст письма", 552, "5.3.4 Error: message file too big"),
    ("текст письма", 554, "5.7.1 Message rejected under suspicion of SPAM"),
    ("текст письма", 550, "5.7.1 spam message rejected. Please visit the help page"),
    ("текст письма", 550, "5.6.0 Lone CR or LF in body"),
    ("текст письма", 554, "5.6.1 Body type not supported by Remote Host"),
    ("текст письма", 550, "message contains a virus"),
    ("текст письма", 500, "Line too long (see RFC5321 4.5.3.1.6)"),
]


@pytest.mark.parametrize(
    ("expected", "step", "code", "words"),
    [
        (expected, *answer)
        for expected, answers in ((Blame.HOUSE, HOUSE), (Blame.LATER, LATER), (Blame.LETTER, LETTER))
        for answer in answers
    ],
)
def test_whom_an_answer_is_about(expected: Blame, step: str, code: int, words: str) -> None:
    assert blame(Step(step), code, f"{code} {words}") is expected
