"""How does a payload get to a target: posted, given to a program, or by mail?  Nothing is raised: what came of it is told."""

from __future__ import annotations

import contextlib
import os
import signal
import smtplib
import socket
import subprocess
import threading
from collections.abc import Mapping
from typing import IO

from session_monitor.outgoing import posting
from session_monitor.outgoing.posting import HttpPost, Outcome

from .payloads import Letter, Payload, ProgramCall
from .targets import Target

PATIENCE = 30.0
"""Seconds that a program has; then it is asked to end, and then made to."""
GRACE = 5.0
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def send(target: Target, payload: Payload, environment: Mapping[str, str]) -> Outcome:
    """Send it to a target, which has its secrets; what came of that."""
    if isinstance(payload, HttpPost):
        return posting.post(payload, environment, is_http_allowed=bool(target.option("allow_http")))
    if isinstance(payload, ProgramCall):
        return run(payload, environment)
    return mail(target, payload, environment)


# -- a program ---------------------------------------------------------------------------------------------------------


def run(call: ProgramCall, environment: Mapping[str, str], patience: float = PATIENCE, grace: float = GRACE) -> Outcome:
    """Run a program with the event on its standard input; what it says on standard error is its answer."""
    try:
        process = subprocess.Popen(  # noqa: S603 -- the very words that its owner wrote, and no shell
            call.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**environment, **call.environment},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it cannot be run"
        is_final = isinstance(error, (FileNotFoundError, PermissionError, ValueError))
        return Outcome(None, trouble=f"no program is there: {why}", is_final=is_final)
    said: list[bytes] = []
    listening = [
        threading.Thread(target=_give, args=(process.stdin, call.stdin), daemon=True),
        threading.Thread(target=_listen, args=(process.stderr, said), daemon=True),
    ]
    for thread in listening:
        thread.start()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        _end(process, grace)
        return Outcome(None, b"".join(said), trouble=f"it did not end within {patience:g} s", was_sent=True)
    listening[1].join(0.5)  # one that it left running may hold it open
    return Outcome(process.returncode, b"".join(said), was_sent=True)


def _give(pipe: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(OSError), pipe:
        pipe.write(data)


def _listen(pipe: IO[bytes], said: list[bytes]) -> None:
    """Read all, so that nobody has to wait for that, and keep the beginning."""
    size = 0
    with contextlib.suppress(OSError, ValueError), pipe:
        while block := os.read(pipe.fileno(), posting.MOST):
            if size < posting.MOST:
                said.append(block[: posting.MOST - size])
                size += len(said[-1])


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            break
    with contextlib.suppress(ProcessLookupError):  # those that it started
        os.killpg(process.pid, signal.SIGKILL)


# -- mail --------------------------------------------------------------------------------------------------------------


def mail(target: Target, letter: Letter, environment: Mapping[str, str], time_out: float = posting.TIME_OUT) -> Outcome:
    """Give a letter to the mail server that the target names."""
    was_sent = False
    try:
        server = _server(target, environment, time_out)
        try:
            if target.option("password"):
                server.login(target.option("user"), target.option("password"))
            was_sent = True
            refused = server.sendmail(letter.sender, letter.recipients, letter.message.as_bytes())
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()
    except posting.NoWayError as wrong:
        return Outcome(None, trouble=str(wrong), is_final=True)
    except OSError as error:  # as all of smtplib's
        return _refusal(error, time_out, was_sent=was_sent)
    except ValueError:
        return Outcome(None, trouble="an address has characters that this mail server cannot take", is_final=True)
    told = f"{len(refused)} of {len(letter.recipients)} recipients were refused" if refused else ""
    return Outcome(250, told.encode(), was_sent=True)


def _refusal(error: OSError, time_out: float, *, was_sent: bool) -> Outcome:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return Outcome(min(codes, default=550), f"all of {len(codes)} recipients were refused".encode())
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return Outcome(error.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Outcome(
            None, trouble="the mail server lacks what is asked for: see security, user, password", is_final=True
        )
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Outcome(None, trouble="the connection ended without an answer", was_sent=was_sent)
    return Outcome(None, trouble=posting.trouble(error, time_out, was_sent=was_sent), was_sent=was_sent)


def _server(target: Target, environment: Mapping[str, str], time_out: float) -> smtplib.SMTP:
    """The mail server, ready for a letter.  Raises ``OSError``, and NoWayError."""
    security = target.option("security") or "starttls"
    host, port = target.option("host"), target.option("port") or _PORTS[security]
    name = socket.gethostname()
    name = name if name.isascii() and "." in name else "[127.0.0.1]"  # to ask for the whole one may take minutes
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, name, timeout=time_out, context=posting.trusted(environment))
    server = smtplib.SMTP(host, port, name, timeout=time_out)
    if security == "starttls":
        try:
            server.starttls(context=posting.trusted(environment))
        except BaseException:
            server.close()
            raise
    return server
