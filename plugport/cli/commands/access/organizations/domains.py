"""`plugport org domain`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from plugport.cli.commands.access.organizations.frame import Action, Options

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import OrganizationsClient

_DOMAIN_TASKS = {False: "enter this TXT record", True: "put this line into this file"}


def _is_file(document: Mapping[str, Any]) -> bool:
    """Whether the proof is a file. Registries that know no files do not say how."""
    return bool(document.get("method", "dns") != "dns")


def _describe_place(document: Mapping[str, Any]) -> str:
    kind = "file" if _is_file(document) else "TXT"
    return f"{kind} at {document['recordName']}"


def _list_domains(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    document = client.list_domains(values[0])
    session.output.print_json(document)
    if not document["domains"]:
        session.output.print_line("no domains")
        return
    rows = [
        (each["domain"], each["state"], each["problem"] or _describe_place(each))
        for each in document["domains"]
    ]
    session.output.print_table(rows, ("DOMAIN", "STATE", "PROOF"))


def _add_domain(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    document = client.add_domain(*values)
    session.output.print_json({"domain": document})
    session.output.print_line(
        f"{document['domain']} is {document['state']}; {_DOMAIN_TASKS[_is_file(document)]}:"
    )
    session.output.print_line(f"{document['recordName']}  {document['recordValue']}")


def _check_domain(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    document = client.check_domain(*values)
    session.output.print_json({"domain": document})
    session.output.print_line(f"{document['domain']} is proven")


def _remove_domain(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    document = client.remove_domain(*values)
    session.output.print_json({"domain": document})
    session.output.print_line(f"{values[0]} has no domain {document['domain']} any longer")


ACTIONS = {
    "list": Action(_list_domains, ("NAME",)),
    "add": Action(_add_domain, ("NAME", "DOMAIN")),
    "check": Action(_check_domain, ("NAME", "DOMAIN")),
    "remove": Action(_remove_domain, ("NAME", "DOMAIN")),
}
