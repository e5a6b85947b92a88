"""The limits, times and sizes that the documents name are those of the source.

`CLAIMS` has the sentences, with numbers from the source. `test_no_number_is_unchecked` finds numbers
with a unit that are in none of them.
"""

from __future__ import annotations

import datetime as dt
import math
import re

import click
import pytest
from django.conf import settings

import common.postgres as postgres
import config.middleware as middleware
from accounts.actions import device_login
from accounts.actions.domains.prove_by_job import JOB_PROOF_LIFETIME
from accounts.actions.email.lapse_addresses import DAYS_UNTIL_LAPSE
from accounts.actions.organizations import robots
from accounts.actions.remove_recent_access import RECENT
from accounts.actions.scim import users
from accounts.actions.tokens import mint_token
from accounts.actions.tokens.create_token import MAX_TOKENS
from accounts.models import token
from accounts.security import email_change_keys, leak_reports
from accounts.security.hashers import BoundedArgon2Hasher
from accounts.sso.scim import filters, resources
from common import redis_guard, suspension
from common.expensive import results
from common.gateway_protocol import MAX_CACHE_SECONDS
from common.http.safe.client import MAX_REDIRECTS
from config import backends, health, startup
from config.env import DECLARED
from config.processes import commands, stuck, worker
from config.settings import accounts as accounts_settings
from gateway import bodies, handler, readiness, transfers, upstream
from gateway import changes as changes_followed
from marketplace import syntax_highlighting
from marketplace.images import fetching
from marketplace.pages import badges, social_cards
from marketplace.pages import sitemap as sitemap_page
from marketplace.pages.plugin import charts
from marketplace.queries import feeds as feed_queries
from marketplace.queries import home, sitemap
from marketplace.readme import changes, front_matter, highlight, images, link_base, markdown, render
from marketplace.search import (
    circuit_breaker,
    cursor,
    indexer,
    query,
    query_log,
    tokenizer,
    withdrawn_ids,
)
from marketplace.search import document as index_document
from marketplace.search.engines import database
from marketplace.search.engines.embedded import engine, matching, schema
from marketplace.syndication import social_cards as card_images
from plugport.checks import limits as sizes
from plugport.checks import manifest_comparison, secret_scan, secrets
from plugport.checks import registry as check_registry
from plugport.cli import plugin_table
from plugport.installer import dependency_plan, dependency_solver, downloader
from plugport.spec.api.values import MAX_MESSAGE_CHARS
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.manifest import document, fields, marketplace, taxonomy
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.names import validation
from plugport.spec.sizes import format_size
from registry import package_limits, policies
from registry.actions import decide_staged, invite_member
from registry.actions.transfers.claims.clock import REMINDER_DAYS
from registry.actions.transfers.claims.rules import MAX_OPEN_CLAIMS
from registry.actions.transfers.mails import MAX_DEPENDENT_MAILS
from registry.actions.transfers.offer import OFFER_DAYS
from registry.api.v1 import download
from registry.downloads.byte_ranges import MAX_RANGES
from registry.downloads.receipts import _GRACE as HASH_LIFETIME
from registry.downloads.sending import redirect
from registry.jobs import last_runs, queue
from registry.publishing import decision_mails, purge
from registry.publishing.free_names import FREE_AFTER
from registry.publishing.similar_names import ESTABLISHED_AFTER
from registry.queries import catalog, members
from registry.representations import comparison_extract
from registry.storage import s3
from tests.client.test_docs import get_command
from tests.docs.facts import FACTS
from tests.support.data import ROOT
from tests.support.documents import load_prose

