"""DDF documents that are faulty or hostile: one short error, with line and node."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.codec import ddf
from smartdm.codec.limits import MAX_DEPTH
from smartdm.errors import CodecError
from tests.corpus.hostile import END, HEAD, NODE, ddf_documents
from tests.unit.ddf_documents import CHILD, CHR, INTERIOR, LEAF, WRITTEN, document, read
from tests.unit.ddfs import tops
from tests.unit.strategies import mutations

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
