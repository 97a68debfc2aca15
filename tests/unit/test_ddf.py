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
    ONE_OR_MORE,
    TREE_ROOT,
    ZERO_OR_MORE,
    Access,
    CaseSense,
    Definition,
    Occurrence,
    Proof,
    Scope,
)
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri
from smartdm.mo.validate import definition_faults
from tests.corpus import MAIL
from tests.corpus.hostile import END, HEAD, NODE, ddf_documents
from tests.unit.ddfs import definitions, tops
from tests.unit.strategies import mutations, uris

WRITTEN = """\
<?xml version="1.0" encoding="UTF-8"?>
<MgmtTree xmlns="syncml:dmddf1.2">
  <VerDTD>1.2</VerDTD>
  <Mod>M &lt;2&gt;</Mod>
  <Node>
    <NodeName></NodeName>
    <Path>./Vendor</Path>
    <DFProperties>
      <AccessType><Add/><Delete/><Get/></AccessType>
      <Description>An account &amp; more</Description>
      <DFFormat><node/></DFFormat>
      <Occurrence><OneOrMore/></Occurrence>
      <Scope><Permanent/></Scope>
      <DFTitle>Account</DFTitle>
      <DFType><DDFName>urn:account:1.0</DDFName></DFType>
      <CaseSense><CIS/></CaseSense>
    </DFProperties>
    <Node>
      <NodeName>Icon</NodeName>
      <DFProperties>
        <AccessType><Replace/></AccessType>
        <DefaultValue>AP8Q</DefaultValue>
        <DFFormat><bin/></DFFormat>
        <Occurrence><ZeroOrN>3</ZeroOrN></Occurrence>
        <DFType><MIME>image/png</MIME><MIME>image/jpeg</MIME></DFType>
        <?smartdm proof change="LIVE BOUND" get="HOLDER"?>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Plain</NodeName>
      <DFProperties>
        <AccessType></AccessType>
        <DFFormat><chr/></DFFormat>
        <DFType><MIME></MIME></DFType>
      </DFProperties>
    </Node>
  </Node>
  <Node>
    <NodeName>.</NodeName>
    <DFProperties>
      <AccessType><Copy/><Exec/></AccessType>
      <DFFormat><node/></DFFormat>
      <DFType><DDFName></DDFName></DFType>
    </DFProperties>
  </Node>
</MgmtTree>
"""
PLAIN = Definition("Plain", Format.CHR, Access(0))
ICON = Definition(
    "Icon", Format.BIN, Access.REPLACE, ("image/png", "image/jpeg"), default="AP8Q", occurrence=Occurrence(0, 3),
    change_proof=Proof.LIVE | Proof.BOUND, get_proof=Proof.HOLDER,
)  # fmt: skip
ACCOUNT = Definition(
    "",
    Format.NODE,
    Access.ADD | Access.DELETE | Access.GET,
    ("urn:account:1.0",),
    "Account",
    "An account & more",
    occurrence=ONE_OR_MORE,
    scope=Scope.PERMANENT,
    case_sense=CaseSense.CIS,
    children=(ICON, PLAIN),
)
DOCUMENT = Ddf(
    ((Uri(("Vendor",)), ACCOUNT), (None, Definition(TREE_ROOT, Format.NODE, Access.COPY | Access.EXEC))), mod="M <2>"
)
LEAF = Definition("A", Format.CHR, Access(0))
CHR = "<DFFormat><chr/></DFFormat>"
INTERIOR = "<DFProperties><DFFormat><node/></DFFormat></DFProperties>"
CHILD = f"<Node><NodeName>B</NodeName><DFProperties>{CHR}</DFProperties></Node>"


def document(inside: str, name: str = "A") -> bytes:
    return HEAD + f"<Node><NodeName>{name}</NodeName>{inside}</Node></MgmtTree>".encode()


def read(inside: str, name: str = "A") -> Definition:
    """The definition that has ``inside`` behind its NodeName."""
    return ddf.decode(document(inside, name)).definition