ARCHIVE = ArchiveLimits()
DATABASE = backends.build_database_settings("postgres://nobody@127.0.0.1/none", ROOT)
CELERY = backends.build_celery_settings("", ROOT, check_seconds=1)
WAITING = settings.MAX_WAITING + settings.MAX_WAITING_IMAGES
PASSWORD_MIB = BoundedArgon2Hasher.memory_cost // 1024
PAUSE = f"all calls of the process fail at once for {suspension.PAUSE_SECONDS:.0f} seconds"
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905 -- short
DAY = 86_400
# The largest send buffer of a connection that Linux allows by default.
TCP_WMEM_BYTES = 4 << 20
# The script has no module name.
HOUSE = {
    name: int(number)
    for names, numbers in re.findall(
        r"^([A-Z_, ]+_ENTRIES) = ([\d, ]+)$",
        (ROOT / "bin/check-house.py").read_text(),
        re.MULTILINE,
    )
    for name, number in zip(names.split(", "), numbers.split(", "), strict=True)
}


def option_default(command: str, name: str) -> object:
    """The default of an option of the command line."""
    options = {p.name: p for p in get_command(command).params if isinstance(p, click.Option)}
    return options[name].default


def per_day(variable: str) -> str:
    """The default of a rate limit for a day."""
    return DECLARED[variable].default.removesuffix("/day")


def per_hour(variable: str) -> str:
    """The default of a rate limit for an hour."""
    return DECLARED[variable].default.removesuffix("/hour")


