package smartdm;

/** The numbers of the card's protocol. GENERATED from host/smartdm/wire.py: do not edit. */
final class Wire {
  private Wire() {}

  static final byte VERSION_MAJOR = (byte) 1;
  static final byte VERSION_MINOR = (byte) 0;
  static final byte META_INLINE = (byte) 0x80;
  static final byte META_DEFINITION = (byte) 0x40;
  static final byte META_TYPE = (byte) 0x3F;
  static final byte DEFINITION_REQUIRED = (byte) 0x40;
  static final byte DEFINITION_ID_HIGH = (byte) 0x01;
  static final byte PIECES = (byte) 0xFF;
  static final byte ID_RUN = (byte) 0xF0;
  static final byte SOURCE_VALUE = (byte) 0xFE;
  static final byte ACL_ID_SHIFT = (byte) 0x05;

  // the last or only command of a chain, no secure messaging, channel 0
  static final byte CLA_PLAIN = (byte) 0x80;
  // bit: more parts of this command follow (ISO 7816-4 5.1.1)
  static final byte CLA_CHAIN = (byte) 0x10;
  // bit: secure messaging as in GlobalPlatform (SCP03)
  static final byte CLA_SECURE = (byte) 0x04;
  // mask: logical channel; the applet can be selected on any of them, on one at a time
  static final byte CLA_CHANNEL = (byte) 0x03;

  // run a batch of DM commands; all of them happen or none
  static final byte INS_BATCH = (byte) 0x30;
  // read a subtree as a packed stream; P1 = levels below the node, FF = all; data L, URI; P2 = 01:
  // with ids, and only what is newer than the generation 3 that follows the URI
  static final byte INS_READ = (byte) 0x31;
  // go on with the stream; P1 = low byte of its generation, P2 = part number, which carries into
  // P1
  static final byte INS_READ_NEXT = (byte) 0x32;
  // the first command of a card's life, in a channel of the initial keys; data: diversification
  // data 10, L, the issuer's key set, L, PIN 8 and PUK 8 (L = 00: none)
  static final byte INS_PERSONALIZE = (byte) 0x33;
  // the last command of a card's life, the issuer's: all memory is overwritten
  static final byte INS_TERMINATE = (byte) 0x34;
  // data: the holder's PIN 8; none: tell the tries left (63CX)
  static final byte INS_VERIFY = (byte) 0x20;
  // data: the holder's PIN 8, the new one 8
  static final byte INS_CHANGE_REFERENCE_DATA = (byte) 0x24;
  // data: the PUK 8, the new PIN 8
  static final byte INS_RESET_RETRY_COUNTER = (byte) 0x2C;
  // replace a key set: P1 = its version number, P2 = 81; data: new KVN, three times 88, L, key
  // length, key encrypted with the DEK of who is asking, 03, KCV 3; answer: KVN, three KCVs
  static final byte INS_PUT_KEY = (byte) 0xD8;
  // begin an SCP03 channel: P1 = key version number, 00 = the issuer's; data host challenge 8;
  // answer diversification data 10, KVN 1, 03, i 1, card challenge 8, card cryptogram 8
  static final byte INS_INITIALIZE_UPDATE = (byte) 0x50;
  // compute the client's DM credential: P1 = a Scheme, MD5 or MAC; data: L, URI of a CLCRED node
  // below AppAuth, L, nonce, for a MAC the MD5 of the body 16; answer: the digest 16, to be sent
  // in base64
  static final byte INS_CREDENTIAL = (byte) 0x35;
  // verify a server's DM credential: P1 = a Scheme, P2 = number of batches (PACKAGE_0: 00); data:
  // L, URI of a SRVCRED node below AppAuth, for PACKAGE_0 L, nonce (L = 00: the stored one), for
  // MAC and PACKAGE_0 the MD5 of body or trigger 16, then the digest 16. MD5 and MAC answer the
  // challenge drawn last and open a door
  static final byte INS_VERIFY_CREDENTIAL = (byte) 0x36;
  // draw a nonce 16 for the next VERIFY CREDENTIAL; P1 = 01: it becomes the stored nonce of the
  // SRVCRED node, too, whose L, URI is the data and whose server is asking
  static final byte INS_GET_CHALLENGE = (byte) 0x84;
  // open the SCP03 channel: P1 = level 03 or 33 (01); data host cryptogram 8, MAC 8
  static final byte INS_EXTERNAL_AUTHENTICATE = (byte) 0x82;

