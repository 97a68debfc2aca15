"""DDF documents: read, written, and what they cannot say."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.codec import ddf
from smartdm.codec.ddf import Ddf
from smartdm.codec.limits import MAX_DEPTH
from smartdm.errors import CodecError
from smartdm.mo.definition import (
    NO_PROOF,
    TREE_ROOT,
    ZERO_OR_MORE,
    Access,
    Definition,
    Occurrence,
    Proof,
)
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri
from smartdm.mo.validate import definition_faults
from tests.corpus import MAIL
from tests.unit.ddf_documents import (
    CHR,
    DOCUMENT,
    INTERIOR,
    LEAF,
    WRITTEN,
    document,
    properties,
    read,
)
from tests.unit.ddfs import definitions, tops
from tests.unit.strategies import uris


def test_a_document_is_written_line_by_line_in_the_order_of_the_dtd():
    assert ddf.encode(DOCUMENT).decode() == WRITTEN


def test_the_same_document_is_read():
    assert ddf.decode(WRITTEN.encode()) == DOCUMENT


@given(tops)
def test_a_definition_survives_xml_with_all_its_properties(top: Definition):
    assert ddf.decode(ddf.encode(top)).definition == top


@given(st.lists(st.tuples(st.none() | uris.filter(lambda uri: uri.depth > 0), tops), min_size=1, max_size=3))
def test_several_top_nodes_keep_their_places(placed: list[tuple[Uri | None, Definition]]):
    whole = Ddf(tuple(placed), man="M", mod="ü 2")
    assert ddf.decode(ddf.encode(whole)) == whole


def test_a_ddf_as_makers_write_it_is_read():
    whole = ddf.decode(MAIL.read_bytes())
    (place, mail), *others = whole.definitions
    assert (str(place), mail.mo_id, mail.count(), others) == (".", "org.example:mail:1.0", 4, [])
    assert (whole.man, whole.mod) == ("Example Motors", "Telematics 3")
    assert mail.children[0].default == "mail.example.org"
    assert mail.children[1].types == ("image/png", "image/jpeg")
    assert ddf.decode(ddf.encode(whole)) == whole


@pytest.fixture
def phone() -> Ddf:
    """The description of a phone that another project carries."""
    folder = os.environ.get("SMARTDM_SAMPLES")
    if not folder:
        pytest.skip("set SMARTDM_SAMPLES to a folder with ddf/device-syncmldm.ddf (CyanogenMod, OMA-DM)")
    return ddf.decode((Path(folder) / "ddf" / "device-syncmldm.ddf").read_bytes())


def test_the_ddf_of_a_whole_phone_is_read_and_written(phone: Ddf):
    top = phone.definition
    assert (phone.man, phone.mod, top.name, top.count()) == ("Motorola", "Nexus", TREE_ROOT, 292)
    assert ddf.decode(ddf.encode(phone)) == phone
    assert sum(definition.occurrence == ZERO_OR_MORE for _, definition in top.walk()) == 6
    found = top.find(Uri.parse("./CDMA/3GPD/any/NAI"))
    assert found is not None
    assert (found.format, found.types) == (Format.CHR, ("text/plain",))
    assert definition_faults(top) == []


@pytest.mark.parametrize("name", ["", "*", "&lt;X&gt;", "<![CDATA[<x>]]>"])
def test_the_ways_to_write_any_name_are_one(name: str):
    assert read(f"<DFProperties>{CHR}</DFProperties>", name).is_placeholder


@pytest.mark.parametrize("name", ["**", "X", "<XY>"])
def test_other_names_are_names(name: str):
    assert ddf.decode(ddf.encode(replace(LEAF, name=name))).definition.name == name


@pytest.mark.parametrize(
    ("inside", "definition"),
    [
        (CHR, LEAF),
        (f"<AccessType/>{CHR}<DFType><MIME/></DFType>", LEAF),
        (f"{CHR}<DFType><DDFName/></DFType>", LEAF),
        (f"{CHR}<DFType><MIME> a/b </MIME><MIME>a/b</MIME><MIME/></DFType>", replace(LEAF, types=("a/b",))),
        (f"{CHR}<CaseSense><CS/></CaseSense><Scope><Dynamic/></Scope><Occurrence><One/></Occurrence>", LEAF),
        (f"<DFTitle> T </DFTitle>{CHR}<AccessType><Get/></AccessType>", replace(LEAF, title=" T ", access=Access.GET)),
        (f"<DefaultValue/>{CHR}", replace(LEAF, default="")),
        (f"{CHR}<Occurrence><OneOrN> 65536 </OneOrN></Occurrence>", replace(LEAF, occurrence=Occurrence(1, 65_536))),
        ("<DefaultValue/><DFFormat><node/></DFFormat>", Definition("A", Format.NODE, Access(0))),
        (
            "<DFFormat><node/></DFFormat><DFType><MIME>text/plain</MIME></DFType>",
            Definition("A", Format.NODE, Access(0)),
        ),
        (f"{CHR}<m:Range xmlns:m='urn:m' m:a='1'>x<m:Low/><DFFormat/>y</m:Range>", LEAF),
        (f"{CHR}<Description>a<m:b xmlns:m='urn:m'>b</m:b>c</Description>", replace(LEAF, description="ac")),
    ],
)
def test_properties_are_read_in_any_order_and_the_foreign_ones_skipped(inside: str, definition: Definition):
    assert properties(inside) == definition


@pytest.mark.parametrize(
    ("instruction", "change", "get"),
    [
        ('proof change="LIVE"', Proof.LIVE, NO_PROOF),
        ("proof get='LOGGED  LIVE LIVE' change=''", NO_PROOF, Proof.LIVE | Proof.LOGGED),
        ('  proof\n get = "BOUND" ', NO_PROOF, Proof.BOUND),
        ("proof change='LIVE BOUND HOLDER LOGGED' get=\"HOLDER\"", Proof(0x0F), Proof.HOLDER),
    ],
)
def test_proof_is_in_an_instruction_that_other_programs_overlook(instruction: str, change: Proof, get: Proof):
    wanted = replace(LEAF, change_proof=change, get_proof=get)
    for inside in (f"<?smartdm {instruction}?>{CHR}", f"<Scope><Dynamic/></Scope>{CHR} <?smartdm {instruction}?>\n"):
        assert properties(inside) == wanted
    others = f"<?other proof change='X'?>{CHR}<DFTitle>a<?smart dm?>b</DFTitle><?smartdm2?>"
    assert properties(others) == replace(LEAF, title="ab")
    skipped = f"<RTProperties><?smartdm nonsense?></RTProperties><DFProperties>{CHR}</DFProperties>"
    assert ddf.decode(b"<?first?>" + document(skipped) + b"<?last?>").definition == LEAF


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<?smartdm?>", '<.smartdm \'\'.> must be like <.smartdm proof change="LIVE BOUND" get="HOLDER".>'),
        ("<?smartdm proof?>", "must be like"),
        ("<?smartdm need change='LIVE'?>", "must be like"),
        ("<?smartdm proof change=LIVE?>", "must be like"),
        ("<?smartdm proof set='LIVE'?>", "must be like"),
        ("<?smartdm proof change='LIVE' change='BOUND'?>", "must be like"),
        ("<?smartdm proof change='LIVE'get='BOUND'?>", "must be like"),
        ("<?smartdm proof change='LIVE' get=\"LI'VE\"?>", 'get in .* cannot be "LI\'VE"'),
        ("<?smartdm proof get='live'?>", "get in .* cannot be 'live'; write some of LIVE BOUND HOLDER LOGGED"),
        ("\n<?smartdm proof get='LIVE'?><?smartdm proof get='LIVE'?>", "line 2, node './A': .* occurs twice in one"),
        ("<Scope><?smartdm proof get='LIVE'?><Dynamic/></Scope>", "belongs into DFProperties"),
    ],
)
def test_an_instruction_for_this_program_that_is_ill_formed_is_refused(inside: str, words: str):
    with pytest.raises(CodecError, match=words) as caught:
        properties(CHR + inside)
    assert "node './A'" in str(caught.value)


def test_an_instruction_outside_of_a_node_is_refused():
    with pytest.raises(CodecError, match=r"line 1: <.smartdm .*> belongs into DFProperties"):
        ddf.decode(b"<?smartdm proof get='LIVE'?>" + document(INTERIOR))


def test_values_and_places_of_inner_nodes_do_not_count():
    runtime = "<RTProperties><Format><bin/></Format><ACL>Get=*</ACL></RTProperties>"
    inner = f"<Node><NodeName>B</NodeName><Path>./A</Path>{runtime}<DFProperties>{CHR}</DFProperties></Node>"
    assert read(f"{runtime}{INTERIOR}{inner}").children == (replace(LEAF, name="B"),)


def parent(child: Definition) -> Definition:
    return Definition("P", Format.NODE, children=(child,))


def nested(levels: int) -> Definition:
    top = Definition("x", Format.NODE)
    for _ in range(levels):
        top = replace(top, children=(top,))
    return top


@pytest.mark.parametrize(
    ("top", "words"),
    [
        (parent(replace(LEAF, title="\x1b[31m")), "node ./P/A: the DFTitle holds the character"),
        (parent(replace(LEAF, description="\ud800")), "node ./P/A: the Description holds"),
        (parent(replace(LEAF, types=(" a/b",))), "node ./P/A: the MIME ' a/b' begins or ends with white space"),
        (parent(replace(LEAF, name="*")), "node ./P/[*]: the name '[*]' would be read as any name"),
        (parent(replace(LEAF, name=".")), "node name"),
        (
            parent(replace(LEAF, types=tuple(f"a/{n}" for n in range(257)))),
            "node ./P/A: 257 MIME types; 256 is the most",
        ),
        (Definition("P", Format.NODE, types=("a ",)), "node ./P: the DDFName 'a '"),
        (nested(MAX_DEPTH + 1), "more than 64 levels below the top"),
    ],
)
def test_what_a_ddf_cannot_say_is_refused_by_path(top: Definition, words: str):
    with pytest.raises(CodecError, match=words):
        ddf.encode(top)


def test_a_document_needs_a_node_and_has_one_definition_only_if_it_has_one():
    with pytest.raises(CodecError, match="at least one node"):
        ddf.encode(Ddf(()))
    with pytest.raises(CodecError, match="has 2 nodes"):
        DOCUMENT.definition  # noqa: B018


@given(definitions)
def test_the_same_definition_gives_the_same_bytes(top: Definition):
    assert ddf.encode(top) == ddf.encode(Ddf(((None, top),)))
