from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.codec import tnds
from smartdm.codec.limits import MAX_DEPTH
from smartdm.codec.tnds import Tnds
from smartdm.errors import CodecError
from smartdm.mo import tstamp
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node, diff
from smartdm.mo.uri import Uri
from tests.corpus.hostile import END, HEAD, NODE, tnds_documents
from tests.unit.strategies import mutations, nodes, trees, uris

WRITTEN = """\
<?xml version="1.0" encoding="UTF-8"?>
<MgmtTree xmlns="syncml:dmddf1.2">
  <VerDTD>1.2</VerDTD>
  <Man>Example &amp; Sons</Man>
  <Node>
    <NodeName>DMAcc</NodeName>
    <Path>./Vendor/Caf%C3%A9</Path>
    <RTProperties>
      <ACL>Add=srv&amp;Get=*</ACL>
      <Format><node/></Format>
      <Title>Server</Title>
      <TStamp>20010711T163817Z</TStamp>
      <Type><DDFName>urn:oma:mo:oma-dm-dmacc:1.0</DDFName></Type>
      <VerNo>7</VerNo>
    </RTProperties>
    <Node>
      <NodeName>Name</NodeName>
      <RTProperties>
        <Format><chr/></Format>
        <Type><MIME>text/plain</MIME></Type>
      </RTProperties>
      <Value> a&lt;b&gt;&amp;&#13;
c </Value>
    </Node>
    <Node>
      <NodeName>Key</NodeName>
      <RTProperties>
        <Format><bin/></Format>
        <Type><MIME></MIME></Type>
      </RTProperties>
      <Value>AP8Q</Value>
    </Node>
  </Node>
  <Node>
    <NodeName></NodeName>
    <RTProperties>
      <Format><node/></Format>
      <Type><DDFName></DDFName></Type>
    </RTProperties>
  </Node>
</MgmtTree>
"""
DOCUMENT = Tnds(
    (
        (
            Uri(("Vendor", "Café")),
            Node(
                "DMAcc",
                Format.NODE,
                b"",
                "urn:oma:mo:oma-dm-dmacc:1.0",
                "Server",
                Acl.parse("Add=srv&Get=*"),
                tstamp.decode("20010711T163817Z"),
                7,
                (
                    Node("Name", Format.CHR, b" a<b>&\r\nc ", "text/plain"),
                    Node("Key", Format.BIN, b"\x00\xff\x10"),
                ),
            ),
        ),
        (None, Node("", Format.NODE)),
    ),
    man="Example & Sons",
)


def read(inside: str, name: str = "A") -> Node:
    """The node that has ``inside`` behind its NodeName."""
    return tnds.decode(HEAD + f"<Node><NodeName>{name}</NodeName>{inside}</Node></MgmtTree>".encode()).node


def test_a_document_is_written_line_by_line_in_the_order_of_the_dtd():
    assert tnds.encode(DOCUMENT).decode() == WRITTEN


def test_the_same_document_is_read():
    assert tnds.decode(WRITTEN.encode()) == DOCUMENT


@given(trees)
def test_a_tree_survives_tnds_with_all_its_properties(tree: Node):
    assert tnds.decode(tnds.encode(tree)).node == tree


@given(st.lists(st.tuples(st.none() | uris.filter(lambda uri: uri.depth > 0), nodes), min_size=1, max_size=3))
def test_several_nodes_keep_their_places(placed: list[tuple[Uri | None, Node]]):
    unique = {(path, node.name): (path, node) for path, node in placed}
    document = Tnds(tuple(unique.values()), man="M", mod="ü 2")
    assert tnds.decode(tnds.encode(document)) == document


@pytest.mark.parametrize("namespace", [' xmlns="syncml:dmddf1.2"', ' xmlns="syncml:dmddf"', ""])
def test_the_namespaces_in_use_are_accepted(namespace: str):
    text = f"<MgmtTree{namespace}><VerDTD>1.2</VerDTD><Node><NodeName>A</NodeName><Value>x</Value></Node></MgmtTree>"
    assert tnds.decode(text.encode()).node == Node("A", Format.CHR, b"x")


def test_a_prefix_is_as_good_as_none():
    text = (
        '<d:MgmtTree xmlns:d="syncml:dmddf1.2"><d:VerDTD> 1.2\n</d:VerDTD><d:Node><d:NodeName/></d:Node></d:MgmtTree>'
    )
    assert tnds.decode(text.encode()).node == Node("", Format.CHR)


