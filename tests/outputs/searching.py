"""Cases of the search that Python and the script in the browser have to agree on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "cases" / "search_words.json").read_text(encoding="utf-8")
)
