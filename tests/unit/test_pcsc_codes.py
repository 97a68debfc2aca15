"""What each answer of the smart card service means for the user; what pcscd itself says is in tests/interop."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from smartdm.errors import CardBusyError, NoCardError, PowerLostError, TransportError
from smartdm.transport import pcsclib
from smartdm.transport.pcsc import PcscTransport
from smartdm.transport.pcsclib import Context, PcscError

READER = "Gem PC 00"


class Service(SimpleNamespace):
    """The functions of pyscard, each of which succeeds unless told otherwise; ``called``: their names."""

    def __init__(self, **answers: Any) -> None:
        constants = ("PROTOCOL_T0", "PROTOCOL_T1", "PCI_T0", "PCI_T1", "SCOPE_SYSTEM", "STATE_UNAWARE", "LEAVE_CARD")
        more = ("SHARE_SHARED", "SHARE_EXCLUSIVE", "UNPOWER_CARD", "RESET_CARD")
        super().__init__(**{f"SCARD_{name}": 1 << at for at, name in enumerate((*constants, *more))})
        self.called: list[str] = []
        self.answers: dict[str, Any] = {
            "EstablishContext": [0, 1],
            "ListReaders": [0, [READER]],
            "GetStatusChange": [0, [(READER, 0x20, [0x3B])]],
            "Connect": [0, 2, self.SCARD_PROTOCOL_T1],
            "Transmit": [0, [0x90, 0x00]],
            **answers,
        }

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = name.removeprefix("SCard")
        self.called.append(function)
        if function == "GetErrorMessage":
            return lambda code: f"it says {code:X}.\n"
        return lambda *_: self.answers.get(function, pcsclib.SUCCESS)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()
    monkeypatch.setattr(pcsclib, "load", lambda: made)
    return made


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (pcsclib.UNRESPONSIVE, NoCardError, f"the card in {READER} does not answer: take it out and see which way"),
        (pcsclib.UNPOWERED, NoCardError, f"the card in {READER} does not answer"),
        (pcsclib.UNKNOWN_READER, NoCardError, f"the reader {READER} is gone: plug it in"),
        (pcsclib.REMOVED, NoCardError, f"there is no card in {READER}: put it in"),
        (pcsclib.SHARING_VIOLATION, CardBusyError, f"has {READER}"),
        (pcsclib.PROTO_MISMATCH, TransportError, r"cannot be opened: it says 8010000F \(PC/SC 8010000F\)"),
    ],
)
def test_a_card_that_cannot_be_opened(service: Service, code: int, kind: type[TransportError], text: str):
    service.answers["Connect"] = [code]
    with pytest.raises(kind, match=text):
        PcscTransport(wait=0)
    assert service.called[-1] == "ReleaseContext"


def test_a_card_that_is_lost_to_others_while_it_is_opened_is_given_back(service: Service):
    service.answers["BeginTransaction"] = pcsclib.RESET
    with pytest.raises(PcscError, match=r"cannot be opened: .*80100068"):
        PcscTransport()
    assert service.called[service.called.index("BeginTransaction") + 1] == "Disconnect"


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (pcsclib.REMOVED, NoCardError, f"taken out of {READER}; nothing of this command was done"),
        (pcsclib.RESET, TransportError, f"another program reset the card in {READER}; nothing of this command was"),
        (pcsclib.UNPOWERED, TransportError, "another program reset the card"),
        (pcsclib.NO_SMARTCARD, PowerLostError, f"taken out of {READER} before it answered"),
        (pcsclib.NO_SERVICE, PowerLostError, "the smart card service stopped before the card answered"),
        (0x80100016, PowerLostError, r"did not answer: it says 80100016 \(PC/SC 80100016\)"),
    ],
)
def test_a_command_without_an_answer_tells_whether_it_may_have_been_done(
    service: Service, code: int, kind: type[TransportError], text: str
):
    with PcscTransport() as card:
        assert card.transmit(b"\x00\xa4\x04\x00") == b"\x90\x00"
        service.answers["Transmit"] = [code, []]
        with pytest.raises(kind, match=text):
            card.transmit(b"\x00\xa4\x04\x00")
        with pytest.raises(TransportError, match="lost or closed; reset it"):
            card.transmit(b"\x00\xa4\x04\x00")


def test_an_empty_answer_is_a_card_that_was_pulled(service: Service):
    with PcscTransport() as card:
        service.answers["Transmit"] = [pcsclib.SUCCESS, []]
        with pytest.raises(PowerLostError, match=f"the card in {READER} did not answer"):
            card.transmit(b"\x00\xa4\x04\x00")


def test_a_reset_that_fails_looks_for_the_card_anew(service: Service):
    with PcscTransport() as card:
        service.answers["Reconnect"] = [pcsclib.REMOVED, 0]
        card.reset()
        assert service.called[-1] == "BeginTransaction"
        assert card.transmit(b"\x00\xa4\x04\x00") == b"\x90\x00"


def test_no_reader_is_no_error_but_nothing_to_choose_from(service: Service):
    service.answers["ListReaders"] = [pcsclib.NO_READERS]
    assert Context().readers() == []
    with pytest.raises(NoCardError, match="there is no card reader: plug one in"):
        PcscTransport()
    service.answers["ListReaders"] = [pcsclib.PROTO_MISMATCH]
    with pytest.raises(PcscError, match="the readers cannot be listed: it says 8010000F"):
        Context().readers()


def test_a_reader_that_is_unplugged_meanwhile_is_not_there(service: Service):
    service.answers["GetStatusChange"] = [pcsclib.UNKNOWN_READER]
    assert Context().readers() == []
    service.answers["GetStatusChange"] = [pcsclib.PROTO_MISMATCH]
    with pytest.raises(PcscError, match="the readers cannot be asked"):
        Context().readers()


def test_a_stale_context_is_made_anew_once(service: Service):
    context = Context()
    assert len(context.readers()) == 1
    service.called.clear()
    service.answers["ListReaders"] = [0x80100003]
    with pytest.raises(PcscError, match="80100003"):
        context.readers()
    assert service.called.count("EstablishContext") == 1
    service.answers["EstablishContext"] = [pcsclib.NO_SERVICE, 0]
    with pytest.raises(NoCardError, match="the smart card service does not run: start pcscd"):
        Context().readers()