CHILD = "<Node><NodeName>B</NodeName></Node>"
LEAF = Node("A", Format.CHR)
INTERIOR = Node("A", Format.NODE)


@pytest.mark.parametrize(
    ("inside", "node"),
    [
        ("", LEAF),
        ("<Value/>", LEAF),
        ("<Value>1</Value>", replace(LEAF, value=b"1")),
        (CHILD, replace(INTERIOR, children=(Node("B", Format.CHR),))),
        ("<RTProperties><Type><DDFName>x</DDFName></Type></RTProperties>", replace(INTERIOR, type="x")),
        ("<RTProperties><Type><DDFName/></Type></RTProperties>", INTERIOR),
        ("<RTProperties><Type><MIME>a/b</MIME></Type></RTProperties>", replace(LEAF, type="a/b")),
        ("<RTProperties><Format><node/></Format></RTProperties>", INTERIOR),
        ("<RTProperties/>", LEAF),
    ],
)
def test_a_missing_format_is_guessed_from_what_is_there(inside: str, node: Node):
    assert read(inside) == node


@pytest.mark.parametrize(
    ("node_format", "text", "value"),
    [
        ("b64", "AP8Q", b"\x00\xff\x10"),
        ("bin", "\n  AP\t8=\r\n", b"\x00\xff"),
        ("bin", "", b""),
        ("bool", "true", b"true"),
        ("int", "-5", b"-5"),
        ("chr", " a\nb ", b" a\nb "),
        ("chr", "<![CDATA[<a & b>]]>&#x20AC;", "<a & b>€".encode()),
        ("chr", "a<!-- not part -->b<?nor this?>c", b"abc"),
        ("xml", "&lt;a/>", b"<a/>"),
        ("xml", "<![CDATA[<!DOCTYPE html>]]>", b"<!DOCTYPE html>"),
        ("float", "1.5e3", b"1.5e3"),
        ("date", "20260115", b"20260115"),
        ("time", "080000Z", b"080000Z"),
        ("null", "", b""),
    ],
)
def test_a_value_is_read_by_its_format(node_format: str, text: str, value: bytes):
    node = read(f"<RTProperties><Format><{node_format}/></Format></RTProperties><Value>{text}</Value>")
    assert (node.format, node.value) == (Format(node_format), value)


def test_properties_may_come_in_any_order_and_spread_over_lines():
    inside = """
      <Value>v</Value>
      <RTProperties>
        <VerNo> 65535 </VerNo> <Type> <MIME>
          text/plain </MIME> </Type> <Size>1</Size> <Name>A</Name>
        <TStamp>
          20000101T000001Z</TStamp> <Title> T </Title> <ACL> Get=A&amp;Get=* </ACL>
      </RTProperties>"""
    assert read(inside) == Node("A", Format.CHR, b"v", "text/plain", " T ", Acl.parse("Get=*"), 1, 65_535)


def test_empty_properties_are_absent():
    inside = "<RTProperties><ACL/><TStamp/><Title/><VerNo/><Type><MIME/></Type></RTProperties>"
    assert read(inside) == LEAF


def test_a_dot_names_the_root():
    assert read(CHILD, name=".").name == ""


