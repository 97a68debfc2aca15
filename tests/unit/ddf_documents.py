"""DDF documents of the tests, and how they are put together and read."""

from smartdm.codec import ddf
from smartdm.codec.ddf import Ddf
from smartdm.mo.definition import (
    ONE_OR_MORE,
    TREE_ROOT,
    Access,
    CaseSense,
    Definition,
    Occurrence,
    Proof,
    Scope,
)
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri
from tests.corpus.hostile import HEAD

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