  // flags 1 [generation 3] [time 4]; the first element of every batch
  static final byte CMD_OPTIONS = (byte) 0xC0;
  // L, parent URI, number of subtrees 1, then these packed in level order, all roots first
  static final byte CMD_ADD = (byte) 0xC1;
  // L, URI, kind 1 (a Format or KEEP), meta 1, [L, Type], then L, value, or FE: the value of the
  // SOURCE before it
  static final byte CMD_REPLACE = (byte) 0xC2;
  // L, URI; the root is emptied, not deleted, for which there is room on the fullest card
  static final byte CMD_DELETE = (byte) 0xC3;
  // L, URI, L, new name
  static final byte CMD_RENAME = (byte) 0xC4;
  // L, URI, levels 1; answered after the commit, so only GETs may follow
  static final byte CMD_GET = (byte) 0xC5;
  // L, URI, L, entries of mask 1, L, name of the leaf below `?/Srv`; L = 00: none of its own
  static final byte CMD_ACL = (byte) 0xC6;
  // L, URI, L, Title; L = 00: none of its own
  static final byte CMD_TITLE = (byte) 0xC7;
  // L, URI of a leaf whose value the REPLACE, or the ADD of one leaf, behind it takes (value
  // length FE)
  static final byte CMD_SOURCE = (byte) 0xC8;

  // all or nothing; the only kind of batch so far, so it must be set
  static final byte OPT_ATOMIC = (byte) 0x01;
  // generation 3 follows: refuse the batch if the card's differs
  static final byte OPT_IF_GENERATION = (byte) 0x02;
  // time 4 follows: seconds since 2000-01-01T00:00:00Z, the TStamp of what changes
  static final byte OPT_TIME = (byte) 0x04;
  // host id 4, transaction tag 4 follow: kept with the commit, SELECT tells the last three hosts'
  static final byte OPT_TAG = (byte) 0x08;

  // a 4-byte TStamp follows (never in a batch: the card sets it)
  static final byte KIND_TSTAMP = (byte) 0x10;
  // L, Title follows
  static final byte KIND_TITLE = (byte) 0x20;
  // L, ACL follows
  static final byte KIND_ACL = (byte) 0x40;
  // the low bit and meta are the node id of the definition, from which Format, Type and Title come
  static final byte KIND_DEFINED = (byte) 0x80;
  // of a DEFINED node: 01, n follow: its Type is the n-th further one of the definition
  static final byte KIND_OWN_TYPE = (byte) 0x08;
  // of a DEFINED node: it is interior, as the Format of its definition says
  static final byte KIND_INTERIOR = (byte) 0x02;
  // of a DEFINED node: L, name follow; else the name is that of the definition
  static final byte KIND_OWN_NAME = (byte) 0x04;

  // b64
  static final byte FORMAT_B64 = (byte) 0x00;
  // bin
  static final byte FORMAT_BIN = (byte) 0x01;
  // bool
  static final byte FORMAT_BOOL = (byte) 0x02;
  // chr
  static final byte FORMAT_CHR = (byte) 0x03;
  // int
  static final byte FORMAT_INT = (byte) 0x04;
  // node
  static final byte FORMAT_NODE = (byte) 0x05;
  // null
  static final byte FORMAT_NULL = (byte) 0x06;
  // xml
  static final byte FORMAT_XML = (byte) 0x07;
  // date
  static final byte FORMAT_DATE = (byte) 0x08;
  // time
  static final byte FORMAT_TIME = (byte) 0x09;
  // float
  static final byte FORMAT_FLOAT = (byte) 0x0A;
  // in answers only: a node that may not be read; L, name follow the meta byte, and nothing else
  static final byte FORMAT_WITHHELD = (byte) 0x0E;
  // in a Replace only: keep the node's Format and Type
  static final byte FORMAT_KEEP = (byte) 0x0F;

  // Add
  static final byte VERB_ADD = (byte) 0x01;
  // Delete
  static final byte VERB_DELETE = (byte) 0x02;
  // Exec
  static final byte VERB_EXEC = (byte) 0x04;
  // Get
  static final byte VERB_GET = (byte) 0x08;
  // Replace
  static final byte VERB_REPLACE = (byte) 0x10;

