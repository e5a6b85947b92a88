"""The tables of the app, one module per topic."""

from registry.models.catalog import (
    RESTRICTED,
    Category,
    DistTag,
    Invitation,
    Member,
    Plugin,
    Role,
    Scope,
    Tag,
    Trust,
    Visibility,
)
from registry.models.change_counter import ChangeCounter
from registry.models.claim import (
    DECIDED_CLAIMS,
    OPEN_CLAIMS,
    Claim,
    ClaimClock,
    ClaimKind,
    ClaimMail,
    ClaimState,
)
from registry.models.decision_mail import DecisionMail
from registry.models.download import DownloadCount, DownloadReceipt, DownloadSalt
from registry.models.job import Job, JobState, Upload
from registry.models.journal import JournalEntry, JournalHead
from registry.models.last_run import LastRun
from registry.models.release import (
    Artifact,
    CheckRun,
    CheckState,
    Dependency,
    Release,
    ReleaseContents,
)
from registry.models.team_right import TeamRight
from registry.models.transfer import OPEN_STATES, Transfer, TransferMail, TransferState
from registry.models.trusted_publisher import TrustedPublisher

__all__ = [
    "DECIDED_CLAIMS",
    "OPEN_CLAIMS",
    "OPEN_STATES",
    "RESTRICTED",
    "Artifact",
    "Category",
    "ChangeCounter",
    "CheckRun",
    "CheckState",
    "Claim",
    "ClaimClock",
    "ClaimKind",
    "ClaimMail",
    "ClaimState",
    "DecisionMail",
    "Dependency",
    "DistTag",
    "DownloadCount",
    "DownloadReceipt",
    "DownloadSalt",
    "Invitation",
    "Job",
    "JobState",
    "JournalEntry",
    "JournalHead",
    "LastRun",
    "Member",
    "Plugin",
    "Release",
    "ReleaseContents",
    "Role",
    "Scope",
    "Tag",
    "TeamRight",
    "Transfer",
    "TransferMail",
    "TransferState",
    "Trust",
    "TrustedPublisher",
    "Upload",
    "Visibility",
]