def test_a_byte_order_mark_is_skipped():
    assert tnds.decode(b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>" + HEAD + NODE + END).node == LEAF


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<DFProperties/>", r"line 1, node './A': DFProperties .*DDF"),
        ("\n<Oops/>", r"line 2, node './A': element 'Oops'"),
        ("\n\ntext", "line 1, node './A': there is text in Node"),
        ("<Value>a<b/></Value>", "element 'b' is not expected in Value"),
        ("<Value>1</Value><Value>2</Value>", "Value occurs twice"),
        ("<NodeName>B</NodeName>", "NodeName occurs twice"),
        ("<Value>1</Value>" + CHILD, "interior node cannot have a Value"),
        (CHILD + CHILD, "'./A/B': a sibling has the same name"),
        ("<Node><NodeName/></Node>", "must not be empty"),
        ("<Node><NodeName>.</NodeName></Node>", "must not end in '.'"),
        ("<Node/>", r"node './A/\?': a Node needs a NodeName"),
        ("<Node><NodeName>B</NodeName><Path>./X</Path></Node>", "node './A/B': Path is only for"),
        ("<Path>./X/</Path>", "must not end in '/'"),
        ("<Path>/X</Path>", "empty segment"),
        ("<RTProperties><Format/></RTProperties>", "Format must hold exactly one element"),
        ("<RTProperties><Format><chr/><int/></Format></RTProperties>", "Format must hold exactly one element"),
        ("<RTProperties><Format><chr>x</chr></Format></RTProperties>", "text in chr"),
        ("<RTProperties><Format><string/></Format></RTProperties>", "element 'string' .* expected: b64, bin, bool"),
        ("<RTProperties><Format>chr</Format></RTProperties>", "text in Format"),
        ("<RTProperties><Type><MIME/><DDFName/></Type></RTProperties>", "Type must hold exactly one element"),
        ("<RTProperties><Type><MIME>a</MIME></Type></RTProperties>" + CHILD, "must be a DDFName, not a MIME"),
        ("<RTProperties><Type><DDFName>a</DDFName></Type></RTProperties><Value>1</Value>", "must be a MIME"),
        ("<RTProperties><Format><int/></Format></RTProperties>" + CHILD, r"a leaf \(Format int\) cannot hold"),
        ("<RTProperties><Format><bin/></Format></RTProperties><Value>AP8</Value>", "must be base64"),
        ("<RTProperties><Format><b64/></Format></RTProperties><Value>A*==</Value>", "must be base64"),
        ("<RTProperties><ACL>Get</ACL></RTProperties>", "line 1, node './A': ACL entry 'Get'"),
        ("<RTProperties><ACL>Copy=*</ACL></RTProperties>", "'Copy' is no ACL command"),
        ("<RTProperties><TStamp>yesterday</TStamp></RTProperties>", "TStamp 'yesterday'"),
        ("<RTProperties><VerNo>65536</VerNo></RTProperties>", "VerNo '65536'"),
        ("<RTProperties><VerNo>-1</VerNo></RTProperties>", "VerNo '-1'"),
        ("<RTProperties><VerNo>\u0661</VerNo></RTProperties>", "VerNo"),
        ("<RTProperties><Name>B</Name></RTProperties>", "Name property 'B' differs"),
        ("<Value>&nbsp;</Value>", "not well-formed XML: Entity 'nbsp' not defined"),
        ("<Value>\x01</Value>", "not well-formed"),
        ("<Value>", "line 1: not well-formed"),
    ],
)
def test_each_fault_is_told_with_line_and_node(inside: str, words: str):
    with pytest.raises(CodecError, match=words):
        read(inside)


@pytest.mark.parametrize("name", ["a/b", "a.", "..", "a\nb", "\x7f"])
def test_a_name_that_no_node_can_have_is_refused(name: str):
    with pytest.raises(CodecError, match="node name"):
        read("", name=name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "document is empty"),
        (" \n", "document is empty"),
        ("{}", "line 1: not well-formed"),
        ("<SyncML/>", "line 1: element 'SyncML' .* outermost element; expected: MgmtTree"),
        ('<MgmtTree xmlns="urn:x"/>', "namespace 'urn:x'"),
        ("<MgmtTree/>", "no VerDTD"),
        ("<MgmtTree><VerDTD>1.2</VerDTD></MgmtTree>", "has no Node"),
        ("<MgmtTree><VerDTD>1.1</VerDTD></MgmtTree>", "VerDTD '1.1' is not supported"),
        ("<MgmtTree><Node><NodeName/></Node></MgmtTree>", "no VerDTD"),
        ("<MgmtTree><VerDTD>1.2</VerDTD>x<Node><NodeName/></Node></MgmtTree>", "text in MgmtTree"),
    ],
)
def test_what_is_no_tnds_document_is_refused(text: str, words: str):
    with pytest.raises(CodecError, match=words):
        tnds.decode(text.encode())


def test_two_nodes_of_one_place_are_refused_both_ways():
    twice = b"<Node><NodeName>A</NodeName></Node>"
    with pytest.raises(CodecError, match="same place and name"):
        tnds.decode(HEAD + twice + twice + b"</MgmtTree>")
    with pytest.raises(CodecError, match="same place"):
        tnds.encode(Tnds(((None, LEAF), (None, LEAF))))
    with_paths = Tnds(((Uri(("X",)), LEAF), (Uri(("Y",)), LEAF)))
    assert tnds.decode(tnds.encode(with_paths)) == with_paths


