"""Hypothesis strategies for definitions."""

from dataclasses import replace

from hypothesis import strategies as st

from smartdm.codec.ddf_node import is_placeholder
from smartdm.mo.definition import ANY_NAME, TREE_ROOT, Access, CaseSense, Definition, Occurrence, Proof, Scope
from smartdm.mo.tree import Format
from tests.unit.strategies import LEAVES, texts, types, values
from tests.unit.strategies import names as node_names

names = st.just(ANY_NAME) | node_names.filter(lambda name: not is_placeholder(name) and "?" not in name)
occurrences = st.builds(Occurrence, st.sampled_from([0, 1]), st.sampled_from([None, 1, 2, 3, 255, 65_536]))
accesses = st.integers(0, sum(Access)).map(Access)
kinds = types.filter(bool)
common = {
    "access": accesses,
    "title": texts,
    "description": texts,
    "occurrence": occurrences,
    "scope": st.sampled_from(Scope),
    "case_sense": st.sampled_from(CaseSense),
    "change_proof": st.integers(0, 15).map(Proof),
    "get_proof": st.integers(0, 15).map(Proof),
}

leaves = st.builds(
    Definition,
    names,
    st.sampled_from(LEAVES),
    types=st.lists(kinds, max_size=3, unique=True).map(tuple),
    default=st.none() | values,
    **common,
)


def interiors(below: st.SearchStrategy[Definition]) -> st.SearchStrategy[Definition]:
    return st.builds(
        Definition,
        names,
        st.just(Format.NODE),
        types=st.lists(kinds, max_size=1).map(tuple),
        children=st.lists(below, max_size=3).map(tuple),
        **common,
    )


definitions = st.recursive(leaves, interiors, max_leaves=6)
tops = definitions | interiors(definitions).map(lambda definition: replace(definition, name=TREE_ROOT))
