"""Secrets that the user refers to instead of typing them on the command line, where other users and logs see them.

``env:NAME``            an environment variable
``file:PATH``           a file that only its owner can read; one newline at its end does not count
``prompt:``             asked for on the terminal, nothing is shown; a new secret twice
``keyring:SERVICE/NAME``  the keyring of the desktop, by the package ``keyring``; the first slash divides

Keys are hex digits (32, 48 or 64, for 16, 24 or 32 bytes); a file may also hold the 16, 24 or 32 bytes themselves.
PINs are text.  No message ever holds a secret, or a part of one, or what was given in place of a reference.
"""

from __future__ import annotations

import getpass
import importlib
import os
import stat
import string
import warnings
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from smartdm.cli.failures import CliError, Exit

MAX_SECRET: Final = 1024
"""Bytes that are read of a file; no secret is that long."""

_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH
_FORMS: Final = "env:NAME, file:PATH, prompt: or keyring:SERVICE/NAME"


class Purpose(Enum):
    """What a secret is for; the value is what messages call it."""

    KEY = "key"
    PIN = "PIN"
    VALUE = "secret"


def resolve(
    reference: str, purpose: Purpose, what: str = "", *, new: bool = False, readable_by_others: bool = False
) -> bytes:
    """The secret that a reference names: the bytes of a key, the UTF-8 text of a PIN, or all of a value.

    ``what``: what a prompt and errors call it, as "DEK"; ``new``: it is about to be set, so a prompt asks twice;
    ``readable_by_others``: take it also from a file that others can read.  CliError for everything that is wrong.
    """
    name = what or f"the {purpose.value}"
    kind, colon, place = reference.partition(":")
    if kind == "file" and place:
        raw = _from_file(place, name, readable_by_others=readable_by_others)
    elif kind == "prompt" and colon and not place:
        raw = _from_prompt(name, new=new)
    elif kind in _BY_NAME and place:
        raw = _BY_NAME[kind](place, name)
    else:
        raise CliError(
            f"{name}: name where it is kept, as {_FORMS}; the command line is no place for a secret, as others can"
            " read it there",
            Exit.USAGE,
        )
    if purpose is Purpose.VALUE:
        return _value(raw, name)
    return _key(raw, name, is_file=kind == "file") if purpose is Purpose.KEY else _text(raw, name)


def is_reference(text: object) -> bool:
    """Whether it has the form of a reference; what it names may be missing."""
    if not isinstance(text, str):
        return False
    kind, colon, place = text.partition(":")
    return bool(colon) and (kind == "prompt") != bool(place) and kind in {"prompt", "file", *_BY_NAME}


# Where secrets are


def _from_environment(variable: str, name: str) -> bytes:
    raw = os.environb.get(os.fsencode(variable))
    if raw is None:
        # Its name is not repeated: who wrote env:$NAME gave us the secret in its place.
        raise CliError(f"{name}: no environment variable has the name behind env:; write it without a $")
    return raw


def _from_file(place: str, name: str, *, readable_by_others: bool) -> bytes:
    # Shells leave a ~ behind a colon as it is.
    path = Path.home() / place.removeprefix("~/") if place.startswith("~/") else Path(place)
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS and not readable_by_others:
            raise CliError(f"{name}: others can read {place}; make it yours alone (chmod 600 {place})")
        raw = file.read(MAX_SECRET + 1)
    if len(raw) > MAX_SECRET:
        raise CliError(f"{name}: {place} has more than {MAX_SECRET} bytes; that is not a file with one secret")
    return raw


def _from_prompt(name: str, *, new: bool) -> bytes:
    first = _asked(f"{name[0].upper()}{name[1:]}: ", name)
    if new and _asked("Once more: ", name) != first:
        raise CliError(f"{name}: the two entries differ; nothing was done", Exit.USAGE)
    return first.encode()


def _asked(prompt: str, name: str) -> str:
    with warnings.catch_warnings():
        # Where there is no terminal, getpass would warn and go on with stdin and an echo.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except (getpass.GetPassWarning, EOFError) as error:
            raise CliError(
                f"{name}: there is no terminal to ask on; use env:NAME, file:PATH or keyring:SERVICE/NAME", Exit.USAGE
            ) from error


def _from_keyring(place: str, name: str) -> bytes:
    service, slash, user = place.partition("/")
    if not (service and slash and user):
        raise CliError(f"{name}: a secret in the keyring is named keyring:SERVICE/NAME", Exit.USAGE)
    try:
        keyring = importlib.import_module("keyring")
    except ImportError as error:
        raise CliError(
            f"{name}: keyring: needs a package that is not installed: `pip install keyring`", Exit.USAGE
        ) from error
    try:
        found: str | None = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:  # its text may tell anything: its kind is enough
        raise CliError(f"{name}: the keyring cannot be read ({type(error).__name__}); is it locked?") from None
    if found is None:
        raise CliError(f"{name}: the keyring has no entry {user!r} for {service!r}")
    return found.encode()


_BY_NAME: Final[dict[str, Callable[[str, str], bytes]]] = {"env": _from_environment, "keyring": _from_keyring}


# What secrets look like


def _without_newline(raw: bytes) -> bytes:
    return raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw


def _key(raw: bytes, name: str, *, is_file: bool) -> bytes:
    from smartdm.card.keys import KEY_SIZES  # noqa: PLC0415 - cryptography is imported only for those who have keys

    digits = _without_newline(raw)
    if digits and all(chr(byte) in string.hexdigits for byte in digits):
        if len(digits) in {2 * size for size in KEY_SIZES}:
            return bytes.fromhex(digits.decode("ascii"))
        found = f"these are {len(digits)}"
    elif is_file and len(raw) in KEY_SIZES:
        return raw
    else:
        found = "this is empty" if not digits else f"these are {len(digits)} bytes, not all of them hex digits"
    raise CliError(f"{name}: a key is 32, 48 or 64 hex digits; {found}")


def _value(raw: bytes, name: str) -> bytes:
    if not (value := _without_newline(raw)):
        raise CliError(f"{name}: it is empty")
    return value


def _text(raw: bytes, name: str) -> bytes:
    text = _without_newline(raw)
    if not text:
        raise CliError(f"{name}: it is empty")
    if not _is_text(text):
        raise CliError(f"{name}: it is not text in UTF-8 without control characters")
    return text


def _is_text(raw: bytes) -> bool:
    """Whether it is UTF-8 and printable.  The error of decoding is dropped here, for it tells bytes."""
    try:
        return raw.decode().isprintable()
    except UnicodeDecodeError:
        return False
