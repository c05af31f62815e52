"""What a worker's servicers work with, as one value made by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from authz.approval_store import ApprovalStore
    from authz.audit_store import Recorder
    from authz.policy_client import PolicyClient
    from authz.rule_shelf import RuleShelf
    from authz.session_store import SessionStore
    from authz.ticket_watch import TicketWatch
    from authz.vault import RootKey
    from authz.workroom import Workroom


@dataclass(frozen=True, slots=True)
class Services:
    """The stores, the policy client and the workroom of one worker."""

    root_key: RootKey
    policy: PolicyClient
    sessions: SessionStore
    approvals: ApprovalStore
    tickets: TicketWatch
    recorder: Recorder
    rules: RuleShelf
    workroom: Workroom