CLAIMS = {
    "README.md": [f"**{WORDS[len(MANIFEST_FORMATS)].capitalize()} manifest formats"],
    "CHANGELOG.md": [
        f"Tokens of robots expire after {robots.ROBOT_TOKEN_DAYS} days by default",
        f"for {JOB_PROOF_LIFETIME.days} days with a job that publishes",
        f"reverses the change for {email_change_keys.UNDO_SECONDS // 3600} hours.",
        f"added in the last {RECENT // dt.timedelta(hours=1)} hours are removed",
        f"can cancel it for {settings.TRANSFER_DELAY_HOURS} hours",
        f"{WORDS[len(MANIFEST_FORMATS)]} manifest formats and {WORDS[len(KINDS)]} kinds",
        f"only up to {WORDS[document.MAX_EXPANSION]} times its size",
        f"({format_size(document.MIN_EXPANDED_BYTES)} for small files)",
        f"at most {format_size(document.MAX_MANIFEST_JSON_BYTES)} of JSON",
        f"free for other accounts after {FREE_AFTER // dt.timedelta(hours=1)} hours",
        f"checks of {settings.MAX_WAITING} uploads at once",
        f"a password hash takes {PASSWORD_MIB} MiB instead of 100",
        f"beyond {WORDS[settings.MAX_PENDING_PASSWORDS]} it answers 503",
        f"{WORDS[policies.MAX_SCOPES]} besides the scope of your user name",
        f"{token.DEFAULT_LIFETIME.days} days after they are created",
        f"another time of at most {token.MAX_LIFETIME.days} days is selected",
        f"all tokens one {token.NOTICE_BEFORE.days} days before a token expires",
        f"uses a token for {accounts_settings.TOKEN_CACHE_SECONDS} seconds without a query",
    ],
    "docs/operations.md": [
        f"on {WORDS[DAYS_UNTIL_LAPSE]} days running",
        f"used more than {CELERY['worker_max_memory_per_child'] // 1000} MB or",
        f"takes {WORDS[CELERY['task_time_limit']]} times `PLUGPORT_CHECK_SECONDS`",
        f"recommends ({PASSWORD_MIB} MiB,",
        f"worker has at most {backends.MAX_CONNECTIONS} connections, and a gateway has",
        f"one worker have at most {3 * backends.MAX_CONNECTIONS + 1}.",
        f"request headers | {commands.HEADER_SECONDS} seconds, and about {format_size(commands.HEADER_BYTES)}",
        (
            f"{bodies.TOTAL_SECONDS:.0f} seconds, for a package one second more for each"
            f" {format_size(bodies.BYTES_PER_SECOND)}; no pause of more than {bodies.IDLE_SECONDS:.0f} seconds"
        ),
        f"a form or JSON | {settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20} MB,",
        (
            f"less than {format_size(transfers.BYTES_PER_SECOND)} a second after the first"
            f" {transfers.GRACE_SECONDS:.0f} seconds, or nothing for {transfers.STALL_SECONDS:.0f} seconds"
        ),
        f"others wait {handler.TURN_SECONDS:.0f} seconds for their turn, then",
        f"others wait {handler.TURN_SECONDS:.0f} seconds for their turn",
        f"Bodies of more than {format_size(bodies.MEMORY_BYTES)}",
        f"| responses of more than {format_size(bodies.MEMORY_BYTES)} in progress",
        f"It accepts {commands._BACKLOG:,} connections",
        f"no request arrives for {commands.HEADER_SECONDS} seconds",
        f"wait for them up to {upstream.CONNECT_SECONDS:.0f} seconds",
        f"for at most {MAX_CACHE_SECONDS} seconds, and dropped",
        f"every {changes_followed.INTERVAL_SECONDS * 1000:.0f} ms, and uses",
        f"less than {changes_followed.FRESH_SECONDS * 1000:.0f} ms ago",
        f"at most {MAX_CACHE_SECONDS} seconds old",
        (
            f"every {readiness.INTERVAL_SECONDS:.0f} seconds, and every"
            f" {readiness.RETRY_INTERVAL_SECONDS * 1000:.0f} ms"
        ),
        (
            f"With {settings.DOWNLOADS_IN_PROGRESS} downloads in progress (`PLUGPORT_LIMIT_DOWNLOADS`),"
            f" one address can fill {format_size(settings.DOWNLOADS_IN_PROGRESS * TCP_WMEM_BYTES)}"
        ),
        (
            f"with {settings.UPLOADS_IN_PROGRESS} of them (`PLUGPORT_LIMIT_UPLOADS`) from one address, each of"
            f" {format_size(ARCHIVE.archive_bytes)}, that is"
            f" {2 * settings.UPLOADS_IN_PROGRESS * ARCHIVE.archive_bytes / 1e9:.1f} GB"
        ),
        f"have waited for {last_runs.STALLED_SECONDS} seconds",
        f"A presigned URL is valid for {redirect.URL_SECONDS} seconds",
        f"serve it for up to {WORDS[download.MAX_AGE_SECONDS // 60]} minutes",
        f"within {WORDS[int(settings.PURGE_SECONDS)]} seconds",
        f"again {purge.AGAIN_SECONDS} seconds later",
        (
            f"per image | {format_size(fetching.MAX_BYTES)}, {fetching.MAX_SECONDS:.0f} seconds,"
            f" {MAX_REDIRECTS} redirects |"
        ),
        f"| {fetching.FETCH_THREADS}, and {fetching.MAX_PENDING} more in the queue |",
        f"for an image, per web process | {settings.MAX_WAITING_IMAGES};",
        (
            f"{fetching.FRESH_SECONDS // 3600} hours; failures {fetching.RETRY_SECONDS // 60} minutes;"
            f" an expired image up to {fetching.STALE_SECONDS // DAY} days"
        ),
        (
            f"{results.MAX_PENDING} requests wait for it, each {settings.COMPUTATION_SECONDS:.0f} seconds"
            f" at most"
        ),
        f"up to {settings.RESULT_CACHE_BYTES // 1_000_000} MB in `results/`",
        f"READMEs above {render.MAX_CHEAP_CHARS:,} characters",
        f"built once in {WORDS[sitemap_page.INDEX_SECONDS // 60]} minutes",
        f"the plugins of {sitemap.IDS_PER_PART:,} ids",
        (
            f"{postgres._CHECK_SECONDS} seconds for the check of a connection,"
            f" {DATABASE['OPTIONS']['pool']['timeout']} seconds for a free one,"
            f" {postgres._LOCK_SECONDS} seconds for a lock,"
            f" {startup.WEB_STATEMENT_SECONDS} seconds for a statement of a web process,"
            f" {startup.WORKER_STATEMENT_SECONDS} seconds for one of a worker"
        ),
        f"{redis_guard.TIMEOUT_SECONDS} seconds once, then {PAUSE}",
        (
            f"{s3.READ_SECONDS} seconds for the first byte when reading,"
            f" {backends.S3_WRITE_SECONDS} seconds (tried twice) when writing,"
            f" `PLUGPORT_UPLOAD_SECONDS` plus one second for each {s3._BYTES_PER_SECOND >> 20} MB"
            f" for a transfer. After a time-out, {PAUSE}"
        ),
        f"{math.ceil(health._SECONDS)} seconds for all services together",
        f"`Retry-After: {middleware._MAINTENANCE_RETRY_SECONDS}`",
        f"reason of at most {MAX_MESSAGE_CHARS} characters",
        f"The front page shows {WORDS[home._MAX_FEATURED]};",
        {dt.timedelta(hours=1): "an hour after the day ends"}[HASH_LIFETIME],
    ],
    "docs/limits.md": [
        *(
            f"{who} | {what}others wait {handler.TURN_SECONDS:.0f} s for their turn"
            for who, what in (
                (
                    "uploads and downloads in progress from a client address",
                    "`PLUGPORT_LIMIT_UPLOADS` and `PLUGPORT_LIMIT_DOWNLOADS`; ",
                ),
                (
                    "requests from a client address that Django processes",
                    "half of the threads; ",
                ),
            )
        ),
        f"responses of more than {format_size(bodies.MEMORY_BYTES)} in progress",
        f"a form or JSON | {format_size(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)} |",
        (
            f"the time for a body | {bodies.TOTAL_SECONDS:.0f} s, for a package one second more for each"
            f" {format_size(bodies.BYTES_PER_SECOND)} |"
        ),
        f"a pause while a body is sent | {bodies.IDLE_SECONDS:.0f} s |",
        f"all headers of a request | about {format_size(commands.HEADER_BYTES)} |",
        f"the time for the headers | {commands.HEADER_SECONDS} s |",
        (
            f"receive a response | {transfers.GRACE_SECONDS:.0f} s, and one second more for each"
            f" {format_size(transfers.BYTES_PER_SECOND)}; {transfers.STALL_SECONDS:.0f} s for a single pause |"
        ),
        (
            f"{settings.MAX_PENDING_PASSWORDS} at a time with those that wait, each for"
            f" {settings.PASSWORD_SECONDS:.0f} s at most"
        ),
        f"a package | {format_size(ARCHIVE.archive_bytes)} |",
        f"all files of a package | {format_size(ARCHIVE.unpacked_bytes)} |",
        f"one file | {format_size(ARCHIVE.file_bytes)} |",
        f"files and folders | {ARCHIVE.entries:,} |",
        (
            f"a path | {ARCHIVE.path_bytes} bytes, {ARCHIVE.depth} folders deep,"
            f" {ARCHIVE.component_bytes} bytes per component |"
        ),
        f"all paths of a package | {format_size(ARCHIVE.paths_bytes)} |",
        (
            f"all extended tar headers | {format_size(ARCHIVE.headers_bytes)},"
            f" {format_size(ARCHIVE.header_bytes)} each |"
        ),
        f"all texts stored for a release | {format_size(ARCHIVE.texts_bytes)} |",
        (
            f"compression ratio | {ARCHIVE.ratio}, for content above"
            f" {format_size(ARCHIVE.ratio_from_bytes)} |"
        ),
        f"the manifest | {format_size(ARCHIVE.manifest_bytes)} |",
        (
            f"{WORDS[document.MAX_EXPANSION]} times its size, or"
            f" {format_size(document.MIN_EXPANDED_BYTES)} if that is more |"
        ),
        f"compared with the first | {manifest_comparison.MAX_MANIFESTS} |",
        f"as JSON | {format_size(document.MAX_MANIFEST_JSON_BYTES)} |",
        f"(README, changelog, license) | {format_size(ARCHIVE.text_bytes)} |",
        f"a README | {render.MAX_MARKDOWN_CHARS:,} characters |",
        (
            f"{format_size(link_base.MAX_IMAGE_BYTES)} in the package,"
            f" {format_size(fetching.MAX_BYTES)} from other hosts;"
            f" {images.MAX_REMOTE_IMAGES} images from other hosts |"
        ),
        f"a changelog entry | {package_limits.CHANGELOG_CHARS:,} characters |",
        f"decision | {MAX_MESSAGE_CHARS} characters |",
        (
            f"warnings of a manifest | {document.MAX_PROBLEMS} of each, with texts of up to"
            f" {document.MAX_PROBLEM_CHARS:,} characters |"
        ),
        (
            f"findings of a check | {check_registry.MAX_FINDINGS}, with texts of up to"
            f" {check_registry.MAX_FINDING_CHARS:,} characters |"
        ),
        f"one kind in a file | {secret_scan.MAX_MATCHES} |",
        f"besides `latest` | {package_limits.MAX_TAGS} |",
        f"user name | {policies.MAX_SCOPES} |",
        f"added up | {MAX_RANGES} for each client and day |",
        f"with pending invitations | {invite_member.MAX_MEMBERS} |",
        f"pending invitations to a plugin | {invite_member.MAX_INVITATIONS} |",
        f"{per_day('PLUGPORT_LIMIT_INVITATION')} a day (`PLUGPORT_LIMIT_INVITATION`)",
        f"{per_day('PLUGPORT_LIMIT_INVITATION_MAIL')} a day (`PLUGPORT_LIMIT_INVITATION_MAIL`)",
        f"listed invitations of an account | the newest {members.MAX_LISTED_INVITATIONS} |",
        f"{per_hour('PLUGPORT_LIMIT_DECISION_MAIL')} an hour (`PLUGPORT_LIMIT_DECISION_MAIL`)",
        f"decisions that a mail names | {decision_mails.MAX_NAMED} |",
        f"an invitation | {invite_member.INVITATION_DAYS} days |",
        f"tokens of an account | {MAX_TOKENS:,} |",
        f"others need them | {dependency_plan.MAX_RELEASES} |",
        f"their versions | {dependency_solver.MAX_NAMES:,} and {dependency_solver.MAX_STEPS:,} |",
        f"a page of a list | {catalog.MAX_LIMIT} |",
        f"(`?wait=`) | {settings.MAX_WAIT_SECONDS} s, and {settings.MAX_WAITING} simultaneous",
        f"password | {WORDS[settings.PASSWORD_RESET_TIMEOUT // DAY]} days, one use |",
    ],
    "docs/manifest.md": [
        f"supports {WORDS[len(MANIFEST_FORMATS)]} manifest formats",
        f"one paragraph of up to {fields.MAX_PARAGRAPH_CHARS:,} characters",
        f"one line of up to {fields.MAX_LINE_CHARS} characters",
        (
            f"up to {taxonomy.MAX_TAGS} tags and {taxonomy.MAX_CATEGORIES} categories of up to"
            f" {taxonomy.MAX_LABEL_CHARS} characters each"
        ),
        f"has 1 to {validation.MAX_PART_CHARS} of the characters",
        f"each component file | {format_size(document.MAX_DOCUMENT_BYTES)} |",
        f"marketplace file | {format_size(document.MAX_MARKETPLACE_BYTES)} |",
        f"aliases repeat | {document.MAX_NODES:,} |",
        f"values in a marketplace file | {document.MAX_MARKETPLACE_NODES:,} |",
        f"entries of a marketplace file | {marketplace.MAX_ENTRIES:,} |",
        f"nesting | {document.MAX_DEPTH} levels |",
        f"digits of a number | {document.MAX_NUMBER_CHARS:,} |",
        f"in a known field | {fields.MAX_ITEMS} |",
        f"errors and warnings | {document.MAX_PROBLEMS} each |",
        (
            f"more than {WORDS[document.MAX_EXPANSION]} times its size"
            f" (small files: {format_size(document.MIN_EXPANDED_BYTES)})"
        ),
    ],
    "docs/ARCHITECTURE.md": [
        f"Tokens cached for {accounts_settings.TOKEN_CACHE_SECONDS} seconds",
        (
            f"at most {HOUSE['FILE_LINES']} lines per file, {HOUSE['FUNCTION_LINES']} per function,"
            f" {HOUSE['FOLDER_ENTRIES']} entries"
        ),
        f"After {WORDS[queue.MAX_ATTEMPTS]} attempts a moderator",
        f"every {WORDS[int(worker._BEAT_SECONDS)]} seconds each worker sends",
        f"the message that a worker sends every {WORDS[int(worker._BEAT_SECONDS)]} seconds",
        f"Without a sign for {last_runs.STALLED_SECONDS} seconds",
        f"after {WORDS[stuck.STUCK_ROUNDS]} beats in a row",
        f"stuck after {stuck.UNUSED_ROUNDS} beats",
        f"the state every {changes_followed.INTERVAL_SECONDS * 1000:.0f} ms instead",
        f"Pieces of {format_size(transfers.PIECE_BYTES)} instead",
        f"writes them every {WORDS[int(settings.DOWNLOAD_FLUSH_SECONDS or 2)]} seconds",
    ],
    "docs/guides/trust.md": [],
    "docs/guides/get.md": [],
    "docs/guides/ci.md": [
        f"You get a mail {token.NOTICE_BEFORE.days} days before it expires",
        f"gives this job a token for {mint_token.LIFETIME.seconds // 60} minutes",
        f"After {decide_staged.STAGED_DAYS} days without an approval",
    ],
    "docs/API-DESIGN.md": [f"one plugin for {mint_token.LIFETIME.seconds // 60} minutes"],
    "docs/guides/tokens.md": [
        f"after {token.DEFAULT_LIFETIME.days} days unless you select another time of at most",
        f"{token.MAX_LIFETIME.days} days. You get a mail {token.NOTICE_BEFORE.days} days",
        f"reads nothing more after {accounts_settings.TOKEN_CACHE_SECONDS} seconds",
        f"at most {leak_reports.MAX_LEAKS:,} leaks",
    ],
    "docs/guides/scim.md": [
        f"can provision {users.MAX_UNPROVEN_USERS} people; with one, {users.MAX_USERS:,}.",
        f"at most {resources.MAX_PAGE} results;",
        f"at most {filters.MAX_FILTER_CHARS:,} characters and {filters.MAX_TERMS} comparisons",
        f"a PATCH at most {resources.MAX_OPERATIONS} operations",
        f"paths of at most {resources.MAX_PATH_CHARS:,} characters",
    ],
    "docs/LOGGING.md": [],
    "docs/search.md": [
        f"Only the first {WORDS[tokenizer.MAX_WORDS]} words count",
        f"a tag of a plugin with at most {WORDS[schema._MAX_EXACT_TAGS]} tags",
        *(
            f"| {signal} | {weight:.2f} |"
            for signal, weight in (
                ("trust", index_document._TRUST_WEIGHTS["official"]),
                ("downloads", index_document._DOWNLOADS_WEIGHT),
                ("freshness", index_document._FRESHNESS_WEIGHT),
                ("rating", index_document._RATING_WEIGHT),
            )
        ),
        ", ".join(
            f"{level} {weight:.2f}" for level, weight in index_document._TRUST_WEIGHTS.items()
        ),
        *(
            f"×{boost:g})"
            for field, boost in matching._STEMMED_BOOSTS.items()
            if field not in {"text", "topic"}
        ),
        f"{WORDS[2**schema._ID_BITS // 1_000_000]} million plugins",
        {7.0: "ten times as many add a seventh"}[index_document._MAX_DOWNLOADS_LOG10],
        {100: "for the hundred most frequent values"}[query.MAX_FACET_VALUES],
        {1000: "a thousand at a time"}[indexer.BATCH_SIZE],
        f"under a lease of {cursor.LEASE_SECONDS} seconds",
        f"Every {WORDS[indexer.COUNTER_REFRESH_SECONDS // 60]} minutes the plugins",
        {1000: "more than a thousand changes behind"}[withdrawn_ids.MAX_ENTRIES],
        f"within {circuit_breaker.DEADLINE_SECONDS * 1000:.0f} ms",
        f"at most {database.MAX_COUNTED_PLUGINS:,} plugins match",
        f"is not called for {WORDS[int(circuit_breaker.RESET_SECONDS)]} seconds",
        (
            f"deleted after {query_log.RETENTION_DAYS} days, those of a single search after"
            f" {query_log.SINGLE_SEARCH_RETENTION_DAYS} days"
        ),
        f"about {query_log.MAX_TERMS_PER_DAY:,} terms",
        f"the last {engine._CACHED_RESULTS} pages",
        f"the first {WORDS[schema._KEY_CHARS]} letters",
    ],
    "docs/checks.md": [
        (
            f"more than {format_size(sizes.LARGE_PACKAGE_BYTES)} unpacked,"
            f" a file of more than {format_size(sizes.LARGE_FILE_BYTES)},"
            f" more than {sizes.MANY_FILES:,} files,"
            f" or a README of more than {format_size(sizes.LONG_README_BYTES)}"
        ),
        (
            f"Text files of up to {format_size(secrets.MAX_FILE_BYTES)},"
            f" at most {format_size(secrets.MAX_TOTAL_BYTES)} per package"
        ),
        f"the first {WORDS[secret_scan._SHOWN_CHARS]} characters",
        {dt.timedelta(days=7): "has downloads or is a week old"}[ESTABLISHED_AFTER],
        f"Texts of more than {format_size(ARCHIVE.text_bytes)} are not shown",
        f"at most {check_registry.MAX_FINDINGS} findings",
        f"each with at most {check_registry.MAX_FINDING_CHARS:,} characters",
        f"at most {secret_scan.MAX_MATCHES} secrets of a kind",
    ],
    "docs/cli.md": [
        f"The code is valid for {device_login.LIFETIME // dt.timedelta(minutes=1)} minutes",
        f"the token for {token.DEFAULT_LIFETIME.days} days",
        f"(default {option_default('search', 'limit')}, at most {plugin_table.MAX_LIMIT})",
        f"(default {option_default('list', 'limit')}, at most {plugin_table.MAX_LIMIT})",
        f"(default {option_default('publish', 'timeout')})",
        f"You can create {WORDS[policies.MAX_SCOPES]} more",
    ],
    "docs/guides/readme.md": [
        f"shown as a table, up to {front_matter.MAX_CHARS:,} characters",
        f"AVIF and SVG, up to {format_size(link_base.MAX_IMAGE_BYTES)}",
        (
            f"at most {format_size(fetching.MAX_BYTES)}, and load within"
            f" {fetching.MAX_SECONDS:.0f} seconds"
        ),
        {DAY / 2: "about twice a day"}[fetching.FRESH_SECONDS],
        f"The first {images.MAX_REMOTE_IMAGES} images",
        f"of more than {render.MAX_MARKDOWN_CHARS:,} characters is shown",
        f"One of more than {format_size(ARCHIVE.text_bytes)} is not shown",
        f"more than {markdown.MAX_INLINE_CHARS:,} characters are shown",
        (
            f"more than about {markdown.MAX_BLOCK_RULE_CALLS:,} lines or blocks,"
            f" or {markdown.MAX_MARKS:,} characters that"
        ),
        f"limited to {render.MAX_HTML_CHARS:,} characters",
        (
            f"more than {highlight.MAX_BLOCK_CHARS:,} characters, or with a line of more than"
            f" {syntax_highlighting.MAX_LINE_CHARS}."
        ),
    ],
    "docs/guides/badges.md": [
        f"Browsers cache them for {WORDS[badges._MAX_AGE_SECONDS // 60]} minutes",
        "{}×{} pixels".format(*card_images._SIZE),
        f"Browsers cache a card for {WORDS[social_cards._MAX_AGE_SECONDS // 60]} minutes",
        f"the newest {feed_queries.MAX_ENTRIES} entries",
    ],
    "docs/guides/concepts.md": [
        f"one of the {WORDS[len(MANIFEST_FORMATS)]} formats",
        f"up to {WORDS[policies.MAX_SCOPES]} more scopes",
        f"for others after {FREE_AFTER // dt.timedelta(hours=1)} hours",
    ],
    "docs/guides/install.md": [
        (
            f"ends after {downloader.START_SECONDS / 60:.0f} minutes and the time that the package takes"
            f" at {downloader.LOWEST_BYTES_PER_SECOND // 1000} kB/s"
        ),
        f"are kept for {WORDS[downloader.RETENTION_SECONDS // (7 * DAY)]} weeks",
    ],
    "docs/guides/judge.md": [
        f"shows {WORDS[charts.SPARKLINE_WEEKS]} weeks",
        f"Files over {comparison_extract.MAX_DIFF_BYTES:,} bytes",
    ],
    "docs/guides/publish.md": [
        f"up to {WORDS[policies.MAX_SCOPES]} more scopes",
        f"works for {WORDS[settings.PASSWORD_RESET_TIMEOUT // DAY]} days",
        f"There are {WORDS[len(KINDS)]} kinds",
        f"An invitation ends after {invite_member.INVITATION_DAYS} days",
    ],
    "docs/guides/ownership.md": [
        f"accepts within {OFFER_DAYS} days",
        f"For {settings.TRANSFER_DELAY_HOURS} hours",
        f"at most {MAX_DEPENDENT_MAILS:,} accounts",
        f"for {settings.CLAIM_INACTIVE_DAYS} days",
        f"They have {settings.CLAIM_ANSWER_DAYS} days",
        f"at most {MAX_OPEN_CLAIMS} open claims",
        f"another {REMINDER_DAYS} days before",
    ],
    "docs/guides/terms.md": [
        {dt.timedelta(hours=1): "an hour after the day ends"}[HASH_LIFETIME],
    ],
    "docs/guides/versions.md": [
        f"at most {package_limits.CHANGELOG_CHARS:,} characters",
        (
            f"{changes.MAX_LISTED_CHARS:,} characters in the Versions tab and in feeds,"
            f" {package_limits.LISTED_CHANGELOG_CHARS:,} in the API"
        ),
    ],
}
# Without `one`, which rarely counts.
NUMBER = rf"\d(?:[\d,.]*\d)?|(?i:{'|'.join(WORDS[2:])}|hundred|thousand)"
UNIT = (
    r"ms|s|seconds?|minutes?|hours?|days?|weeks?|bytes?|[kM]?B|%|characters?|times|entries|plugins?"
    r"|files|folders|lines|images|redirects|threads|scopes|formats|kinds|pixels|bits|simultaneous"
)