  // Add: the node may be added by itself, with what is below it
  static final byte ACCESS_ADD = (byte) 0x01;
  // Delete: the node may be deleted by itself
  static final byte ACCESS_DELETE = (byte) 0x02;
  // Exec
  static final byte ACCESS_EXEC = (byte) 0x04;
  // Get; without it nobody can read the node
  static final byte ACCESS_GET = (byte) 0x08;
  // Replace
  static final byte ACCESS_REPLACE = (byte) 0x10;
  // Copy: the value may be given to another leaf (SOURCE)
  static final byte ACCESS_COPY = (byte) 0x20;
  // Scope is Permanent: no Rename; comes without DELETE
  static final byte ACCESS_PERMANENT = (byte) 0x40;

  // nodes level by level, as ADD takes them; else pre-order, as READ gives them
  static final byte STREAM_LEVEL_ORDER = (byte) 0x01;
  // each node begins with its VerNo 2 (always so in answers, never in ADD)
  static final byte STREAM_COUNTED = (byte) 0x02;
  // each node begins with its id 2, before VerNo; child ids follow each count; older nodes are not
  // shown
  static final byte STREAM_IDS = (byte) 0x04;

  // wire version: major 1, minor 1
  static final byte SELECT_VERSION = (byte) 0xC0;
  // life cycle 1: 03 installed
  static final byte SELECT_STATE = (byte) 0xC1;
  // generation 3 of the tree
  static final byte SELECT_GENERATION = (byte) 0xC2;
  // free bytes 2 (exact; the reserve not counted), arena size in KiB 1, reserve bytes 2
  static final byte SELECT_SPACE = (byte) 0xC3;
  // nodes in use 2, node limit 2
  static final byte SELECT_NODES = (byte) 0xC4;
  // MaxDepth 1, MaxSegLen bytes 1, MaxTotLen bytes 1, children of a node 1, value bytes 2
  static final byte SELECT_LIMITS = (byte) 0xC5;
  // bits 2 of the algorithms found at install (none used yet)
  static final byte SELECT_CAPABILITIES = (byte) 0xC6;
  // three times host id 4, transaction tag 4 of the last tagged batches, latest first; zero = none
  static final byte SELECT_TAGS = (byte) 0xC7;

  // arena size in KiB 1: 8 to 64, default 16 (small profile: 8)
  static final byte INSTALL_ARENA = (byte) 0x80;
  // node limit 2: 16 to 1024 (small: 512), default 512 (small: 256)
  static final byte INSTALL_NODES = (byte) 0x81;
  // RAM profile 1: 00 small, 01 default
  static final byte INSTALL_PROFILE = (byte) 0x82;
  // bytes 2 that only Delete may use: 64 to 4096, default 512 (small: 384)
  static final byte INSTALL_RESERVE = (byte) 0x83;
  // initial keys ENC, MAC, DEK of 16, 24 or 32 bytes each, which is the length of all; default 40
  // … 4F
  static final byte INSTALL_KEYS = (byte) 0x84;

  // bytes of a URI on the wire (MaxTotLen)
  static final short LIMIT_URI = (short) 192;
  // bytes of a node name (MaxSegLen)
  static final short LIMIT_NAME = (short) 64;
  // children of one node
  static final short LIMIT_CHILDREN = (short) 240;
  // bytes of a value that one record holds
  static final short LIMIT_VALUE = (short) 224;
  // bytes of a Type or a Title
  static final short LIMIT_TEXT = (short) 127;
  // Get commands in one batch
  static final short LIMIT_GETS = (short) 8;
  // entries of the list of known Types
  static final short LIMIT_TYPES = (short) 18;
  // segments of a URI, default profile
  static final short LIMIT_DEPTH = (short) 16;
  // segments of a URI, small profile
  static final short LIMIT_DEPTH_SMALL = (short) 10;

  // the root
  static final byte NODE_ROOT = (byte) 0x00;
  // the registry, URI `?`; below it the definitions
  static final byte NODE_REGISTRY = (byte) 0x01;
  // `?/Srv`: one leaf for each ServerID that an ACL names; its id is the server's number
  static final byte NODE_SERVERS = (byte) 0x02;
  // `?/Up`: values in pieces that are not complete yet
  static final byte NODE_UPLOADS = (byte) 0x03;
  // `?/Key`: the definition of what holds keys or a PIN, which nobody can read
  static final byte NODE_KEYS = (byte) 0x07;
  // `?/Id`: card id 8, epoch 4, diversification data 10; for issuer and holder
  static final byte NODE_ID = (byte) 0x08;

