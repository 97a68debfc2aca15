"""ddf check, show, tree and list; mo validate."""

import os
import re
from pathlib import Path

import pytest

from tests.system.running import REPOSITORY, SMALL, Cli
from tests.system.test_json import check

CORPUS = REPOSITORY / "tests" / "corpus"
MAIL = str(CORPUS / "mail.ddf")
LEAF = "<DFProperties>{}<DFFormat><chr/></DFFormat></DFProperties>"
GET = "<AccessType><Get/></AccessType>"
BAD = f"""\
<MgmtTree><VerDTD>1.2</VerDTD>
<Node><NodeName>Top</NodeName><DFProperties>{GET}<DFFormat><node/></DFFormat></DFProperties>
<Node><NodeName>A</NodeName>{LEAF.format("")}</Node>
<Node><NodeName>A</NodeName>{LEAF.format(GET)}</Node>
</Node></MgmtTree>
"""
NOT_INT = "is not a whole number from -2147483648 to 2147483647, as Format int needs"
FAULTS = """\
bad.ddf: .: two nodes 'A' below it
bad.ddf: ./A: AccessType is empty: no command could ever reach the node
"""


@pytest.fixture
def described(filled: Cli) -> Cli:
    """A card with the tree of small.xml, and its description and a bad one beside it."""
    filled.file("mail.ddf", Path(MAIL).read_bytes())
    filled.file("bad.ddf", BAD)
    return filled


def test_check_says_when_all_is_well(described: Cli):
    assert described.ok("ddf", "check", "mail.ddf").out == "mail.ddf: 4 nodes, no faults\n"
    assert described.ok("ddf", "check", "-", stdin=Path(MAIL).read_bytes()).out == "stdin: 4 nodes, no faults\n"


def test_check_tells_all_faults_of_all_files(described: Cli):
    described.file("text", "hello")
    result = described("ddf", "check", "mail.ddf", "bad.ddf", "text", "nix")
    assert (result.code, result.err) == (5, "")
    assert result.out == (
        f"mail.ddf: 4 nodes, no faults\n{FAULTS}"
        "text: line 1: not well-formed XML: Start tag expected\nnix: No such file or directory\n"
    )


def test_the_findings_of_check_are_a_document(described: Cli):
    result = described("ddf", "check", "bad.ddf", "mail.ddf", "nix", "--json")
    assert result.code == 5
    check("ddf-check", result.document)
    bad, mail, nix = result.document["files"]
    assert result.document["good"] is False
    assert [fault["uri"] for fault in bad["faults"]] == [".", "./A"]
    assert mail == {"file": "mail.ddf", "nodes": 4, "objects": ["org.example:mail:1.0"], "faults": []}
    assert nix == {"file": "nix", "faults": [{"message": "No such file or directory"}]}


def test_stdin_is_checked_once(bare: Cli):
    assert "only once" in bare.fails(2, "ddf", "check", "-", "-")


@pytest.mark.skipif("SMARTDM_SAMPLES" not in os.environ, reason="SMARTDM_SAMPLES names no folder of foreign files")
def test_check_takes_the_ddf_of_a_phone(bare: Cli):
    sample = str(Path(os.environ["SMARTDM_SAMPLES"], "ddf", "device-syncmldm.ddf").absolute())
    assert bare.ok("ddf", "check", sample).out.endswith(": 292 nodes, no faults\n")


ADDR = """\
Path:         ./Addr
NodeName:     Addr
DFFormat:     chr
DFType:       text/plain
AccessType:   Get, Replace
Occurrence:   One
Scope:        Dynamic
CaseSense:    CS
DefaultValue: "mail.example.org"
"""


def test_show_prints_one_node_or_all(described: Cli):
    assert described.ok("ddf", "show", "mail.ddf", "Addr").out == ADDR
    everything = described.ok("ddf", "show", "mail.ddf").out
    assert everything.split("\n\n")[1] == ADDR.rstrip()
    assert "Below:       Addr, Icon, Empty\n" in everything
    assert everything.endswith("Below:      anything\n")


PROVEN = """<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD>
<Node><NodeName>A</NodeName><DFProperties><DFFormat><node/></DFFormat><?smartdm proof change="LIVE" get="LIVE"?>
</DFProperties><Node><NodeName>B</NodeName><DFProperties><DFFormat><chr/></DFFormat>
<?smartdm proof change="LIVE BOUND" get="HOLDER"?></DFProperties></Node></Node></MgmtTree>"""


def test_what_a_node_wants_proven_is_shown(bare: Cli):
    shown = bare.ok("ddf", "show", "-", stdin=PROVEN.encode()).out
    assert re.findall("Proof: +(.*)", shown) == ["needs LIVE", "changes need LIVE BOUND, Get needs HOLDER"]
    drawn = bare.ok("ddf", "tree", "-", stdin=PROVEN.encode()).out.splitlines()
    assert [line.split("  ", 2)[2] for line in drawn] == [
        "(no access)  needs LIVE",
        "(no access)  changes need LIVE BOUND  Get needs HOLDER",
    ]
    top, below = bare.ok("ddf", "show", "-", "--json", stdin=PROVEN.encode()).document["nodes"]
    assert top["proof"] == {"change": ["LIVE"], "get": ["LIVE"]}
    assert below["proof"] == {"change": ["LIVE", "BOUND"], "get": ["HOLDER"]}
    wrong = PROVEN.replace("HOLDER", "PIN").encode()
    assert "cannot be 'PIN'; write some of LIVE BOUND HOLDER LOGGED" in bare.fails(5, "ddf", "show", "-", stdin=wrong)


