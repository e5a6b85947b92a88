"""The tables of the app, one module a topic."""

from registry.models.catalogue import Category, DistTag, Member, Plugin, Role, Scope, Tag, Trust
from registry.models.downloads import DownloadCount
from registry.models.journal import JournalEntry, JournalHead
from registry.models.release import (
    Artifact,
    CheckRun,
    CheckState,
    Dependency,
    Release,
    ReleaseContents,
)
from registry.models.work import Job, JobState, Upload

__all__ = [
    "Artifact",
    "Category",
    "CheckRun",
    "CheckState",
    "Dependency",
    "DistTag",
    "DownloadCount",
    "Job",
    "JobState",
    "JournalEntry",
    "JournalHead",
    "Member",
    "Plugin",
    "Release",
    "ReleaseContents",
    "Role",
    "Scope",
    "Tag",
    "Trust",
    "Upload",
]
