"""The folder of simulated cards: ``NAME.card`` is the memory image, ``NAME.toml`` how the card was made.

The image is written by the simulator alone.  The TOML file holds the install parameters and, when
``sim cut`` armed one, the power cut that the next command meets.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import struct
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smartdm.cli.failures import CliError, Exit
from smartdm.errors import CardBusyError, CodecError, NoCardError
from smartdm.transport.simlock import busy_text, parent_of
from smartdm.wire import Install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROFILES = {"small": 0, "default": 1}
DEFAULTS = {
    "small": {"arena": 8, "nodes": 256, "reserve": 384},
    "default": {"arena": 16, "nodes": 512, "reserve": 512},
}
"""What the applet takes where nothing is said (``wire.Install``)."""
MOST_NODES = {"small": 512, "default": 1024}
CUT_MODES = ("before", "after", "half", "garbage")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut at the ``at``-th persistent write of a command.

    ``mode``: what that write leaves: nothing (before), all of it (after), its first half, garbage (from ``seed``).
    """

    at: int
    mode: str = "before"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SimCard:
    """One simulated card; None means the applet's default.

    ``own_keys``: it was installed with other keys than the test key; these are in its image alone.
    """

    name: str
    image: Path
    arena: int | None = None
    nodes: int | None = None
    profile: str = "default"
    reserve: int | None = None
    cut: Cut | None = None
    own_keys: bool = False

    def size(self, name: str) -> int:
        """``arena`` (KiB), ``nodes`` or ``reserve`` (bytes) as the card was made, defaults filled in."""
        value = getattr(self, name)
        return DEFAULTS[self.profile][name] if value is None else int(value)

    @property
    def install_parameters(self) -> bytes:
        """What opens the image: those that made it; empty ones, which fit any, where only the image knows the keys."""
        return b"" if self.own_keys else self.parameters()

    def parameters(self, keys: bytes | None = None) -> bytes:
        """TLVs of ``wire.Install`` for the applet.  ``keys``: the initial ENC, MAC and DEK; None = the test key."""
        parts = [_tlv(Install.PROFILE, PROFILES[self.profile], 1)]
        if self.arena is not None:
            parts.append(_tlv(Install.ARENA, self.arena, 1))
        if self.nodes is not None:
            parts.append(_tlv(Install.NODES, self.nodes, 2))
        if self.reserve is not None:
            parts.append(_tlv(Install.RESERVE, self.reserve, 2))
        if keys is not None:
            parts.append(bytes((Install.KEYS, len(keys))) + keys)
        return b"".join(parts)


def check_card_name(name: str) -> str:
    """The name, or a CliError when it could not be a file name everywhere."""
    if not _NAME.fullmatch(name):
        raise CliError(
            f"{name!r} is no name for a card: use A-Z a-z 0-9 - _ . (up to 64), beginning with a letter or digit",
            Exit.USAGE,
        )
    return name