@pytest.mark.parametrize("source", ["DMAcc", "dmacc", "urn:oma:mo:oma-dm-dmacc:1.0", "org.openmobilealliance/1.0/w7"])
def test_an_object_of_the_catalog_has_several_names(bare: Cli, source: str):
    (node,) = bare.ok("ddf", "show", source, "AppAuth/*/AAuthSecret", "--json").document["nodes"]
    assert (node["path"], node["access"]) == ("./AppAuth/*/AAuthSecret", ["Replace"])
    assert node["occurrence"] == {"minimum": 0, "maximum": 1}


def test_what_is_not_there_is_one_error_that_says_where_to_look(described: Cli):
    assert "./Nix; `ddf tree mail.ddf` shows" in described.fails(5, "ddf", "show", "mail.ddf", "Nix")
    assert "see `smartdm ddf list`" in described.fails(5, "ddf", "tree", "nix")
    assert "line 1: not well-formed" in described.fails(5, "ddf", "tree", "-", stdin=b"x")


TREE = """\
Mail  node  Add+Delete+Get  ZeroOrOne  org.example:mail:1.0  "Mail"
├── Addr  chr  Get+Replace  text/plain
├── Icon  bin  Get+Replace  ZeroOrOne  image/png  image/jpeg
└── Empty  node  Add+Get  ZeroOrOne
"""


def test_tree_draws_a_description(described: Cli):
    assert described.ok("ddf", "tree", "mail.ddf").out == TREE
    assert described.ok("ddf", "tree", "FUMO").out.startswith("*  node  Add+Delete+Get+Replace  ZeroOrMore  urn:oma:mo")
    assert "DevInfo  node  Get  Permanent  " in described.ok("ddf", "tree", "DevInfo").out


def test_list_shows_each_identifier_of_the_catalog(bare: Cli):
    lines = [line.split() for line in bare.ok("ddf", "list").out.splitlines()]
    assert lines[0] == ["NAME", "NODES", "OBJECT"]
    assert ["DMAcc", "24", "org.openmobilealliance/1.0/w7"] in lines
    assert ["CardInbox", "1", "org.smartdm/1.0/Inbox"] in lines


def test_what_a_file_says_cannot_move_the_cursor(described: Cli):
    described.file("evil.ddf", BAD.replace(">Top<", ">\u202e\u0085<"))
    assert described.ok("ddf", "tree", "evil.ddf").out.startswith("\\u202e\\x85  node")


def test_validate_takes_what_keeps_to_the_catalog(bare: Cli):
    out = bare.ok("mo", "validate", str(CORPUS / "reference.xml")).out.splitlines()
    assert len(out) == 12
    assert out[0] == "./DMAcc/fleet-europe: 30 nodes keep to urn:oma:mo:oma-dm-dmacc:1.0"


def test_validate_tells_all_faults_and_fails(bare: Cli):
    text = (CORPUS / "passpoint.xml").read_text().replace("<NodeName>Realm<", "<NodeName>Relm<")
    bare.file("bad.xml", text.replace("<Value>21<", "<Value>TTLS<"))
    result = bare("mo", "validate", "bad.xml")
    place = "./PerProviderSubscription/harbour-wifi/Credential"
    assert (result.code, result.err) == (5, "")
    known = "CreationDate, ExpirationDate, Realm, CheckAAAServerCertStatus, UsernamePassword, DigitalCertificate, SIM"
    assert result.out.splitlines() == [
        f"{place}/Relm: the definition has no such node; it has {known}, Extension (405)",
        f"{place}/Realm: the node is missing (One) (405)",
        f"{place}/UsernamePassword/EAPMethod/EAPType: the value 'TTLS' {NOT_INT} (415)",
    ]
    document = bare("mo", "validate", "bad.xml", "--json").document
    check("mo-validate", document)
    assert (document["valid"], [fault["dm_status"] for fault in document["faults"]]) == (False, [405, 405, 415])


def test_validate_holds_the_card_to_a_file(described: Cli):
    for side in ["./Mail", "card:./Mail", "."]:
        out = described.ok("mo", "validate", side, "--ddf", "mail.ddf").out
        assert out == "./Mail: 4 nodes keep to org.example:mail:1.0\n"
    described.ok("mo", "set", "./Mail/Icon", "x", "--type", "image/gif")
    result = described("mo", "validate", "./Mail", "--ddf", "mail.ddf")
    assert result.code == 5
    assert result.out == "./Mail/Icon: Type is 'image/gif'; it must be image/png or image/jpeg (415)\n"


def test_an_object_without_an_identifier_is_the_top_of_the_tree(described: Cli):
    described.file("plain.xml", SMALL.replace("org.example:mail:1.0", ""))
    assert "name its definition with --ddf" in described.fails(5, "mo", "validate", "plain.xml")
    out = described.ok("mo", "validate", "plain.xml", "--ddf", "mail.ddf").out
    assert out == "./Mail: 4 nodes keep to org.example:mail:1.0\n"


def test_validate_says_what_it_cannot_read(described: Cli):
    assert described.fails(4, "mo", "validate", "./Nix")
    assert "nix" in described.fails(5, "mo", "validate", "nix")
    assert "see `smartdm ddf list`" in described.fails(5, "mo", "validate", "small.xml", "--ddf", "nix")
    assert "no node has the Type" in described.fails(5, "mo", "validate", "card:.")