def remove_claims(page: str) -> str:
    """The text of a page without the sentences of `CLAIMS` and `FACTS`."""
    text = load_prose(ROOT / page)
    for claim in (*CLAIMS[page], *FACTS.get(page, [])):
        text = text.replace(claim, "…")
    return text


@pytest.mark.parametrize(
    ("page", "claim"), [(page, claim) for page in CLAIMS for claim in CLAIMS[page]]
)
def test_numbers_are_those_of_the_source(page: str, claim: str) -> None:
    assert claim in load_prose(ROOT / page)


@pytest.mark.parametrize("page", CLAIMS)
def test_no_number_is_unchecked(page: str) -> None:
    """A number with a unit, or alone in a table, is in `CLAIMS`, or in `FACTS` if it is not one of the source."""
    # A generated part compares itself with the source.
    text = remove_claims(page).split("## Deadlines of the command line")[0]
    found = re.finditer(rf"(?<![\w.@^~=-])(?:{NUMBER})[ -](?:{UNIT})\b|\| [\d,]+ \|", text)
    assert [text[max(0, m.start() - 40) : m.end() + 20] for m in found] == []


@pytest.mark.parametrize("page", FACTS)
def test_facts_are_still_there(page: str) -> None:
    assert [fact for fact in FACTS[page] if fact not in load_prose(ROOT / page)] == []
