"""The command that puts a finished build where readers find it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli.options import locate_config, read_config
from feeds.cli.streams import err, out
from feeds.cli.terminal import count, make_visible, print_warning
from feeds.errors import ConfigError

if TYPE_CHECKING:  # these take long to load, and help needs none of them
    from feeds.config import Config
    from feeds.config.places import Place
    from feeds.publish.bucket.plan import Plan


@click.command()
@click.argument("place", required=False, metavar="[s3://BUCKET/PREFIX]")
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@click.option("--allow-deletes", is_flag=True, help="Publish even if most of it is gone.")
@click.pass_obj
def publish(
    config_path: Path | None, place: str | None, dry_run: bool, allow_deletes: bool
) -> None:
    """Upload the last build to an S3 bucket, or to one like it.

    To s3://BUCKET/PREFIX, or without it to what "publish" names in the configuration: on S3, R2,
    MinIO, or another store that speaks as they do. Only what changed is uploaded, what others link
    to first: styles and data, pages, feeds. What is gone is removed at the end, and what others put
    there is left alone. Break it off at any point, and run it again. When more than a fifth of what
    is published would go, nothing is done until --allow-deletes says that it may.

    Keys come from the environment, as for AWS's own tools: AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION (else us-east-1), and AWS_ENDPOINT_URL for
    other stores than S3. Profiles (~/.aws) are not read.

    What serves the bucket has to lead /ko/ to ko/index.html, and what is not there to 404.html. A
    website endpoint does so when told; a CDN in front of the bucket needs a rule.
    """
    from feeds.publish.bucket import Publish, open_bucket

    path = locate_config(config_path)
    config = read_config(path)
    target = _read_place(place, config, path)
    _check_build(config)
    started = time.perf_counter()
    bucket = open_bucket(target, os.environ)
    with err.show_bars() as progress:
        published = Publish(config.out_folder, bucket, progress=progress)
        if dry_run:
            _print_changes(published.plan)
        if not allow_deletes:
            published.check_removals()
        if not dry_run:
            published.carry_out()
    _print_summary(published.plan, target, None if dry_run else time.perf_counter() - started)


def _read_place(place: str | None, config: Config, path: Path) -> Place:
    from feeds.config.places import EXPECTED, parse_place

    if place is None and config.publish is None:
        raise ConfigError(
            str(path), "publish", f"missing; {EXPECTED} here, or paperround publish s3://…"
        )
    try:
        return parse_place(place or config.publish or "")
    except ValueError as error:
        raise ConfigError("publish", "", str(error)) from error


def _check_build(config: Config) -> None:
    from feeds.publish.folder import list_built

    if not list_built(config.out_folder):
        raise ConfigError(
            str(config.out_folder), "", "holds no build yet; paperround build makes one"
        )
    if config.application:
        print_warning(
            "application = true, but a bucket combines no tags: a feed asked for with ?any=… would "
            "hold everything, unless the application answers such requests at base_url"
        )


def _print_changes(plan: Plan) -> None:
    for file in plan.uploads:
        what = "change" if file.path in plan.replaced else "add"
        out.print(f"{what:6}  {make_visible(file.path)}  ({_size(file.size)})")
    for path in plan.removals:
        out.print(f"remove  {make_visible(path)}")


def _print_summary(plan: Plan, place: Place, seconds: float | None) -> None:
    """What a publish did, or (without ``seconds``) would do."""
    done = seconds is not None
    told = [
        f"{len(plan.uploads):,} {'uploaded' if done else 'to upload'}{_describe(plan, done=done)}",
        f"{plan.unchanged:,} unchanged",
    ]
    if plan.removals:
        told.append(f"{len(plan.removals):,} {'removed' if done else 'to remove'}")
    told.append(f"in {seconds:.1f} s, {place}" if done else f"{place} (nothing was changed)")
    out.print(make_visible(", ".join(told)))
    if plan.foreign:
        out.print(f"{count(plan.foreign, 'object')} of others there: left alone")


def _describe(plan: Plan, *, done: bool) -> str:
    """The uploads in parentheses: their size, and by kind where they are yet to come."""
    from feeds.publish.served import KINDS, kind_of

    kinds = [kind_of(file.path) for file in plan.uploads]
    told = [] if done else [count(kinds.count(kind), kind) for kind in KINDS if kind in kinds]
    told.append(_size(sum(file.size for file in plan.uploads)))
    return f" ({', '.join(told)})" if kinds else ""


def _size(size: int) -> str:
    """Bytes as people say them, in thousands."""
    for unit, length in (("MB", 1_000_000), ("KB", 1_000)):
        if size >= length:
            value = size / length
            return f"{value:,.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{size} B"
