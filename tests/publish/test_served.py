"""What readers are told of a file, by its path alone."""

from __future__ import annotations

import pytest

from feeds.outputs.search.files import files_folder
from feeds.publish.served import KEEP_FOR_EVER, cache_control_of, kind_of


@pytest.mark.parametrize("lang", ["ko", "zh-Hant", "es-419", "pt_BR"])
def test_the_index_of_any_language_is_kept_for_ever(lang: str) -> None:
    path = f"{files_folder(lang)}words-0.012345.json"
    assert cache_control_of(path) == KEEP_FOR_EVER
    assert kind_of(path) == "asset"
