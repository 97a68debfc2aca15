"""``smartdm sim``: simulated cards, which live in files of the user's data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smartdm.cli.app import SIM_PREFIX, App, pass_app
from smartdm.cli.cardlife import Initial
from smartdm.cli.doors import NOBODY, Door
from smartdm.cli.keysource import KeySource, insecure_option, require_fitting
from smartdm.cli.params import SimName
from smartdm.cli.root import Group
from smartdm.cli.simcards import CUT_MODES, MOST_NODES, PROFILES, Cut, SimCard
from smartdm.errors import CodecError

if TYPE_CHECKING:
    from smartdm.card.commands import CardInfo

_SIZES = ("arena", "nodes", "reserve")


@click.group(cls=Group)
def sim() -> None:
    """Make and delete simulated cards.

    A simulated card is the real applet in a simulator. It lives in a file between commands.
    """


@sim.command()
@click.argument("name", type=SimName())
@click.option("--arena", type=click.IntRange(8, 64), metavar="KIB", help="Memory for the tree, 8 to 64 KiB.")
@click.option("--nodes", type=click.IntRange(16, 1024), metavar="N", help="The most nodes, 16 to 1024 (small: 512).")
@click.option(
    "--profile", type=click.Choice(sorted(PROFILES)), default="default", help="RAM profile.", show_default=True
)
@click.option(
    "--reserve", type=click.IntRange(64, 4096), metavar="BYTES", help="Memory that only Delete may use, 64 to 4096."
)
@click.option(
    "--initial",
    type=Initial(),
    metavar="REF",
    help="The keys that it is installed with: one reference, or enc=REF,mac=REF,dek=REF.  [default: the test key]",
)
@insecure_option
@pass_app
def new(
    app: App,
    *,
    name: str,
    arena: int | None,
    nodes: int | None,
    profile: str,
    reserve: int | None,
    initial: KeySource | None,
    insecure: bool,
) -> None:
    """Make the simulated card NAME."""
    if nodes is not None and nodes > MOST_NODES[profile]:
        raise click.UsageError(f"--nodes {nodes} is too much: --profile {profile} takes 16 to {MOST_NODES[profile]}")
    app.card_name = SIM_PREFIX + name
    keys = _initial(app, initial, insecure=insecure) if initial else None
    card = SimCard(name, app.sims.folder / f"{name}.card", arena, nodes, profile, reserve, own_keys=keys is not None)
    info = _made(app, card, keys)
    data = {
        "card": app.card_name,
        "image": str(card.image),
        "arena_bytes": info.arena,
        "node_limit": info.node_limit,
        "initial_keys": "test" if keys is None else "own",
    }
    told = f"made {app.card_name} ({info.arena // 1024} KiB, up to {info.node_limit} nodes)"
    more = "" if keys is None else " --initial …"
    app.out.show(data, f"{told}; now give it keys: smartdm card personalize --test-keys{more}")


def _initial(app: App, source: KeySource, *, insecure: bool) -> bytes | None:
    """ENC, MAC and DEK one after the other; None for the test key, which every card has without being told."""
    if source.master:
        raise click.UsageError("a card that is to be made has no diversification data: name its keys for --initial")
    from smartdm.card.keys import KeySet  # noqa: PLC0415 - cryptography, for those who have keys

    keys = source.keys(app, "the initial set", new=True)(b"")
    require_fitting(app, keys, insecure=insecure)
    raw = b"".join(keys.keys)
    return None if raw == b"".join(KeySet.test().keys) else raw


def _made(app: App, card: SimCard, keys: bytes | None) -> CardInfo:
    """Makes the card and its image, or leaves nothing behind."""
    app.sims.create(card)
    app.making = card.parameters(keys)
    app.use(Door(NOBODY, fresh=True))
    try:
        return app.session.info
    except BaseException:
        app.close()
        app.sims.delete(card.name)
        raise


@sim.command("list")
@pass_app
def list_(app: App) -> None:
    """List the simulated cards."""
    cards, broken = _readable(app)
    data = [_document(card) for card in cards]
    for fault in broken:
        app.out.note(f"note: {fault}")

    def text() -> None:
        if not cards and broken:
            return
        if not cards:
            app.out.note("no simulated cards yet; make one with `smartdm sim new NAME`")
            return
        rows = [tuple(str(part) for part in _row(card)) for card in cards]
        app.out.table(("CARD", "PROFILE", "ARENA", "NODES", "RESERVE", "POWER CUT"), rows)

    app.out.show({"folder": str(app.sims.folder), "cards": data}, text)


def _readable(app: App) -> tuple[list[SimCard], list[CodecError]]:
    """The cards, and what is wrong with those whose TOML files are damaged."""
    cards: list[SimCard] = []
    broken: list[CodecError] = []
    for name in app.sims.names():
        try:
            cards.append(app.sims.get(name))
        except CodecError as error:
            broken.append(error)
    return cards, broken


def _row(card: SimCard) -> tuple[object, ...]:
    cut = f"at write {card.cut.at}, {card.cut.mode}" if card.cut else "-"
    return (SIM_PREFIX + card.name, card.profile, *(card.size(part) for part in _SIZES), cut)


def _document(card: SimCard) -> dict[str, object]:
    cut = {"at": card.cut.at, "mode": card.cut.mode, "seed": card.cut.seed} if card.cut else None
    return {
        "card": SIM_PREFIX + card.name,
        "image": str(card.image),
        "profile": card.profile,
        **{part: card.size(part) for part in _SIZES},
        "cut": cut,
    }


@sim.command()
@click.argument("name", type=SimName())
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@pass_app
def delete(app: App, *, name: str, force: bool) -> None:
    """Delete the simulated card NAME with everything on it."""
    app.sims.require(name)
    if not force:
        click.confirm(f"Everything on sim:{name} will be lost for good. Delete it?", abort=True, err=True)
    app.sims.delete(name)
    app.out.show({"card": SIM_PREFIX + name, "deleted": True}, f"deleted sim:{name}")


@sim.command()
@click.argument("name", type=SimName())
@click.option("--at", type=click.IntRange(1, 65535), metavar="N", help="Cut at the N-th persistent write.")
@click.option(
    "--mode",
    type=click.Choice(CUT_MODES),
    default="before",
    show_default=True,
    help="What that write leaves: nothing, all, its first half, or garbage.",
)
@click.option("--seed", type=click.IntRange(0, 65535), default=0, show_default=True, help="Makes other garbage.")
@click.option("--off", is_flag=True, help="Take the power cut back.")
@pass_app
def cut(app: App, *, name: str, at: int | None, mode: str, seed: int, off: bool) -> None:
    """Cut the power of the simulated card NAME during a later command.

    The power goes at the N-th persistent write that one command makes. Each command counts from 1 again. The
    cut is used up when it happens; a command that makes fewer writes leaves it armed for the next one.
    """
    if off == (at is not None):
        raise click.UsageError("give either --at N or --off")
    armed = None if at is None else Cut(at, mode, seed)
    before = app.sims.get(name).cut
    app.sims.arm(name, armed)
    data = {"card": SIM_PREFIX + name, "cut": None if armed is None else {"at": at, "mode": mode, "seed": seed}}
    told = f"the power goes at persistent write {at} ({mode})"
    if armed is None:
        told = "the power cut is taken back" if before else "no power cut is armed"
    app.out.show(data, f"sim:{name}: {told}")


@sim.command()
@click.argument("name", type=SimName())
@click.option(
    "--vpcd",
    metavar="HOST:PORT",
    default="127.0.0.1:35963",
    show_default=True,
    help="The slot of vpcd, the virtual reader under pcscd.",
)
@click.option("--t0", is_flag=True, help="The card speaks T=0, not T=1.")
@click.option(
    "--principal",
    metavar="NAME",
    default="nobody",
    show_default=True,
    help="Whom the card takes the caller for, without any proof: to try programs that cannot authenticate.",
)
@pass_app
def serve(app: App, *, name: str, vpcd: str, t0: bool, principal: str) -> None:
    """Put the simulated card NAME into a virtual card reader until Ctrl-C.

    Every program that uses PC/SC finds it there, smartdm too (--card pcsc:Virtual). It needs pcscd with
    vsmartcard-vpcd, started before.
    """
    from smartdm.cli.simserve import Address, serve  # noqa: PLC0415 - subprocess is imported only when a card is used

    if app.trace or app.trace_file:
        raise click.UsageError("a card in a reader talks to other programs: --trace and --trace-file see none of it")
    if app.shared:
        raise click.UsageError("--shared is for cards in readers that smartdm uses")
    serve(app, name, Address.parse(vpcd), t0=t0, principal=principal)
