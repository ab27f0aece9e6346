"""Pages for forges become pages of the site: `` `Reload <configuration.rst#reload>`_ `` leads to a page, not a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.logging import getLogger
from sphinx.util.nodes import get_node_source, make_refnode

_PAGES_OF = {
    "README.rst": "index",
    "CHANGELOG.rst": "changelog",
    "CONTRIBUTING.rst": "development/contributing",
    "SECURITY.md": "reporting",
}
"""The pages that take the place of files beside docs."""
_log = getLogger(__name__)


class PageLinks(SphinxTransform):
    """Turn references to files into references to pages, or to downloads if no page shows the file."""

    default_priority = 700

    def apply(self, **_: Any) -> None:
        """Do so with every reference of the page."""
        for reference in list(self.document.findall(nodes.reference)):
            link = urlsplit(reference.get("refuri", ""))
            if not link.path or link.scheme or link.netloc:
                continue
            # An included file's links are relative to that file, whose path is relative to the working directory.
            target = (Path(get_node_source(reference)).parent / unquote(link.path)).resolve()
            if page := self._page(target):
                replacement: nodes.Element = addnodes.pending_xref("", refdoc=self.env.docname, refdomain="")
                replacement.attributes |= {"reftype": "page", "reftarget": page, "refwarn": True}
                replacement["refanchor"] = link.fragment
            elif target.is_file():
                path = os.path.relpath(target, self.env.srcdir)
                replacement = addnodes.download_reference("", reftarget=f"/{path}")
            else:
                _log.warning("there is no file %s", link.path, location=reference)
                continue
            replacement += reference.children
            reference.replace_self(replacement)

    def _page(self, target: Path) -> str | None:
        docs = Path(self.env.srcdir)
        if target.suffix == ".rst" and target.is_relative_to(docs):
            return target.relative_to(docs).with_suffix("").as_posix()
        return _PAGES_OF.get(target.name) if target.parent == docs.parent else None


class NoSecondContents(SphinxTransform):
    """Leave out the table of contents that forges show: the theme has one at the side and shows an error."""

    default_priority = 730

    def apply(self, **_: Any) -> None:
        """Do so on every page."""
        for topic in list(self.document.findall(nodes.topic)):
            if "contents" in topic["classes"]:
                topic.parent.remove(topic)
                for title in self.document.findall(nodes.title):  # each is a link back to its entry
                    title.attributes.pop("refid", None)


class IncludedCode(SphinxTransform):
    """Let Sphinx highlight what ``.. include::`` with ``:code:`` has read, which docutils has done in its own way."""

    default_priority = 500

    def apply(self, **_: Any) -> None:
        """Do so with every such block of the page."""
        for block in list(self.document.findall(nodes.literal_block)):
            if block["classes"][:1] == ["code"]:
                code = block.astext()
                block.replace_self(nodes.literal_block(code, code, language=block["classes"][1]))


def resolve(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, _: nodes.Element) -> nodes.Element | None:
    """Return the link to a page, or None, of which Sphinx warns, if the page or its anchor does not exist."""
    if node["reftype"] != "page":
        return None
    page, anchor = node["reftarget"], node["refanchor"]
    if page not in env.all_docs:
        return None
    if anchor and anchor not in _anchors(env, page):
        _log.warning("the page %s has no anchor %s", page, anchor, location=node)
    return make_refnode(app.builder, node["refdoc"], page, anchor, list(node.children))


def _anchors(env: BuildEnvironment, page: str) -> set[str]:
    """Return the ids of a page's title, sections and explicit targets."""
    title = nodes.make_id(env.titles[page].astext())
    sections = {entry["anchorname"].removeprefix("#") for entry in env.tocs[page].findall(nodes.reference)}
    targets = {anchor for of_page, anchor in env.domains.standard_domain.anonlabels.values() if of_page == page}
    return {title} | sections | targets


def setup(app: Sphinx) -> dict[str, bool]:
    """Add to Sphinx what these pages need."""
    app.add_transform(PageLinks)
    app.add_transform(NoSecondContents)
    app.add_transform(IncludedCode)
    app.connect("missing-reference", resolve)
    # Pygments has none of its own for this.
    app.add_lexer("haproxy", TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
