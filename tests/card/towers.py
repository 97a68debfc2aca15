"""Random towers of classes, as Java programs that print what they reckon; the same seed makes the same program.

A method calls only those before it, and every call takes fuel, so each program ends. Locals of all kinds, early
returns, loops, switches, refusals and exceptions come in any order, which is more than anybody would write down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

TOP = "random/Tower"

_LAYERS = ("Low", "Middle", "Tower")
_METHODS = 8
"""In each layer."""
_DEPTH = 3
_FUEL = 2000
_KINDS = ("short", "short", "short[]", "byte[]")

_LOW = """package random;

import javacard.framework.ISOException;

abstract class Low {
  final short[] w;
  final byte[] b;
  final short k;
  short fuel;

  Low(short first, short size) {
    first = (short) (first + size);
    w = new short[8];
    b = new byte[8];
    k = first;
    fuel = FUEL;
  }
"""

_HIGHER = """}

class NAME extends BELOW {
  NAME(short first, short size) {
    super((short) (first + 1), size);
    w[size] += (short) (first * k);
  }
"""

_MAIN = """
  public static void main(String[] args) {
    for (short n = -2; n < 6; n++) {
      Tower tower = new Tower(n, (short) 3);
      CALLS
      for (short i = 0; i < 8; i++) {
        System.out.println(tower.w[i] + " " + tower.b[i]);
      }
      System.out.println(tower.fuel);
    }
  }
}
"""

_CALL = """try { tower.%s; } catch (ISOException e) { System.out.println(e.getReason()); }"""


@dataclass(frozen=True, slots=True)
class _Method:
    name: str
    result: str
    types: tuple[str, ...]


class _Body:
    """Writes one method.  ``known``: those that it may call; ``used``: those that any of them calls.

    ``names``: the type of what is in sight.
    """

    def __init__(self, random: Random, method: _Method, known: list[_Method], used: set[_Method]) -> None:
        self.random, self.method, self.known, self.used = random, method, known, used
        self.names = {"k": "short", "w": "short[]", "b": "byte[]"}
        self.names |= {f"p{at}": kind for at, kind in enumerate(method.types)}
        self.count = 0

    def text(self) -> str:
        parameters = ", ".join(f"{kind} p{at}" for at, kind in enumerate(self.method.types))
        body = f"if (--fuel < 0) {{ {self.leave()} }}\n{self.block(_DEPTH)}\n{self.leave()}"
        return f"\n  {self.method.result} {self.method.name}({parameters}) {{\n{body}\n}}\n"

    def leave(self) -> str:
        values = {"short": self.short, "boolean": self.condition}
        make = values.get(self.method.result)
        return f"return {make(1)};" if make else "return;"

    def block(self, depth: int) -> str:
        before = dict(self.names)
        simple = [self.local, self.local, self.change, self.store, self.refuse, self.early, self.call]
        nested: list[Callable[[int], str]] = [self.loop, self.loop, self.switch, self.switch]
        nested += [*[self.branch] * 8, *[self.attempt] * (self.method.result == "void")]
        made = []
        for _ in range(self.random.randint(1, 4)):
            if depth and self.random.random() < 0.4:
                made.append(self.random.choice(nested)(depth - 1))
            else:
                made.append(self.random.choice(simple)())
        self.names = before
        return "{ " + "\n".join(made) + " }"

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def local(self) -> str:
        kind, name = self.random.choice(_KINDS), self.fresh()
        text = f"{kind} {name} = {self.value(kind)};"
        self.names[name] = kind
        return text

    def change(self) -> str:
        name = self.random.choice([name for name in self.names if name not in {"k", "w", "b"}] or ["w[0]"])
        kind = self.names.get(name, "short")
        step = self.random.choice(("= ", "= ", "+= ", "^= ")) if kind == "short" else "= "
        return f"{name} {step}{self.value(kind)};"

    def store(self) -> str:
        array = self.random.choice([name for name, kind in self.names.items() if kind != "short"])
        return f"{array}[{self.short(1)} & 7] = ({self.names[array][:-2]}) {self.short(2)};"

    def refuse(self) -> str:
        return f"if ({self.condition(1)}) {{ ISOException.throwIt((short) {self.random.choice((27136, 27264))}); }}"

    def early(self) -> str:
        return f"if ({self.condition(1)}) {{ {self.leave()} }}"

    def call(self) -> str:
        calls = self.callable()
        return f"{self.called(calls)};" if calls else ";"

    def branch(self, depth: int) -> str:
        other = f"else {self.block(depth)}" if self.random.random() < 0.5 else ""
        return f"if ({self.condition(2)}) {self.block(depth)} {other}"

    def loop(self, depth: int) -> str:
        name = self.fresh()
        return f"for (short {name} = 0; {name} < 3; {name}++) {self.block(depth)}"

    def switch(self, depth: int) -> str:
        first, second, third = (self.block(depth) for _ in range(3))
        return f"switch ({self.short(1)} & 7) {{ case 1: {first} break; case 2: {second} default: {third} }}"

    def attempt(self, depth: int) -> str:
        return f"try {self.block(depth)} catch (ISOException e) {{ w[1] = e.getReason(); }}"

    def value(self, kind: str) -> str:
        if kind == "short":
            return f"(short) {self.short(2)}"
        return self.random.choice([name for name, other in self.names.items() if other == kind])

    def short(self, depth: int) -> str:
        shorts = [name for name, kind in self.names.items() if kind == "short"]
        choice = self.random.randrange(7) if depth else self.random.randrange(3)
        if choice == 0:
            return self.random.choice(("0", "1", "-1", "5", "100", "-128", "300"))
        if choice < 3:
            return self.random.choice(shorts)
        if choice == 3:
            return f"{self.random.choice(('w', 'b'))}[{self.short(depth - 1)} & 7]"
        if choice == 4 and (calls := self.callable("short")):
            return self.called(calls)
        operator = self.random.choice(("+", "-", "*", "&", "|", "^"))
        return f"(short) ({self.short(depth - 1)} {operator} {self.short(depth - 1)})"

    def callable(self, *results: str) -> list[_Method]:
        """Methods to call: those that nobody calls yet, so that most have one caller, and now and then any."""
        return [
            method
            for method in self.known
            if (not results or method.result in results) and (method not in self.used or self.random.random() < 0.02)
        ]

    def called(self, methods: list[_Method]) -> str:
        method = self.random.choice(methods)
        self.used.add(method)
        return called(method, self.value)

    def condition(self, depth: int) -> str:
        choice = self.random.randrange(5)
        if choice == 0 and (calls := self.callable("boolean")):
            return self.random.choice(("", "!")) + self.called(calls)
        if choice == 1 and depth:
            operator = self.random.choice(("&&", "||"))
            return f"({self.condition(depth - 1)} {operator} {self.condition(depth - 1)})"
        operator = self.random.choice(("==", "!=", "<", ">", "<=", ">="))
        return f"{self.short(1)} {operator} {self.random.choice(('0', self.short(1)))}"


def called(method: _Method, value: Callable[[str], str]) -> str:
    """A call of the method."""
    return f"{method.name}({', '.join(value(kind) for kind in method.types)})"


def tower(seed: int) -> str:
    """The source of a program; its top is TOP."""
    random, known, used = Random(seed), list[_Method](), set[_Method]()
    parts = [_LOW.replace("FUEL", str(_FUEL))]
    for below, name in zip(("", *_LAYERS), _LAYERS, strict=False):
        if below:
            parts.append(_HIGHER.replace("NAME", name).replace("BELOW", below))
        for _ in range(_METHODS):
            types = tuple(random.choice(_KINDS) for _ in range(random.randrange(4)))
            result = random.choice(("short", "short", "boolean", "void"))
            # Some share a name and differ in their parameters.
            shared = f"m{len(known) // 3}"
            taken = any(method.name == shared and method.types == types for method in known)
            made = _Method(f"n{len(known)}" if taken else shared, result, types)
            parts.append(_Body(random, made, known, used).text())
            known.append(made)
    arguments = {"short": "n", "short[]": "tower.w", "byte[]": "tower.b"}
    calls = [_CALL % called(method, arguments.__getitem__) for method in known[-5:]]
    return "".join([*parts, _MAIN.replace("CALLS", "\n      ".join(calls))])
