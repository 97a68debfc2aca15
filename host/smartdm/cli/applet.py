"""``smartdm applet``: the applet as the CAP file that a real card loads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.capview import CapView
from smartdm.cli.failures import CliError
from smartdm.cli.files import read_input, shown, write_result
from smartdm.cli.params import FileName
from smartdm.cli.paths import CHECKOUT
from smartdm.cli.root import Group
from smartdm.errors import CodecError
from smartdm.gp import cap
from smartdm.gp.api import JAVA_CARDS

if TYPE_CHECKING:
    from smartdm.cli.sdk import Jdk, Plan, Sdk

_SDK_FOLDER = "jcsdk"
_TASK = "ant-javacard.jar"
_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)


@click.group(cls=Group)
def applet() -> None:
    """Build the applet for real cards, and look at CAP files."""


@applet.command()
@click.option(
    "--target",
    type=click.Choice(JAVA_CARDS),
    help="The oldest Java Card that shall take the result.  [default: 3.0.4; with 3.0.5u4 that of the export files]",
)
@click.option("--sdk", type=_FOLDER, metavar="FOLDER", help="Oracle's SDK.  [default: $JC_HOME, else jcsdk/]")
@click.option(
    "--exports",
    type=_FOLDER,
    metavar="FOLDER",
    help="Export files of an older SDK, for older cards; goes with 3.0.5u4.",
)
@click.option(
    "--ant-javacard",
    "task",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="JAR",
    help="Runs the tools of 3.1 and later.  [default: jcsdk/ant-javacard.jar; without it build.xml runs them itself]",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the CAP file goes.  [default: smartdm-TARGET.cap]",
)
@pass_app
def build(
    app: App, *, target: str | None, sdk: Path | None, exports: Path | None, task: Path | None, out: Path | None
) -> None:
    """Make the CAP file, with Oracle's SDK.

    The applet is compiled, converted and verified; FILE is written only when the verifier finds nothing. The same
    source and SDK make the same file, byte for byte. jcsdk/README.md tells which SDK to get.
    """
    from smartdm.cli.capbuild import build_cap  # noqa: PLC0415 - subprocess is imported only to build
    from smartdm.cli.sdk import make_plan  # noqa: PLC0415 - as above

    found, jdk = _tools(sdk)
    plan = make_plan(found, target, exports, task or _task_for(found))
    file = out or Path(f"smartdm-{plan.target}.cap")
    if not file.absolute().parent.is_dir():
        raise CliError(f"{file}: there is no folder {file.parent}; make it first")
    built = build_cap(app, plan, jdk)
    write_result(file, built.data)
    _show_built(app, CapView(str(file), built.cap, built.limit), plan, jdk, built.verifier)


def _tools(folder: Path | None) -> tuple[Sdk, Jdk]:
    """The SDK in this folder, in ``$JC_HOME`` or in ``jcsdk/``, and a JDK that suits it."""
    from smartdm.cli.sdk import check_jdk, find_jdk, find_sdk  # noqa: PLC0415 - as above

    found = find_sdk(folder or Path(os.environ.get("JC_HOME") or CHECKOUT / _SDK_FOLDER))
    jdk = find_jdk(os.environ.get("JAVA_HOME"))
    check_jdk(found, jdk)
    return found, jdk


def _task_for(found: Sdk) -> Path | None:
    """ant-javacard's jar, where it is at hand and of use."""
    jar = CHECKOUT / _SDK_FOLDER / _TASK
    return jar if jar.is_file() and not found.old else None


def _show_built(app: App, view: CapView, plan: Plan, jdk: Jdk, verifier: str) -> None:
    way = "ant-javacard" if plan.task else "converter"
    made = {"target": plan.target, "sdk": plan.sdk.tools, "way": way, "jdk": jdk.version, "verifier": verifier}
    parts = [plan.sdk.name, *(["ant-javacard"] if plan.task else []), f"JDK {jdk.version}"]
    head = {"Made with": ", ".join(parts), "Verifier": verifier}
    app.out.show({**made, **view.document()}, lambda: view.show(app.out, head))


@applet.command()
@click.argument("file", type=FileName())
@pass_app
def info(app: App, file: str) -> None:
    """Show what the CAP file FILE holds and which cards take it.

    Sizes of the components, AIDs, the imported packages and the oldest Java Card that has them. FILE may be - for
    stdin. The load size is what the card has to take, and the hash is that of the same bytes.
    """
    try:
        view = CapView(shown(file), cap.decode(read_input(file)))
    except CodecError as error:
        raise CliError(f"{shown(file)}: {error}") from error
    app.out.show(view.document(), lambda: view.show(app.out, {}))