class SimFolder:
    """The simulated cards below one folder.  The folder is made when the first card is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """The names of all cards, sorted."""
        found = (path.stem for path in self.folder.glob("*.toml"))
        return sorted(name for name in found if _NAME.fullmatch(name))

    def get(self, name: str) -> SimCard:
        """The card of this name; NoCardError when there is none, CodecError when its TOML file is damaged."""
        self.require(name)
        path = self._settings(name)
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise CodecError(f"{path}: not UTF-8 text; delete the card or mend the file") from error
        return _from_toml(name, self.folder / f"{name}.card", path, text)

    def require(self, name: str) -> None:
        """NoCardError when there is no card of this name; what its TOML file holds does not matter."""
        if not self._settings(check_card_name(name)).exists():
            known = ", ".join(f"sim:{other}" for other in self.names()) or "none yet"
            raise NoCardError(
                f"there is no simulated card {name!r} (known: {known}); make it with `smartdm sim new {name}`"
            )

    def create(self, card: SimCard) -> None:
        """Writes the TOML file of a new card; the simulator makes the image when it first opens it."""
        self.folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        self.folder.chmod(_PRIVATE_FOLDER)
        if card.image.exists() and not self._settings(card.name).exists():
            raise CliError(f"{card.image} is left over from another card of this name; move it away first", Exit.USAGE)
        try:
            descriptor = os.open(self._settings(card.name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
        except FileExistsError:
            raise CliError(
                f"the simulated card {card.name!r} exists; choose another name, or `smartdm sim delete {card.name}`",
                Exit.USAGE,
            ) from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_to_toml(card))

    def delete(self, name: str) -> None:
        """Removes the card's files; CardBusyError while a process uses it.

        The TOML file goes last, so that a half-deleted card can be deleted again.
        """
        image = self.folder / f"{name}.card"
        with _locked(image):
            for path in (image, image.with_name(f"{image.name}.new"), _lock_file(image), self._settings(name)):
                path.unlink(missing_ok=True)

    def user_of(self, name: str) -> int | None:
        """The smartdm process that uses the card now.  It asks without locking, so that nobody is turned away."""
        try:
            with _lock_file(self.folder / f"{name}.card").open("rb") as file:
                holder = _holder(file.fileno())
        except FileNotFoundError:  # never opened so far
            return None
        return None if holder is None else parent_of(holder) or holder

    def arm(self, name: str, cut: Cut | None) -> None:
        """Stores or, with None, takes away the power cut of a card."""
        text = _to_toml(replace(self.get(name), cut=cut))
        temporary = self.folder / f".{name}.{os.getpid()}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(self._settings(name))

    def _settings(self, name: str) -> Path:
        return self.folder / f"{name}.toml"


def _lock_file(image: Path) -> Path:
    """The file whose lock a simulator holds as long as it has the image open; the process id is in it."""
    return image.with_name(f"{image.name}.lock")


def _holder(descriptor: int) -> int | None:
    """The process that holds a lock on the file (fcntl F_GETLK; the layout is that of 64-bit Linux)."""
    question = struct.pack("hhxxxxqqixxxx", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, process = struct.unpack("hhxxxxqqixxxx", fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else process


@contextlib.contextmanager
def _locked(image: Path) -> Iterator[None]:
    """Keeps simulators away from the image; CardBusyError when one has it."""
    try:
        file = _lock_file(image).open("r+b")
    except FileNotFoundError:  # never opened so far
        yield
        return
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CardBusyError(busy_text(str(image), file.read().decode("ascii", "replace"))) from None
        yield


def _tlv(tag: int, value: int, length: int) -> bytes:
    return bytes((tag, length)) + value.to_bytes(length, "big")


def _to_toml(card: SimCard) -> str:
    lines = [f'profile = "{card.profile}"']
    lines += [f"{key} = {value}" for key in ("arena", "nodes", "reserve") if (value := getattr(card, key)) is not None]
    lines += ["own_keys = true"] * card.own_keys
    if card.cut is not None:
        lines += ["", "[cut]", f"at = {card.cut.at}", f'mode = "{card.cut.mode}"', f"seed = {card.cut.seed}"]
    return "\n".join(lines) + "\n"


def _from_toml(name: str, image: Path, path: Path, text: str) -> SimCard:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CodecError(f"{path}: {error}; delete the card or mend the file") from error
    reader = _Table(path, table)
    cut = None
    if "cut" in table:
        inner = _Table(path, table["cut"] if isinstance(table["cut"], dict) else {})
        cut = Cut(inner.number("at", 1) or 1, inner.choice("mode", CUT_MODES, "before"), inner.number("seed", 0) or 0)
    return SimCard(
        name,
        image,
        reader.number("arena", None),
        reader.number("nodes", None),
        reader.choice("profile", tuple(PROFILES), "default"),
        reader.number("reserve", None),
        cut,
        own_keys=reader.flag("own_keys"),
    )


class _Table:
    """Typed reading of a TOML table, so that a wrong type is one clear error."""

    def __init__(self, path: Path, table: dict[str, object]) -> None:
        self.path = path
        self.table = table

    def number(self, key: str, default: int | None) -> int | None:
        value = self.table.get(key, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 16):
            raise CodecError(f"{self.path}: {key} must be a number from 0 to 65535")
        return value

    def flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            raise CodecError(f"{self.path}: {key} must be true or false")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.table.get(key, default)
        if value not in allowed:
            raise CodecError(f"{self.path}: {key} must be one of {', '.join(allowed)}")
        return str(value)
