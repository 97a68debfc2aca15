import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartdm.errors import UriError
from smartdm.mo.uri import ROOT, Target, Uri, check_limits, check_name
from tests.unit.strategies import names, uris

PIECES = ("A", "b1", ".", "..", "/", "%2e", "%2E", "%2F", "%00", "%", "%4", "%zz", "%41", "?", "é", "%C3%A9", "%C3",
          "%ED%A0%80", " ", "~", "\x00", "\n", "*", ";", "&", "a.b", "\ud800", "#", "😀")  # fmt: skip


def oracle(text: str) -> tuple[str, ...] | None:
    """The decoded segments by the letter of TND 1.2 and RFC 2396, or None where no node can be meant."""
    if text == ".":
        return ()
    rest = text.removeprefix("./")
    segments = []
    for segment in rest.split("/"):
        octets, at = b"", 0
        while at < len(segment):
            char = segment[at]
            if char == "%":
                digits = segment[at + 1 : at + 3]
                if len(digits) != 2 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                    return None
                octets += bytes([int(digits, 16)])
                at += 3
                continue
            if char < "\x80" and not (char.isalnum() or char in "-_!~*'():@&=+$,."):
                return None
            octets += char.encode("utf-8", "surrogatepass")
            at += 1
        try:
            name = octets.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if not name or name[-1] == "." or any(char in "/?\x7f" or char < " " for char in name):
            return None
        segments.append(name)
    return tuple(segments)


@pytest.mark.fuzz
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text())
@example("./A")
@example("./")
@example("/")
@example("")
def test_threat_27_a_uri_is_read_as_the_grammar_says_or_refused(text: str):
    expected = oracle(text)
    if expected is None:
        with pytest.raises(UriError) as caught:
            Uri.parse(text)
        assert caught.value.dm_status == 404
    else:
        assert Uri.parse(text).segments == expected


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("./", 1),
        ("/A", 0),
        ("./A/", 3),
        ("./A//B", 3),
        ("../A", 0),
        ("./A/../B", 4),
        ("./A/./B", 4),
        ("././A", 2),
        ("./A/%2e%2e/B", 4),
        ("./A/.%2E", 4),
        ("./A/B.", 4),
        ("./A%2FB", 2),
        ("./A/%00", 4),
        ("./A/x%zz", 5),
        ("./A/x%4", 5),
        ("./A/%C3", 4),
        ("./A/%C0%AF", 4),
        ("./A/x y", 5),
        ("./A/x\x00", 5),
        ("./A?prop=ACL", 3),
        ("./?", 2),
        ("?/Srv", 0),
        ("./A/%3F", 4),
        ("%3F/Srv/x", 0),
    ],
)
def test_threat_27_a_forbidden_form_is_refused_with_its_place(text: str, offset: int):
    with pytest.raises(UriError) as caught:
        Uri.parse(text)
    assert (caught.value.offset, caught.value.dm_status) == (offset, 404)


def test_a_hostile_uri_gives_a_short_message():
    with pytest.raises(UriError) as caught:
        Uri.parse("./" + "x" * 1_000_000 + "/" + "y" * 1_000_000 + ".")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["./A/B", "A/B", "./%41/B", "%41/%42", "A/%42"])
def test_all_spellings_of_a_node_are_one_uri(text: str):
    assert Uri.parse(text) == Uri(("A", "B"))


def test_case_tells_nodes_apart():
    assert Uri.parse("./A") != Uri.parse("./a")


@given(uris)
def test_the_text_of_a_uri_means_that_uri(uri: Uri):
    assert Uri.parse(str(uri)) == uri
    assert str(uri).isascii()


@given(uris)
def test_the_wire_form_of_a_uri_means_that_uri(uri: Uri):
    assert Uri.from_wire(uri.wire()) == uri


