"""Values of the management tree: URIs, ACLs, time stamps, nodes.  Pure; no I/O, no card."""
