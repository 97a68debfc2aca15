"""The real command line, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
_PASSED_ON = ("PATH", "HOME", "JAVA_HOME", "LANG", "COVERAGE_PROCESS_START", "COVERAGE_FILE")

PIN, PUK = "4711", "87654321"
"""The holder's on the cards of the tests; in $CARD_PIN and $CARD_PUK."""

_EXPORTS: dict[bytes, bytes] = {}


def passed_on() -> dict[str, str]:
    """What the command line gets of the environment of the tests; coverage.py counts its processes too."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


@dataclass(frozen=True)
class Result:
    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode("utf-8")

    @property
    def document(self) -> dict[str, Any]:
        data = json.loads(self.raw)
        assert isinstance(data, dict)
        return data


@dataclass
class Cli:
    """Runs ``smartdm`` and returns what happened; ``ok`` and ``fails`` also check the exit code."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "smartdm.cli", *arguments]

    def __call__(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Result:
        run = subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            cwd=self.folder,
            env={**self.environment, **environment},
            timeout=120,
            check=False,
        )
        return Result(run.returncode, run.stdout, run.stderr.decode("utf-8"))

    @contextmanager
    def asking(self, question: bytes, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """The command while it waits for an answer, and so keeps the card; a no, if it was given none."""
        with self.start(*arguments) as process:
            assert process.stderr is not None
            assert question in os.read(process.stderr.fileno(), 4096)
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.communicate(b"n\n", timeout=60)

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """The command in a process that goes on, with pipes to it, and is gone at the end."""
        pipe = subprocess.PIPE
        with subprocess.Popen(
            self.command(*arguments), stdin=pipe, stdout=pipe, stderr=pipe, cwd=self.folder, env=self.environment
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def ok(self, *arguments: str, stdin: bytes = b"") -> Result:
        result = self(*arguments, stdin=stdin)
        assert result.code == 0, result.err
        return result

    def personalize(self, *arguments: str) -> Result:
        """Gives the card the test keys and the holder PIN and PUK, as every card gets its keys first."""
        secrets = ("--pin", "env:CARD_PIN", "--puk", "env:CARD_PUK")
        return self.ok("card", "personalize", "--test-keys", *secrets, "--yes", *arguments)

    def new_card(self, name: str, *options: str) -> None:
        """Makes a simulated card and personalizes it."""
        self.ok("sim", "new", name, *options)
        self.personalize("--card", f"sim:{name}")

    def add_server(self, name: str, kvn: int) -> None:
        """Gives a server keys, and makes its door."""
        self.ok("principal", "add", name, "--test-keys", "--kvn", f"{kvn:02X}")
        self.door(name, "test = true", f"kvn = {kvn:#04x}")

    def door(self, name: str, *lines: str) -> Path:
        """Adds a table to the file of doors."""
        path = Path(self.environment["SMARTDM_HOME"], "doors.toml")
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join((f'["{name}"]', *lines, "")))
        return path

    def fails(self, code: int, *arguments: str, stdin: bytes = b"") -> str:
        """The one line that an expected failure prints."""
        result = self(*arguments, stdin=stdin)
        assert result.code == code, (result.code, result.err)
        assert result.err.startswith("ERROR: "), result.err
        assert result.err.count("\n") == 1, result.err
        assert not result.raw
        return result.err

    def content(self) -> bytes:
        """The tree on sim:a; exported once for each state of its memory that a test process has seen."""
        image = Path(self.environment["SMARTDM_HOME"], "sim", "a.card").read_bytes()
        if image not in _EXPORTS:
            _EXPORTS[image] = self.ok("--card", "sim:a", "mo", "export").raw
        return _EXPORTS[image]

    def file(self, name: str, content: bytes | str) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name


SMALL = """\
<MgmtTree xmlns="syncml:dmddf1.2">
  <VerDTD>1.2</VerDTD>
  <Node>
    <NodeName>Mail</NodeName>
    <RTProperties><ACL>Add=#issuer&amp;Delete=#issuer&amp;Get=*&amp;Replace=#issuer+srv1</ACL><Format><node/></Format><Type><DDFName>org.example:mail:1.0</DDFName></Type></RTProperties>
    <Node>
      <NodeName>Addr</NodeName>
      <RTProperties><Format><chr/></Format><Title>Where it is</Title><Type><MIME>text/plain</MIME></Type></RTProperties>
      <Value>mail.example.org</Value>
    </Node>
    <Node>
      <NodeName>Icon</NodeName>
      <RTProperties><Format><bin/></Format><Type><MIME>image/png</MIME></Type></RTProperties>
      <Value>iVBORw0KGgo=</Value>
    </Node>
    <Node><NodeName>Empty</NodeName><RTProperties><Format><node/></Format><Type><DDFName/></Type></RTProperties></Node>
  </Node>
</MgmtTree>
"""