def properties(inside: str) -> Definition:
    return read(f"<DFProperties>{inside}</DFProperties>")


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


DOCTYPE = "<!DOCTYPE MgmtTree%s>"


@pytest.mark.parametrize(
    "rest",
    [
        "",
        ' SYSTEM "http://192.0.2.1/x.dtd"',
        " PUBLIC '-//OMA//DTD-DM-DDF 1.2//EN'\n 'x.dtd'\n [<?versions a='1'?>\n<!-- - -->]",
        " [ ] ",
    ],
)
def test_a_doctype_that_declares_nothing_is_overlooked_and_lines_keep_their_numbers(rest: str):
    start = f"<?xml version='1.0'?>\n{DOCTYPE % rest}\n".encode()
    assert ddf.decode(start + document(f"<DFProperties>{CHR}</DFProperties>")).definition == LEAF
    with pytest.raises(CodecError, match=f"line {start.count(10) + 1}, node"):
        ddf.decode(start + document("<Oops/>"))


@pytest.mark.parametrize(
    "rest",
    [
        ' [<!ENTITY a "b">]',
        " [<!ELEMENT a ANY>]",
        " [%a;]",
        " [<!-- -->",
        " [<?a?>] x",
        " SYSTEM 'a' 'b' 'c'",
        ' SYSTEM "a<b"',
        " SYSTEM 'unfinished",
        "\" '",
        f" [{'<?a?>' * 1000}]",
    ],
)
def test_threat_25_a_doctype_that_declares_something_is_refused(rest: str):
    with pytest.raises(CodecError, match=r"line 1: a DOCTYPE \(DTD\) is not accepted"):
        ddf.decode((DOCTYPE % rest).encode() + document(f"<DFProperties>{CHR}</DFProperties>"))


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("", "line 1, node './A': the node needs DFProperties with a DFFormat, like"),
        ("<DFProperties/>", "the node needs DFProperties with a DFFormat"),
        (f"\n<DFProperties>{CHR}\n<Oops/></DFProperties>", "line 3, node './A': element 'Oops' .* in DFProperties"),
        (f"<DFProperties>{CHR}</DFProperties>{CHILD}", "leaf .DFFormat chr. cannot hold other nodes; write"),
        ("<Value>1</Value>", "Value belongs to an object .TNDS."),
        (f"<DFProperties>{CHR}{CHR}</DFProperties>", "DFFormat occurs twice"),
        ("<DFProperties><DFFormat/></DFProperties>", "DFFormat must hold exactly one"),
        ("<DFProperties><DFFormat><chr/><int/></DFFormat></DFProperties>", "DFFormat must hold exactly one"),
        ("<DFProperties><DFFormat><chr>x</chr></DFFormat></DFProperties>", "text in chr"),
        (f"<DFProperties>{CHR}<DFType/></DFProperties>", "DFType must hold exactly one"),
        (
            f"<DFProperties>{CHR}<DFType><DDFName>a</DDFName></DFType></DFProperties>",
            "must be a MIME, not the DDFName 'a'",
        ),
        (f"<DFProperties>{CHR}<Occurrence/></DFProperties>", "Occurrence must hold exactly one"),
        (
            f"<DFProperties>{CHR}<Occurrence><OneOrN>1</OneOrN></Occurrence></DFProperties>",
            "OneOrN '1' must be a number",
        ),
        (f"<DFProperties>{CHR}<Occurrence><ZeroOrN>65537</ZeroOrN></Occurrence></DFProperties>", "from 2 to 65536"),
        (f"<DFProperties>{CHR}<Occurrence><ZeroOrN>x</ZeroOrN></Occurrence></DFProperties>", "ZeroOrN 'x'"),
        (
            f"<DFProperties>{CHR}<Scope><Static/></Scope></DFProperties>",
            "element 'Static' .* expected: Dynamic, Permanent",
        ),
        (
            f"<DFProperties>{CHR}<AccessType><Read/></AccessType></DFProperties>",
            "'Read' .* expected: Add, Copy, Delete",
        ),
        (f"<DFProperties>{CHR}<AccessType><Get/><Get/></AccessType></DFProperties>", "Get occurs twice"),
        ("<DFProperties><DFFormat><node/></DFFormat><DefaultValue>x</DefaultValue></DFProperties>", "DefaultValue 'x'"),
        (INTERIOR + "<Node><NodeName>a/b</NodeName></Node>", "node name 'a/b'"),
        (INTERIOR + "<Node><NodeName>.</NodeName></Node>", "must not end in '.'"),
        (INTERIOR + "<Node><NodeName/></Node>", r"node './A/\*': the node needs DFProperties"),
        (INTERIOR + "<Node/>", r"node './A/\?': a Node needs a NodeName"),
        ("<Path>/X</Path>" + INTERIOR, "empty segment"),
    ],
)
def test_each_fault_is_told_with_line_and_node(inside: str, words: str):
    with pytest.raises(CodecError, match=words):
        read(inside)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the DDF document is empty"),
        ("<MgmtTree/>", "no VerDTD"),
        ("<MgmtTree><VerDTD>1.2</VerDTD></MgmtTree>", "has no Node"),
        ("<MgmtTree><VerDTD>1.1</VerDTD></MgmtTree>", "VerDTD '1.1' is not supported"),
        ("<SyncML/>", "element 'SyncML'"),
        ("<x:MgmtTree xmlns:x='urn:x'/>", "namespace 'urn:x' is not that of DDF"),
    ],
)
def test_what_is_no_ddf_is_refused(text: str, words: str):
    with pytest.raises(CodecError, match=words):
        ddf.decode(text.encode())


