"""Bytes to values and back: TLV, packed trees, TNDS.  Sans I/O; every bad input is one CodecError."""
