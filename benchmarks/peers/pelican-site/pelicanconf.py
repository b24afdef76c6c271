"""A minimal site: languages are categories, a tag is one of a language, a day has a page."""

SITENAME = "A Paper a Morning"
SITEURL = "https://example.org/papers"
AUTHOR = "Paperround"
TIMEZONE = "Asia/Seoul"
DEFAULT_LANG = "ko"
PATH = "content"
THEME = "theme"
USE_FOLDER_AS_CATEGORY = False
DEFAULT_PAGINATION = False
# The slugs of the corpus are what they are; Korean ones stay Korean.
SLUGIFY_USE_UNICODE = True

FEED_DOMAIN = SITEURL
FEED_MAX_ITEMS = 50
FEED_ALL_ATOM = None
TRANSLATION_FEED_ATOM = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None
CATEGORY_FEED_ATOM = "{slug}/feed.atom"
TAG_FEED_ATOM = "tags/{slug}/feed.atom"

ARTICLE_URL = "{category}/{date:%Y-%m-%d}/{slug}/"
ARTICLE_SAVE_AS = ARTICLE_URL + "index.html"
CATEGORY_URL = "{slug}/"
CATEGORY_SAVE_AS = CATEGORY_URL + "index.html"
TAG_URL = "tags/{slug}/"
TAG_SAVE_AS = TAG_URL + "index.html"
DAY_ARCHIVE_URL = "{date:%Y-%m-%d}/"
DAY_ARCHIVE_SAVE_AS = DAY_ARCHIVE_URL + "index.html"
AUTHOR_SAVE_AS = ""
AUTHORS_SAVE_AS = ""
ARCHIVES_SAVE_AS = ""
CATEGORIES_SAVE_AS = ""
DIRECT_TEMPLATES = ["index", "tags"]
MARKDOWN = {"output_format": "html5", "extensions": []}
