"""What Lighthouse makes of the pages: performance, accessibility, best practices, SEO, of 100 each.

::

    npm install --prefix FOLDER lighthouse@12
    PATH=FOLDER/node_modules/.bin:$PATH python benchmarks/lighthouse.py [paperround.toml]

Builds the publication into a folder of its own, serves it on this machine and looks at a page of
each kind on Lighthouse's telephone (``--desktop``: on its desktop). Ends with 1 where a figure is
below the bar.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from feeds.config import Config, load_config
from feeds.outputs.addresses import day_path, tag_path
from feeds.outputs.site import Site
from feeds.pipeline import list_files, prepare
from feeds.publish.folder import publish_folder
from feeds.web.server import Server
from feeds.web.static import create_app

BAR = 95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROME_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
CHECKOUT = Path(__file__).parents[1]


def build_into(config: Config, folder: Path) -> Site:
    """Build a publication into a folder, without touching its own or its ledger."""
    publication = prepare(config, now=datetime.now(UTC))
    publish_folder(list_files(publication), folder)
    return publication.site


def choose_pages(site: Site, lang: str) -> dict[str, str]:
    """A page of each kind by its path: the newest day, the tag with the most entries."""
    days = site.archive.days[lang]
    tags = Counter(tag.slug for article in site.archive.articles[lang] for tag in article.tags)
    return {
        "home": f"{lang}/",
        **({"day": day_path(lang, days[0].date)} if days else {}),
        **({"entry": days[0].articles[0].path} if days else {}),
        **({"tag": tag_path(lang, tags.most_common(1)[0][0])} if tags else {}),
        "tags": f"{lang}/tags/",
        "trends": f"{lang}/trends/",
        "feeds": f"{lang}/feeds/",
        "builder": f"{lang}/builder/",
        "search": f"{lang}/search/",
    }


def look(address: str, folder: Path, *, desktop: bool) -> dict[str, Any]:
    """Run Lighthouse once, with a profile of its own."""
    report = folder / "report.json"
    profile = tempfile.mkdtemp(dir=folder)
    command = [
        "lighthouse",
        address,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        f"--chrome-flags={CHROME_FLAGS} --user-data-dir={profile}",
        *(["--preset=desktop"] if desktop else []),
    ]
    variables = {"CHROME_PATH": shutil.which("chromium") or "", **os.environ}
    done = subprocess.run(command, env=variables, timeout=180, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"lighthouse: {address}: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def tell(report: dict[str, Any]) -> list[str]:
    """What an audit found wrong: its name and its figure, where there is one."""
    audits = report["audits"]
    named = {
        ref["id"]
        for name in CATEGORIES
        for ref in report["categories"][name]["auditRefs"]
        if ref["weight"]
    }
    return [
        f"{name} {audits[name].get('displayValue', '')}".strip()
        for name in sorted(named)
        if audits[name]["score"] is not None and audits[name]["score"] < 0.9
    ]


def main() -> int:
    """Print a table of pages and figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("config", nargs="?", type=Path, default=CHECKOUT / "pyproject.toml")
    parser.add_argument("--desktop", action="store_true")
    parser.add_argument("--pages", nargs="*", help="kinds of pages; default: all")
    arguments = parser.parse_args()
    if not shutil.which("lighthouse"):
        print("no lighthouse on the PATH; expected: npm install lighthouse@12", file=sys.stderr)
        return 2
    lowest = 100
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = create_app(folder / "out", prefix="papers")
        with Server(app, host="127.0.0.1", port=0) as server:
            base = server.below("papers").rstrip("/")
            config = msgspec.structs.replace(load_config(arguments.config), base_url=base)
            site = build_into(config, folder / "out")
            print(f"{'page':<14}{''.join(f'{name:>16}' for name in CATEGORIES)}")
            for lang in config.languages:
                for kind, path in choose_pages(site, lang).items():
                    if arguments.pages and kind not in arguments.pages:
                        continue
                    report = look(f"{base}/{path}", folder, desktop=arguments.desktop)
                    scores = [
                        round(100 * (report["categories"][name]["score"] or 0))
                        for name in CATEGORIES
                    ]
                    lowest = min(lowest, *scores)
                    print(
                        f"{kind + ' ' + lang:<14}{''.join(f'{score:>16}' for score in scores)}",
                        *tell(report),
                        flush=True,
                    )
    return int(lowest < BAR)


if __name__ == "__main__":
    sys.exit(main())