  // no door was opened
  static final byte PRINCIPAL_NOBODY = (byte) 0x00;
  // `*` in an ACL
  static final byte PRINCIPAL_ANYBODY = (byte) 0x04;
  // the issuer, `#issuer` in an ACL
  static final byte PRINCIPAL_ISSUER = (byte) 0x05;
  // the holder, `#holder` in an ACL
  static final byte PRINCIPAL_HOLDER = (byte) 0x06;
  // the first ServerID
  static final byte PRINCIPAL_FIRST_SERVER = (byte) 0x09;

  // waits for PERSONALIZE
  static final byte STATE_INSTALLED = (byte) 0x03;
  // in use
  static final byte STATE_PERSONALIZED = (byte) 0x0F;
  // its memory was overwritten
  static final byte STATE_TERMINATED = (byte) 0x7F;

  // syncml:auth-md5
  static final byte SCHEME_MD5 = (byte) 0x01;
  // syncml:auth-MAC; the body is the message
  static final byte SCHEME_MAC = (byte) 0x02;
  // a notification; the user is the ServerID, the body is the trigger
  static final byte SCHEME_PACKAGE_0 = (byte) 0x03;

  // an answer to a challenge that the card drew in this power session
  static final byte PROOF_LIVE = (byte) 0x01;
  // each command, authenticated with the principal's key
  static final byte PROOF_BOUND = (byte) 0x02;
  // the PIN, for one batch
  static final byte PROOF_HOLDER = (byte) 0x04;
  // the digest of the message that the batches came in
  static final byte PROOF_LOGGED = (byte) 0x08;

  // no principal needed
  static final byte GUARD_ANYBODY = (byte) 0x00;
  // some principal must be authenticated
  static final byte GUARD_PRINCIPAL = (byte) 0x01;

  // a single command
  static final byte RULE_NONE = (byte) 0x00;
  // may come in parts
  static final byte RULE_CHAIN = (byte) 0x01;
  // also before the card is personalized
  static final byte RULE_SETUP = (byte) 0x02;
  // P1 and P2 are 0
  static final byte RULE_ZERO = (byte) 0x04;

