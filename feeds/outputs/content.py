"""What an entry says in a feed: its commentary, the abstract, then links and tags."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from feeds.config import Config
from feeds.model import Article, Text
from feeds.outputs.addresses import find_tag_page
from feeds.outputs.characters import allow_characters, one_line, plain_name
from feeds.outputs.shorten import shorten
from feeds.outputs.site import Site
from feeds.urls import encode_url, show_url


def render_content(article: Article, site: Site) -> str:
    """The HTML of an entry: blocks, absolute links only, no style.

    A piece in another language than the entry's says so in ``lang`` (WCAG 2.2, 3.1.2).
    """
    blocks = (*_quote_texts(article), *_list_facts(article, site))
    return allow_characters("\n".join(blocks))


def render_summary(article: Article) -> str:
    """How an entry begins: 300 characters of plain text at most; empty where it has no text."""
    text = article.content
    return shorten(one_line(text.plain[0]), 300) if text and text.plain else ""


def name_writer(config: Config) -> str:
    """Whose words the commentary is, as readers of feeds are told."""
    return plain_name(config.writer.name) or "Paperround"


def _quote_texts(article: Article) -> Iterator[str]:
    if article.commentary:
        yield _say_language(article.commentary, article.lang)
    if article.abstract:
        lang = escape(article.abstract.lang)
        yield f'<blockquote lang="{lang}">\n{article.abstract.html.strip()}\n</blockquote>'


def _say_language(text: Text, lang: str) -> str:
    html = text.html.strip()
    return html if text.lang == lang else f'<div lang="{escape(text.lang)}">\n{html}\n</div>'


def _list_facts(article: Article, site: Site) -> Iterator[str]:
    words = site.languages[article.lang].words
    if article.authors:
        names = ", ".join(escape(plain_name(name)) for name in article.authors)
        yield f"<p>{words['common']['authors']}: {names}</p>"
    if paper := article.url and encode_url(article.url):
        yield f"<p>{words['common']['paper']}: {_link(paper, show_url(paper))}</p>"
    if "pages" in site.config.outputs:
        yield from _list_pages(article, site)
    if article.tags:
        tags = " ".join(
            _link(find_tag_page(tag.slug, article.lang, site.config), f"#{plain_name(tag.label)}")
            for tag in article.tags
        )
        yield f"<p>{words['common']['tags']}: {tags}</p>"


def _list_pages(article: Article, site: Site) -> Iterator[str]:
    words = site.languages[article.lang].words["feeds"]
    related = [(link, one_line(link.title)) for link in article.related]
    translations = [(link, site.languages[link.lang].name) for link in article.translations]
    for word, links in ((words["related"], related), (words["translations"], translations)):
        if links:
            shown = ", ".join(
                _link(site.config.address(link.path), text, lang=link.lang) for link, text in links
            )
            yield f"<p>{word}: {shown}</p>"


def _link(address: str | None, text: str, *, lang: str | None = None) -> str:
    if address is None:
        return escape(text)
    language = f' hreflang="{escape(lang)}"' if lang else ""
    return f'<a href="{escape(address)}"{language}>{escape(text)}</a>'
