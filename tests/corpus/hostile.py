"""Documents made to hurt a reader of XML, built when they are needed: name -> octets, each at most 1 MiB."""

HEAD = b'<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD>'
NODE = b"<Node><NodeName>A</NodeName>"
END = b"</Node></MgmtTree>"

_LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


def tnds_documents() -> dict[str, bytes]:
    """What no reader of TNDS may accept, or spend much on."""
    return {
        "billion laughs": b'<!DOCTYPE MgmtTree [<!ENTITY l0 "ha">' + _LAUGHS + b"]>" + HEAD + NODE + b"&l9;" + END,
        "quadratic entity": b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 50_000 + b'">]>' + HEAD + NODE + b"&a;" * 900 + END,
        "external entity": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + HEAD + NODE + b"&a;" + END,
        "external DTD": b'<?xml version="1.0"?>\n<!-- - -->\n<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">'
        + HEAD
        + NODE
        + END,
        "parameter entity": b"<!DOCTYPE x [<!ENTITY % a '<!ENTITY b \"c\">'>%a;]>" + HEAD + NODE + END,
        "undeclared entity": HEAD + NODE + b"<Value>&a;</Value>" + END,
        "deep nodes": HEAD + NODE * 30_000,
        "deep elements": b"<a>" * 300_000,
        "deep in a node": HEAD + NODE + b"<Value>" + b"<a>" * 300_000,
        "wide document": HEAD + b"<Man/>" * 170_000,
        "many attributes": b"<MgmtTree " + b" ".join(b'a%d=""' % n for n in range(90_000)) + b">",
        "many namespaces": b"<MgmtTree " + b" ".join(b'xmlns:a%d="u%d"' % (n, n) for n in range(40_000)) + b"/>",
        "attributes with '>'": b"<MgmtTree " + b" ".join(b"a%d='>'" % n for n in range(80_000)) + b">",
        "long tag name": HEAD + b"<" + b"x" * 1_000_000 + b"/>",
        "long name": HEAD + b"<Node><NodeName>" + b"x" * 1_000_000 + b"</NodeName><Oops/>",
        "long comment": b"<!--" + b"x" * 1_000_000,
        "long instruction": b"<?" + b"x" * 1_000_000,
        "only spaces": b" " * 1_000_000,
        "unfinished": HEAD + NODE + b"<Value>" + b"x" * 1_000_000,
        "same names": HEAD + NODE + (NODE + b"</Node>") * 29_000 + END,
        "hidden DTD in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-+ACE-DOCTYPE x+AD4-' + HEAD + NODE + END,
        "UTF-16": '<!DOCTYPE x []><MgmtTree xmlns="syncml:dmddf1.2"/>'.encode("utf-16"),
    }


def ddf_documents() -> dict[str, bytes]:
    """As ``tnds_documents``, for DDF: also what is skipped there must not cost much."""
    properties = b"<DFProperties><AccessType><Get/></AccessType><DFFormat><chr/></DFFormat>"
    return tnds_documents() | {
        "deep foreign elements": (HEAD + NODE + b"<a xmlns='urn:x'>" * 61_000)[: 1 << 20],
        "wide foreign elements": HEAD + NODE + b"<x:a xmlns:x='u'/>" * 58_000,
        "deep in what is skipped": HEAD + NODE + b"<RTProperties>" * 74_000,
        "many types": HEAD + NODE + properties + b"<DFType>" + b"<MIME>a</MIME>" * 74_000,
        "long description": HEAD + NODE + properties + b"<Description>" + b"x" * 1_000_000,
    }


def late_fault() -> bytes:
    """TNDS that is right but for its last element, about 1 MiB: it costs what a harmless document of its size does."""
    leaf = b"<Node><NodeName>a%d</NodeName><RTProperties><Format><chr/></Format></RTProperties></Node>"
    return HEAD + NODE + b"".join(leaf % number for number in range(11_000)) + b"<Oops/>" + END
