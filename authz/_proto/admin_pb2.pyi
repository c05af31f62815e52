from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListApprovalsRequest(_message.Message):
    __slots__ = ("state",)
    STATE_FIELD_NUMBER: _ClassVar[int]
    state: str
    def __init__(self, state: _Optional[str] = ...) -> None: ...

class ListApprovalsResponse(_message.Message):
    __slots__ = ("approvals",)
    APPROVALS_FIELD_NUMBER: _ClassVar[int]
    approvals: _containers.RepeatedCompositeFieldContainer[Approval]
    def __init__(self, approvals: _Optional[_Iterable[_Union[Approval, _Mapping]]] = ...) -> None: ...

class GetApprovalRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class VoteRequest(_message.Message):
    __slots__ = ("id", "version", "justification")
    ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    JUSTIFICATION_FIELD_NUMBER: _ClassVar[int]
    id: str
    version: int
    justification: str
    def __init__(self, id: _Optional[str] = ..., version: _Optional[int] = ..., justification: _Optional[str] = ...) -> None: ...

class Approval(_message.Message):
    __slots__ = ("id", "state", "version", "created_at", "expires_at", "grant_expires_at", "session", "exchange", "subject", "model", "reasons", "findings", "triggers", "reviewers", "min_approvals", "decided_by", "masked_request")
    class FindingsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    GRANT_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    REVIEWERS_FIELD_NUMBER: _ClassVar[int]
    MIN_APPROVALS_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_REQUEST_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: str
    version: int
    created_at: str
    expires_at: str
    grant_expires_at: str
    session: str
    exchange: str
    subject: str
    model: str
    reasons: _containers.RepeatedScalarFieldContainer[str]
    findings: _containers.ScalarMap[str, int]
    triggers: _containers.RepeatedScalarFieldContainer[str]
    reviewers: _containers.RepeatedScalarFieldContainer[str]
    min_approvals: int
    decided_by: _containers.RepeatedScalarFieldContainer[str]
    masked_request: str
    def __init__(self, id: _Optional[str] = ..., state: _Optional[str] = ..., version: _Optional[int] = ..., created_at: _Optional[str] = ..., expires_at: _Optional[str] = ..., grant_expires_at: _Optional[str] = ..., session: _Optional[str] = ..., exchange: _Optional[str] = ..., subject: _Optional[str] = ..., model: _Optional[str] = ..., reasons: _Optional[_Iterable[str]] = ..., findings: _Optional[_Mapping[str, int]] = ..., triggers: _Optional[_Iterable[str]] = ..., reviewers: _Optional[_Iterable[str]] = ..., min_approvals: _Optional[int] = ..., decided_by: _Optional[_Iterable[str]] = ..., masked_request: _Optional[str] = ...) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ("limit", "before")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    limit: int
    before: str
    def __init__(self, limit: _Optional[int] = ..., before: _Optional[str] = ...) -> None: ...

class ListSessionsResponse(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[Session]
    def __init__(self, sessions: _Optional[_Iterable[_Union[Session, _Mapping]]] = ...) -> None: ...

class GetSessionRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class Session(_message.Message):
    __slots__ = ("id", "subject", "profile", "state", "created_at", "last_at", "exchanges")
    ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_AT_FIELD_NUMBER: _ClassVar[int]
    EXCHANGES_FIELD_NUMBER: _ClassVar[int]
    id: str
    subject: str
    profile: str
    state: str
    created_at: str
    last_at: str
    exchanges: int
    def __init__(self, id: _Optional[str] = ..., subject: _Optional[str] = ..., profile: _Optional[str] = ..., state: _Optional[str] = ..., created_at: _Optional[str] = ..., last_at: _Optional[str] = ..., exchanges: _Optional[int] = ...) -> None: ...

class Story(_message.Message):
    __slots__ = ("session", "entries")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    session: Session
    entries: _containers.RepeatedCompositeFieldContainer[StoryEntry]
    def __init__(self, session: _Optional[_Union[Session, _Mapping]] = ..., entries: _Optional[_Iterable[_Union[StoryEntry, _Mapping]]] = ...) -> None: ...

class StoryEntry(_message.Message):
    __slots__ = ("time", "kind", "exchange", "header")
    TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    time: str
    kind: str
    exchange: str
    header: _struct_pb2.Struct
    def __init__(self, time: _Optional[str] = ..., kind: _Optional[str] = ..., exchange: _Optional[str] = ..., header: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
