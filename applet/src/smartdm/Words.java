package smartdm;

/**
 * The words of transient memory, by number; their use is noted with each.
 *
 * <p>Those that are used most come first: numbers up to 5 take one byte less of code.
 */
interface Words {
  // Tree: id of the node that resolve() found.
  short FOUND = (short) 0;
  // Input: next byte of the part in the APDU buffer.
  short AT = (short) 1;
  // Tree: rights of the principal on the node entered last.
  short RIGHTS = (short) 2;
  // Store: of the record looked at: where its tail begins, kind and meta; more about it below.
  short TAIL = (short) 3;
  short KIND_META = (short) 4;
  // Walk: top of the stack.
  short TOP = (short) 5;
  // Heap: bytes staged in the run. From here to MAP_FRESH is what abort() forgets.
  short RUN_LEN = (short) 6;
  // Batch: number of the next part, 0 = no batch is open; its complement while a part is run.
  short PART = (short) 7;
  // Answer: whether one is being read.
  short ANSWER = (short) 8;
  // Id table: page in RAM + 1 (0 = none), which differs from its slot; pages written in this batch.
  short PAGE = (short) 9;
  short TOUCHED = (short) 10;
  // Heap: free granules, whether nothing but these is free.
  short FREE = (short) 11;
  short MAP_FRESH = (short) 12;
  // Heap, zero after a rebuild: granule behind the last record taken + 1 (0 = none), records seen.
  short NEXT = (short) 13;
  short NODES = (short) 14;
  // Heap: granules that allocate() must leave, granules for which no hole was found.
  short KEPT = (short) 15;
  short NEED = (short) 16;
  // Superblock: slot in use + 1 (0 = not looked up yet), page bits.
  short SLOT = (short) 17;
  short PAGE_BITS = (short) 18;
  // Heap: the run being staged: its first granule, byte offset of what is staged.
  short RUN_BASE = (short) 19;
  short RUN_OFF = (short) 20;
  // Walk: levels wanted, bytes of the URI, id of the node; resolve() begins with the URI found.
  short LEVELS = (short) 21;
  short PATH = (short) 22;
  short WALK_ID = (short) 23;
  // Tree: what resolve() found: parent's id, place among its children, depth, what its
  // definition denies, root of the tree it went down, rights on the parent.
  short FOUND_PARENT = (short) 24;
  short FOUND_PLACE = (short) 25;
  short FOUND_DEPTH = (short) 26;
  short DENIED = (short) 27;
  short BASE = (short) 28;
  short PARENT_RIGHTS = (short) 29;
  // Input: end of the part in the APDU buffer.
  short END = (short) 30;
  // Batch, zero when one begins: flags of OPTIONS (0 = not seen), commands begun, value bytes to
  // come, nodes of an ADD to come, subtrees that it adds, id of the last node written, nodes to
  // answer with, node named by SOURCE for the next command.
  short OPTIONS = (short) 31;
  short INDEX = (short) 32;
  short VALUE_LEFT = (short) 33;
  short NODES_LEFT = (short) 34;
  short ROOTS = (short) 35;
  short LAST_ID = (short) 36;
  short LIST_LEN = (short) 37;
  short SOURCE = (short) 38;
  // Batch: node whose value this command may take; last id promised to a child by an ADD.
  short TAKEN = (short) 39;
  short LAST_PROMISED = (short) 40;
  // Answer: low byte of the generation and part number, bytes of the item already sent, next
  // entry of the list, 1 = with ids; then the list: id, rights and levels.
  short CURSOR = (short) 41;
  // Batch: the record of the one secret that it gives up + 1, NONE = several.
  short LOST = CURSOR;
  short ITEM_OFF = (short) 42;
  short LIST_AT = (short) 43;
  short WITH_IDS = (short) 44;
  // Store: the record looked at: where its fields begin, NOTHING being one that is always empty;
  // end of the last one, child ids, bytes of each of them (0 = a run); bytes of all, number of
  // children, Format.
  short NAME_AT = (short) 45;
  // Its granule: all names begin at the same offset.
  short SEEN = NAME_AT;
  short TYPE_AT = (short) 46;
  short NOTHING = (short) 47;
  short TITLE_AT = (short) 48;
  short ACL_AT = (short) 49;
  short TEXTS_END = (short) 50;
  short KIDS = (short) 51;
  short ID_LEN = (short) 52;
  // Tree: entries of its ACL that are not those of the principal asked for.
  short OTHERS = ID_LEN;
  short LEN = (short) 53;
  short CHILDREN = (short) 54;
  short FORMAT = (short) 55;
  short LAST_ROOT = (short) 56;
  // Tree: what resolve() found: id of the parent's parent, until an ADD begins.
  short FOUND_ABOVE = LAST_ROOT;
  short LIST = (short) 57;
  // Digest: bytes of the message in hand; no list is.
  short HASHED = LIST;
  // Credentials, as well: the leaf found.
  short LEAF = (short) (LIST + 1);
  // At install: where the initial keys are, bytes of each of them.
  short KEYS_AT = LIST;
  short KEYS_LEN = (short) (LIST + 1);
  short COUNT = (short) (LIST + 2 * Wire.LIMIT_GETS);
}