  // done
  static final short SW_OK = (short) 0x9000;
  // the answer goes on: send READ NEXT
  static final short SW_MORE = (short) 0x6310;
  // the batch was dropped; data: number of the refused command 2 (from 1; 0 = OPTIONS), its status
  // word 2
  static final short SW_BATCH_FAILED = (short) 0x6300;
  // a wrong PIN or PUK; the low digit tells how many tries are left
  static final short SW_WRONG_PIN = (short) 0x63C0;
  // no valid superblock or a broken record: the card's memory is damaged
  static final short SW_STORE_DAMAGED = (short) 0x6581;
  // Lc or the length of the data does not fit the command
  static final short SW_WRONG_LENGTH = (short) 0x6700;
  // a part of a batch was expected, missing or out of order; the batch was dropped
  static final short SW_CHAIN_BROKEN = (short) 0x6883;
  // this command cannot be chained
  static final short SW_NOT_CHAINABLE = (short) 0x6884;
  // the ACL does not allow it, or nobody has been authenticated
  static final short SW_NOT_ALLOWED = (short) 0x6982;
  // no try is left: unblock the PIN with the PUK
  static final short SW_PIN_BLOCKED = (short) 0x6983;
  // there is no answer to go on with, or the tree has changed since; a door without a challenge,
  // or 16 failures
  static final short SW_NO_CURSOR = (short) 0x6985;
  // a malformed element: unknown tag or field, or a length that does not fit
  static final short SW_BAD_ELEMENT = (short) 0x6A80;
  // a flag or field that is reserved for later
  static final short SW_UNSUPPORTED = (short) 0x6A81;
  // no node has this URI
  static final short SW_NOT_FOUND = (short) 0x6A82;
  // not enough free memory; delete something first
  static final short SW_CARD_FULL = (short) 0x6A84;
  // P1 or P2 has no meaning for this command
  static final short SW_WRONG_P1P2 = (short) 0x6A86;
  // there is no key set with this version number, or no principal with the account's ServerID
  static final short SW_NO_KEY = (short) 0x6A88;
  // a node of this name exists there already
  static final short SW_ALREADY_EXISTS = (short) 0x6A89;
  // a URI segment that is empty, ends in '.', or holds '/' or a control character
  static final short SW_BAD_NAME = (short) 0x6AD0;
  // a name longer than MaxSegLen
  static final short SW_NAME_TOO_LONG = (short) 0x6AD1;
  // a node deeper than MaxDepth
  static final short SW_TOO_DEEP = (short) 0x6AD2;
  // a URI longer than MaxTotLen
  static final short SW_URI_TOO_LONG = (short) 0x6AD3;
  // more children than a node may have
  static final short SW_TOO_WIDE = (short) 0x6AD4;
  // a value or text longer than a record holds
  static final short SW_VALUE_TOO_LARGE = (short) 0x6AD5;
  // a Format that does not exist or does not suit the command
  static final short SW_BAD_FORMAT = (short) 0x6AD6;
  // a packed ACL that breaks the grammar, or an empty one for the root
  static final short SW_BAD_ACL = (short) 0x6AD7;
  // text that is not valid UTF-8
  static final short SW_BAD_TEXT = (short) 0x6AD8;
  // children can only be added to an interior node
  static final short SW_NOT_INTERIOR = (short) 0x6AD9;
  // only a leaf has a value
  static final short SW_NOT_LEAF = (short) 0x6ADA;
  // the card's own nodes, definitions, and a name or node that its definition keeps cannot be
  // changed like this
  static final short SW_PERMANENT = (short) 0x6ADB;
  // the tree is not at the expected generation
  static final short SW_CONFLICT = (short) 0x6ADC;
  // more Get commands than a batch may hold
  static final short SW_TOO_MANY_GETS = (short) 0x6ADD;
  // the node limit is reached; delete something first
  static final short SW_NO_NODE_LEFT = (short) 0x6ADE;
  // free memory was in pieces and has been gathered: send the batch again
  static final short SW_SEND_AGAIN = (short) 0x6ADF;
  // a part of the batch ended inside an element, where only a value may be divided
  static final short SW_TRUNCATED = (short) 0x6AE0;
  // the definition's AccessType does not allow this command
  static final short SW_ACCESS_DENIED = (short) 0x6AE1;
  // the definition of the parent has no such child, or the node names no definition
  static final short SW_NOT_DEFINED = (short) 0x6AE2;
  // a Type that the definition does not list
  static final short SW_BAD_TYPE = (short) 0x6AE3;
  // more nodes of this definition than it allows, or the last one that it requires
  static final short SW_OCCURRENCE = (short) 0x6AE4;
  // the ACL names a ServerID that is not below `?/Srv`: add it first
  static final short SW_UNKNOWN_SERVER = (short) 0x6AE5;
  // the definition has instances; delete them first
  static final short SW_IN_USE = (short) 0x6AE6;
  // no SOURCE with a value that can be taken precedes this command
  static final short SW_NO_SOURCE = (short) 0x6AE7;
  // the card is not personalized yet
  static final short SW_NOT_PERSONALIZED = (short) 0x6AE8;
  // the card is terminated
  static final short SW_TERMINATED = (short) 0x6AE9;
  // no login of this AAuthLevel, or one of an account that a server could have made up
  static final short SW_NOT_A_LOGIN = (short) 0x6AEA;
  // one secret of the account ends with another one of it
  static final short SW_SAME_SECRET = (short) 0x6AEB;
  // unknown instruction
  static final short SW_INS_UNKNOWN = (short) 0x6D00;
  // unknown class
  static final short SW_CLA_UNKNOWN = (short) 0x6E00;

  // One row for each instruction: INS, guard, smallest Lc, flags.
  static final short RULE_SIZE = (short) 4;
  static final byte[] RULES = {
    INS_BATCH, 1, 2, 5,
    INS_READ, 1, 1, 0,
    INS_READ_NEXT, 1, 0, 0,
    INS_INITIALIZE_UPDATE, 0, 8, 2,
    INS_EXTERNAL_AUTHENTICATE, 0, 16, 2,
    INS_PERSONALIZE, 1, 61, 6,
    INS_TERMINATE, 1, 0, 4,
    INS_VERIFY, 0, 0, 4,
    INS_CHANGE_REFERENCE_DATA, 0, 16, 4,
    INS_RESET_RETRY_COUNTER, 0, 16, 4,
    INS_PUT_KEY, 1, 67, 0,
    INS_CREDENTIAL, 0, 2, 0,
    INS_VERIFY_CREDENTIAL, 0, 18, 0,
    INS_GET_CHALLENGE, 0, 0, 0,
  };
}
