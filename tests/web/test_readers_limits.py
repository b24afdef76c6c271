"""Against list bombing: how many letters an address, a network and all of them may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from feeds.config import Config, Readers
from feeds.database.tables import subscribers
from feeds.web.readers.origins import UNKNOWN, find_client, is_foreign, network_of
from feeds.web.readers.throttle import Throttle
from tests.web.desks import Desk, build_publication, open_desk, shown


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return build_publication(tmp_path_factory.mktemp("limits"))


@contextmanager
def limited(config: Config, folder: Path, **bounds: int) -> Iterator[Desk]:
    with open_desk(config, state=str(folder / "state"), bounds=bounds) as desk:
        yield desk


def test_an_address_is_written_to_a_few_times_a_day_and_nobody_can_tell(
    config: Config, tmp_path: Path
) -> None:
    with limited(config, tmp_path, address_per_day=2) as desk:
        answers = []
        for _ in range(5):
            answers.append(desk.sign_up())
            reader = desk.reader()
            desk.store.leave(reader.token, desk.now)  # else it would not be asked again so soon
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.headers["location"] for answer in answers}) == 1
        assert desk.letters() == ["confirm", "confirm"]


def test_an_address_counts_however_it_is_written(config: Config, tmp_path: Path) -> None:
    with limited(config, tmp_path, address_per_day=1) as desk:
        desk.sign_up(address="reader@한국.example", rhythm="daily")
        desk.sign_up(address=" READER@xn--3E0B707E.Example ", rhythm="weekly")
        assert desk.reader("reader@한국.example").preferences.rhythm == "daily"


def test_a_network_has_to_wait_and_is_told_how_long(config: Config, tmp_path: Path) -> None:
    with limited(config, tmp_path, network_per_hour=2) as desk:
        statuses = [desk.sign_up(address=f"{n}@example.org").status_code for n in range(4)]
        assert statuses == [303, 303, 429, 429]
        answer = desk.sign_up(address="more@example.org")
        assert 1 <= int(answer.headers["retry-after"]) <= 3600
        assert "잠시 뒤에 다시" in shown(answer)
        assert len(desk.rows(subscribers)) == 2
        # Leaving is never limited, nor is a slip that costs nobody a letter.
        leaving = desk.links.unsubscribe(desk.reader("0@example.org").token)
        assert desk.post("ko/unsubscribe", {"t": leaving}).status_code == 200
        assert desk.sign_up(address="no address").status_code == 400


def test_there_is_a_limit_to_all_of_it(config: Config, tmp_path: Path) -> None:
    with limited(config, tmp_path, total_per_hour=2, proxies=1) as desk:
        statuses = [
            desk.post(
                "ko/subscribe",
                {"address": f"{n}@example.org", "lang": "ko", "rhythm": "daily"},
                headers={"X-Forwarded-For": f"203.0.{n}.1"},
            ).status_code
            for n in range(4)
        ]
        assert statuses == [303, 303, 429, 429]


def test_a_link_to_ones_data_is_mailed_a_few_times_a_day(config: Config, tmp_path: Path) -> None:
    with limited(config, tmp_path, address_per_day=3) as desk:
        token = desk.preferences_token(desk.confirmed())
        for _ in range(5):
            answer = desk.post("ko/data", {"t": token})
            assert answer.status_code == 303
        assert desk.letters().count("access") == 2


def test_who_waits_is_not_counted_and_keeps_nobody_out() -> None:
    throttle = Throttle(Readers(network_per_hour=1, total_per_hour=2))
    assert throttle.wait_s("203.0.113.0/24") == 0
    for _ in range(10):
        assert throttle.wait_s("203.0.113.0/24") > 0
    assert throttle.wait_s("198.51.100.0/24") == 0
    assert throttle.wait_s("192.0.2.0/24") > 0


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("unknown", UNKNOWN),
    ],
)
def test_a_network_is_what_a_household_or_an_office_has(client: str, network: str) -> None:
    assert network_of(client) == network


@pytest.mark.parametrize(
    ("proxies", "told", "client"),
    [
        (0, ["198.51.100.1"], "192.0.2.1"),
        (1, ["198.51.100.1"], "198.51.100.1"),
        (1, ["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
        (1, ["10.9.9.9", "198.51.100.1"], "198.51.100.1"),
        (2, ["10.9.9.9, 198.51.100.1, 10.0.0.1"], "198.51.100.1"),
        (2, ["198.51.100.1"], "192.0.2.1"),
        (1, [], "192.0.2.1"),
        (1, [""], "192.0.2.1"),
        (1, ["nonsense"], "192.0.2.1"),
        (1, ["198.51.100.1:4711"], "198.51.100.1"),
        (1, ["[2001:db8::1]:4711"], "2001:db8::1"),
        (1, ["2001:db8::1"], "2001:db8::1"),
    ],
)
def test_only_our_own_proxies_are_believed(proxies: int, told: list[str], client: str) -> None:
    headers = Headers(raw=[(b"x-forwarded-for", line.encode()) for line in told])
    assert find_client("192.0.2.1", headers, proxies) == client


def test_without_an_address_nobody_is_known() -> None:
    assert find_client(None, Headers({}), 0) == UNKNOWN


@pytest.mark.parametrize(
    ("origin", "host", "foreign"),
    [
        ("https://papers.example", "anything", False),
        ("https://PAPERS.example", "anything", False),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://127.0.0.1:9000", "127.0.0.1:8000", True),
        ("https://papers.example.evil", "papers.example", True),
        ("https://user@papers.example", "papers.example", True),
        ("null", "papers.example", False),
        ("", "", True),
    ],
)
def test_an_origin_is_ours_by_its_host(origin: str, host: str, foreign: bool) -> None:
    headers = Headers({"origin": origin, "host": host})
    assert is_foreign(headers, "https://papers.example/papers") is foreign
