"""Which entries have which term, and how much that says about them."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from feeds.model import Article
from feeds.outputs.search.words import PREFIX, Terms, Tokens, list_terms, mark_name
from feeds.urls import show_url

WEIGHTS = 4
"""Of a term in an entry: 0 it has it once, 1 two or three times, 2 more often, 3 in its title."""
_IN_TITLE = 3
_SIGN = " . "  # between the texts of an entry: no term goes across it

Postings = Mapping[str, Sequence[int]]
"""By term, ascending: ``WEIGHTS`` times the entry's number, plus the weight."""


def order_articles(articles: Iterable[Article]) -> list[Article]:
    """Number entries as they came: what is new comes last, and changes no other number."""
    return sorted(articles, key=lambda each: (each.first_seen, each.published, each.key))


def index_articles(articles: Sequence[Article], tokens: Tokens | None = None) -> Postings:
    """Find out which of these entries, by their places here, have which terms.

    The terms of tags begin with ``#`` and hold the slug: ``#rl`` is for the filter. Those of two
    words in an author's name begin with ``@``: they rank Wei Zhang before Wei Li and Yi Zhang.
    ``tokens`` keeps what the index of another language uses again.
    """
    tokens = Tokens() if tokens is None else tokens
    postings: dict[str, array[int]] = defaultdict(lambda: array("I"))
    neighbours: list[Counter[str]] = []
    compounds: dict[str, tuple[str, ...]] = {}
    for number, article in enumerate(articles):
        terms = list_terms(_SIGN.join((article.title, *_texts(article))), tokens)
        neighbours.append(Counter(terms.neighbours))
        for parts in terms.compounds:
            compounds.setdefault("".join(parts), parts)
        first = number * WEIGHTS
        for term, weight in _weigh(article, terms, tokens).items():
            postings[term].append(first + weight)
    _join_neighbours(postings, neighbours)
    _part_compounds(postings, compounds)
    return postings


def _weigh(article: Article, terms: Terms, tokens: Tokens) -> dict[str, int]:
    """The terms of an entry, and how much each of them says about it."""
    counts = Counter(terms.terms)
    weights = {term: 0 if count == 1 else _grade(count) for term, count in counts.items()}
    weights |= dict.fromkeys(list_terms(article.title, tokens).terms, _IN_TITLE)
    weights |= {f"#{tag.slug}": 0 for tag in article.tags}
    weights |= {mark: 0 for name in article.authors for mark in mark_name(name, tokens)}
    return weights


def _join_neighbours(postings: dict[str, array[int]], neighbours: Sequence[Counter[str]]) -> None:
    """Two words that another entry writes as one are found as that one: fine tuning."""
    added: dict[str, list[int]] = {}
    for number, pairs in enumerate(neighbours):
        for term, count in pairs.items():
            if term in postings:
                added.setdefault(term, []).append(number * WEIGHTS + _grade(count))
    for term, more in added.items():
        _add(postings, term, more)


def _part_compounds(
    postings: dict[str, array[int]], compounds: Mapping[str, tuple[str, ...]]
) -> None:
    """A word that another entry writes with a hyphen is found by its parts: pretraining."""
    added: dict[str, list[int]] = {}
    for whole, parts in compounds.items():
        # How it begins, it is found by anyway; a letter or a digit behind a hyphen says nothing.
        for part in parts[1:]:
            if whole in postings and len(part) >= PREFIX:
                weak = [posting - posting % WEIGHTS for posting in postings[whole]]
                added.setdefault(part, []).extend(weak)
    for term, more in added.items():
        _add(postings, term, sorted(more))


def _add(postings: dict[str, array[int]], term: str, more: Iterable[int]) -> None:
    """Add postings of entries that do not have the term yet."""
    known = {posting // WEIGHTS: posting for posting in postings.get(term, ())}
    for posting in more:
        known.setdefault(posting // WEIGHTS, posting)
    postings[term] = array("I", sorted(known.values()))


def _texts(article: Article) -> Iterator[str]:
    for text in (article.commentary, article.abstract):
        yield from text.plain if text else ()
    yield from article.authors
    for tag in article.tags:
        yield from dict.fromkeys((tag.label, tag.slug))
    if article.url:
        yield show_url(article.url)


def _grade(count: int) -> int:
    return 0 if count == 1 else 1 if count < 4 else 2
