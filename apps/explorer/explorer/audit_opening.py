"""An audit that somebody brings: its numbers and warnings, and its pools as the question's own."""

from __future__ import annotations

from typing import Final, NamedTuple

import streamlit as st

from atlasmix.audit.corpus.inventory_table import AuditInventory
from atlasmix.errors import AtlasMixError
from atlasmix.evidence.overlay import take_away
from atlasmix.problem.scenarios import named_tables
from atlasmix.report.corpus import audit_report
from explorer import answers, session
from explorer.display import escaped, refuse, report, tell, worded
from explorer.tasks import SHELVES, OpenedAudit
from explorer.uploads import use

_LAID: Final = "audit-laid"


class SentAudit(NamedTuple):
    """The file of an audit."""

    name: str
    content: bytes


def an_audit() -> None:
    """The report of an audit from its file, and a button that asks with what it counted."""
    st.subheader("An audit of a corpus")
    tell(
        "The command 'atlasmix audit' counts a corpus where it lies: who wrote it as far as its "
        "records say, copies, and whether it is as varied as human text. Bring the file that it "
        "writes: the corpus itself stays where it is."
    )
    sent = st.file_uploader("Audit (JSON)", type=["json"], key="audit-file")
    if sent is not None:
        # The page forgets its uploads when the visitor looks at another.
        st.session_state["audit-held"] = SentAudit(sent.name[:80], sent.getvalue())
    held: SentAudit | None = st.session_state.get("audit-held")
    if held is None:
        return
    if sent is None:
        st.caption(f"Still open from before: {escaped(held.name)}")
    try:
        opened: OpenedAudit = answers.once("open audit", held.name, held.content)
    except AtlasMixError as error:
        refuse(error)
        return
    _take_up(opened)
    report(audit_report(opened.summary).blocks)


def _take_up(opened: OpenedAudit) -> None:
    """Its pools, and the button that lays them on the visitor's shelf."""
    made = opened.inventory
    if not made.pools:
        tell("No document of it names a language, so there is no pool to ask with.")
        return
    if _is_asked(made):
        pools = "pool" if made.pools == 1 else f"{made.pools} pools"
        tell(f"The question on the page Mix is asked with its {pools}, as {made.name}.")
        return
    st.button(
        "Ask with its pools",
        key="audit-inventory",
        on_click=_ask_with,
        args=(made,),
        type="primary",
        icon=":material/inventory_2:",
        help="They become an inventory of your own, in this session alone.",
    )
    if made.left_out:
        st.caption(f"{made.left_out:,} documents name no language and are in no pool.")


def _is_asked(made: AuditInventory) -> bool:
    """Whether the question rests on these very pools, and not on others of that name."""
    laid, entry = st.session_state.get(_LAID, (None, None))
    named = named_tables({"inventory": session.question().get("inventory", ())})
    same = laid == (made.table, made.card) and entry in session.overlay().entries
    return same and made.name in named


def _ask_with(made: AuditInventory) -> None:
    """Lay them on the shelf, in the place of those that an older audit has there."""
    below = take_away(session.overlay(), SHELVES["inventory"], made.name)
    files = {"table": f"{made.name}.csv", "card": f"{made.name}.yaml"}
    sent = (made.table, made.card.encode())
    try:
        overlay, name = answers.now("lay", "inventory", below, files, *sent, made.name)
    except AtlasMixError as error:
        session.say(worded(error), refused=True)
        return
    st.session_state.overlay = overlay
    st.session_state[_LAID] = ((made.table, made.card), overlay.entries[-1])
    use("inventory", name)