@pytest.mark.parametrize("name", ddf_documents())
def test_threat_25_a_hostile_document_is_one_short_error(name: str):
    with pytest.raises(CodecError) as caught:
        ddf.decode(ddf_documents()[name])
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_threat_25_what_is_skipped_is_still_limited():
    for skipped in (b"<a xmlns='urn:x'>" * 300_000, b"<RTProperties>" * 300_000):
        with pytest.raises(CodecError, match="not well-formed"):
            ddf.decode((HEAD + NODE + skipped)[: 1 << 20])
    with pytest.raises(CodecError, match="more than 20000 elements that are not those of DDF"):
        ddf.decode(HEAD + NODE + b"<m:a xmlns:m='u'/>" * 20_001 + END)
    with pytest.raises(CodecError, match="more than 20000 elements that are not those of DDF"):
        ddf.decode(HEAD + NODE + b"<?a?>" * 20_001 + END)
    with pytest.raises(CodecError, match="more than 256 elements MIME"):
        read(f"<DFProperties>{CHR}<DFType>{'<MIME>a</MIME>' * 257}</DFType></DFProperties>")
    with pytest.raises(CodecError, match="is the most"):
        ddf.decode(WRITTEN.encode(), max_size=100)


def test_threat_25_depth_and_number_are_limited(monkeypatch: pytest.MonkeyPatch):
    inner = NODE + INTERIOR.encode()

    def nested(levels: int) -> bytes:
        return HEAD + inner * (levels + 1) + b"</Node>" * (levels + 1) + b"</MgmtTree>"

    assert ddf.decode(nested(MAX_DEPTH)).definition.count() == MAX_DEPTH + 1
    with pytest.raises(CodecError, match="64 levels"):
        ddf.decode(nested(MAX_DEPTH + 1))
    monkeypatch.setattr(ddf, "MAX_NODES", 1)
    with pytest.raises(CodecError, match="more than 1 nodes"):
        ddf.decode(HEAD + inner + CHILD.encode() + END)


@pytest.mark.fuzz
@given(tops.flatmap(lambda top: mutations(ddf.encode(top))) | mutations(WRITTEN.encode()) | st.binary(max_size=80))
def test_threat_25_a_damaged_document_is_read_or_refused_and_nothing_else(data: bytes):
    try:
        whole = ddf.decode(data)
    except CodecError:
        return
    assert ddf.decode(ddf.encode(whole)) == whole


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
