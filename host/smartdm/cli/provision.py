"""``smartdm provision``: bring a card to what a profile says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.doors import check_references
from smartdm.cli.failures import Exit
from smartdm.cli.keysource import KeySource, insecure_option, require_fitting
from smartdm.cli.params import FileName
from smartdm.cli.root import Command, Group

if TYPE_CHECKING:
    from smartdm.card.keys import KeySet
    from smartdm.cli.planview import Commit
    from smartdm.provision.plan import Plan
    from smartdm.provision.profile import Profile


weak_option = click.option("--weak-secret", is_flag=True, help="Take secrets of DM accounts that are short.")


@click.group(cls=Group)
def provision() -> None:
    """Bring a card to what a profile says.

    A profile is a TOML file that names definitions, objects and single nodes; docs/provisioning.md describes it.
    """


@provision.command(cls=Command)
@click.argument("profile", type=FileName())
@click.option("--apdus", is_flag=True, help="Show and explain the commands that would be sent. Shows values.")
@click.option("--check", is_flag=True, help="Exit code 6 if there is anything to do.")
@click.option("--rewrite", is_flag=True, help="Also write what cannot be read and was written by this profile last.")
@weak_option
@pass_app
def plan(app: App, *, profile: str, apdus: bool, check: bool, rewrite: bool, weak_secret: bool) -> int:
    """Show what differs between PROFILE and the card, and what it would take to change that.

    Nothing is changed. + comes, - goes, ~ changes; in brackets where the profile says so.
    """
    from smartdm.cli import planview  # noqa: PLC0415 - imported only when a card is used

    made = _planned(app, _load(app, profile, weak_secret=weak_secret), rewrite=rewrite)
    sent = planview.commits(app.session, made, now(), app.hidden)

    def text() -> None:
        _show(app, made, sent)
        if apdus:
            for line in planview.explained(sent):
                app.out.line(line)

    app.out.show(planview.document(made, sent, with_apdus=apdus), text)
    if made.faults:
        return Exit.INPUT
    return Exit.PENDING if check and not made.is_empty else Exit.OK


@provision.command(cls=Command)
@click.argument("profile", type=FileName())
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--rewrite", is_flag=True, help="Also write what cannot be read and was written by this profile last.")
@weak_option
@insecure_option
@pass_app
def apply(app: App, *, profile: str, yes: bool, rewrite: bool, weak_secret: bool, insecure: bool) -> int:
    """Change the card to what PROFILE says.

    Definitions and large values come first, everything else in one atomic batch. Run it again after any interruption:
    it finishes what is left. Applied a second time it does nothing.
    """
    from smartdm.cli import planview  # noqa: PLC0415 - as above
    from smartdm.errors import Conflict  # noqa: PLC0415 - as above

    wanted = _load(app, profile, weak_secret=weak_secret)
    agreed: Plan | None = None
    for last in (False, True):
        try:
            made = _planned(app, wanted, rewrite=rewrite)
            sent = planview.commits(app.session, made, now(), app.hidden)
            if made.faults or made.is_empty:
                break
            if not yes and (agreed is None or agreed.changes != made.changes):
                _ask(app, made, sent)
            agreed = made
            _run(app, made, insecure=insecure)
        except Conflict as error:
            if last:
                error.add_note("somebody else keeps changing the card; try again later")
                raise
            app.out.note("note: the card was changed by somebody else meanwhile; planning again")
        else:
            data = {**planview.document(made, sent), "generation": app.session.generation, "applied": True}
            app.out.show(data, f"done: {planview.summary(made, done=True)}")
            return Exit.OK
    app.out.show({**planview.document(made, sent), "applied": False}, lambda: _show(app, made, sent))
    return Exit.INPUT if made.faults else Exit.OK


def _load(app: App, name: str, *, weak_secret: bool) -> Profile:
    from smartdm.cli.secrets import Purpose  # noqa: PLC0415 - as above
    from smartdm.provision.profile import load  # noqa: PLC0415 - as above

    def resolve(reference: str, what: str) -> bytes:
        return app.secret(reference, Purpose.VALUE, what)

    profile = load(Path(name), resolve, weak_secret=weak_secret)
    for found in profile.principals:
        if found.keys:
            where = f"{name}, keys of {found.server_id}"
            check_references(found.keys, where)
            KeySource.of(found.keys).check(where)
    return profile


def _keys_of(app: App, profile: Profile, server_id: str, *, insecure: bool) -> KeySet:
    found = profile.principal(server_id)
    from smartdm.mo.uri import ROOT  # noqa: PLC0415 - as above

    app.session.card.read_start(ROOT)  # opens the channel, if it is not open: so the card's own data are known
    keys = KeySource.of(found.keys, found.kvn).keys(app, server_id)(app.opened_kdd)
    require_fitting(app, keys, insecure=insecure)
    return keys


def _planned(app: App, profile: Profile, *, rewrite: bool) -> Plan:
    from smartdm.provision.plan import make_plan  # noqa: PLC0415 - as above

    return make_plan(app.session, profile, rewrite=rewrite)


def _show(app: App, made: Plan, sent: list[Commit]) -> None:
    from smartdm.cli import planview  # noqa: PLC0415 - as above
    from smartdm.cli.output import counted, printable  # noqa: PLC0415 - as above

    for line in planview.lines(made):
        app.out.line(line)
    for fault in made.faults:
        app.out.line(f"! {printable(str(fault))}")
    if made.faults:
        app.out.line(f"{counted(len(made.faults), 'fault')}; nothing can be done before all is mended")
    elif made.is_empty:
        app.out.line(f"nothing to do: the card is as {printable(made.profile.path.name)} wants it")
    else:
        app.out.line(planview.summary(made))
        app.out.line(planview.costs(made, sent))


def _ask(app: App, made: Plan, sent: list[Commit]) -> None:
    from smartdm.cli import planview  # noqa: PLC0415 - as above

    for line in planview.lines(made):
        app.out.note(line)
    app.out.note(planview.costs(made, sent))
    click.confirm(f"{planview.summary(made)}. Go on?", abort=True, err=True)


def _run(app: App, made: Plan, *, insecure: bool) -> None:
    from smartdm.errors import TransportError  # noqa: PLC0415 - as above
    from smartdm.provision.run import run  # noqa: PLC0415 - as above

    def tell(what: str, done: int, total: int) -> None:
        if app.out.errors_to_terminal:
            app.out.note(f"{what} ..." if not total else f"{what}: {done} of {total} bytes")

    try:
        keys = {name: _keys_of(app, made.profile, name, insecure=insecure) for name in made.keys}
        run(app.session, made, now(), tell, keys.__getitem__)
    except TransportError as error:
        raise type(error)(f"{error}; run the same command again: it finishes what is left") from error