def test_a_document_of_several_nodes_is_not_taken_for_one():
    with pytest.raises(CodecError, match="has 2 nodes"):
        DOCUMENT.node  # noqa: B018


@pytest.mark.parametrize("name", tnds_documents())
def test_threat_25_a_hostile_document_is_one_short_error(name: str):
    with pytest.raises(CodecError) as caught:
        tnds.decode(tnds_documents()[name])
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["billion laughs", "quadratic entity", "external entity", "external DTD", "parameter entity"]
)
def test_threat_25_a_dtd_is_refused_before_it_is_read(name: str):
    with pytest.raises(CodecError, match=r"line \d+: a DOCTYPE \(DTD\) is not accepted"):
        tnds.decode(tnds_documents()[name])


def test_threat_25_size_is_limited_before_anything_else():
    document = tnds.encode(LEAF)
    assert tnds.decode(document, max_size=len(document)).node == LEAF
    with pytest.raises(CodecError, match="is the most"):
        tnds.decode(document, max_size=len(document) - 1)
    with pytest.raises(CodecError, match="1048576 is the most"):
        tnds.decode(b"<" * (1 << 20) + b"<")


def test_threat_25_depth_is_limited():
    def nested(levels: int) -> bytes:
        return HEAD + NODE * (levels + 1) + b"</Node>" * (levels + 1) + b"</MgmtTree>"

    assert tnds.decode(nested(MAX_DEPTH)).node.count() == MAX_DEPTH + 1
    with pytest.raises(CodecError, match="64 levels"):
        tnds.decode(nested(MAX_DEPTH + 1))


def test_threat_25_the_number_of_nodes_is_limited(monkeypatch: pytest.MonkeyPatch):
    document = HEAD + NODE + CHILD.encode() + END
    assert tnds.decode(document).node.count() == 2
    monkeypatch.setattr(tnds, "MAX_NODES", 1)
    with pytest.raises(CodecError, match="more than 1 nodes"):
        tnds.decode(document)


def test_a_long_value_is_no_attack():
    value = b"<long attribute='" + b"x" * 100_000 + b"'>"
    node = Node("A", Format.XML, value)
    assert tnds.decode(tnds.encode(node)).node == node


@pytest.mark.fuzz
@given(trees.flatmap(lambda tree: mutations(tnds.encode(tree))) | mutations(WRITTEN.encode()) | st.binary(max_size=80))
def test_threat_25_a_damaged_document_is_read_or_refused_and_nothing_else(data: bytes):
    try:
        document = tnds.decode(data)
    except CodecError:
        return
    assert tnds.decode(tnds.encode(document)) == document


def parent(child: Node) -> Node:
    return Node("P", Format.NODE, children=(child,))


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (parent(Node("C", Format.CHR, b"\xff")), "node ./P/C: the value is not UTF-8"),
        (parent(Node("C", Format.CHR, b"a\x00b")), r"node ./P/C: the value holds the character '\\x00'"),
        (parent(Node("C", Format.XML, "\ufffe".encode())), "node ./P/C: the value holds"),
        (parent(Node("C", Format.CHR, title="\x1b[31m")), "node ./P/C: the Title holds"),
        (parent(Node("C", Format.CHR, title="\ud800")), "node ./P/C: the Title holds"),
        (parent(Node("C", Format.CHR, type=" text/plain")), "node ./P/C: the Type ' text/plain' begins or ends"),
        (parent(Node("C", Format.CHR, verno=65_536)), "node ./P/C: the VerNo 65536"),
        (parent(Node("C", Format.CHR, tstamp=1 << 32)), "node ./P/C: a TStamp"),
        (parent(Node("C", Format.NODE, child_count=3)), "children of node ./P/C were not read"),
        (parent(Node("", Format.CHR)), "./P has a child with a bad name"),
        (Node("P", Format.NODE, children=(LEAF, LEAF)), "./P has two children of the same name"),
    ],
)
def test_what_xml_cannot_carry_is_refused_by_name(node: Node, words: str):
    with pytest.raises(CodecError, match=words):
        tnds.encode(node)


def test_a_document_needs_a_node():
    with pytest.raises(CodecError, match="at least one node"):
        tnds.encode(Tnds(()))


def test_the_order_of_children_is_kept():
    node = Node("P", Format.NODE, children=tuple(Node(name, Format.NULL) for name in "zaq"))
    assert tnds.decode(tnds.encode(node)).node == node
    assert diff(node, replace(node, children=node.children[::-1])) == []
