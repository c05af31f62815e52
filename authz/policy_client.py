"""Four questions to the OPA beside us, each with a deadline, and never a guess.

The paths are constants, so nothing a caller sends becomes part of one (CVE-2025-46569). There is no retry: what was
not answered in time is a denial, and a caller who retries asks again. Whatever goes wrong on the way (no connection, a
status other than 200, a redirect, bytes that are no decision) leaves here as `PolicyUnavailable` and as nothing else.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from opa_client.opa_async import AsyncOpaClient

from authz.decision import read_access, read_admin, read_content, read_models
from authz.errors import PolicyUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from authz.decision import AccessDecision, AdminDecision, ContentDecision, ModelsDecision

DEADLINE = 0.25
"""Seconds that one question may take, connecting included; OPA answers ours in half a millisecond."""

MAX_ANSWER = 256 * 1024
"""Largest answer that is read, in bytes."""

_PROVENANCE = {"provenance": "true"}
"""OPA then names the bundle's revision beside its decision: the two were read in one transaction."""

_ROOMS = ("phigate.access", "phigate.content", "phigate.models", "phigate.admin")


class _Opa(AsyncOpaClient):  # type: ignore[misc] # the package ships no types
    """The public client, which follows redirects and takes any status under 400, held to one plain answer."""

    @asynccontextmanager
    async def _request(self, method: str, url: str, **options: Any) -> AsyncIterator[Any]:
        async with super()._request(method, url, allow_redirects=False, **options) as response:
            if response.status != 200 or (response.content_length or 0) > MAX_ANSWER:  # noqa: PLR2004 (HTTP's OK)
                raise PolicyUnavailable(f"OPA answered with status {response.status}")
            yield response


class PolicyClient:
    """Asks the OPA at `host:port`; `deadline` is in seconds. One per event loop; connections are kept and reused."""

    def __init__(self, host: str, port: int, *, deadline: float = DEADLINE) -> None:
        bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
        self._opa = _Opa(bracketed, port, retries=0, timeout=deadline)
        self._opening = asyncio.Lock()
        self._opened = False

    async def access(self, document: Mapping[str, Any]) -> AccessDecision:
        """Return whether this principal may call this endpoint; ask with `access_input`. Raises `PolicyUnavailable`."""
        return read_access(await self._ask("phigate.access", document))

    async def content(self, document: Mapping[str, Any]) -> ContentDecision:
        """Return what happens to an inspected request; ask with `content_input`. Raises `PolicyUnavailable`."""
        return read_content(await self._ask("phigate.content", document))

    async def models(self, document: Mapping[str, Any]) -> ModelsDecision:
        """Return which models this principal may use; ask with `models_input`. Raises `PolicyUnavailable`."""
        return read_models(await self._ask("phigate.models", document))

    async def admin(self, document: Mapping[str, Any]) -> AdminDecision:
        """Return whether this admin action is allowed; ask with `admin_input`. Raises `PolicyUnavailable`."""
        return read_admin(await self._ask("phigate.admin", document))

    async def revision(self) -> str:
        """Return the revision of the bundle that answers now. Raises `PolicyUnavailable`."""
        return read_admin(await self._ask("phigate.admin", {})).revision

    async def ready(self) -> bool:
        """Return whether OPA is healthy, its bundle is active, and each question gets a well-formed answer."""
        try:
            await self._open()
            if not await self._opa.check_health({"bundles": "true"}):
                return False
            access, content, models, admin = [await self._ask(room, {}) for room in _ROOMS]
            read_access(access)
            read_content(content)
            read_models(models)
            read_admin(admin)
        except PolicyUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Give the connections back. What is asked afterwards is `PolicyUnavailable`."""
        async with self._opening:
            self._opened = True
            await self._opa.close_connection()

    async def _open(self) -> None:
        if not self._opened:
            async with self._opening:
                if not self._opened:
                    await self._opa.__aenter__()
                    self._opened = True

    async def _ask(self, room: str, document: Mapping[str, Any]) -> object:
        try:
            await self._open()
            return await self._opa.query_rule(document, room, "decision", query_params=_PROVENANCE)
        except PolicyUnavailable:
            raise
        except TimeoutError:
            raise PolicyUnavailable("OPA did not answer in time") from None
        except Exception as error:  # noqa: BLE001 (whatever it was, there is no decision; its text may quote the answer)
            raise PolicyUnavailable(f"OPA gave no decision: {type(error).__name__}") from None