@pytest.mark.parametrize(
    "data", [b"/", b"A/", b"A//B", b"..", b"A/.", b"\xff", b"A\x00", b"./A", b"?", b"?/Srv", b"A/b?"]
)
def test_a_wire_form_that_names_no_node_is_refused(data: bytes):
    with pytest.raises(UriError):
        Uri.from_wire(data)


def test_wire_forms_are_plain_utf_8_without_the_root():
    assert Uri.parse("./DevDetail/Caf%C3%A9%20Bar").wire() == "DevDetail/Café Bar".encode()
    assert ROOT.wire() == b""


@given(uris, names)
def test_a_child_knows_its_parent(uri: Uri, name: str):
    child = uri / name
    assert (child.parent, child.name, child.depth) == (uri, name, uri.depth + 1)
    assert uri.is_ancestor_of(child)
    assert not child.is_ancestor_of(uri)
    assert not child.is_ancestor_of(child)


def test_a_relative_uri_is_joined_to_its_start():
    assert Uri.parse("./A").join(Uri.parse("B/C")) == Uri.parse("./A/B/C")
    assert ROOT.join(ROOT) == ROOT


def test_the_root_has_neither_parent_nor_name():
    assert (str(ROOT), ROOT.name, ROOT.depth, ROOT.is_root) == (".", "", 0, True)
    with pytest.raises(ValueError, match="no parent"):
        ROOT.parent  # noqa: B018


def test_a_name_prefix_is_no_ancestor():
    assert not Uri.parse("./DMAcc").is_ancestor_of(Uri.parse("./DMAcc2/X"))


@pytest.mark.parametrize("name", ["", ".", "..", "a.", "a/b", "a\nb", "\x7f", "\ud800"])
def test_a_name_that_no_node_can_have_is_refused(name: str):
    with pytest.raises(UriError):
        check_name(name)
    with pytest.raises(UriError):
        ROOT / name


@pytest.mark.parametrize("name", [".a", "a.b", "a b", "%2e", "é", "-"])
def test_an_unusual_name_is_taken(name: str):
    check_name(name)
    assert Uri.parse(str(ROOT / name)).name == name


@pytest.mark.parametrize(
    ("text", "limits", "status"),
    [
        ("./a/b/c", (3, 0, 0), None),
        ("./a/b/c", (2, 0, 0), 414),
        ("./abc/de", (0, 3, 0), None),
        ("./abc/de", (0, 2, 0), 414),
        ("./abc/de", (0, 0, 6), None),
        ("./abc/de", (0, 0, 5), 414),
        ("./%C3%A9", (0, 2, 2), None),
        ("./%C3%A9", (0, 1, 0), 414),
        ("./%41%41", (0, 2, 2), None),
        (".", (1, 1, 1), None),
        ("./" + "x" * 70_000, (0, 0, 0), None),
    ],
)
def test_threat_27_limits_count_decoded_bytes_and_zero_means_none(text: str, limits, status):
    uri = Uri.parse(text)
    if status is None:
        check_limits(uri, *limits)
        return
    with pytest.raises(UriError) as caught:
        check_limits(uri, *limits)
    assert caught.value.dm_status == status


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("./A", Target(Uri(("A",)))),
        ("./A?prop=ACL", Target(Uri(("A",)), prop="ACL")),
        (".?list=StructData", Target(ROOT, listing="StructData")),
        ("A?list=TNDS+ACL+Value", Target(Uri(("A",)), listing="TNDS+ACL+Value")),
        ("A?prop=Nonsense", Target(Uri(("A",)), prop="Nonsense")),
    ],
)
def test_a_target_has_at_most_one_suffix(text: str, target: Target):
    assert Target.parse(text) == target
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    "suffix", ["?", "?prop", "?prop=", "?prop=ACL?prop=ACL", "?prop=ACL&prop=Name", "?Prop=ACL", "?x=1", "?list=+ACL"]
)
def test_threat_27_any_other_suffix_is_refused(suffix: str):
    with pytest.raises(UriError) as caught:
        Target.parse("./A" + suffix)
    assert caught.value.offset == 3
