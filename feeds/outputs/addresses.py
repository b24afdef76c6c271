"""Absolute addresses of what the site has, and the paths below its base URL."""

from __future__ import annotations

from datetime import date
from urllib.parse import urljoin

from feeds.config import Config
from feeds.model import Article, Feed
from feeds.urls import encode_path, encode_url


def day_path(lang: str, day: date) -> str:
    """The path of a day's page, relative to the base URL."""
    # Not strftime: systems disagree about years below 1000.
    return f"{lang}/{day.isoformat().replace('-', '/')}/"


def tag_path(lang: str, slug: str) -> str:
    """The path of a tag's page, relative to the base URL, percent-encoded."""
    return f"{lang}/tags/{encode_path(slug)}/"


def resolve_address(value: str | None, config: Config) -> str | None:
    """The address of an icon or a logo of the configuration; a relative one is below the base."""
    return encode_url(urljoin(config.address(), value)) if value else None


def find_article_address(article: Article, config: Config) -> str:
    """Where an entry is read: its page; without pages its paper, else the site."""
    if "pages" in config.outputs:
        return config.address(article.path)
    return (article.url and encode_url(article.url)) or config.address()


def find_feed_page(feed: Feed, config: Config) -> str:
    """The page that shows what a feed holds; without pages the site."""
    return config.address(feed.page if "pages" in config.outputs else "")


def find_tag_index(lang: str, config: Config) -> str:
    """The scheme of a language's categories: the page of all its tags."""
    return config.address(f"{lang}/tags/")


def find_tag_page(slug: str, lang: str, config: Config) -> str | None:
    """The page of a tag, or None without pages."""
    if "pages" not in config.outputs:
        return None
    return config.address(tag_path(lang, slug))
